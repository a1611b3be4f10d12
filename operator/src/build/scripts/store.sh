# Looks into the store; goes before the scripts that write to it or read from it. $COPIES are the copies that are there.
# Ends with what rclone said ($2) of what was tried ($1), and with how to mend it: the last line is what a person sees first.
refused() {
    printf '%s\n' "$2" >&2
    case $2 in
        *SignatureDoesNotMatch* | *InvalidAccessKeyId* | *InvalidToken* | *ExpiredToken* | *'api error Forbidden'* | *'StatusCode: 401'*)
            mend="the store does not know these credentials: correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the Secret that spec.backup.s3.credentialsSecretName names" ;;
        *AccessDenied*)
            mend="these credentials lack a right: they need ListBucket on the bucket, and GetObject, PutObject and DeleteObject below $PREFIX" ;;
        *NoSuchBucket* | *'directory not found'*)
            mend="there is no bucket $BUCKET: make it, or correct spec.backup.s3.bucket" ;;
        *PermanentRedirect* | *AuthorizationHeaderMalformed* | *IllegalLocationConstraint*)
            mend="the bucket is in another region: correct spec.backup.s3.region" ;;
        *'no such host'* | *'connection refused'* | *timeout* | *'deadline exceeded'* | *x509* | *tls:*)
            mend="the store cannot be reached: is spec.backup.s3.endpoint right, and does a NetworkPolicy let its pods out?" ;;
        *) mend="what the store said stands above" ;;
    esac
    echo "cannot $1 $BUCKET/$PREFIX: $mend" >&2
    exit 1
}
# A listing is refused in words, an upload with little more than a number. Whoever waits wants to know soon.
COPIES=$(rclone lsf --quiet --retries 1 --low-level-retries 4 --max-depth 1 --include '/*.dump' ":s3:$BUCKET/$PREFIX" 2>&1) ||
    refused "look into" "$COPIES"
