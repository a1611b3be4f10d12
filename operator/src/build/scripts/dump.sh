# Writes one copy to $FOLDER and checks that it can be read; only then does it get its name.
umask 077
mkdir -p "$FOLDER"
rm -f "$FOLDER"/*.part
name=$(date -u +%Y-%m-%dT%H-%M-%SZ).dump
pg_dump --format=custom --no-owner --no-privileges --file="$FOLDER/$name.part"
pg_restore --list "$FOLDER/$name.part" >/dev/null
mv "$FOLDER/$name.part" "$FOLDER/$name"
echo "made $name, $(wc -c <"$FOLDER/$name") bytes"
