-- Removes everything from the schema public, which stays: whoever owns it, and its extensions. Goes before a copy, in the
-- same transaction. The same stands in the operator's restore.sh, for images without this program.
DO $$
DECLARE
    statement text;
BEGIN
    -- Each list is made whole before the first of it goes: to drop one drops what depends on it, which then has no name.
    FOR statement IN SELECT * FROM unnest(ARRAY(
        SELECT format('DROP %s IF EXISTS %s CASCADE',
            CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END,
            c.oid::regclass)
        FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND NOT c.relispartition
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('e', 'i', 'a') AND d.refobjid <> c.oid))) LOOP
        EXECUTE statement;
    END LOOP;
    FOR statement IN SELECT * FROM unnest(ARRAY(
        SELECT format('DROP %s IF EXISTS %s CASCADE',
            CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END, p.oid::regprocedure)
        FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'))) LOOP
        EXECUTE statement;
    END LOOP;
    FOR statement IN SELECT * FROM unnest(ARRAY(
        SELECT format('DROP TYPE IF EXISTS %s CASCADE', t.oid::regtype)
        FROM pg_type t
        WHERE t.typnamespace = 'public'::regnamespace AND t.typtype IN ('e', 'd', 'c') AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'))) LOOP
        EXECUTE statement;
    END LOOP;
END
$$;
