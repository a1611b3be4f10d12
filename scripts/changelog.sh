#!/usr/bin/env bash
# What changed, by version, from the commits: `make changelog` writes CHANGELOG.md; with --latest, the notes of the newest tag on stdout.
set -euo pipefail
cd "$(dirname "$0")/.."

cliff=$(command -v git-cliff || true)
if [[ -z $cliff ]]; then
    cliff=.tools/cliff/bin/git-cliff
    [[ -x $cliff ]] || {
        echo "  missing: git-cliff; it is put into .tools/" >&2
        python3 -m venv .tools/cliff
        # The files that were looked at: a release runs it, where it could sign in our name.
        .tools/cliff/bin/pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
            --require-hashes --requirement /dev/stdin >&2 <<'CLIFF'
git-cliff==2.10.1 \
    --hash=sha256:9d72c0bf314014f30ec4287a2dee9f1a14f4c67f73b75991684391e2a98d9b9b \
    --hash=sha256:704ff6cea09fd90dd524a8235143897a2d1c8ef9fb045070275f4cf6b0040616 \
    --hash=sha256:973962f2486d33ddbb624aa2d2e2d370e03721a164c471601736afce75e0935d \
    --hash=sha256:49e5808150d526ad6b728313b77636fe962c7ee6729409f2d42aa6cbe323506b
CLIFF
    }
fi
if [[ ${1:-} == --latest ]]; then
    exec "$cliff" --latest --strip header
fi
"$cliff" --output CHANGELOG.md
