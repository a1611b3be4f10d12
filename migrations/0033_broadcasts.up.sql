-- What is said to many: which people, in which words, and how far it has come.
CREATE TABLE broadcasts (
    id           uuid PRIMARY KEY,
    key          text        NOT NULL UNIQUE,
    text         text        NOT NULL,
    translations jsonb       NOT NULL,
    audience     jsonb       NOT NULL,
    state        text        NOT NULL CHECK (state IN ('scheduled', 'running', 'paused', 'stopped', 'cancelled', 'done')),
    send_at      timestamptz NOT NULL,
    created_at   timestamptz NOT NULL,
    began_at     timestamptz,
    halted_at    timestamptz,
    ended_at     timestamptz,
    settled      boolean     NOT NULL DEFAULT false,
    looked_to    bigint      NOT NULL DEFAULT 0,
    all_chosen   boolean     NOT NULL DEFAULT false,
    chosen       bigint      NOT NULL DEFAULT 0,
    sent         bigint      NOT NULL DEFAULT 0,
    blocked      bigint      NOT NULL DEFAULT 0,
    failed       bigint      NOT NULL DEFAULT 0,
    lately       text        NOT NULL DEFAULT ''
);
CREATE INDEX broadcasts_at_work ON broadcasts (send_at) WHERE NOT settled;
COMMENT ON TABLE broadcasts IS 'Broadcasts, and how far each has come. It names nobody: whom it goes to is in the outbox, until it was counted.';
COMMENT ON COLUMN broadcasts.key IS 'Chosen by whoever asked for it: asked again under it, nothing is made.';
COMMENT ON COLUMN broadcasts.text IS 'Telegram''s HTML, for everybody for whose language there is no translation.';
COMMENT ON COLUMN broadcasts.translations IS 'Telegram''s HTML by language.';
COMMENT ON COLUMN broadcasts.audience IS 'To whom: plan, levels, languages, activity, as evolve_domain::broadcast::Audience.';
COMMENT ON COLUMN broadcasts.state IS 'paused by somebody, stopped by itself since too many failed: both can be resumed. cancelled and done cannot.';
COMMENT ON COLUMN broadcasts.began_at IS 'Who came later is not written to; days of activity are counted back from here.';
COMMENT ON COLUMN broadcasts.halted_at IS 'When it was paused or stopped last.';
COMMENT ON COLUMN broadcasts.settled IS 'Whether it has ended, and all that it owed is counted: then no job looks at it any more.';
COMMENT ON COLUMN broadcasts.looked_to IS 'Everybody up to this Telegram id was looked at. What is taken back unsent moves it back.';
COMMENT ON COLUMN broadcasts.all_chosen IS 'Whether there is nobody after looked_to.';
COMMENT ON COLUMN broadcasts.chosen IS 'People to whom it was owed, without those for whom it was taken back unsent.';
COMMENT ON COLUMN broadcasts.blocked IS 'People who have blocked the bot or are gone, as Telegram said.';
COMMENT ON COLUMN broadcasts.lately IS 'How the last ones ended that were counted, oldest first, a letter for each: x failed, a dot did not.';

ALTER TABLE outbox ADD COLUMN broadcast_id uuid;
CREATE INDEX outbox_of_broadcast ON outbox (broadcast_id, finished_at) WHERE broadcast_id IS NOT NULL;
COMMENT ON COLUMN outbox.broadcast_id IS 'The broadcast that it belongs to, until its end was counted there: so the index of it stays short.';
