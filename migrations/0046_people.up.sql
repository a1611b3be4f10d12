-- What those who run the bot need: to find a person, to have them not talk, and to have a job done now.
ALTER TABLE jobs ADD COLUMN hastened_at timestamptz;
COMMENT ON COLUMN jobs.hastened_at IS 'When an administrator had it done at once last. NULL where nobody ever did.';

-- Each message moves last_seen_at; an index of that would have to be written with each. A day changes once a day.
ALTER TABLE users ADD COLUMN seen_on date GENERATED ALWAYS AS ((last_seen_at AT TIME ZONE 'UTC')::date) STORED;
CREATE INDEX users_by_day ON users (seen_on DESC);
COMMENT ON COLUMN users.seen_on IS 'The day of last_seen_at, UTC: for listing people, whoever was here last first.';

ALTER TABLE users ADD COLUMN handle text;
CREATE INDEX users_by_handle ON users (handle) WHERE handle IS NOT NULL;
COMMENT ON COLUMN users.handle IS 'A keyed hash of their @name at Telegram, in small letters: whoever is told the name finds the person, and nobody reads the name here. NULL where they have none, or none was told.';

ALTER TABLE users ADD COLUMN banned_until timestamptz;
CREATE INDEX users_banned ON users (id) WHERE banned_until IS NOT NULL;
COMMENT ON COLUMN users.banned_until IS 'Until when they are not talked with; the year 9999 for good, NULL where they are. It follows bans.';

CREATE TABLE bans (
    person    text PRIMARY KEY,
    reason    text        NOT NULL,
    banned_at timestamptz NOT NULL,
    until     timestamptz NOT NULL,
    banned_by text        NOT NULL
);
COMMENT ON TABLE bans IS 'Who is not talked with. It names nobody, so that it outlives a removal: who was banned and removed is still banned when they come back.';
COMMENT ON COLUMN bans.person IS 'A keyed hash of their Telegram id, as in audit_log.subject.';
COMMENT ON COLUMN bans.reason IS 'Fernet token of why, as whoever did it wrote.';
COMMENT ON COLUMN bans.until IS 'The year 9999 for good.';
COMMENT ON COLUMN bans.banned_by IS 'Who did it, as in audit_log.actor.';
