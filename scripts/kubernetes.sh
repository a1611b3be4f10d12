#!/usr/bin/env bash
# Gets a Kubernetes control plane for the operator's tests into .tools/kubernetes, and prints where it is: KUBEBUILDER_ASSETS.
# For Linux and the processors that Kubernetes builds it for. CI runs it; `README.md` says what else there is.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    printf 'kubernetes: %s\n' "$*" >&2
    exit 1
}
version=1.34.0
# The archive's SHA-512 is what envtest-releases.yaml of kubernetes-sigs/controller-tools says of this version: another version has others.
case $(uname -m) in
    x86_64)
        machine=amd64
        archive=445b4dd543963744925fffd5225413d852821442b244db710057abc3a98cf5a1e139a43b4b97949010360a19a8ffab4971db97daba60d72ddf1cc260cbfe3844
        ;;
    aarch64 | arm64)
        machine=arm64
        archive=06f3b72b133595f463849d8cde7c36307e2e51e1709bded1659694c1bd39491d3133d534d33a7c38df1136c314d1e1ad483684c519c0694f505b703ed2e44ef9
        ;;
    *) fail "nobody builds it for $(uname -m)" ;;
esac
directory=$PWD/.tools/kubernetes/$version
if [[ ! -x $directory/kube-controller-manager ]]; then
    mkdir -p "$directory"
    get() { curl --fail --silent --show-error --location --retry 3 "$@"; }
    base=https://github.com/kubernetes-sigs/controller-tools/releases/download
    get --output "$directory/envtest.new" "$base/envtest-v$version/envtest-v$version-linux-$machine.tar.gz"
    printf '%s  %s\n' "$archive" "$directory/envtest.new" | sha512sum --check --status ||
        fail "the archive of envtest $version is not the one that its project names"
    tar -xz --file "$directory/envtest.new" --directory "$directory" --strip-components=2
    rm "$directory/envtest.new"
    manager=https://dl.k8s.io/v$version/bin/linux/$machine/kube-controller-manager
    get --output "$directory/kube-controller-manager.new" "$manager"
    # From where the program itself is from: this finds what was damaged on the way, and not what was put there.
    printf '%s  %s\n' "$(get "$manager.sha256")" "$directory/kube-controller-manager.new" | sha256sum --check --status ||
        fail "kube-controller-manager $version is not what its checksum says"
    chmod +x "$directory/kube-controller-manager.new"
    mv "$directory/kube-controller-manager.new" "$directory/kube-controller-manager"
fi
echo "$directory"
