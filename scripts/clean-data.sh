#!/usr/bin/env bash
# Forgets everything that `evolve up` keeps here: people's messages, the keys that decrypt them, logs. Asks first.
set -euo pipefail
cd "$(dirname "$0")/.."

home=${EVOLVE_HOME:-.evolve}
[[ -d $home ]] || {
    echo "There is no $home"
    exit 0
}
read -r -p "Delete $home with all its data and keys? Type yes: " answer
[[ $answer == yes ]] || {
    echo "Nothing was deleted"
    exit 1
}
target/debug/evolve down
for name in postgres redis; do
    # Where the servers' account cannot go into the checkout, the data is elsewhere and this is a link.
    if [[ -L $home/$name ]]; then rm -rf -- "$(readlink "$home/$name")"; fi
done
rm -rf -- "$home"
echo "Deleted"
