ALTER TABLE conversations
    DROP COLUMN extracted_messages,
    DROP COLUMN title;
-- What the older version cannot tell from what holds.
DELETE FROM facts WHERE ended_at IS NOT NULL OR forgotten_at IS NOT NULL;
UPDATE facts SET turn_id = id WHERE turn_id IS NULL;
ALTER TABLE facts
    ALTER COLUMN turn_id SET NOT NULL,
    DROP COLUMN chain,
    DROP COLUMN confidence,
    DROP COLUMN day,
    DROP COLUMN message_id,
    DROP COLUMN last_said_at,
    DROP COLUMN times_said,
    DROP COLUMN ended_at,
    DROP COLUMN forgotten_at;
COMMENT ON COLUMN facts.turn_id IS 'The turn in which it was learnt.';
COMMENT ON COLUMN facts.created_at IS NULL;
ALTER TABLE users DROP COLUMN facts_version;
