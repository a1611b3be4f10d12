//! A lock that one process holds while it lives: a session advisory lock on a connection of its own.
//!
//! A process that dies closes its connection, and Postgres has the lock at once. A node that dies closes nothing: the server has to
//! find out. Of other connections it does within a minute; of this one within some five seconds (`SESSION`), since nobody else
//! does meanwhile what the holder did. A holder that was merely cut off from Postgres for as long learns of it as late
//! ([`Lock::lost`]): so two may believe for some seconds that they hold it, and what is done under it has to bear that.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};

use crate::{Store, StoreError, pool};

/// How often the holder checks that its connection, and with it the lock, is still there.
const CHECK_EVERY: Duration = Duration::from_secs(5);

/// How long it is waited for the answer whether it is free.
const ASKED_FOR: Duration = Duration::from_secs(10);

/// What the server is told of the connection besides: it asks two seconds after the last word whether the client is there, and again
/// each second; without an answer to three questions, or to what it has said itself for five seconds, the client is gone.
const SESSION: [(&str, &str); 4] = [
    ("tcp_keepalives_idle", "2"),
    ("tcp_keepalives_interval", "1"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "5000"),
];

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
        // Of two values for one setting, the later one counts.
        let options = PgConnectOptions::clone(&store.pool.connect_options()).options(SESSION);
        let mut connection = pool::connect(&options).await?;
        let ask = sqlx::query_as("SELECT pg_try_advisory_lock(hashtextextended($1, 0))")
            .bind(name)
            .fetch_one(&mut connection);
        let (held,): (bool,) = tokio::time::timeout(ASKED_FOR, ask).await.unwrap_or_else(|_| Err(pool::silent()))?;
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

#[cfg(test)]
mod tests {
    use evolve_runtime::metrics::Metrics;
    use evolve_testkit::TestDatabase;

    use super::*;
    use crate::StoreConfig;

    #[tokio::test]
    async fn the_server_hears_within_seconds_that_the_holder_is_gone() {
        let database = TestDatabase::migrated().await;
        let key = fernet::Fernet::generate_key();
        let config =
            StoreConfig { database_url: database.url().into(), pool_size: 1, encryption_key: key.as_str().into() };
        let store = Store::connect(&config, &Metrics::new()).unwrap();
        let mut lock = Lock::try_acquire(&store, "poller").await.unwrap().unwrap();
        // What the server's socket says, which knows nothing of a setting that did not come through.
        for (name, value) in SESSION {
            let (kept,): (String,) =
                sqlx::query_as("SELECT current_setting($1)").bind(name).fetch_one(&mut lock.connection).await.unwrap();
            assert_eq!(kept, value, "{name}");
        }
        lock.release().await;
    }
}
