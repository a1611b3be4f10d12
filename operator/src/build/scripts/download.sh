mkdir -p "$FOLDER"
if [ -z "$COPIES" ]; then
    echo "there is no copy in $BUCKET/$PREFIX: is spec.backup.s3.prefix the one that copies were made with?" >&2
    exit 1
fi
if [ "$COPY" = latest ]; then
    COPY=$(printf '%s\n' "$COPIES" | sort | tail -n 1)
elif ! printf '%s\n' "$COPIES" | grep -qxF -e "$COPY"; then
    # rclone takes what is not there for an empty folder, and is content.
    printf '%s\n' "there is no copy '$COPY' in $BUCKET/$PREFIX; there are:" "$COPIES" >&2
    exit 1
fi
answer=$(rclone copyto --quiet ":s3:$BUCKET/$PREFIX/$COPY" "$FOLDER/$COPY" 2>&1) || refused "read from" "$answer"
# Copies that were made without `evolve` have none.
beside=$(rclone lsf --quiet --max-depth 1 --include "/$COPY.json" ":s3:$BUCKET/$PREFIX" 2>&1) || refused "look into" "$beside"
if [ -n "$beside" ]; then
    answer=$(rclone copyto --quiet ":s3:$BUCKET/$PREFIX/$COPY.json" "$FOLDER/$COPY.json" 2>&1) || refused "read from" "$answer"
fi
echo "fetched $COPY"
