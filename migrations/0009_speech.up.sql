ALTER TABLE settings
    ADD COLUMN voice_mode text NOT NULL DEFAULT 'on_voice' CHECK (voice_mode IN ('never', 'on_voice', 'always')),
    ADD COLUMN voice      text;
COMMENT ON COLUMN settings.voice_mode IS 'When answers are spoken, where the plan has that.';
COMMENT ON COLUMN settings.voice IS 'The voice that the person chose, in our own words (warm, calm, …), which mean the same with every provider; NULL for the bot''s own.';

ALTER TABLE turns ADD COLUMN reply_picture bytea;
COMMENT ON COLUMN turns.reply_picture IS 'A picture that the model drew for the answer, for whoever asks again.';

CREATE TABLE audio_files (
    turn_id     uuid        NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('in', 'out')),
    user_id     bigint      NOT NULL REFERENCES users (id),
    mime        text        NOT NULL,
    bytes       integer     NOT NULL,
    duration_ms integer,
    model       text        NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (turn_id, kind)
);
CREATE INDEX audio_files_of_user ON audio_files (user_id, created_at);
COMMENT ON TABLE audio_files IS 'What was spoken, by whom and for how long. Never the sound itself: what was said is in messages, and Telegram keeps the file.';
COMMENT ON COLUMN audio_files.turn_id IS 'The turn, and with kind the message (messages.turn_id and role). Not a foreign key: turns are forgotten sooner.';
COMMENT ON COLUMN audio_files.kind IS 'in: from the person; out: the companion''s.';
COMMENT ON COLUMN audio_files.duration_ms IS 'As far as it is known.';
COMMENT ON COLUMN audio_files.model IS 'Which model heard or spoke it.';
