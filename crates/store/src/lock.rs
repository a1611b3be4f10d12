//! A lock that one process holds while it lives: a session advisory lock on a connection of its own.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection};

use crate::{Store, StoreError, pool};

/// How often the holder checks that its connection, and with it the lock, is still there.
const CHECK_EVERY: Duration = Duration::from_secs(5);

/// A held lock. Dropping it closes the connection, and Postgres gives the lock to the next.
#[derive(Debug)]
#[must_use = "dropping the lock releases it"]
pub struct Lock {
    connection: PgConnection,
}

impl Lock {
    /// Takes the lock `name` if nobody holds it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn try_acquire(store: &Store, name: &str) -> Result<Option<Self>, StoreError> {
        let mut connection = pool::connect(&store.pool.connect_options()).await?;
        let (held,): (bool,) = sqlx::query_as("SELECT pg_try_advisory_lock(hashtextextended($1, 0))")
            .bind(name)
            .fetch_one(&mut connection)
            .await?;
        Ok(held.then_some(Self { connection }))
    }

    /// Completes when the lock may no longer be ours, because its connection broke.
    pub async fn lost(&mut self) {
        loop {
            tokio::time::sleep(CHECK_EVERY).await;
            let alive = tokio::time::timeout(CHECK_EVERY, self.connection.ping()).await;
            if !matches!(alive, Ok(Ok(()))) {
                return;
            }
        }
    }

    /// Gives the lock back at once, and waits until Postgres has it.
    pub async fn release(self) {
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "the lock's connection broke before it was closed");
        }
    }
}
