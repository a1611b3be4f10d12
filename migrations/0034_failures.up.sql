-- What was given up or set apart is shown to whoever runs the bot, newest first, and may be tried again.
ALTER TABLE inbox ADD COLUMN apart_at timestamptz;
COMMENT ON COLUMN inbox.apart_at IS 'When it was set apart from its chat for the first time: a report of money that cannot be booked, tried every few minutes. NULL for all others.';
CREATE INDEX inbox_failed ON inbox (finished_at, update_id) WHERE state = 'dead';
CREATE INDEX inbox_apart_at ON inbox (apart_at, update_id) WHERE apart_at IS NOT NULL;
CREATE INDEX outbox_failed ON outbox (finished_at, id) WHERE state = 'dead';
COMMENT ON COLUMN outbox.params IS 'The method''s parameters; NULL once sent or given up. What might be sent after all (a reply that Telegram refused, or did not take for a day) keeps them for a week, to be replayed.';
