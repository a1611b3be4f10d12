#!/usr/bin/env bash
# A cluster of kind with the operator of this checkout and a bot: `make kind`; `make kind-down` removes it. The image is built, loaded into
# the cluster and installed with the chart. With TELEGRAM_BOT_TOKEN and GOOGLE_API_KEY it is a real bot (examples/smallest.yaml), else one
# whose Telegram is simulated (examples/kind.yaml).
set -euo pipefail
cd "$(dirname "$0")/.."

cluster=${CLUSTER:-evolve}
node=kindest/node:v1.34.0
fail() {
    printf 'kind: %s\n' "$*" >&2
    exit 1
}
need() { # need PROGRAM ADVICE
    command -v "$1" >/dev/null 2>&1 || fail "needs $1: $2"
}
need docker "https://docs.docker.com/engine/install installs it. Without it, \`make up\` runs a bot here"
need kind "https://kind.sigs.k8s.io/docs/user/quick-start#installation (0.30 or newer)"
need kubectl "https://kubernetes.io/docs/tasks/tools"
if [[ ${1:-} == down ]]; then
    kind delete cluster --name "$cluster"
    exit
fi
helm=.tools/helm/bin/helm
[[ -x $helm ]] || helm=helm
need "$helm" "\`make setup\` gets it"
docker info >/dev/null 2>&1 || fail "Docker's engine does not answer: start it, or let this account use it"

repository=evolve.local/evolve
IMAGE=$repository TAG=built OUTPUT=load scripts/image.sh
# A name that tells what is in it. Under the same one, what runs would stay what it is; under another, the operator is replaced, and moves
# the bot to it, migration first. An image that is the same has the same name, and nothing restarts.
id=$(docker image inspect --format '{{.Id}}' "$repository:built")
version=$(scripts/version.sh)-${id:7:12}
docker tag "$repository:built" "$repository:$version"
kind get clusters 2>/dev/null | grep -x "$cluster" >/dev/null || kind create cluster --name "$cluster" --image "$node" --wait 2m
kind load docker-image "$repository:$version" --name "$cluster"

context=kind-$cluster namespace=companions
k() { kubectl --context "$context" "$@"; }
applied() { k apply --namespace "$namespace" --filename "$1"; }
k create namespace "$namespace" --dry-run=client --output yaml | k apply --filename -
"$helm" upgrade --install evolve charts/evolve --kube-context "$context" --namespace evolve-system --create-namespace \
    --set "image.repository=$repository,image.tag=$version,image.pullPolicy=Never,botDefaults.version=$version" \
    --set "rbac.namespaces={$namespace}" --wait --timeout 5m

# Once: the database keeps the password that it was made with.
if ! k get secret neighbours --namespace "$namespace" >/dev/null 2>&1; then
    password=$(head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
    token=${TELEGRAM_BOT_TOKEN:-7000000001:SIM$(head -c 16 /dev/urandom | od -An -v -tx1 | tr -d ' \n')}
    # By way of a file that goes, so that no secret is in an argument list.
    secrets=$(mktemp)
    trap 'rm -f "$secrets"' EXIT
    cat >"$secrets" <<SECRETS
apiVersion: v1
kind: Secret
metadata: { name: neighbours }
stringData: { POSTGRES_PASSWORD: "$password" }
---
apiVersion: v1
kind: Secret
metadata: { name: eva }
stringData:
  DATABASE_URL: "postgres://evolve:$password@postgres:5432/evolve"
  REDIS_URL: "redis://redis:6379/0"
  TELEGRAM_BOT_TOKEN: "$token"
  GOOGLE_API_KEY: "${GOOGLE_API_KEY:-none}"
SECRETS
    # By the server, or kubectl would write all of it into an annotation as well, which who lists Secrets' names may see.
    k apply --server-side --namespace "$namespace" --filename "$secrets"
elif [[ -n ${TELEGRAM_BOT_TOKEN:-} && -n ${GOOGLE_API_KEY:-} ]]; then
    # Who tried it without them has them now.
    secrets=$(mktemp)
    trap 'rm -f "$secrets"' EXIT
    printf 'stringData: { TELEGRAM_BOT_TOKEN: "%s", GOOGLE_API_KEY: "%s" }\n' "$TELEGRAM_BOT_TOKEN" "$GOOGLE_API_KEY" >"$secrets"
    k patch secret eva --namespace "$namespace" --type merge --patch-file "$secrets"
fi
sed "s|image: IMAGE|image: $repository:$version|" scripts/kind/neighbours.yaml | applied -
example=examples/kind.yaml
if [[ -n ${TELEGRAM_BOT_TOKEN:-} && -n ${GOOGLE_API_KEY:-} ]]; then example=examples/smallest.yaml; fi
# A bot keeps the version that it got, unless its spec names one.
awk -v version="$version" '/^spec:/ { printf "spec:\n  version: \"%s\"\n", version; next } { print }' "$example" | applied -
for neighbour in postgres redis telegram; do
    k rollout status "deployment/$neighbour" --namespace "$namespace" --timeout 3m
done
# Ready it may be still, as what it was before.
{ k wait evolvebot/eva --namespace "$namespace" --for=jsonpath='{.status.version}'="$version" --timeout=5m &&
    k wait evolvebot/eva --namespace "$namespace" --for=condition=Ready --timeout=5m; } || {
    k get evolvebot eva --namespace "$namespace" --output jsonpath='{.status.nextStep}{"\n"}' >&2
    k get pods --namespace "$namespace" >&2
    exit 1
}
"$helm" test evolve --kube-context "$context" --namespace evolve-system --logs
echo "eva runs: kubectl --context $context get evolvebots,pods --namespace $namespace"
