# Writes one copy to $FOLDER and checks that it can be read; only then does it get its name.
# The bot's own image has the program that also says what must be in the copy, as it was in the same snapshot.
if command -v evolve >/dev/null 2>&1; then
    # That it is there is written down once it is where it stays: see record.sh.
    BACKUP_UNRECORDED=true evolve backup --to "$FOLDER"
else
    umask 077
    mkdir -p "$FOLDER"
    # Left by a pod that was killed; a younger one may belong to another that is at work.
    find "$FOLDER" -maxdepth 1 -name '*.part' -mmin +400 -exec rm -f {} +
    name=$(date -u +%Y-%m-%dT%H-%M-%SZ).dump
    part=$FOLDER/$name.$(hostname).part
    trap 'rm -f "$part"' EXIT
    pg_dump --format=custom --no-owner --no-privileges --file="$part"
    pg_restore --list "$part" >/dev/null
    mv "$part" "$FOLDER/$name"
    echo "made $name, $(wc -c <"$FOLDER/$name") bytes"
fi
