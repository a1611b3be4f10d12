//! Migrations: up to the newest, down to a given one, and what has been applied.

use sqlx::{Connection as _, PgConnection, migrate::Migrate as _, migrate::Migrator};

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

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

/// Applies every migration that is missing. Several processes may do it at once: they take turns.
///
/// # Errors
/// [`MigrateError`].
pub async fn up(database_url: &str) -> Result<(), MigrateError> {
    let mut connection = connect(database_url).await?;
    MIGRATOR.run_direct(None, &mut connection, false).await?;
    Ok(())
}

/// Reverts every migration above `target`; 0 reverts all.
///
/// # Errors
/// [`MigrateError`].
pub async fn down(database_url: &str, target: i64) -> Result<(), MigrateError> {
    let mut connection = connect(database_url).await?;
    MIGRATOR.undo(&mut connection, target).await?;
    Ok(())
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

async fn connect(database_url: &str) -> Result<PgConnection, MigrateError> {
    PgConnection::connect(database_url).await.map_err(MigrateError::Connect)
}
