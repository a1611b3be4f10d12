#!/usr/bin/env bash
# Makes the generated files anew, and fails where they are not what was committed: `make fresh`, and a step of .ci/run.
set -euo pipefail
cd "$(dirname "$0")/.."

make --no-print-directory generate
generated=(charts/evolve crds docs/configuration.md docs/metrics.md docs/openapi.json)
changed=$(git status --porcelain -- "${generated[@]}")
[[ -z $changed ]] || {
    git --no-pager diff -- "${generated[@]}" | head -100
    printf 'Run `make generate` and commit:\n%s\n' "$changed" >&2
    exit 1
}
