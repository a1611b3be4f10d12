#!/usr/bin/env bash
# The version of the workspace, which is that of the chart and of the image.
set -euo pipefail
cd "$(dirname "$0")/.."
sed -n '/^\[workspace\.package\]/,/^\[/ s/^version = "\(.*\)"/\1/p' Cargo.toml
