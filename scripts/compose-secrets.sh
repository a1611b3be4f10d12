#!/usr/bin/env bash
# Makes the secrets of compose.yaml that are not there yet, in .secrets/ (or in the directory that is named). What was made stays; what only
# a person can give is replaced by what the environment says, where that is another.
set -euo pipefail
cd "$(dirname "$0")/.."

directory=${1:-.secrets}
fail() {
    printf 'secrets: %s\n' "$*" >&2
    exit 1
}
# Nobody but its owner gets into the directory. The files are mounted each by itself, for an account that is not theirs.
mkdir -p "$directory"
chmod 700 "$directory"
umask 022

keep() { # keep NAME VALUE
    [[ -s $directory/$1 ]] || {
        printf '%s\n' "$2" >"$directory/$1"
        printf '  made %s\n' "$directory/$1"
    }
}
hex() { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

given() { # given NAME ADVICE
    local path=$directory/$1 value=${!1:-}
    [[ -s $path || -n $value ]] || fail "$1 is not set: $2"
    if [[ -s $path && -n $value && $(<"$path") != "$value" ]]; then
        # In place: what is mounted into a container that runs is this very file, which its process looks at.
        printf '%s\n' "$value" >"$path"
        printf '  replaced %s, which said something else\n' "$path"
    fi
    keep "$1" "$value"
}
given TELEGRAM_BOT_TOKEN "@BotFather in Telegram gives it. TELEGRAM_BOT_TOKEN=… make compose-up"
# Another chain of models may do without; the file must be there all the same.
if [[ -n ${PROVIDERS:-} && ! -s $directory/GOOGLE_API_KEY ]]; then GOOGLE_API_KEY=${GOOGLE_API_KEY:-none}; fi
given GOOGLE_API_KEY "https://aistudio.google.com/apikey gives it. For other models, set PROVIDERS (docs/configuration.md)"
keep POSTGRES_PASSWORD "$(hex)"
keep DATABASE_URL "postgres://evolve:$(<"$directory/POSTGRES_PASSWORD")@db:5432/evolve"
keep JWT_SECRET "$(hex)"
keep SERVICE_KEY "$(hex)"
# A Fernet key: 32 bytes in the alphabet of URLs.
keep ENCRYPTION_KEY "$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n')"
