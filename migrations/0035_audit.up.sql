-- What was done by those who run the bot: one row for each act, which is only ever added to.
CREATE TABLE audit_log (
    id         uuid        PRIMARY KEY,
    at         timestamptz NOT NULL,
    actor      text        NOT NULL,
    address    text,
    request_id text        NOT NULL,
    act        text        NOT NULL,
    subject    text,
    detail     jsonb       NOT NULL DEFAULT '{}',
    outcome    text        NOT NULL CHECK (outcome IN ('begun', 'done', 'unchanged', 'refused', 'failed'))
);
CREATE INDEX audit_log_by_time ON audit_log (at, id);
CREATE INDEX audit_log_by_act ON audit_log (act, at, id);
CREATE INDEX audit_log_by_subject ON audit_log (subject, at, id);
COMMENT ON TABLE audit_log IS 'Acts of administrators. Rows are added, and never changed or removed, but by forget_audit_log().';
COMMENT ON COLUMN audit_log.id IS 'Made by whoever writes; the same act is written once under it.';
COMMENT ON COLUMN audit_log.at IS 'When the request came.';
COMMENT ON COLUMN audit_log.actor IS 'Who: service-key: and the beginning of a hash of the key that was shown, never the key.';
COMMENT ON COLUMN audit_log.address IS 'From which IP address, as far as our own proxies tell. NULL where that is not known.';
COMMENT ON COLUMN audit_log.request_id IS 'As in the logs, and in X-Request-Id of the answer.';
COMMENT ON COLUMN audit_log.act IS 'What, by a name that does not change, such as payment.refund; METHOD and route of what has no name.';
COMMENT ON COLUMN audit_log.subject IS 'To what: kind, colon, id. Of a person a keyed hash stands here instead of the id, so that nothing of who was removed is left.';
COMMENT ON COLUMN audit_log.detail IS 'Numbers and states that say what exactly was done. Never ids of people, and nothing that anybody wrote.';
COMMENT ON COLUMN audit_log.outcome IS 'begun: written before an act that is not one transaction, whose outcome is a row of its own; done; unchanged: it had been done before; refused; failed: it is not known whether it was done.';

CREATE FUNCTION audit_log_is_append_only() RETURNS trigger
    LANGUAGE plpgsql AS
$$
BEGIN
    RAISE EXCEPTION 'audit_log is append-only: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;
COMMENT ON FUNCTION audit_log_is_append_only IS 'Refuses what would change or remove rows of audit_log.';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();
-- Also where a session says that it replays what another database did.
ALTER TABLE audit_log ENABLE ALWAYS TRIGGER append_only;

-- Only the owner of the table may switch the trigger off, so only the owner can do this; the processes of a bot that were given
-- roles of their own cannot. It says in the log that it was done, and the last year always stays.
CREATE FUNCTION forget_audit_log(older_than timestamptz) RETURNS bigint
    LANGUAGE plpgsql AS
$$
DECLARE
    gone bigint;
BEGIN
    IF older_than > now() - interval '1 year' THEN
        RAISE EXCEPTION 'the last year of audit_log is kept' USING ERRCODE = 'restrict_violation';
    END IF;
    ALTER TABLE audit_log DISABLE TRIGGER append_only;
    DELETE FROM audit_log WHERE at < older_than;
    GET DIAGNOSTICS gone = ROW_COUNT;
    ALTER TABLE audit_log ENABLE ALWAYS TRIGGER append_only;
    INSERT INTO audit_log (id, at, actor, request_id, act, detail, outcome)
    VALUES (gen_random_uuid(), now(), 'database:' || session_user, 'forget_audit_log', 'audit.forget',
            jsonb_build_object('older_than', older_than, 'entries', gone), 'done');
    RETURN gone;
END
$$;
COMMENT ON FUNCTION forget_audit_log IS 'Removes entries of before older_than, which must be a year ago or more, and says so in the log; how many. For the owner of the table.';
REVOKE EXECUTE ON FUNCTION forget_audit_log FROM PUBLIC;

-- As message_vectors is made comparable by whoever needs it first, who may own nothing.
CREATE FUNCTION enable_message_vectors() RETURNS void
    LANGUAGE plpgsql AS
$$
BEGIN
    EXECUTE 'CREATE EXTENSION IF NOT EXISTS vector';
    EXECUTE 'ALTER TABLE message_vectors ALTER COLUMN vector TYPE halfvec USING vector::halfvec';
END
$$;
COMMENT ON FUNCTION enable_message_vectors IS 'Adds pgvector, and makes the vectors of messages of its type.';

-- What needs to own tables is done by functions that run as their owner, so that the processes of a bot need own nothing. They
-- look for names in our schema alone, or whoever calls them could put tables of their own in the way. Who was not named by
-- `evolve migrate roles` may not call them.
DO
$$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY ['ensure_message_partitions(timestamptz, integer)', 'drop_message_partition(date)', 'enable_message_vectors()'] LOOP
        EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER SET search_path = %I, pg_temp', name, current_schema());
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', name);
    END LOOP;
END
$$;
