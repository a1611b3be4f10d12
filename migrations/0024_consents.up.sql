-- What people agreed to, beyond using the bot at all.
CREATE TABLE consents (
    -- Gone with the person, so that a version that knows nothing of it can remove them.
    user_id       bigint      NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    what          text        NOT NULL CHECK (what = 'adult'),
    words         smallint    NOT NULL CHECK (words > 0),
    agreed        boolean     NOT NULL,
    decided_at    timestamptz NOT NULL,
    minor_said_at timestamptz,
    PRIMARY KEY (user_id, what),
    CHECK (minor_said_at IS NULL OR NOT agreed)
);
COMMENT ON TABLE consents IS 'What people decided when they were asked for their consent; who was asked and did not answer has no row.';
COMMENT ON COLUMN consents.what IS 'To be spoken to about adult matters, being 18 or older.';
COMMENT ON COLUMN consents.words IS 'Which version of the words they were asked with. A yes to another version counts for nothing.';
COMMENT ON COLUMN consents.agreed IS 'False too for whoever said later that they are under 18, or took it back.';
COMMENT ON COLUMN consents.minor_said_at IS 'When they said last that they are under 18: for a year no yes of theirs is taken. A later yes ends it.';
