//! A connection while it is lent.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Instant,
};

use sqlx::{Executor, PgConnection, Postgres, pool::PoolConnection};
use tokio::{runtime::Handle, time::sleep};

use super::{Limits, care::Care};

tokio::task_local! {
    /// Whether what is being given back here is in a transaction that nobody has ended. The pool is told of a connection that comes
    /// back, and not of who had it.
    static IN_TRANSACTION: bool;
}

/// How whoever is lent a connection next would find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// As it was lent.
    Sound,
    /// As it was lent, and with nothing left to hear.
    Answered,
    /// In a transaction, which is to be undone.
    InTransaction,
    /// Nobody knows: it was asked to begin a transaction, or to end one, and has not said that it did.
    Unknown,
}

/// A connection of the pool that is given back within a time. sqlx asks each that it is given back whether it is well, and waits for
/// the answer without end; its place would be lost until the system gives the connection up, which is a quarter of an hour.
#[derive(Debug)]
pub(crate) struct Lent {
    pub(super) connection: PoolConnection<Postgres>,
    pub(super) care: Arc<Care>,
    pub(super) state: State,
    /// When sqlx was asked for it.
    pub(super) since: Instant,
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
        // In place of the task that sqlx begins here, which has no end. Dropped before its end, it closes the connection, and the
        // place is free.
        // On the heap, where it is not moved again.
        let returned = Box::pin(self.connection.return_to_pool());
        let Ok(runtime) = Handle::try_current() else { return };
        if self.state == State::Unknown || self.care.is_suspect(self.since.elapsed()) {
            return;
        }
        let returned = IN_TRANSACTION.scope(self.state == State::InTransaction, returned);
        let Limits { release, check, .. } = self.care.limits;
        let limit = if self.state == State::Answered { check } else { release + check };
        let mut suspected = self.care.suspected.subscribe();
        runtime.spawn(async move {
            tokio::select! {
                () = returned => {}
                _ = suspected.changed() => {}
                () = sleep(limit) => {}
            }
        });
    }
}

/// Undoes the transaction that a connection comes back with, if there is one. What is under way in it is waited for before.
pub(super) async fn undo(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    if IN_TRANSACTION.try_with(|is| *is).unwrap_or(false) {
        Executor::execute(connection, sqlx::raw_sql("ROLLBACK")).await?;
    }
    Ok(())
}
