//! A connection while it is lent.

use std::{
    ops::{Deref, DerefMut},
    time::Duration,
};

use sqlx::{PgConnection, Postgres, pool::PoolConnection};
use tokio::{runtime::Handle, time::timeout};

/// A connection of the pool that is given back within a time. sqlx asks each that it is given back whether it is well, and waits for
/// the answer without end; its place would be lost until the system gives the connection up, which is a quarter of an hour. (A
/// transaction gives its own back by sqlx's way, which has an end as long as a rollback is under way.)
#[derive(Debug)]
pub(crate) struct Lent {
    pub(super) connection: PoolConnection<Postgres>,
    pub(super) limit: Duration,
}

impl Deref for Lent {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let returned = self.connection.return_to_pool();
        // In place of the task that sqlx begins here, which has no end. Without a runtime the connection is closed.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(timeout(self.limit, returned));
        }
    }
}
