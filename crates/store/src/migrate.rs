//! Migrations: up to the newest, down to a given one, and what has been applied.
//!
//! Whatever asks for a table after a migration that waits for it waits too, so a migration waits for a few seconds only, lets
//! the others through, and is tried again. So it is where Postgres has it give way to somebody who waits for it in turn.

use std::{str::FromStr as _, time::Duration};

use sqlx::{
    Connection as _, PgConnection,
    migrate::{Migrate as _, MigrateError as Failure, Migrator},
    postgres::PgConnectOptions,
};

use crate::pool;

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// How long a migration waits for a lock.
const LOCK_TIMEOUT: &str = "5s";
/// How long it lets others through.
const PAUSE: Duration = Duration::from_secs(2);
/// How often it is tried while somebody holds what it needs.
const MAX_TRIES: u32 = 60;
/// What Postgres says of a lock that was waited for too long, and of two that wait for each other.
const HELD_UP: [&str; 2] = ["55P03", "40P01"];

/// Why migrating did not work.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// Postgres cannot be reached.
    #[error("cannot connect to the database in DATABASE_URL: {0}")]
    Connect(#[source] sqlx::Error),
    /// A migration failed; those before it are applied.
    #[error("a migration failed, those before it are applied: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

/// One migration, and whether the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The number that its file name begins with.
    pub version: i64,
    /// The rest of its file name.
    pub name: String,
    /// Whether it has been applied.
    pub applied: bool,
}

/// The newest migration that this binary knows.
#[must_use]
pub fn newest() -> i64 {
    MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// Applies every migration that is missing. Several processes may do it at once: they take turns.
///
/// # Errors
/// [`MigrateError`].
pub async fn up(database_url: &str) -> Result<(), MigrateError> {
    let mut tries = 0;
    loop {
        let mut connection = connect(database_url).await?;
        let done = MIGRATOR.run_direct(None, &mut connection, false).await;
        if !is_to_be_tried_again(done, connection, &mut tries).await? {
            return Ok(());
        }
    }
}

/// Reverts every migration above `target`; 0 reverts all.
///
/// # Errors
/// [`MigrateError`].
pub async fn down(database_url: &str, target: i64) -> Result<(), MigrateError> {
    let mut tries = 0;
    loop {
        let mut connection = connect(database_url).await?;
        let done = MIGRATOR.undo(&mut connection, target).await;
        if !is_to_be_tried_again(done, connection, &mut tries).await? {
            return Ok(());
        }
    }
}

/// Every migration that this binary knows.
///
/// # Errors
/// [`MigrateError`].
pub async fn status(database_url: &str) -> Result<Vec<Status>, MigrateError> {
    let mut connection = connect(database_url).await?;
    connection.ensure_migrations_table(&MIGRATOR.table_name).await?;
    let applied = connection.list_applied_migrations(&MIGRATOR.table_name).await?;
    let ups = MIGRATOR.iter().filter(|m| m.migration_type.is_up_migration());
    Ok(ups
        .map(|m| Status {
            version: m.version,
            name: m.description.to_string(),
            applied: applied.iter().any(|a| a.version == m.version),
        })
        .collect())
}

/// Whether it is to be tried again, since somebody held what it needed. The connection goes: the lock that keeps migrations of
/// several processes apart is its own.
async fn is_to_be_tried_again(
    done: Result<(), Failure>,
    connection: PgConnection,
    tries: &mut u32,
) -> Result<bool, MigrateError> {
    let Err(failure) = done else { return Ok(false) };
    *tries += 1;
    if !is_held_up(&failure) || *tries >= MAX_TRIES {
        return Err(failure.into());
    }
    tracing::warn!(tries = *tries, error = %failure, "a migration waits for a lock, lets others through, and is tried again");
    // Whatever becomes of the connection, it is not used again.
    let _ = connection.close().await;
    tokio::time::sleep(PAUSE).await;
    Ok(true)
}

fn is_held_up(failure: &Failure) -> bool {
    let (Failure::Execute(error) | Failure::ExecuteMigration(error, _)) = failure else { return false };
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| HELD_UP.contains(&code.as_ref()))
}

async fn connect(database_url: &str) -> Result<PgConnection, MigrateError> {
    let options = PgConnectOptions::from_str(database_url).map_err(MigrateError::Connect)?;
    let options = options.options([("lock_timeout", LOCK_TIMEOUT)]);
    pool::connect(&options).await.map_err(MigrateError::Connect)
}
