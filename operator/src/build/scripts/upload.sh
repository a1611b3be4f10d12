# What must be in a copy goes first, where it is known: a copy that is there can be checked.
for copy in "$FOLDER"/*.dump.json "$FOLDER"/*.dump; do
    case $copy in *.json) [ -f "$copy" ] || continue ;; esac
    answer=$(rclone copyto --quiet "$copy" ":s3:$BUCKET/$PREFIX/${copy##*/}" 2>&1) || refused "write to" "$answer"
    echo "stored ${copy##*/}"
done
# Of this folder alone: below it may be those of other bots.
answer=$(rclone delete --quiet --max-depth 1 --min-age "${KEEP_DAYS}d" --include '/*.{dump,dump.json}' ":s3:$BUCKET/$PREFIX" 2>&1) ||
    refused "remove old copies from" "$answer"
