//! The pool of connections to Postgres: sqlx's, and what that leaves out.
//!
//! **A server that is gone without a word** (its node died, a gateway forgot the connection) closes nothing, and sqlx neither sets
//! TCP's keepalive nor limits how long a statement takes: `statement_timeout` is kept by the server that is gone. So everything
//! here has an end (`Limits`): a statement, the beginning of a transaction and its commit ([`Transaction`]), a look at a connection
//! that rested, the return of one ([`Lent`]); then the connection is closed, and the next one is made anew. Statements inside a
//! transaction have the end of whoever asks for them; where nobody does, [`Pool::within`].
//!
//! Who has waited in vain would be lent the next silent one, and lose a lease over them. So a silence that was noticed puts all
//! connections under suspicion, at most once in five seconds, since it may be that Postgres is merely slow; and a connection under
//! suspicion that is just being given back is closed at once, so that its place is free.
//!
//! **A server that is no longer the primary** may stay reachable and refuse to write, and its connections would be lent again and
//! again, each of them well. So whoever hears that a server is read-only puts all connections under suspicion too: none
//! of them is lent again. New ones go where the address leads by then. At most once a second, since a server may be
//! read-only for hours, and each connection costs it a process.
//!
//! **A connection that has just answered** is not asked whether it is well before the next one has it ([`Ready`]).
//!
//! **A pool that is nearly used up** is worth a word before callers wait: [`watch()`] looks each second.

mod care;
mod lent;
mod ready;
mod transaction;
mod watch;

use std::{
    io,
    ops::Deref,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{
    StreamExt as _, TryStreamExt as _,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    Connection as _, Database, Describe, Either, Execute, Executor, PgConnection, PgPool, Postgres, SqlStr,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::{Instant as Deadline, timeout};

use self::{
    care::{Care, Why},
    lent::{Lent, State},
    ready::Ready,
    transaction::Transaction,
};
use crate::StoreError;

pub(crate) use watch::PoolCollector;
pub use watch::watch;

/// A connection that rested this long is closed.
const CLOSED_AFTER_IDLE: Duration = Duration::from_secs(10 * 60);
/// A connection is made anew at this age, so that replicas of a server share the load again after one was away.
const RENEWED_AT: Duration = Duration::from_secs(30 * 60);

/// Whether the server takes no changes from this session: it is a standby, or somebody has made it read-only.
pub(crate) const IS_READ_ONLY: &str = "SELECT current_setting('transaction_read_only')::bool";

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How long a caller waits for a free connection, or for Postgres to take a new one.
    pub(crate) acquire: Duration,
    /// A statement, with waiting for its connection. The server ends it sooner (`statement_timeout`), where there is one.
    pub(crate) statement: Duration,
    /// Several statements for which nobody waits; see [`Pool::within`].
    pub(crate) transaction: Duration,
    /// A connection may rest so long, and is checked before its next use if it rests longer.
    pub(crate) rest: Duration,
    /// The answer of a connection that rested.
    pub(crate) check: Duration,
    /// What a connection whose caller has gone has still to hear, before it is lent again.
    pub(crate) release: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            acquire: seconds(5),
            statement: seconds(25),
            transaction: seconds(60),
            rest: seconds(15),
            check: seconds(1),
            release: seconds(20),
        }
    }
}

/// How the pool of this process stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolFigures {
    /// Connections that are open.
    pub size: u32,
    /// Connections in use.
    pub in_use: u32,
    /// Most connections.
    pub max: u32,
    /// Callers that wait for a connection.
    pub waiting: u32,
}

/// Connections to Postgres. A statement goes to it as to sqlx's own. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    inner: PgPool,
    care: Arc<Care>,
    ready: Arc<Ready>,
}

impl Pool {
    /// Prepares it; connections are made when needed.
    pub(crate) fn new(options: PgConnectOptions, size: u32, limits: Limits) -> Self {
        let care = Arc::new(Care { limits, suspected: tokio::sync::watch::Sender::new(None) });
        let inner = PgPoolOptions::new()
            .max_connections(size)
            .acquire_timeout(limits.acquire)
            .idle_timeout(CLOSED_AFTER_IDLE)
            .max_lifetime(RENEWED_AT)
            .test_before_acquire(false)
            .before_acquire({
                let care = Arc::clone(&care);
                move |connection, meta| {
                    let is_lent = !care.is_suspect(meta.age);
                    let is_checked = is_lent && meta.idle_for > limits.rest;
                    Box::pin(async move {
                        if is_checked {
                            return Ok(matches!(timeout(limits.check, connection.ping()).await, Ok(Ok(()))));
                        }
                        Ok(is_lent)
                    })
                }
            })
            .after_release({
                let care = Arc::clone(&care);
                move |connection, meta| {
                    let is_lent_again = !care.is_suspect(meta.age);
                    Box::pin(async move {
                        if is_lent_again { lent::undo(connection).await.map(|()| true) } else { Ok(false) }
                    })
                }
            })
            .connect_lazy_with(options);
        Self { inner, care, ready: Arc::default() }
    }

