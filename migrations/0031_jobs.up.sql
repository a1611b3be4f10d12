-- What is done again and again, each once across all replicas; and how long what was said is kept.
CREATE TABLE jobs (
    name         text PRIMARY KEY,
    due_at       timestamptz,
    leased_until timestamptz,
    leased_by    uuid,
    attempts     integer NOT NULL DEFAULT 0,
    runs         bigint  NOT NULL DEFAULT 0,
    started_at   timestamptz,
    finished_at  timestamptz,
    succeeded_at timestamptz,
    took_ms      bigint,
    outcome      text CHECK (outcome IN ('done', 'unfinished', 'failed')),
    did          bigint,
    note         text,
    error        text
);
COMMENT ON TABLE jobs IS 'Scheduled jobs, a row for each, some dozen in all: no query of it needs more than its primary key.';
COMMENT ON COLUMN jobs.due_at IS 'When it is to be run next; while it runs, when it was. NULL for one that only the start of a process asks for.';
COMMENT ON COLUMN jobs.leased_until IS 'Until when one replica alone runs it; extended while it does. Past, with leased_by set, its process died.';
COMMENT ON COLUMN jobs.leased_by IS 'The run that holds it: whoever lost it writes nothing any more.';
COMMENT ON COLUMN jobs.attempts IS 'Runs that were begun since the last one that came through, the present one included.';
COMMENT ON COLUMN jobs.runs IS 'Runs that came through.';
COMMENT ON COLUMN jobs.started_at IS 'When the present run began, or the last one.';
COMMENT ON COLUMN jobs.succeeded_at IS 'When it came through last.';
COMMENT ON COLUMN jobs.took_ms IS 'How long the last run took that ended, milliseconds.';
COMMENT ON COLUMN jobs.outcome IS 'How the last run ended; unfinished, where it gave back what is left for the next one at once.';
COMMENT ON COLUMN jobs.did IS 'How much the last run did: rows, people, months.';
COMMENT ON COLUMN jobs.note IS 'What the last run has to say, in a line for engineers.';
COMMENT ON COLUMN jobs.error IS 'Why the last run failed.';

-- A month that is over for good goes whole. Its table is locked, and with it all of messages, for the moment that this takes:
-- people who talk come first, so it fails at once where the tables are not free, and is tried again later.
CREATE FUNCTION drop_message_partition(month date) RETURNS boolean
    LANGUAGE plpgsql AS
$$
DECLARE
    name text := 'messages_' || to_char(month, 'YYYY_MM');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('ensure_message_partitions', 0));
    IF to_regclass(name) IS NULL THEN
        RETURN false;
    END IF;
    PERFORM set_config('lock_timeout', '200ms', true);
    EXECUTE format('DROP TABLE %I', name);
    RETURN true;
END
$$;
COMMENT ON FUNCTION drop_message_partition IS 'Drops the partition of the month that begins on this day; whether there was one.';

ALTER TABLE settings ADD COLUMN keep_days smallint CHECK (keep_days BETWEEN 30 AND 3650);
CREATE INDEX settings_keeping ON settings (user_id) WHERE keep_days IS NOT NULL;
COMMENT ON COLUMN settings.keep_days IS 'How many days the person wants their messages kept; NULL for as long as the bot keeps everybody''s.';

-- What is purged is found by when it ended. The question whether somebody agrees to adult matters is owed once in a life, and
-- known by its row alone: it stays.
DROP INDEX outbox_finished;
CREATE INDEX outbox_to_purge ON outbox (finished_at) WHERE state <> 'pending' AND key NOT LIKE 'consent-%';
CREATE INDEX stops_by_time ON stops (asked_at);
