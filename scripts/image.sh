#!/usr/bin/env bash
# Builds the image of all programs: `make image`. OUTPUT says where it goes:
#   load  to this machine's Docker (the default), without attestations, which not every Docker can keep
#   oci   into .image/evolve.oci.tar, with SBOM and provenance
#   push  to the registry that IMAGE names, with SBOM and provenance
# Its digest is then in .image/digest.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    printf 'image: %s\n' "$*" >&2
    exit 1
}
command -v docker >/dev/null 2>&1 ||
    fail "needs Docker with buildx: https://docs.docker.com/engine/install installs it. Without it, \`make up\` runs a bot here"
docker buildx version >/dev/null 2>&1 || fail "needs Docker's buildx: https://github.com/docker/buildx#installing"
docker info >/dev/null 2>&1 || fail "Docker's engine does not answer: start it, or let this account use it"

version=$(scripts/version.sh)
image=${IMAGE:-ghcr.io/evolveai/evolve}
tag=${TAG:-$version}
# What is in the image is as old as its commit, whenever it is built.
revision=$(git rev-parse HEAD)
# What is not committed is in nobody's history.
if [ -n "$(git status --porcelain)" ]; then revision+=-dirty; fi
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
created=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -r "$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
mkdir -p .image
arguments=(
    --tag "$image:$tag"
    --build-arg "VERSION=$version" --build-arg "REVISION=$revision" --build-arg "CREATED=$created"
    --build-arg "SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH"
    --metadata-file .image/metadata.json
)
attestations=(--sbom=true --provenance=mode=max)
case ${OUTPUT:-load} in
    # Said, or buildx adds provenance of its own where Docker can keep it (29 does): with a time in it, so that the same image has another
    # digest each time, and as a part that `kind load` does not find again (kubernetes-sigs/kind#3795).
    load) arguments+=(--sbom=false --provenance=false --load) ;;
    oci) arguments+=("${attestations[@]}" --output "type=oci,dest=.image/evolve.oci.tar,rewrite-timestamp=true") ;;
    push) arguments+=("${attestations[@]}" --output "type=image,push=true,rewrite-timestamp=true") ;;
    *) fail "OUTPUT is load, oci or push" ;;
esac
docker buildx build "${arguments[@]}" .
sed -n 's/.*"containerimage.digest": *"\(sha256:[0-9a-f]*\)".*/\1/p' .image/metadata.json >.image/digest
echo "built $image:$tag ($(cat .image/digest))"
