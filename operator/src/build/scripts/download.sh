mkdir -p "$FOLDER"
if [ "$COPY" = latest ]; then
    COPY=$(rclone lsf --include '*.dump' ":s3:$BUCKET/$PREFIX" | sort | tail -n 1)
fi
if [ -z "$COPY" ]; then
    echo "there is no copy in $BUCKET/$PREFIX" >&2
    exit 1
fi
rclone copyto ":s3:$BUCKET/$PREFIX/$COPY" "$FOLDER/$COPY"
