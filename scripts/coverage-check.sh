#!/usr/bin/env bash
# Fails where less than PERCENT of the lines of a crate are covered, of those that must be: `scripts/coverage-check.sh LCOV PERCENT`.
# Prints all crates. In LCOV, `SF:` begins a file, `LF:` is its lines, `LH:` those that were reached.
set -euo pipefail

awk -v least="$2" -v root="$(cd "$(dirname "$0")/.." && pwd)/" '
    BEGIN { split("crates/domain crates/engine crates/store operator", list, " "); for (i in list) must[list[i]] = 1 }
    /^SF:/ {
        crate = ""
        path = substr($0, 4)
        if (index(path, root) == 1) path = substr(path, length(root) + 1)
        if (match(path, /^(crates\/[a-z]+|api|bot|cli|operator)\/src\//)) crate = substr(path, 1, RLENGTH - 5)
    }
    /^LF:/ && crate != "" { lines[crate] += substr($0, 4) }
    /^LH:/ && crate != "" { reached[crate] += substr($0, 4) }
    END {
        for (crate in lines) {
            percent = lines[crate] ? 100 * reached[crate] / lines[crate] : 0
            is_low = (crate in must) && percent < least
            printf "%-18s %6.2f%% of %d lines%s\n", crate, percent, lines[crate], is_low ? ", less than " least "%" : ""
            failed = failed || is_low
            seen[crate] = 1
        }
        for (crate in must) if (!(crate in seen)) { printf "%-18s is not in the report\n", crate; failed = 1 }
        exit failed
    }' "$1"
