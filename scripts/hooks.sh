#!/usr/bin/env bash
# Lets git run .pre-commit-config.yaml before each commit and push: `make hooks`.
set -euo pipefail
cd "$(dirname "$0")/.."

program=$(command -v pre-commit || true)
if [[ -z $program ]]; then
    program=.tools/pre-commit/bin/pre-commit
    [[ -x $program ]] || {
        echo "  missing: pre-commit; it is put into .tools/"
        python3 -m venv .tools/pre-commit
        .tools/pre-commit/bin/pip install --quiet --disable-pip-version-check pre-commit==4.3.0
    }
fi
"$program" install --install-hooks --hook-type pre-commit --hook-type pre-push
