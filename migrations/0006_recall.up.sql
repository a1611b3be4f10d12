-- An index of what was said, for each person by themselves. The full-text index that it replaces held everybody's words
-- together, so that one person's question cost what everybody had said.
ALTER TABLE users ADD COLUMN messages integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN users.messages IS 'How many numbers of messages were given out to this person and their companion.';

ALTER TABLE messages DROP COLUMN search;
ALTER TABLE messages ADD COLUMN number integer;
CREATE INDEX messages_by_number ON messages (user_id, number);
CREATE INDEX messages_unnumbered ON messages (user_id) WHERE number IS NULL;
COMMENT ON COLUMN messages.number IS 'Its number among all messages of the person, from 1, in the order of writing; NULL until it is indexed.';

CREATE TABLE message_terms (
    user_id  bigint NOT NULL REFERENCES users (id),
    term     text   NOT NULL,
    month    date   NOT NULL,
    postings bytea  NOT NULL,
    PRIMARY KEY (user_id, term, month)
);
COMMENT ON TABLE message_terms IS 'Which messages hold which words.';
COMMENT ON COLUMN message_terms.term IS 'A word without its ending.';
COMMENT ON COLUMN message_terms.month IS 'First day of the month (UTC) of the messages, so that old months go here when they go there.';
COMMENT ON COLUMN message_terms.postings IS '7 bytes for each message: number, how often, of how many words, flags.';

CREATE OR REPLACE FUNCTION ensure_message_partitions(first_month timestamptz, months integer) RETURNS integer
    LANGUAGE plpgsql AS
$$
DECLARE
    month_start timestamp := date_trunc('month', first_month AT TIME ZONE 'UTC');
    lower_bound timestamptz;
    upper_bound timestamptz;
    name        text;
    made        integer   := 0;
BEGIN
    FOR i IN 0 .. months - 1 LOOP
        name := 'messages_' || to_char(month_start, 'YYYY_MM');
        lower_bound := month_start AT TIME ZONE 'UTC';
        month_start := month_start + interval '1 month';
        upper_bound := month_start AT TIME ZONE 'UTC';
        CONTINUE WHEN to_regclass(name) IS NOT NULL;
        PERFORM pg_advisory_xact_lock(hashtextextended('ensure_message_partitions', 0));
        -- People who talk come first: if the tables are not free at once, it fails here, long before anybody's patience (or
        -- the deadlock detector's) ends, and is tried again later. Months are made long before they come.
        PERFORM set_config('lock_timeout', '200ms', true);
        LOCK TABLE messages_default IN ACCESS EXCLUSIVE MODE;
        LOCK TABLE users, conversations IN SHARE ROW EXCLUSIVE MODE;
        CONTINUE WHEN to_regclass(name) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE messages INCLUDING ALL)', name);
        EXECUTE format('WITH moved AS (DELETE FROM messages_default WHERE created_at >= $1 AND created_at < $2 RETURNING *)
                        INSERT INTO %I (id, created_at, user_id, conversation_id, turn_id, place, role, text, has_image, number)
                        SELECT id, created_at, user_id, conversation_id, turn_id, place, role, text, has_image, number FROM moved',
                       name) USING lower_bound, upper_bound;
        EXECUTE format('ALTER TABLE messages ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, lower_bound, upper_bound);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;
