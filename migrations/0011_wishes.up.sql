ALTER TABLE settings
    ADD COLUMN quiet_from   smallint CHECK (quiet_from BETWEEN 0 AND 23),
    ADD COLUMN quiet_until  smallint CHECK (quiet_until BETWEEN 0 AND 23),
    ADD COLUMN good_morning boolean NOT NULL DEFAULT false,
    ADD COLUMN follow_ups   boolean NOT NULL DEFAULT false,
    ADD COLUMN proactive_at timestamptz,
    ADD CONSTRAINT settings_quiet_hours_are_whole CHECK ((quiet_from IS NULL) = (quiet_until IS NULL));
CREATE INDEX settings_proactive ON settings (proactive_at) WHERE proactive_at IS NOT NULL;
COMMENT ON COLUMN settings.quiet_from IS 'The hour, of the person''s own time zone, from which the companion does not write first.';
COMMENT ON COLUMN settings.quiet_until IS 'The hour from which it may again.';
COMMENT ON COLUMN settings.good_morning IS 'Whether the companion may say good morning by itself.';
COMMENT ON COLUMN settings.follow_ups IS 'Whether the companion may ask by itself how a plan went.';
COMMENT ON COLUMN settings.proactive_at IS 'When to look next whether there is something to say; NULL where the person allows nothing.';

CREATE TABLE deletions (
    user_id  bigint PRIMARY KEY REFERENCES users (id),
    asked_at timestamptz NOT NULL,
    due_at   timestamptz NOT NULL
);
CREATE INDEX deletions_due ON deletions (due_at);
COMMENT ON TABLE deletions IS 'People who asked to be removed, and still may change their minds.';

CREATE TABLE exports (
    user_id  bigint      NOT NULL REFERENCES users (id),
    day      date        NOT NULL,
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, day)
);
COMMENT ON TABLE exports IS 'Who asked for a copy of their data on which day of their own: once a day.';

CREATE TABLE proactive_messages (
    user_id    bigint      NOT NULL REFERENCES users (id),
    day        date        NOT NULL,
    kind       text        NOT NULL CHECK (kind IN ('good_morning', 'follow_up')),
    fact_id    uuid,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, day)
);
CREATE INDEX proactive_messages_of_fact ON proactive_messages (user_id, fact_id) WHERE fact_id IS NOT NULL;
COMMENT ON TABLE proactive_messages IS 'What the companion said first. Its key keeps it from saying more than one thing a day.';
COMMENT ON COLUMN proactive_messages.fact_id IS 'The plan that was asked after, so that none is asked after twice. Not a foreign key: plans are forgotten.';
