CREATE TABLE conversations (
    id                   uuid PRIMARY KEY,
    user_id              bigint      NOT NULL REFERENCES users (id),
    started_at           timestamptz NOT NULL,
    last_message_at      timestamptz NOT NULL,
    ended_at             timestamptz,
    messages             integer     NOT NULL DEFAULT 0,
    summed_messages      integer     NOT NULL DEFAULT 0,
    unsummed_messages    integer     GENERATED ALWAYS AS (messages - summed_messages) STORED,
    summary_need         integer     GENERATED ALWAYS AS (
        messages - summed_messages
        + CASE WHEN ended_at IS NOT NULL AND messages > summed_messages THEN 1000000 ELSE 0 END) STORED,
    summary_leased_until timestamptz
);
CREATE UNIQUE INDEX conversations_open ON conversations (user_id) WHERE ended_at IS NULL;
CREATE INDEX conversations_by_user ON conversations (user_id, started_at DESC);
CREATE INDEX conversations_to_sum_up ON conversations (summary_need DESC) WHERE summary_need > 0;
COMMENT ON TABLE conversations IS 'A run of messages that belong together; a person has at most one that is open.';
COMMENT ON COLUMN conversations.messages IS 'Messages of both sides.';
COMMENT ON COLUMN conversations.summed_messages IS 'The place up to which its summary holds every message.';
COMMENT ON COLUMN conversations.summary_need IS 'Unsummed messages, and a million more where it ended: those come first, and one range of an index holds all that are due.';
COMMENT ON COLUMN conversations.summary_leased_until IS 'Until when one worker alone may sum it up.';

CREATE TABLE messages (
    id              uuid        NOT NULL,
    created_at      timestamptz NOT NULL,
    user_id         bigint      NOT NULL REFERENCES users (id),
    conversation_id uuid        NOT NULL REFERENCES conversations (id),
    turn_id         uuid        NOT NULL,
    place           integer     NOT NULL,
    role            text        NOT NULL CHECK (role IN ('user', 'assistant')),
    text            text        NOT NULL,
    has_image       boolean     NOT NULL DEFAULT false,
    search          tsvector    GENERATED ALWAYS AS (to_tsvector('russian', translate(text, 'ёЁ', 'еЕ'))) STORED,
    PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);
CREATE INDEX messages_of_conversation ON messages (conversation_id, created_at DESC, id DESC);
CREATE INDEX messages_by_place ON messages (conversation_id, place);
CREATE INDEX messages_of_user ON messages (user_id, created_at DESC);
CREATE INDEX messages_search ON messages USING gin (search);
COMMENT ON TABLE messages IS 'What was said, partitioned by month of created_at (UTC), so that old months are dropped whole.';
COMMENT ON COLUMN messages.turn_id IS 'The turn that it belongs to. Not a foreign key: turns are forgotten sooner.';
COMMENT ON COLUMN messages.place IS 'Its number in the conversation, from 1, in the order of writing: unlike created_at, one that is written later is never lower.';
COMMENT ON COLUMN messages.search IS 'The russian configuration stems Cyrillic words as Russian and ASCII words as English; ё is written е.';

-- Catches messages of months that have no partition yet, so that none is ever refused.
CREATE TABLE messages_default PARTITION OF messages DEFAULT;

-- Made as a table of its own and then attached, since that lets people go on talking meanwhile (PARTITION OF would lock all
-- of messages). What the default partition took of that month moves over; otherwise one stray message would keep its month,
-- and all after it, from ever being made.
CREATE FUNCTION ensure_message_partitions(first_month timestamptz, months integer) RETURNS integer
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
COMMENT ON FUNCTION ensure_message_partitions IS 'Makes the partitions of some months from first_month on where they are missing; returns how many.';

SELECT ensure_message_partitions(now(), 3);
