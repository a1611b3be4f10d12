#!/usr/bin/env bash
# Looks for inputs that break a target of fuzz/, with libFuzzer: `scripts/fuzz.sh TARGET [SECONDS]`. `make fuzz` runs it.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${1:-} seconds=${2:-60}
corpus=target/fuzz/corpus/$target found=target/fuzz/found/$target
mkdir -p "$corpus" "$found"
# Says which targets there are where this is none of them.
cargo run --quiet --package evolve-fuzz -- "$target" --seeds "$corpus"

echo "Building the fuzzer (the first time takes some minutes)"
host=$(rustc -vV | sed -n 's/^host: //p')
# What `cargo fuzz` passes, and what the stable compiler takes of it: to count where an input comes, and what it compares. With
# `--target`, or build scripts would be counted too, which have no fuzzer in them.
RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares" \
    cargo build --quiet --package evolve-fuzz --features libfuzzer --profile fuzz --target "$host" \
    --target-dir target/fuzz/build

echo "Fuzzing $target for $seconds s; what breaks it comes into $found"
FUZZ_TARGET=$target "target/fuzz/build/$host/fuzz/evolve-fuzz" "$corpus" \
    -artifact_prefix="$found/" -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=2048 \
    -print_final_stats=1 || {
    echo "What broke it, without the fuzzer: cargo run -p evolve-fuzz -- $target $found/…; make a seed of it" >&2
    exit 1
}
