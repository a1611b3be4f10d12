CREATE TABLE inbox (
    update_id    bigint PRIMARY KEY,
    chat_id      bigint,
    user_id      bigint,
    payload      jsonb,
    state        text        NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'dead')),
    attempts     integer     NOT NULL DEFAULT 0,
    ready_at     timestamptz NOT NULL,
    leased_until timestamptz,
    leased_by    uuid,
    received_at  timestamptz NOT NULL,
    finished_at  timestamptz,
    error        text
);
CREATE INDEX inbox_pending ON inbox (update_id) WHERE state = 'pending';
CREATE INDEX inbox_pending_of_chat ON inbox (chat_id, update_id) WHERE state = 'pending';
CREATE INDEX inbox_held ON inbox (chat_id) WHERE state = 'pending' AND (leased_until IS NOT NULL OR ready_at > received_at);
CREATE INDEX inbox_finished ON inbox (finished_at) WHERE state <> 'pending';
CREATE INDEX inbox_of_user ON inbox (user_id);
COMMENT ON TABLE inbox IS 'Updates from Telegram, as they came, until they are worked; then only their number, against repetition.';
COMMENT ON COLUMN inbox.chat_id IS 'Updates of one chat are worked in order; those without a chat, each by itself.';
COMMENT ON COLUMN inbox.payload IS 'The update as Telegram sent it; NULL once it is done. A dead one keeps it, to be replayed.';
COMMENT ON COLUMN inbox.attempts IS 'Attempts that count against it: a neighbour''s outage does not.';
COMMENT ON COLUMN inbox.leased_by IS 'The worker that has it; another may take it after leased_until.';

CREATE TABLE outbox (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key          text        NOT NULL UNIQUE,
    chat_id      bigint      NOT NULL,
    user_id      bigint,
    method       text        NOT NULL,
    params       jsonb,
    state        text        NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'dead')),
    attempts     integer     NOT NULL DEFAULT 0,
    ready_at     timestamptz NOT NULL,
    leased_until timestamptz,
    leased_by    uuid,
    created_at   timestamptz NOT NULL,
    finished_at  timestamptz,
    message_id   bigint,
    error        text
);
CREATE INDEX outbox_pending ON outbox (id) WHERE state = 'pending';
CREATE INDEX outbox_pending_of_chat ON outbox (chat_id, id) WHERE state = 'pending';
CREATE INDEX outbox_finished ON outbox (finished_at) WHERE state <> 'pending';
CREATE INDEX outbox_of_user ON outbox (user_id);
COMMENT ON TABLE outbox IS 'What is owed to people: calls of Telegram''s methods, in order per chat.';
COMMENT ON COLUMN outbox.key IS 'Made from what it answers, so that the same answer cannot be owed twice.';
COMMENT ON COLUMN outbox.params IS 'The method''s parameters; NULL once sent or given up.';
COMMENT ON COLUMN outbox.message_id IS 'Telegram''s id of the message that was sent.';
