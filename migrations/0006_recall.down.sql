DROP TABLE message_terms;
ALTER TABLE messages DROP COLUMN number;
ALTER TABLE users DROP COLUMN messages;
ALTER TABLE messages ADD COLUMN search tsvector
    GENERATED ALWAYS AS (to_tsvector('russian', translate(text, 'ёЁ', 'еЕ'))) STORED;
CREATE INDEX messages_search ON messages USING gin (search);
COMMENT ON COLUMN messages.search IS 'The russian configuration stems Cyrillic words as Russian and ASCII words as English; ё is written е.';

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
                        INSERT INTO %I (id, created_at, user_id, conversation_id, turn_id, place, role, text, has_image)
                        SELECT id, created_at, user_id, conversation_id, turn_id, place, role, text, has_image FROM moved',
                       name) USING lower_bound, upper_bound;
        EXECUTE format('ALTER TABLE messages ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, lower_bound, upper_bound);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;
