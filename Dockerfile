# syntax=docker/dockerfile:1.10
# One image with every program of a bot and of its operator. `make image` builds it; docs/architecture.md ("Shipping") says why it is so.
# Bases are named by version, which whoever owns them can move; docs/architecture.md says how a digest is put behind it.

FROM docker.io/library/rust:1.95.0-trixie AS builder
ENV CARGO_INCREMENTAL=0
WORKDIR /src
COPY . .
# The directories are kept between builds, and two builds at once would spoil them.
RUN --mount=type=cache,id=evolve-registry,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,id=evolve-target,target=/src/target,sharing=locked \
    cargo build --locked --release --bins \
        --package evolve-cli --package evolve-api --package evolve-bot --package evolve-operator \
    && install -D --target-directory=/out \
        target/release/evolve target/release/evolve-api target/release/evolve-bot target/release/evolve-operator

FROM docker.io/library/postgres:18.1-trixie AS postgres

FROM docker.io/library/debian:13.2-slim AS image
# What `evolve backup` and `evolve restore` call, and of their libraries those that are not here.
RUN --mount=type=bind,from=postgres,source=/usr/lib,target=/postgres <<'INSTALL'
set -eu
cd /usr/local/bin
cp /postgres/postgresql/18/bin/pg_dump /postgres/postgresql/18/bin/pg_restore /postgres/postgresql/18/bin/psql .
while missing=$(ldd pg_dump pg_restore psql | awk '$3 == "not" { print $1 }' | sort -u) && [ -n "$missing" ]; do
    for library in $missing; do
        cp --dereference "/postgres/$(uname -m)-linux-gnu/$library" /usr/local/lib/
    done
    ldconfig
done
rm -rf /var/cache/ldconfig
./pg_dump --version
./pg_restore --version
./psql --version
# libpq asks who it is.
echo 'evolve:x:65532:65532:EvolveAI:/tmp:/usr/sbin/nologin' >>/etc/passwd
echo 'evolve:x:65532:' >>/etc/group
INSTALL
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=builder /out/ /usr/local/bin/
COPY LICENSE /usr/share/doc/evolve/copyright
USER 65532:65532
# The API's, and that of the bot and of the operator.
EXPOSE 8000 8080
CMD ["evolve", "--help"]
# Last, since they differ with each commit.
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="EvolveAI" \
    org.opencontainers.image.description="Companion bots for Telegram: API, bot, migration, backups and the operator." \
    org.opencontainers.image.source="https://github.com/evolveai/evolve" \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.base.name="docker.io/library/debian:13.2-slim" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.created="${CREATED}"
