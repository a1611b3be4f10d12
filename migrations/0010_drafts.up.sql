ALTER TABLE inbox ADD COLUMN draft_id bigint;
COMMENT ON COLUMN inbox.draft_id IS 'Telegram''s id of the message in which the answer is already shown as it is made: whoever works the update next goes on in it.';
