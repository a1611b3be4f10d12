# libpq's variables from DATABASE_URL, so that the password is in no argument list.
decode() {
    RAW=$1 LC_ALL=C awk 'BEGIN {
        text = ENVIRON["RAW"]; digits = "0123456789abcdef"
        while (match(text, /%[0-9A-Fa-f][0-9A-Fa-f]/)) {
            high = index(digits, tolower(substr(text, RSTART + 1, 1))) - 1
            low = index(digits, tolower(substr(text, RSTART + 2, 1))) - 1
            printf "%s%c", substr(text, 1, RSTART - 1), high * 16 + low
            text = substr(text, RSTART + 3)
        }
        printf "%s", text
    }'
}
rest=${DATABASE_URL#*://}
query=
case $rest in *\?*) query=${rest#*\?} rest=${rest%%\?*} ;; esac
case $rest in */*) PGDATABASE=$(decode "${rest#*/}") rest=${rest%%/*} && export PGDATABASE ;; esac
case $rest in *@*)
    credentials=${rest%@*} rest=${rest##*@}
    PGUSER=$(decode "${credentials%%:*}") && export PGUSER
    case $credentials in *:*) PGPASSWORD=$(decode "${credentials#*:}") && export PGPASSWORD ;; esac
    ;;
esac
case $rest in
    \[*\]:*) PGHOST=${rest#\[} PGPORT=${rest##*:} PGHOST=${PGHOST%%\]*} && export PGHOST PGPORT ;;
    \[*\]) PGHOST=${rest#\[} PGHOST=${PGHOST%\]} && export PGHOST ;;
    *:*) PGHOST=$(decode "${rest%%:*}") PGPORT=${rest##*:} && export PGHOST PGPORT ;;
    ?*) PGHOST=$(decode "$rest") && export PGHOST ;;
esac
while [ -n "$query" ]; do
    pair=${query%%&*}
    case $query in *\&*) query=${query#*&} ;; *) query= ;; esac
    value=$(decode "${pair#*=}")
    case ${pair%%=*} in
        sslmode) export PGSSLMODE="$value" ;;
        sslrootcert) export PGSSLROOTCERT="$value" ;;
        sslcert) export PGSSLCERT="$value" ;;
        sslkey) export PGSSLKEY="$value" ;;
        host) export PGHOST="$value" ;;
        port) export PGPORT="$value" ;;
        user) export PGUSER="$value" ;;
        password) export PGPASSWORD="$value" ;;
        dbname) export PGDATABASE="$value" ;;
        connect_timeout) export PGCONNECT_TIMEOUT="$value" ;;
    esac
done
# pg_dump wants the CA in a file; our own processes take its text as well.
case ${PGSSLROOTCERT-} in
    -----BEGIN*)
        printf '%s\n' "$PGSSLROOTCERT" >"${TMPDIR:-/tmp}/database-ca.crt"
        export PGSSLROOTCERT="${TMPDIR:-/tmp}/database-ca.crt"
        ;;
esac
export PGAPPNAME=evolve-backup
