#!/usr/bin/env bash
# Fails where a log of the tests says that something was left out, and names it: `scripts/skipped.sh LOG`. test.yaml runs it, on a machine
# that has all that tests need; elsewhere people may do without.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    printf 'skipped: %s\n' "$*" >&2
    exit 1
}
[[ -s ${1:-} ]] || fail "there is no log in ${1:-the first argument}"
# What may be left out there all the same, each on a line, as the test says it. Nothing is.
allowed=''
left=$(grep -o 'SKIPPED: .*' "$1" | sort -u | grep -vxF "$allowed" || true)
[[ -z $left ]] || fail "this machine should lack nothing, and yet:
$left"
