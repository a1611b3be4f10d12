mkdir -p "$FOLDER"
if [ "$COPY" = latest ]; then
    # By itself, so that a store that cannot be reached is not taken for one without copies.
    copies=$(rclone lsf --max-depth 1 --include '/*.dump' ":s3:$BUCKET/$PREFIX")
    COPY=$(printf '%s\n' "$copies" | sort | tail -n 1)
fi
if [ -z "$COPY" ]; then
    echo "there is no copy in $BUCKET/$PREFIX" >&2
    exit 1
fi
rclone copyto ":s3:$BUCKET/$PREFIX/$COPY" "$FOLDER/$COPY"
