CREATE TABLE usage_days (
    user_id       bigint  NOT NULL REFERENCES users (id),
    day           date    NOT NULL,
    messages      integer NOT NULL DEFAULT 0,
    input_tokens  bigint  NOT NULL DEFAULT 0,
    output_tokens bigint  NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, day)
);
COMMENT ON TABLE usage_days IS 'What a person used on a day of their own time zone; the quota is taken here.';

CREATE TABLE turns (
    id             uuid PRIMARY KEY,
    user_id        bigint      NOT NULL REFERENCES users (id),
    key            text        NOT NULL,
    request_hash   bytea       NOT NULL,
    state          text        NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    attempt        integer     NOT NULL DEFAULT 1,
    day            date        NOT NULL,
    started_at     timestamptz NOT NULL,
    leased_until   timestamptz NOT NULL,
    finished_at    timestamptz,
    message_stored boolean     NOT NULL DEFAULT false,
    reply          text,
    failure        text,
    model          text,
    UNIQUE (user_id, key)
);
CREATE INDEX turns_by_start ON turns (started_at);
COMMENT ON TABLE turns IS 'One row per message to answer and its Idempotency-Key; holds the answer for whoever asks again.';
COMMENT ON COLUMN turns.request_hash IS 'SHA-256 of the request: the same key with another request is refused.';
COMMENT ON COLUMN turns.attempt IS 'Fencing token: whoever takes the turn over raises it, and only the highest may write.';
COMMENT ON COLUMN turns.day IS 'The day whose quota was taken.';
COMMENT ON COLUMN turns.leased_until IS 'A running turn may be taken over after this.';
COMMENT ON COLUMN turns.message_stored IS 'Whether the person''s message is in messages already, from an attempt that failed.';

CREATE TABLE tool_calls (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    turn_id    uuid        NOT NULL,
    user_id    bigint      NOT NULL REFERENCES users (id),
    name       text        NOT NULL,
    ok         boolean     NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX tool_calls_by_time ON tool_calls (created_at);
CREATE INDEX tool_calls_of_user ON tool_calls (user_id);
COMMENT ON TABLE tool_calls IS 'Which tools the model used; never with what.';
