ALTER TABLE users
    ADD COLUMN last_day     date,
    ADD COLUMN points_today integer NOT NULL DEFAULT 0,
    ADD COLUMN streak       integer NOT NULL DEFAULT 0,
    ADD COLUMN best_level   smallint;
COMMENT ON COLUMN users.points IS 'Relationship points as of last_day: what has faded since is computed by whoever looks, and written with the next message.';
COMMENT ON COLUMN users.last_day IS 'The last day, of the person''s own time zone, on which a message of theirs was answered; NULL before the first.';
COMMENT ON COLUMN users.points_today IS 'Relationship points earned on last_day, for the cap of a day.';
COMMENT ON COLUMN users.streak IS 'Days in a row with a message, last_day included.';
COMMENT ON COLUMN users.best_level IS 'The highest level reached, so that none is celebrated twice; NULL before the first turn that counted it.';

ALTER TABLE turns
    ADD COLUMN level_up      smallint,
    ADD COLUMN level_up_name text,
    ADD CONSTRAINT turns_level_up_is_whole CHECK ((level_up IS NULL) = (level_up_name IS NULL));
COMMENT ON COLUMN turns.level_up IS 'The level that was reached in this turn; whoever asks again under its key is told again.';
COMMENT ON COLUMN turns.level_up_name IS 'What that level was called, in the person''s language, when it was reached.';

CREATE TABLE relationship_events (
    id           bigint GENERATED ALWAYS AS IDENTITY,
    turn_id      uuid        NOT NULL,
    kind         text        NOT NULL CHECK (kind IN ('message', 'fact', 'streak', 'return', 'decay', 'level_up')),
    user_id      bigint      NOT NULL REFERENCES users (id),
    day          date        NOT NULL,
    points       bigint      NOT NULL,
    level_before smallint,
    level_after  smallint,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (turn_id, kind),
    CHECK ((kind = 'level_up') = (level_before IS NOT NULL AND level_after IS NOT NULL))
);
CREATE INDEX relationship_events_of_user ON relationship_events (user_id, id DESC);
COMMENT ON TABLE relationship_events IS 'The ledger of relationship points: what came or went, and for what. Its key keeps a message from earning twice.';
COMMENT ON COLUMN relationship_events.id IS 'In the order of writing.';
COMMENT ON COLUMN relationship_events.turn_id IS 'The turn in which it happened. Not a foreign key: turns are forgotten sooner.';
COMMENT ON COLUMN relationship_events.day IS 'The day, of the person''s own time zone, that it counts for.';
COMMENT ON COLUMN relationship_events.points IS 'Points that came, or went (negative); 0 where a level was reached.';
COMMENT ON COLUMN relationship_events.level_before IS 'The level before, where one was reached.';
