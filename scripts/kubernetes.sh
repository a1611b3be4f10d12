#!/usr/bin/env bash
# Gets a Kubernetes control plane for the operator's tests into .tools/kubernetes, and prints where it is: KUBEBUILDER_ASSETS.
# For Linux and the processors that Kubernetes builds it for. CI runs it; `README.md` says what else there is.
set -euo pipefail
cd "$(dirname "$0")/.."

version=1.34.0
case $(uname -m) in
    x86_64) machine=amd64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *)
        echo "kubernetes: nobody builds it for $(uname -m)" >&2
        exit 1
        ;;
esac
directory=$PWD/.tools/kubernetes/$version
if [[ ! -x $directory/kube-controller-manager ]]; then
    mkdir -p "$directory"
    get() { curl --fail --silent --show-error --location --retry 3 "$@"; }
    base=https://github.com/kubernetes-sigs/controller-tools/releases/download
    get "$base/envtest-v$version/envtest-v$version-linux-$machine.tar.gz" | tar -xz --directory "$directory" --strip-components=2
    manager=https://dl.k8s.io/v$version/bin/linux/$machine/kube-controller-manager
    get --output "$directory/kube-controller-manager.new" "$manager"
    printf '%s  %s\n' "$(get "$manager.sha256")" "$directory/kube-controller-manager.new" | sha256sum --check --status
    chmod +x "$directory/kube-controller-manager.new"
    mv "$directory/kube-controller-manager.new" "$directory/kube-controller-manager"
fi
echo "$directory"
