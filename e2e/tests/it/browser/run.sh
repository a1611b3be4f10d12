# Runs a WebDriver server, and takes its browser along when it is asked to end: by itself, the server leaves that behind.
#
# usage: sh -c "$THIS" browser PROGRAM [ARGUMENT…]
"$@" &
driver=$!
stop() {
    # Of all its threads: the one that starts browsers is not the first. Without /proc, somebody else has to tell.
    children=$(cat /proc/"$driver"/task/*/children 2>/dev/null || pgrep -P "$driver")
    kill -TERM $children "$driver"
    # Until they are gone they write into their profile, which is about to be deleted. Who has ended has no arguments any more.
    for child in $children; do
        tries=0
        while [ "$tries" -lt 100 ] && [ -n "$({ tr -d '\0' <"/proc/$child/cmdline"; } 2>/dev/null)" ]; do
            sleep 0.05
            tries=$((tries + 1))
        done
    done
}
trap stop TERM
while kill -0 "$driver" 2>/dev/null; do wait "$driver"; done
