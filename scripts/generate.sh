#!/usr/bin/env bash
# Makes every generated file anew from the code that it describes. They are committed, so that people can read them on
# the web, and CI fails when they differ from what this makes.
set -euo pipefail
cd "$(dirname "$0")/.."

# A failing command must not leave an empty file behind.
write() { # write FILE COMMAND…
    local file=$1
    shift
    mkdir -p "$(dirname "$file")"
    "$@" >"$file.new"
    mv "$file.new" "$file"
    echo "  made $file"
}

write crds/evolvebots.evolveai.dev.yaml target/debug/evolve crd
write crds/evolvebot.schema.json target/debug/evolve crd --json-schema
# After the definition, which it holds too.
write charts/evolve/templates/crd.yaml target/debug/evolve-chart crd
write charts/evolve/values.schema.json target/debug/evolve-chart schema
write charts/evolve/README.md target/debug/evolve-chart readme
write docs/openapi.json target/debug/evolve-api --openapi

configuration() {
    cat <<'END'
# Configuration

Every process reads environment variables, and nothing else. Any variable may be given as `NAME_FILE` instead, the path
of a file that holds the value, as Kubernetes and Docker mount secrets. A variable that is empty counts as not set. All
problems are reported at once, at start-up. `evolve up` and the operator render these variables from an `EvolveBot`;
what has no field there is set by `spec.api.pod.extraEnv` and `spec.bot.pod.extraEnv`. `evolve up` takes the API's from
that, too, and before it from its own environment what concerns the panel and the numbers: `PANEL_…`, `OIDC_…`,
`ADMIN_…`, `STATS_API_RATE_LIMIT`, `TRUSTED_PROXY_HOPS`, `REPORT_TIME_ZONE`, `MODEL_PRICES`, `ENABLE_QUERY_ANALYSIS`.
This page is generated from the code that reads them.

## evolve-api

END
    target/debug/evolve-api --config-reference
    printf '\n## evolve-bot\n\n'
    target/debug/evolve-bot --config-reference
}
write docs/configuration.md configuration

metrics() {
    cat <<'END'
# Metrics

Every process shows its metrics at `/metrics`, as OpenMetrics text. A counter or a histogram with labels appears with the first thing
that it counts. Labels are bounded: none tells a person, or what anybody wrote. Histograms show `…_bucket`, `…_sum` and `…_count`; a
bucket may have an exemplar, the `trace_id` of the newest sampled trace that fell into it (Prometheus keeps them with
`--enable-feature=exemplar-storage`). What every replica shows alike is read with `max`, and all else with `sum`.
This page is generated from the code that registers them.

## evolve-api

END
    target/debug/evolve-api --metrics-reference
    printf '\n## evolve-bot\n\n'
    target/debug/evolve-bot --metrics-reference
    printf '\n## evolve-operator\n\n'
    target/debug/evolve-operator metrics-reference
}
write docs/metrics.md metrics
