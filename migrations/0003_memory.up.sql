CREATE TABLE facts (
    id         uuid PRIMARY KEY,
    user_id    bigint      NOT NULL REFERENCES users (id),
    category   text        NOT NULL,
    content    text        NOT NULL,
    turn_id    uuid        NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX facts_of_user ON facts (user_id, created_at);
COMMENT ON TABLE facts IS 'What the companion remembers of people.';
COMMENT ON COLUMN facts.content IS 'Fernet token of the fact''s text.';
COMMENT ON COLUMN facts.turn_id IS 'The turn in which it was learnt.';

CREATE TABLE summaries (
    conversation_id uuid PRIMARY KEY REFERENCES conversations (id),
    user_id         bigint      NOT NULL REFERENCES users (id),
    content         text        NOT NULL,
    messages        integer     NOT NULL,
    covers_until    timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL
);
CREATE INDEX summaries_of_user ON summaries (user_id, covers_until DESC);
COMMENT ON TABLE summaries IS 'What a conversation was about, rolling: each pass adds the messages that it did not hold yet.';
COMMENT ON COLUMN summaries.content IS 'Fernet token of the summary''s text.';
COMMENT ON COLUMN summaries.messages IS 'The place up to which it holds every message.';
COMMENT ON COLUMN summaries.covers_until IS 'When the newest of them was said.';
