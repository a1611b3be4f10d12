DO
$$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY ['ensure_message_partitions(timestamptz, integer)', 'drop_message_partition(date)'] LOOP
        EXECUTE format('ALTER FUNCTION %s SECURITY INVOKER RESET ALL', name);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO PUBLIC', name);
    END LOOP;
END
$$;
DROP FUNCTION enable_message_vectors;
DROP FUNCTION forget_audit_log;
DROP TABLE audit_log;
DROP FUNCTION audit_log_is_append_only;
