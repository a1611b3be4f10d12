for copy in "$FOLDER"/*.dump; do
    rclone copyto "$copy" ":s3:$BUCKET/$PREFIX/${copy##*/}"
    echo "stored ${copy##*/}"
done
# Of this folder alone: below it may be those of other bots.
rclone delete --max-depth 1 --min-age "${KEEP_DAYS}d" --include '/*.dump' ":s3:$BUCKET/$PREFIX"
