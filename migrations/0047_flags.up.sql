-- What is switched off, or given to some people first, while everything runs; and what it was before.
CREATE TABLE flags (
    name       text PRIMARY KEY,
    percent    smallint    NOT NULL CHECK (percent BETWEEN 0 AND 100),
    plan       text        CHECK (plan IN ('free', 'premium')),
    people     text[]      NOT NULL DEFAULT '{}',
    updated_at timestamptz NOT NULL,
    updated_by text        NOT NULL
);
COMMENT ON TABLE flags IS 'Flags that somebody has turned; every other one is on for everybody. Which there are is in evolve_domain::flags; rows of others are let be: another version knows them.';
COMMENT ON COLUMN flags.percent IS 'Of a hundred people so many have it: who, is decided by a hash of the flag and the person.';
COMMENT ON COLUMN flags.plan IS 'Only those on this plan; NULL for any.';
COMMENT ON COLUMN flags.people IS 'Who has it besides, whatever the rest says: keyed hashes of Telegram ids, as in audit_log.subject.';
COMMENT ON COLUMN flags.updated_by IS 'Who did it, as in audit_log.actor.';

CREATE TABLE flag_changes (
    id         uuid PRIMARY KEY,
    flag       text        NOT NULL,
    percent    smallint    NOT NULL,
    plan       text,
    people     integer     NOT NULL,
    note       text        NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text        NOT NULL
);
CREATE INDEX flag_changes_of_flag ON flag_changes (flag, changed_at DESC, id DESC);
COMMENT ON TABLE flag_changes IS 'How each flag was turned. Rows are only added.';
COMMENT ON COLUMN flag_changes.people IS 'How many people had it besides.';
COMMENT ON COLUMN flag_changes.note IS 'Why, as whoever did it wrote; empty for nothing said.';
