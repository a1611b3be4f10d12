#!/usr/bin/env bash
# Which lines all tests together reach: `make coverage`. Into target/coverage/report: lcov.info, and index.html to look at. Fails where
# less than 85% of the lines of a crate that must be covered are.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo llvm-cov --version >/dev/null 2>&1 || {
    echo "coverage: needs cargo-llvm-cov: \`rustup component add llvm-tools\` and \`cargo install --locked cargo-llvm-cov --version 0.9.1\`" >&2
    exit 1
}
# A directory of its own: programs that count are others than those of \`make build\`, and tests start those that lie beside them.
export CARGO_TARGET_DIR=$PWD/target/coverage/build CARGO_INCREMENTAL=0
mkdir -p target/coverage/report
# By way of a variable: what fails within an argument of eval fails nothing, and no program would count.
environment=$(cargo llvm-cov show-env --sh)
eval "$environment"
cargo llvm-cov clean --workspace
cargo build --workspace --bins
# Each process that a test starts writes what it reached when it ends; one that is killed writes nothing.
cargo test --workspace
cargo llvm-cov report --lcov --output-path target/coverage/report/lcov.info
cargo llvm-cov report --html --output-dir target/coverage/report
scripts/coverage-check.sh target/coverage/report/lcov.info 85
