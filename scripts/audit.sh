#!/usr/bin/env bash
# Licences, origins and known flaws of all crates, by deny.toml: `make audit`, and a step of .ci/run.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    printf 'audit: %s\n' "$*" >&2
    exit 1
}
deny=.tools/deny/bin/cargo-deny
[[ -x $deny ]] || deny=cargo-deny
command -v "$deny" >/dev/null 2>&1 || fail "needs cargo-deny: run \`make setup\`"
# All that the lock file names, also what is built only to fuzz or elsewhere. After it, this asks nobody.
# Without crates.io what is here already may do; whether it does, the next line says.
cargo fetch --quiet --locked || echo "Not all crates could be fetched: crates.io cannot be reached, or Cargo.lock is out of date."
"$deny" --offline check --hide-inclusion-graph licenses bans sources ||
    fail "deny.toml says what may come in, and why"
# Known flaws are in a repository on GitHub, which not every machine reaches.
if GIT_TERMINAL_PROMPT=0 timeout 120 "$deny" fetch db; then
    "$deny" check --disable-fetch --hide-inclusion-graph advisories ||
        fail "update the crate, or say in deny.toml why its flaw is none of ours"
elif [[ -n ${REQUIRE_ADVISORIES:-} ]]; then
    fail "the database of known flaws cannot be reached"
else
    printf '\n%s\n\n' "SKIPPED: known flaws of crates (RustSec). The database at github.com cannot be reached from here."
fi
