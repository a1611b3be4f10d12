# Runs one server for a process that holds the other end of our standard input, and stops the server when that end
# closes: also when the holder was killed with SIGKILL, since the kernel closes its pipes then. A pipe works alike on
# Linux and macOS; "die with your parent" signals do not.
#
# usage: sh -c "$THIS" watchdog SIGNAL LIMIT REMOVE PROGRAM [ARGUMENT…]
#   SIGNAL  what asks the server to stop; LIMIT  seconds until SIGKILL;
#   REMOVE  a directory to delete once the server is gone, or empty
# prints: the server's process id, then `exit STATUS` when it has ended
# reads:  `frozen PID…`  these are about to be stopped with SIGSTOP, wake them before asking them to end
#         `keep`         do not delete REMOVE
exec 3<&0 0</dev/null
signal=$1 limit=$2 remove=$3
shift 3
# A handler that does nothing, not '': an ignored signal would be ignored by the server too.
trap : HUP INT TERM PIPE

"$@" 3<&- >&2 &
server=$!

{
    trap '' HUP INT TERM PIPE
    frozen= keep=0
    while read -r word rest; do
        case $word in
            frozen) frozen=$rest ;;
            keep) keep=10 ;;
        esac
    done
    tries=0
    while kill -0 "$server"; do
        # INT again every second: a shell's background process ignores it until it has a handler of its own. No other
        # signal is repeated, since for many programs the second means "at once".
        if [ "$tries" -eq 0 ] || { [ "$signal" = INT ] && [ $((tries % 20)) -eq 0 ]; }; then
            kill -"$signal" "$server"
            kill -CONT "$server" $frozen
        fi
        if [ "$tries" -ge $((limit * 20)) ]; then kill -KILL "$server" $frozen; fi
        tries=$((tries + 1))
        sleep 0.05
    done
    exit $keep
} <&3 3<&- >/dev/null 2>&1 &
keeper=$!
exec 3<&-

echo "$server"
# `wait` returns early when a signal of ours came in.
while :; do
    wait "$server"; status=$?
    kill -0 "$server" 2>/dev/null || break
done
echo "exit $status" 2>/dev/null
while :; do
    wait "$keeper"; keep=$?
    kill -0 "$keeper" 2>/dev/null || break
done
if [ -n "$remove" ] && [ "$keep" -eq 0 ]; then rm -rf -- "$remove"; fi
