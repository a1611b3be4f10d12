-- What was said first can be taken back where it was never delivered, and is told apart by its matter: a fact that is told
-- anew is another row of the same chain.
ALTER TABLE proactive_messages
    ADD COLUMN message_id uuid,
    ADD COLUMN chain      uuid,
    ADD COLUMN about      date;
UPDATE proactive_messages p SET chain = f.chain, about = f.day FROM facts f WHERE f.id = p.fact_id AND f.user_id = p.user_id;
COMMENT ON COLUMN proactive_messages.message_id IS 'What was said, of the time created_at; NULL once it is known that it will never be sent. Not a foreign key: messages are forgotten sooner.';
COMMENT ON COLUMN proactive_messages.chain IS 'The matter of the plan that was asked after; with about it says what is not asked after again.';
COMMENT ON COLUMN proactive_messages.about IS 'The day that the plan was about, where it was about one.';

ALTER TABLE settings ADD COLUMN zone_is_chosen boolean NOT NULL DEFAULT false;
UPDATE settings SET zone_is_chosen = true WHERE proactive_at IS NOT NULL;
COMMENT ON COLUMN settings.zone_is_chosen IS 'Whether the person said where they live; otherwise the zone is the default one.';
