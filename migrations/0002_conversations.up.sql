CREATE TABLE conversations (
    id                   uuid PRIMARY KEY,
    user_id              bigint      NOT NULL REFERENCES users (id),
    started_at           timestamptz NOT NULL,
    last_message_at      timestamptz NOT NULL,
    ended_at             timestamptz,
    messages             integer     NOT NULL DEFAULT 0,
    summed_messages      integer     NOT NULL DEFAULT 0,
    unsummed_messages    integer     GENERATED ALWAYS AS (messages - summed_messages) STORED,
    summary_leased_until timestamptz
);
CREATE UNIQUE INDEX conversations_open ON conversations (user_id) WHERE ended_at IS NULL;
CREATE INDEX conversations_by_user ON conversations (user_id, started_at DESC);
CREATE INDEX conversations_to_sum_up ON conversations (unsummed_messages DESC) WHERE unsummed_messages > 0;
COMMENT ON TABLE conversations IS 'A run of messages that belong together; a person has at most one that is open.';
COMMENT ON COLUMN conversations.messages IS 'Messages of both sides.';
COMMENT ON COLUMN conversations.summed_messages IS 'How many of them, oldest first, its summary holds.';
COMMENT ON COLUMN conversations.summary_leased_until IS 'Until when one worker alone may sum it up.';

CREATE TABLE messages (
    id              uuid        NOT NULL,
    created_at      timestamptz NOT NULL,
    user_id         bigint      NOT NULL REFERENCES users (id),
    conversation_id uuid        NOT NULL REFERENCES conversations (id),
    turn_id         uuid        NOT NULL,
    role            text        NOT NULL CHECK (role IN ('user', 'assistant')),
    text            text        NOT NULL,
    has_image       boolean     NOT NULL DEFAULT false,
    search          tsvector    GENERATED ALWAYS AS (to_tsvector('russian', translate(text, 'ёЁ', 'еЕ'))) STORED,
    PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);
CREATE INDEX messages_of_conversation ON messages (conversation_id, created_at DESC, id DESC);
CREATE INDEX messages_of_user ON messages (user_id, created_at DESC);
CREATE INDEX messages_search ON messages USING gin (search);
COMMENT ON TABLE messages IS 'What was said, partitioned by month of created_at (UTC), so that old months are dropped whole.';
COMMENT ON COLUMN messages.turn_id IS 'The turn that it belongs to. Not a foreign key: turns are forgotten sooner.';
COMMENT ON COLUMN messages.search IS 'The russian configuration stems Cyrillic words as Russian and ASCII words as English; ё is written е.';

-- Catches messages of months that have no partition yet, so that none is ever refused.
CREATE TABLE messages_default PARTITION OF messages DEFAULT;

CREATE FUNCTION ensure_message_partitions(first_month timestamptz, months integer) RETURNS integer
    LANGUAGE plpgsql AS
$$
DECLARE
    month_start timestamp := date_trunc('month', first_month AT TIME ZONE 'UTC');
    name        text;
    made        integer   := 0;
BEGIN
    FOR i IN 0 .. months - 1 LOOP
        name := 'messages_' || to_char(month_start, 'YYYY_MM');
        IF to_regclass(name) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF messages FOR VALUES FROM (%L) TO (%L)', name,
                           month_start AT TIME ZONE 'UTC', (month_start + interval '1 month') AT TIME ZONE 'UTC');
            made := made + 1;
        END IF;
        month_start := month_start + interval '1 month';
    END LOOP;
    RETURN made;
END
$$;
COMMENT ON FUNCTION ensure_message_partitions IS 'Makes the partitions of some months from first_month on where they are missing; returns how many.';

SELECT ensure_message_partitions(now(), 3);