    /// Lends a connection. What is asked of it has no end but the caller's.
    pub(crate) async fn acquire(&self) -> Result<Lent, sqlx::Error> {
        match self.ready.take() {
            Ok(lent) => Ok(lent),
            Err(_waiting) => {
                // Before: what is suspected while sqlx looks at it is suspected of this one too.
                let since = Instant::now();
                let connection = self.inner.acquire().await?;
                Ok(Lent { connection, care: Arc::clone(&self.care), state: State::Sound, since })
            }
        }
    }

    /// Asks one thing of a connection, whose answer is heard to the end.
    async fn ask<T>(
        &self,
        deadline: Deadline,
        question: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        let asked = pin!(async {
            let mut lent = self.acquire().await?;
            let answer = question(&mut lent).await?;
            self.ready.put(lent);
            Ok(answer)
        });
        self.care.within(deadline, asked).await
    }

    /// Ends `work`, which takes several statements and for which nobody waits, if it has not ended in time.
    pub(crate) fn within<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> impl Future<Output = Result<T, StoreError>> {
        self.ended_after(self.care.limits.transaction, work)
    }

    /// The same for what somebody waits for: it has no more time than a statement.
    pub(crate) fn soon<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> impl Future<Output = Result<T, StoreError>> {
        self.ended_after(self.care.limits.statement, work)
    }

    fn ended_after<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> impl Future<Output = Result<T, StoreError>> {
        // On the heap: several statements are tens of kilobytes, and each who waits for them would have them anew on its stack.
        let work = Box::pin(work);
        async move {
            timeout(limit, work).await.unwrap_or_else(|_| {
                self.fell_silent();
                Err(silent().into())
            })
        }
    }

    /// Begins a transaction. What is asked of it has no end but the caller's; its commit has.
    pub(crate) async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        let begun = async { Transaction::begin(self.acquire().await?, Arc::clone(&self.ready)).await };
        self.care.within(self.care.deadline(), begun).await
    }

    /// None of the connections that are there is lent again: what they lead to takes no changes.
    pub(crate) fn suspect(&self) {
        self.care.suspect(Why::ReadOnly);
    }

    /// The same: somebody waited for an answer in vain.
    pub(crate) fn fell_silent(&self) {
        self.care.suspect(Why::Silent);
    }

    /// How it stands.
    pub(crate) fn figures(&self) -> PoolFigures {
        let (ready, waiting) = self.ready.count();
        let free = u32::try_from(self.inner.num_idle()).unwrap_or(u32::MAX).saturating_add(ready);
        let (size, max) = (self.inner.size(), self.inner.options().get_max_connections());
        PoolFigures { size, in_use: size.saturating_sub(free), max, waiting }
    }

    /// Gives back to sqlx what has rested long enough.
    pub(crate) fn tidy(&self) {
        self.ready.tidy();
    }

    /// Closes every connection, waiting for those in use.
    pub(crate) async fn close(&self) {
        self.ready.close();
        self.inner.close().await;
    }
}

/// Nobody answers, and nobody has hung up.
pub(crate) fn silent() -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "Postgres has not answered in time"))
}

/// Connects with a limit, for connections that are no part of a pool.
pub(crate) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    const LIMIT: Duration = Duration::from_secs(10);
    timeout(LIMIT, PgConnection::connect_with(options)).await.unwrap_or_else(|_| Err(silent()))
}

impl Deref for Pool {
    type Target = PgPool;

    fn deref(&self) -> &PgPool {
        &self.inner
    }
}

/// What comes of a statement, one after the other.
type Step = Result<Either<<Postgres as Database>::QueryResult, <Postgres as Database>::Row>, sqlx::Error>;

impl<'c> Executor<'c> for &'_ Pool {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Step>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let (pool, deadline) = (self.clone(), self.care.deadline());
        // All at once, as all who ask want it: the connection is given back with the last.
        let steps = async move {
            let steps = async |lent: &mut PgConnection| lent.fetch_many(query).try_collect::<Vec<_>>().await;
            pool.ask(deadline, steps).await
        };
        stream::once(steps).map_ok(|steps| stream::iter(steps.into_iter().map(Step::Ok))).try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<<Postgres as Database>::Row>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let (pool, deadline) = (self.clone(), self.care.deadline());
        Box::pin(
            async move { pool.ask(deadline, async |lent: &mut PgConnection| lent.fetch_optional(query).await).await },
        )
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [<Postgres as Database>::TypeInfo],
    ) -> BoxFuture<'e, Result<<Postgres as Database>::Statement, sqlx::Error>>
    where
        'c: 'e,
    {
        let (pool, deadline) = (self.clone(), self.care.deadline());
        Box::pin(async move {
            pool.ask(deadline, async |lent: &mut PgConnection| lent.prepare_with(sql, parameters).await).await
        })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, sqlx::Error>>
    where
        'c: 'e,
    {
        let (pool, deadline) = (self.clone(), self.care.deadline());
        Box::pin(async move { pool.ask(deadline, async |lent: &mut PgConnection| lent.describe(sql).await).await })
    }
}

#[cfg(test)]
mod tests;
