//! `evolve backup`, `backups` and `restore`: copies of a database, each with what must be in it, so that a restore is
//! compared with what was copied and not only hoped for.
//!
//! `pg_dump` makes a copy and `pg_restore` reads it: what every administrator of Postgres knows, and can use without us. We
//! add what they lack: one snapshot for the copy and for the numbers beside it, its sha256, whose keys it needs, a name
//! that it gets when it is whole, and a comparison afterwards. A store that speaks S3 is left to rclone, as in the
//! operator's jobs: a copy is two files, and any tool carries them.

mod connection;
mod make;
mod restore;
mod shelf;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use evolve_store::backups::{self, Made};
use evolve_testkit::binaries;

use self::connection::{program, run};
use self::shelf::{Dump, Keep};
use crate::maintain::on_database;
use crate::say::{explain, say, warn};

/// `evolve backup`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct BackupArguments {
    #[command(subcommand)]
    step: Option<BackupStep>,
    /// The directory for the copy; it is made if needed.
    #[arg(long, value_name = "DIR", required = true)]
    to: Option<PathBuf>,
    /// Afterwards, remove the copies in it that are older.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    keep_days: Option<u32>,
    /// Afterwards, remove all copies in it but the newest N.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
    /// Do not write down in the database that the copy was made: whoever brings it to its place does, once it is there.
    // A variable, so that a script may ask this of a version that does not know it.
    #[arg(long, env = "BACKUP_UNRECORDED")]
    unrecorded: bool,
}

#[derive(Debug, clap::Subcommand)]
enum BackupStep {
    /// Check a copy without restoring it: that it is whole, and that it can be read.
    Verify {
        /// The copy: a file, or DIR/latest.
        copy: PathBuf,
    },
}

/// `evolve backups`.
#[derive(Debug, clap::Args)]
pub(crate) struct ListArguments {
    /// The directory of the copies.
    #[arg(long = "in", value_name = "DIR")]
    directory: PathBuf,
}

/// `evolve restore`.
#[derive(Debug, clap::Args)]
pub(crate) struct RestoreArguments {
    /// The copy: a file, or DIR/latest.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Replace all that is in the database. Without it, a database that is not empty is left alone.
    #[arg(long)]
    replace: bool,
    /// Restore a copy that has no manifest beside it, so that nothing can be compared.
    #[arg(long)]
    unchecked: bool,
    /// Where to write what is restored, as SQL, for as long as it takes.
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
    /// How long to wait for others to leave the database, seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    patience: u64,
}

/// Makes a copy, or checks one.
///
/// # Errors
/// When it cannot be made, or is not good. Old copies stay then.
pub(crate) async fn backup(arguments: BackupArguments, now: DateTime<Utc>) -> anyhow::Result<()> {
    if let Some(BackupStep::Verify { copy }) = arguments.step {
        return verify(&copy).await;
    }
    let place = arguments.to.context("--to DIR is missing")?;
    is_directory(&place)?;
    let is_recorded = !arguments.unrecorded;
    let made = on_database(false, async |database| {
        let copy = make::copy(&database, &place, now).await?;
        if is_recorded {
            record(&database.url, &copy).await;
        }
        Ok(copy)
    });
    let copy = made.await?;
    told(&copy);
    let keep = Keep { days: arguments.keep_days, newest: arguments.keep };
    for name in shelf::prune(&place, keep, now).context("the copy is made, but old ones were not removed")? {
        say(format!("removed {name}"));
    }
    Ok(())
}

/// Lists copies, the newest last.
///
/// # Errors
/// When the directory cannot be read.
pub(crate) fn list(arguments: &ListArguments) -> anyhow::Result<()> {
    is_directory(&arguments.directory)?;
    let copies = shelf::copies(&arguments.directory)?;
    if copies.is_empty() {
        say(format!("no copy is in {}", arguments.directory.display()));
    }
    for copy in copies {
        say(match &copy.manifest {
            Some(manifest) => format!("{}  {}", copy.name(), content(manifest)),
            None => format!("{}  without a manifest: nothing in it can be compared", copy.name()),
        });
    }
    Ok(())
}

/// Restores.
///
/// # Errors
/// When it cannot be restored: the database is as it was then. Or when it was, and is not what was copied: then it says so.
pub(crate) async fn restore(arguments: &RestoreArguments) -> anyhow::Result<()> {
    is_directory(&arguments.from)?;
    let copy = shelf::find(&arguments.from)?;
    on_database(true, async |database| restore::put_back(&database, &copy, arguments).await).await
}

async fn verify(path: &Path) -> anyhow::Result<()> {
    is_directory(path)?;
    let copy = shelf::find(path)?;
    let manifest = copy.manifest.as_ref();
    if let Some(manifest) = manifest {
        copy.check(manifest)?;
    }
    let clients = binaries::postgres_clients(manifest.map_or(0, |manifest| manifest.pg_dump))?;
    let mut list = program(&clients.bin, "pg_restore", None)?;
    list.arg("--list").arg(&copy.path);
    run(list, &format!("read {}", copy.path.display())).await?;
    say(match manifest {
        Some(manifest) => format!("{} is whole: {}", copy.name(), content(manifest)),
        None => format!("{} can be read; without a manifest, no more can be told", copy.name()),
    });
    Ok(())
}

/// Writes down in the database that there is a copy. The copy is good without.
async fn record(database_url: &str, copy: &Dump) {
    let Some(manifest) = &copy.manifest else { return };
    let name = copy.name();
    let made = Made { name: &name, taken_at: manifest.created_at, bytes: manifest.bytes, sha256: &manifest.sha256 };
    if let Err(error) = backups::record(database_url, &made).await {
        let error = explain(&error.into());
        warn(format!(
            "the copy is good, but could not be written down in the database, so the bot does not know of it: {error}"
        ));
    }
}

/// What stands in the log of a job, whose first line others read: it must stay as it is.
fn told(copy: &Dump) {
    if let Some(manifest) = &copy.manifest {
        say(format!("made {}, {} bytes", copy.name(), manifest.bytes));
        say(content(manifest));
    }
}

fn content(manifest: &shelf::Manifest) -> String {
    let rows: i64 = manifest.tables.values().map(|table| table.rows).sum();
    let schema = manifest.schema.map_or_else(|| "no migration".to_owned(), |schema| format!("migration {schema:04}"));
    let keys = match manifest.keys.as_slice() {
        [] => "keys not known".to_owned(),
        keys => format!("keys {}", keys.join(", ")),
    };
    format!(
        "{} bytes, {rows} rows in {} tables, {schema}, Postgres {}, evolve {}, {keys}",
        manifest.bytes,
        manifest.tables.len(),
        manifest.postgres,
        manifest.evolve
    )
}

fn is_directory(path: &Path) -> anyhow::Result<()> {
    if path.to_string_lossy().contains("://") {
        bail!(
            "copies are in a directory: bring the two files of a copy (NAME.dump and NAME.dump.json) to and from a store \
             with rclone, as docs/backups.md shows"
        );
    }
    Ok(())
}
