-- Which copies of this database were made, so that it is seen from inside when none is any more.
CREATE TABLE backups (
    name       text        PRIMARY KEY,
    taken_at   timestamptz NOT NULL,
    bytes      bigint      NOT NULL CHECK (bytes > 0),
    sha256     text        CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    verdict    text        NOT NULL CHECK (verdict IN ('readable', 'counted')),
    checked_at timestamptz NOT NULL
);
CREATE INDEX backups_by_time ON backups (taken_at);
COMMENT ON TABLE backups IS 'Copies of this database that were made, each written down by whoever made it once it is where it stays. A copy does not know of itself: its row comes after its snapshot.';
COMMENT ON COLUMN backups.name IS 'The file: TIME.dump.';
COMMENT ON COLUMN backups.taken_at IS 'When its snapshot was taken: what was written later is not in it.';
COMMENT ON COLUMN backups.bytes IS 'Size of the dump.';
COMMENT ON COLUMN backups.sha256 IS 'Of the dump, in hexadecimal digits; NULL where the program that reckons it was missing.';
COMMENT ON COLUMN backups.verdict IS 'What the look at it came to, before it got its name. readable: pg_restore can read it. counted: besides, rows and checksums of all tables are beside it, so that a restore can be compared.';
COMMENT ON COLUMN backups.checked_at IS 'When that was.';

-- Once for each newest copy that became too old; there are few.
CREATE INDEX events_of_backups ON events ((COALESCE(data->>'newest', ''))) WHERE kind = 'backup.old';
