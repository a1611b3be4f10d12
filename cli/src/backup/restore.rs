//! Putting a copy back. All that can be known is asked before anything is changed: whether the copy is whole, whether the
//! keys fit it, whether the database is empty and nobody else's. Then one transaction changes everything, or nothing; and
//! then every table is counted again.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use evolve_runtime::metrics::Metrics;
use evolve_store::backup::{self, Snapshot, WIPE};
use evolve_store::{Store, StoreConfig, migrate, rotate};
use evolve_testkit::binaries;
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, BufWriter};

use super::RestoreArguments;
use super::connection::{program, run};
use super::make::fingerprints;
use super::shelf::{Dump, Manifest};
use crate::maintain::Database;
use crate::say::say;

/// What is in every copy of a schema and only its owner, or a superuser, may do: the schema stays as it is.
const LEFT_OUT: [&str; 3] = [" SCHEMA - public ", " COMMENT - SCHEMA public ", " COMMENT - EXTENSION "];
/// A setting of Postgres 17, which older servers refuse.
const TOO_NEW: &str = "SET transaction_timeout = 0;";
/// How often it is looked whether others have left.
const LOOK: Duration = Duration::from_secs(1);

/// Puts `copy` into the database.
pub(super) async fn put_back(database: &Database, copy: &Dump, arguments: &RestoreArguments) -> anyhow::Result<()> {
    match &copy.manifest {
        Some(manifest) => {
            copy.check(manifest)?;
            say(format!("{} is whole", copy.name()));
            keys_fit(database, manifest)?;
        }
        None if !arguments.unchecked => bail!(
            "{0} has no {0}.json beside it, so it cannot be told whether it is whole, nor whether the restore was. Bring \
             that file, or restore with --unchecked",
            copy.name()
        ),
        None => {}
    }
    is_free(&database.url, arguments).await.context("nothing was changed")?;
    replace(database, copy, arguments).await.context("the database is as it was: a restore is one transaction")?;
    say(format!("restored {}", copy.name()));
    match &copy.manifest {
        Some(manifest) => compare(database, manifest).await,
        None => Ok(()),
    }
}

/// What is encrypted is lost without its keys: better known before.
fn keys_fit(database: &Database, manifest: &Manifest) -> anyhow::Result<()> {
    let here = fingerprints(database)?;
    let Some(first) = manifest.keys.first() else { return Ok(()) };
    if here.is_empty() {
        say(format!("ENCRYPTION_KEY is not set here: the bot will need the keys {}", manifest.keys.join(", ")));
        return Ok(());
    }
    if !here.contains(first) {
        bail!(
            "nothing was changed: what is encrypted in the copy needs the keys {}, and ENCRYPTION_KEY has {}. Add the \
             key that was in use then to the end of the list; or unset ENCRYPTION_KEY to restore what is not encrypted",
            manifest.keys.join(", "),
            here.join(", ")
        );
    }
    Ok(())
}

