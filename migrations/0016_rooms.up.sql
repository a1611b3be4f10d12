-- Groups: how each wants the companion, and what was said with it there lately.
CREATE TABLE rooms (
    id        bigint PRIMARY KEY,
    language  text,
    answers   text        NOT NULL DEFAULT 'replies' CHECK (answers IN ('off', 'mentions', 'replies')),
    joined_at timestamptz NOT NULL,
    left_at   timestamptz
);
COMMENT ON TABLE rooms IS 'Groups that the companion is in, by their Telegram id, and how their administrators want it. Nobody''s: no person is named.';
COMMENT ON COLUMN rooms.language IS 'ISO 639-1 code; NULL for the language of whoever speaks.';
COMMENT ON COLUMN rooms.answers IS 'What the companion answers: nothing, mentions, or replies to it as well.';
COMMENT ON COLUMN rooms.left_at IS 'When it was removed from the group; nothing is owed there from then on.';

CREATE TABLE room_turns (
    turn_id uuid PRIMARY KEY,
    room_id bigint      NOT NULL,
    user_id bigint      NOT NULL REFERENCES users (id),
    name    text        NOT NULL,
    said    text        NOT NULL,
    reply   text        NOT NULL,
    said_at timestamptz NOT NULL
);
CREATE INDEX room_turns_of_room ON room_turns (room_id, said_at DESC);
CREATE INDEX room_turns_of_user ON room_turns (user_id);
CREATE INDEX room_turns_by_time ON room_turns (said_at);
COMMENT ON TABLE room_turns IS 'What was said to the companion in a group and what it answered, for a day: the context of what is said next. It is no part of anybody''s memory.';
COMMENT ON COLUMN room_turns.user_id IS 'Who spoke. Goes with them, the answer too.';
COMMENT ON COLUMN room_turns.name IS 'Fernet token of the first name that others in the group see.';
