//! Who is connected to the database, and which migrations it has: what one replica can know of the others.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{Store, StoreError};

/// A process that is connected; several, where they come from one address under one name.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Connected {
    /// What it calls itself (`application_name`).
    pub name: String,
    /// From where; nothing where it comes by a socket of the same machine.
    pub address: Option<String>,
    /// How many connections it has.
    pub connections: i64,
    /// Since when it has the oldest of them.
    pub since: DateTime<Utc>,
}

/// Of other roles Postgres tells nobody but who may read all statistics.
const CONNECTED: &str = "
    SELECT application_name AS name, host(client_addr) AS address, count(*) AS connections, min(backend_start) AS since
    FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND backend_start IS NOT NULL
    GROUP BY application_name, client_addr
    ORDER BY application_name, client_addr NULLS FIRST";

const NEWEST_MIGRATION: &str = "SELECT max(version) FROM _sqlx_migrations WHERE success";

impl Store {
    /// Who is connected to our database, as far as Postgres tells us.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn connected(&self) -> Result<Vec<Connected>, StoreError> {
        Ok(sqlx::query_as(CONNECTED).fetch_all(&self.pool).await?)
    }

    /// The newest migration that the database has; see [`crate::migrate::newest`] for the one that this binary knows.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest_migration(&self) -> Result<Option<i64>, StoreError> {
        let (newest,): (Option<i64>,) = sqlx::query_as(NEWEST_MIGRATION).fetch_one(&self.pool).await?;
        Ok(newest)
    }
}