/// That the database may be written to: it is empty, or is to be replaced; and nobody else is in it.
async fn is_free(url: &str, arguments: &RestoreArguments) -> anyhow::Result<()> {
    let objects = backup::objects(url).await?;
    if !objects.is_empty() && !arguments.replace {
        bail!(
            "the database is not empty: it has {} and {} more. Make an empty one (`createdb`) and name it in DATABASE_URL, \
             or replace all that is in this one with --replace",
            objects.first().map_or("", String::as_str),
            objects.len() - 1
        );
    }
    let start = Instant::now();
    loop {
        let others = backup::others(url).await?;
        if others.is_empty() {
            return Ok(());
        }
        if start.elapsed() >= Duration::from_secs(arguments.patience) {
            bail!(
                "{} other connections use the database:\n{}\nhibernate the bot first, end what else is connected, and \
                 restore again",
                others.len(),
                others.join("\n")
            );
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// By way of a file: a pipe would let half a copy be committed.
async fn replace(database: &Database, copy: &Dump, arguments: &RestoreArguments) -> anyhow::Result<()> {
    let work = match &arguments.work {
        Some(work) => tempfile::tempdir_in(work),
        None => tempfile::tempdir(),
    };
    let work = work.context("there is no room to work: name a directory with --work")?;
    let path = |name: &str| work.path().join(name);
    let mut snapshot = Snapshot::take(&database.url).await?;
    let server = snapshot.server().await?;
    snapshot.release().await?;
    let made_by = copy.manifest.as_ref().map_or(0, |manifest| manifest.pg_dump);
    let clients = binaries::postgres_clients(made_by.max(server.major))?;
    let mut list = program(&clients.bin, "pg_restore", None)?;
    list.arg("--list").arg(&copy.path);
    let list = run(list, "read the copy").await?;
    let wanted: Vec<_> = list.lines().filter(|line| !LEFT_OUT.iter().any(|part| line.contains(part))).collect();
    tokio::fs::write(path("list"), wanted.join("\n") + "\n").await?;
    let mut sql = program(&clients.bin, "pg_restore", None)?;
    sql.args(["--exit-on-error", "--no-owner", "--no-privileges", "--use-list"]).arg(path("list"));
    sql.arg("--file").arg(path("copy.sql")).arg(&copy.path);
    run(sql, "read the copy").await?;
    let wipe = if arguments.replace { WIPE } else { "" };
    prepend(wipe, &path("copy.sql"), &path("restore.sql")).await.context("there is no room to work")?;
    let mut psql = program(&clients.bin, "psql", Some(&database.url))?;
    psql.args(["--no-psqlrc", "--quiet", "--no-password", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file"]);
    // Somebody who comes after the look at who is there, and stays in a transaction, would keep it waiting for hours.
    psql.arg(path("restore.sql")).env("PGOPTIONS", "-cclient_min_messages=warning -clock_timeout=5min");
    run(psql, "put the copy in place").await.map(drop)
}

/// Writes what `sql` has to `to`, after `first`, and without the first line that an older server refuses: another such line
/// is what somebody wrote.
async fn prepend(first: &str, sql: &Path, to: &Path) -> anyhow::Result<()> {
    let mut from = BufReader::new(File::open(sql).await?);
    let mut to = BufWriter::new(File::create(to).await?);
    to.write_all(first.as_bytes()).await?;
    let (mut line, mut is_found) = (Vec::new(), false);
    while !is_found && from.read_until(b'\n', &mut line).await? > 0 {
        is_found = line.strip_suffix(b"\n") == Some(TOO_NEW.as_bytes());
        if !is_found {
            to.write_all(&line).await?;
        }
        line.clear();
    }
    tokio::io::copy_buf(&mut from, &mut to).await?;
    to.flush().await?;
    Ok(())
}

/// That what is in the database is what was copied.
async fn compare(database: &Database, manifest: &Manifest) -> anyhow::Result<()> {
    let mut snapshot = Snapshot::take(&database.url).await?;
    let found = snapshot.census().await?;
    snapshot.release().await?;
    let differences = backup::differences(&manifest.tables, &found);
    if !differences.is_empty() {
        bail!("the copy is in place, and is not what was copied:\n{}", differences.join("\n"));
    }
    let rows: i64 = found.values().map(|table| table.rows).sum();
    say(format!("verified: {rows} rows in {} tables, all as they were copied", found.len()));
    decrypts(database, manifest).await
}

/// That the keys read what is encrypted. Tables that the copy is too old for cannot be asked: the API looks when it starts.
async fn decrypts(database: &Database, manifest: &Manifest) -> anyhow::Result<()> {
    if manifest.schema != Some(migrate::newest()) {
        say("the copy is of another version: bring it to this one with `evolve migrate` before the bot starts");
        return Ok(());
    }
    let Some(keys) = &database.keys else { return Ok(()) };
    let config =
        StoreConfig { database_url: database.url.clone().into(), pool_size: 1, encryption_key: keys.clone().into() };
    let store = Store::connect(&config, &Metrics::new())?;
    let fits = rotate::verify(&store).await;
    store.close().await;
    fits.context("the copy is in place, but the keys do not fit it")?;
    say("ENCRYPTION_KEY fits what is encrypted");
    Ok(())
}
