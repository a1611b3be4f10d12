# Only after a new copy is there.
find "$FOLDER" \( -name '*.dump' -o -name '*.dump.json' \) -type f -mtime "+$KEEP_DAYS" -print -exec rm -f {} \;
