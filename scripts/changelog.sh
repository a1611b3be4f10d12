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
        .tools/cliff/bin/pip install --quiet --disable-pip-version-check git-cliff==2.10.1 >&2
    }
fi
if [[ ${1:-} == --latest ]]; then
    exec "$cliff" --latest --strip header
fi
"$cliff" --output CHANGELOG.md
