# Puts the copy $COPY of $FOLDER in place of everything in the schema public: all of it, or nothing.
if [ "$COPY" = latest ]; then
    COPY=$(cd "$FOLDER" && ls | grep '\.dump$' | sort | tail -n 1)
fi
if [ ! -f "$FOLDER/$COPY" ]; then
    echo "there is no copy '$COPY'; there are:" >&2
    ls "$FOLDER" >&2
    exit 1
fi
# Of a copy that says what must be in it, it is told afterwards whether that came back.
if [ -f "$FOLDER/$COPY.json" ] && command -v evolve >/dev/null 2>&1; then
    exec evolve restore --from "$FOLDER/$COPY" --replace --work "$WORK" --patience "${PATIENCE:-60}"
fi
# Whoever else is connected, and how they call themselves; never what they ask.
others() {
    psql -XAtqc "SELECT format('  pid %s, %s, from %s, since %s', pid, coalesce(nullif(application_name, ''), 'without a name'),
            coalesce(host(client_addr), 'this machine'), date_trunc('second', backend_start))
        FROM pg_stat_activity
        -- What those of other roles are is shown to few; that they are there, to everybody.
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL
            AND coalesce(backend_type, 'client backend') = 'client backend'
        ORDER BY backend_start"
}
# Pods that have just gone, or a look at the metrics, hold a connection for some seconds more.
waited=0
left=$(others)
while [ -n "$left" ]; do
    if [ "$waited" -ge "${PATIENCE:-60}" ]; then
        echo "$(printf '%s\n' "$left" | wc -l | tr -d ' ') other connections use the database after $waited seconds, so nothing was changed:" >&2
        printf '%s\n' "$left" >&2
        echo "hibernate the bot first (spec.hibernated: true), end what else is connected, and restore again" >&2
        exit 1
    fi
    [ "$waited" -gt 0 ] || printf '%s\n' "waiting for other connections to end:" "$left"
    sleep 2
    waited=$((waited + 2))
    left=$(others)
done
# By way of a file: a pipe would let half a copy be committed.
cat >"$WORK/restore.sql" <<'SQL'
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
SQL
# The schema public stays, whoever owns it, and only a superuser may comment on extensions.
pg_restore --list "$FOLDER/$COPY" |
    grep -v -e ' SCHEMA - public ' -e ' COMMENT - SCHEMA public ' -e ' COMMENT - EXTENSION ' >"$WORK/list"
pg_restore --no-owner --no-privileges --use-list="$WORK/list" --file="$WORK/copy.sql" "$FOLDER/$COPY"
# A setting of Postgres 17, which older servers refuse.
sed '1,/^SET transaction_timeout = 0;$/{/^SET transaction_timeout = 0;$/d;}' "$WORK/copy.sql" >>"$WORK/restore.sql"
rm -f "$WORK/copy.sql"
# Somebody who comes after the look above, and stays in a transaction, would keep it waiting for hours.
PGOPTIONS='-cclient_min_messages=warning -clock_timeout=5min' psql -Xq --single-transaction --set=ON_ERROR_STOP=1 --file="$WORK/restore.sql" >/dev/null
echo "restored $COPY"
if command -v evolve >/dev/null 2>&1; then
    why="no $COPY.json is beside it"
else
    why="this image has no evolve"
fi
echo "not compared: $why, so nothing was counted"
