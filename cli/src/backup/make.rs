//! Making a copy: the numbers first, then the dump, of one snapshot that is held meanwhile.

use std::path::Path;

use anyhow::Context;
use chrono::{DateTime, Utc};
use evolve_store::Keyring;
use evolve_store::backup::Snapshot;
use evolve_testkit::binaries;

use super::connection::{program, run};
use super::shelf::{Dump, Fresh, Manifest, digest};
use crate::maintain::Database;

/// Makes a copy of the database in `place`.
pub(super) async fn copy(database: &Database, place: &Path, now: DateTime<Utc>) -> anyhow::Result<Dump> {
    let keys = fingerprints(database)?;
    let mut snapshot = Snapshot::take(&database.url).await.context("the database cannot be read")?;
    let server = snapshot.server().await?;
    let clients = binaries::postgres_clients(server.major).with_context(|| {
        format!(
            "the database is Postgres {}, and is copied by a pg_dump of that version or a newer one",
            server.version
        )
    })?;
    let tables = snapshot.census().await.context("the tables cannot be counted; try again")?;
    let fresh = Fresh::begin(place, now)?;
    let mut dump = program(&clients.bin, "pg_dump", Some(&database.url))?;
    dump.args(["--format=custom", "--no-owner", "--no-privileges", "--no-password"]);
    dump.arg(format!("--snapshot={}", snapshot.id())).arg("--file").arg(fresh.part());
    run(dump, "copy the database").await?;
    snapshot.release().await.context("the connection broke while the database was copied")?;
    let mut list = program(&clients.bin, "pg_restore", None)?;
    list.arg("--list").arg(fresh.part());
    run(list, "read the copy").await?;
    let (bytes, sha256) = digest(fresh.part())?;
    let evolve = env!("CARGO_PKG_VERSION").to_owned();
    fresh.keep(&Manifest {
        format: 1,
        created_at: now,
        evolve,
        schema: server.schema,
        postgres: server.version,
        pg_dump: clients.major,
        bytes,
        sha256,
        keys,
        tables,
    })
}

/// Which keys the data needs; the copy never holds them.
pub(super) fn fingerprints(database: &Database) -> anyhow::Result<Vec<String>> {
    let Some(list) = &database.keys else { return Ok(Vec::new()) };
    let keys = Keyring::parse(&list.clone().into()).map_err(|problem| anyhow::anyhow!("ENCRYPTION_KEY: {problem}"))?;
    Ok(keys.fingerprints())
}
