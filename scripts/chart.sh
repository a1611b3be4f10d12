#!/usr/bin/env bash
# Lints the chart with every file of values that tests use, and packages it into .image/: `make chart`.
set -euo pipefail
cd "$(dirname "$0")/.."

helm=.tools/helm/bin/helm
[[ -x $helm ]] || helm=helm
command -v "$helm" >/dev/null 2>&1 || {
    echo "chart: needs Helm 3: run \`make setup\`" >&2
    exit 1
}
oldest=$(sed -n 's/^kubeVersion: ">=\([0-9.]*\)-0"$/\1/p' charts/evolve/Chart.yaml)
"$helm" lint --strict --kube-version "$oldest" charts/evolve
for values in charts/evolve/ci/*.yaml; do
    "$helm" lint --strict --kube-version "$oldest" --values "$values" charts/evolve
done
mkdir -p .image
"$helm" package --destination .image charts/evolve
