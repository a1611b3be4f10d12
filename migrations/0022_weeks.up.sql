-- What a person's weeks were about, so that a prompt can tell of months without holding every conversation of them.
CREATE TABLE weeks (
    user_id      bigint      NOT NULL REFERENCES users (id),
    starts_on    date        NOT NULL,
    content      text,
    stale        boolean     NOT NULL DEFAULT true,
    leased_until timestamptz,
    updated_at   timestamptz NOT NULL,
    PRIMARY KEY (user_id, starts_on)
);
CREATE INDEX weeks_to_sum_up ON weeks (starts_on) WHERE stale;
COMMENT ON TABLE weeks IS 'Weeks in which a conversation was summed up, by their Monday (UTC).';
COMMENT ON COLUMN weeks.content IS 'Fernet token of what the conversations of the week were about; NULL until it is over.';
COMMENT ON COLUMN weeks.stale IS 'Whether a summary of the week was written since.';
COMMENT ON COLUMN weeks.leased_until IS 'Until when one worker alone may sum it up. It is taken away where a summary comes or something is to be forgotten.';

INSERT INTO weeks (user_id, starts_on, updated_at)
SELECT DISTINCT user_id, date_trunc('week', covers_until AT TIME ZONE 'UTC')::date, now() FROM summaries;
