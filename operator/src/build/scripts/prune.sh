# Only after a new copy is there.
find "$FOLDER" -name '*.dump' -type f -mtime "+$KEEP_DAYS" -print -exec rm -f {} \;
