for copy in "$FOLDER"/*.dump; do
    rclone copyto "$copy" ":s3:$BUCKET/$PREFIX/${copy##*/}"
    echo "stored ${copy##*/}"
done
rclone delete --min-age "${KEEP_DAYS}d" --include '*.dump' ":s3:$BUCKET/$PREFIX"
