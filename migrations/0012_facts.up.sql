-- Facts have a history, a source, and a version that keeps two writers from storing the same thing twice.
ALTER TABLE users ADD COLUMN facts_version integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN users.facts_version IS 'Raised by every change of the person''s facts: whoever decides by facts that they read writes only if it has not changed.';

ALTER TABLE facts
    ALTER COLUMN turn_id DROP NOT NULL,
    ADD COLUMN chain        uuid,
    ADD COLUMN confidence   smallint    NOT NULL DEFAULT 80 CHECK (confidence BETWEEN 0 AND 100),
    ADD COLUMN day          date,
    ADD COLUMN message_id   uuid,
    ADD COLUMN last_said_at timestamptz,
    ADD COLUMN times_said   integer     NOT NULL DEFAULT 1,
    ADD COLUMN ended_at     timestamptz,
    ADD COLUMN forgotten_at timestamptz;
UPDATE facts SET chain = id, last_said_at = created_at;
-- The defaults are for processes of the version before, which write facts until they are replaced.
ALTER TABLE facts
    ALTER COLUMN chain SET NOT NULL,
    ALTER COLUMN chain SET DEFAULT gen_random_uuid(),
    ALTER COLUMN last_said_at SET NOT NULL,
    ALTER COLUMN last_said_at SET DEFAULT now();
CREATE INDEX facts_that_hold ON facts (user_id, last_said_at DESC, id DESC) WHERE ended_at IS NULL AND forgotten_at IS NULL;
CREATE INDEX facts_that_ended ON facts (user_id, ended_at DESC, id DESC) WHERE ended_at IS NOT NULL AND forgotten_at IS NULL;
CREATE INDEX facts_to_forget ON facts (forgotten_at) WHERE forgotten_at IS NOT NULL;
COMMENT ON COLUMN facts.turn_id IS 'The turn in which it was learnt; NULL for what was found in the background or corrected by the person.';
COMMENT ON COLUMN facts.created_at IS 'When it was told: the time of its message.';
COMMENT ON COLUMN facts.chain IS 'The matter that it is a state of: a newer fact that takes its place has the same.';
COMMENT ON COLUMN facts.confidence IS 'How sure it is, of 100.';
COMMENT ON COLUMN facts.day IS 'The day that it is about, where it is about one.';
COMMENT ON COLUMN facts.message_id IS 'The person''s message in which it was told, of the time created_at. Not a foreign key: messages are forgotten sooner.';
COMMENT ON COLUMN facts.last_said_at IS 'When it was told last.';
COMMENT ON COLUMN facts.ended_at IS 'When it ceased to hold; NULL while it holds.';
COMMENT ON COLUMN facts.forgotten_at IS 'When the person asked to forget it. From then on it is not shown; the row is what is owed until all that holds it is gone.';

ALTER TABLE conversations
    ADD COLUMN extracted_messages integer NOT NULL DEFAULT 0,
    ADD COLUMN title text;
UPDATE conversations SET extracted_messages = summed_messages;
COMMENT ON COLUMN conversations.extracted_messages IS 'The place up to which facts were looked for; a summary that is made anew looks for none in what comes before.';
COMMENT ON COLUMN conversations.title IS 'Fernet token of what it is called, once it was summed up.';
