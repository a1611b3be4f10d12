//! The pool of connections to Postgres: sqlx's, and what that leaves out.
//!
//! **A server that is gone without a word** (its node died, a gateway forgot the connection) closes nothing, and sqlx neither sets
//! TCP's keepalive nor limits how long a statement takes: `statement_timeout` is kept by the server that is gone. So everything
//! here has an end (`Limits`): a statement, a look at a connection that rested, the tidying of one that comes back; then the connection
//! is closed, and the next one is made anew.
//!
//! **A server that is no longer the primary** may stay reachable and refuse to write, and its connections would be lent again and
//! again, each of them well. So whoever hears that a server is read-only puts all connections that are there under suspicion: none
//! of them is lent again. New ones go where the address leads by then. At most once a second, since a server may be
//! read-only for hours, and each connection costs it a process.
//!
//! **A pool that is nearly used up** is worth a word before callers wait: [`watch()`] looks each second.

mod watch;

use std::{
    io,
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures::{
    StreamExt as _,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    Connection as _, Database, Describe, Either, Execute, Executor, PgConnection, PgPool, Postgres, SqlStr,
    Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::{Instant as Deadline, timeout, timeout_at};

pub(crate) use watch::PoolCollector;
pub use watch::watch;

/// A connection that rested this long is checked before use; checking always would cost every statement a round trip.
const CHECK_AFTER_IDLE: Duration = Duration::from_secs(15);
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
    /// The answer of a connection that rested.
    pub(crate) check: Duration,
    /// What a connection whose caller has gone has still to hear, before it is lent again.
    pub(crate) release: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { acquire: seconds(5), statement: seconds(25), check: seconds(1), release: seconds(20) }
    }
}

/// Connections to Postgres. A statement goes to it as to sqlx's own. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    inner: PgPool,
    care: Arc<Care>,
}

impl Pool {
    /// Prepares it; connections are made when needed.
    pub(crate) fn new(options: PgConnectOptions, size: u32, limits: Limits) -> Self {
        let care = Arc::new(Care { limits, suspected: Mutex::default() });
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
                    let is_checked = is_lent && meta.idle_for > CHECK_AFTER_IDLE;
                    Box::pin(async move {
                        if is_checked {
                            return Ok(matches!(timeout(limits.check, connection.ping()).await, Ok(Ok(()))));
                        }
                        Ok(is_lent)
                    })
                }
            })
            .after_release(move |connection, _| Box::pin(tidied(connection, limits.release)))
            .connect_lazy_with(options);
        Self { inner, care }
    }

    /// Begins a transaction.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        self.care.within(self.care.deadline(), self.inner.begin()).await
    }

    /// None of the connections that are there is lent again: what they lead to takes no changes.
    pub(crate) fn suspect(&self) {
        self.care.suspect();
    }

    /// Connections in use, and how many there may be.
    pub(crate) fn in_use(&self) -> (u32, u32) {
        let idle = u32::try_from(self.inner.num_idle()).unwrap_or(u32::MAX);
        (self.inner.size().saturating_sub(idle), self.inner.options().get_max_connections())
    }
}

/// Reads what a connection whose caller has gone has still to hear. Costs nothing where there is nothing. (`flush` is sqlx's name
/// for it; it writes what is to be written first.)
async fn tidied(connection: &mut PgConnection, limit: Duration) -> Result<bool, sqlx::Error> {
    timeout(limit, connection.flush()).await.unwrap_or_else(|_| Err(silent())).map(|()| true)
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

/// What is known of the connections.
#[derive(Debug)]
struct Care {
    limits: Limits,
    /// Connections that were made before are not lent.
    suspected: Mutex<Option<Instant>>,
}

impl Care {
    /// See the module's header.
    const SUSPECT_EVERY: Duration = Duration::from_secs(1);
    /// After so long without a suspicion the next one is worth a word.
    const NEWS_AFTER: Duration = Duration::from_secs(60);

    fn deadline(&self) -> Deadline {
        Deadline::now() + self.limits.statement
    }

    /// Whether a connection of this age is not lent any more.
    fn is_suspect(&self, age: Duration) -> bool {
        self.suspected.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|at| at.elapsed() < age)
    }

    fn suspect(&self) {
        let mut suspected = self.suspected.lock().unwrap_or_else(PoisonError::into_inner);
        let before = suspected.map(|at| at.elapsed());
        if before.is_some_and(|before| before < Self::SUSPECT_EVERY) {
            return;
        }
        *suspected = Some(Instant::now());
        // As long as it goes on it is suspected again and again.
        if before.is_none_or(|before| before >= Self::NEWS_AFTER) {
            tracing::warn!("Postgres takes no changes (a fail-over?); giving up the connections to it, for new ones");
        }
    }

    /// Learns from what a statement ended with.
    fn heard(&self, error: &sqlx::Error) {
        if error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "25006") {
            self.suspect();
        }
    }

    async fn within<T>(
        &self,
        deadline: Deadline,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        let done = timeout_at(deadline, work).await.unwrap_or_else(|_| Err(silent()));
        done.inspect_err(|error| self.heard(error))
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
        let (care, deadline) = (Arc::clone(&self.care), self.care.deadline());
        let steps: BoxStream<'e, Step> = self.inner.fetch_many(query);
        let next = move |steps: Option<BoxStream<'e, Step>>| {
            let care = Arc::clone(&care);
            async move {
                let mut steps = steps?;
                let step = care.within(deadline, async { steps.next().await.transpose() }).await;
                // An error is the last: what comes after it would be nobody's answer.
                match step {
                    Ok(Some(step)) => Some((Ok(step), Some(steps))),
                    Ok(None) => None,
                    Err(error) => Some((Err(error), None)),
                }
            }
        };
        stream::unfold(Some(steps), next).boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<<Postgres as Database>::Row>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let (care, deadline) = (Arc::clone(&self.care), self.care.deadline());
        let row = self.inner.fetch_optional(query);
        Box::pin(async move { care.within(deadline, row).await })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [<Postgres as Database>::TypeInfo],
    ) -> BoxFuture<'e, Result<<Postgres as Database>::Statement, sqlx::Error>>
    where
        'c: 'e,
    {
        let (care, deadline) = (Arc::clone(&self.care), self.care.deadline());
        let statement = self.inner.prepare_with(sql, parameters);
        Box::pin(async move { care.within(deadline, statement).await })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, sqlx::Error>>
    where
        'c: 'e,
    {
        let (care, deadline) = (Arc::clone(&self.care), self.care.deadline());
        let description = self.inner.describe(sql);
        Box::pin(async move { care.within(deadline, description).await })
    }
}

#[cfg(test)]
mod tests {
    use evolve_runtime::metrics::Metrics;
    use evolve_testkit::{TestDatabase, eventually, proxy::CountingProxy};

    use super::*;
    use crate::{Store, StoreConfig, StoreError};

    const SOON: Duration = Duration::from_secs(1);

    fn store(url: &str, size: u32) -> Store {
        let limits = Limits { statement: SOON, check: SOON, release: SOON, ..Limits::default() };
        let key = fernet::Fernet::generate_key();
        let config = StoreConfig { database_url: url.into(), pool_size: size, encryption_key: key.as_str().into() };
        Store::connect_within(&config, &Metrics::new(), limits).unwrap()
    }

    /// Holds all connections of a store of this size at once, so that all of them are open.
    async fn fill(store: &Store, size: u32) {
        let held = (0..size).map(|_| store.pool.acquire());
        let held: Result<Vec<_>, _> = futures::future::join_all(held).await.into_iter().collect();
        drop(held.unwrap());
    }

    #[tokio::test]
    async fn connections_that_fell_silent_are_given_up_and_new_ones_serve() {
        let database = TestDatabase::migrated().await;
        let proxy = CountingProxy::postgres(database.url()).await.unwrap();
        let store = store(proxy.url(), 3);
        fill(&store, 3).await;
        eventually("all are free", async || store.pool.in_use().0 == 0 && store.pool.size() == 3).await;
        proxy.silence();
        let begun = Instant::now();
        let lost = store.ping().await.unwrap_err();
        assert!(lost.is_unavailable(), "{lost}");
        assert!(begun.elapsed() < Duration::from_secs(10), "it was waited for without end");
        eventually("it is served again", async || store.ping().await).await;
        // None of the places is lost.
        eventually("nothing is in use", async || store.pool.in_use().0 == 0).await;
        fill(&store, 3).await;
        store.close().await;
    }

    #[tokio::test]
    async fn connections_to_a_server_that_takes_no_changes_are_not_lent_again() {
        let database = TestDatabase::migrated().await;
        let mut sql = PgConnection::connect(database.url()).await.unwrap();
        let mut alter = async |change: &str| {
            let alter = format!("ALTER DATABASE {} {change}", database.name());
            sqlx::raw_sql(sqlx::AssertSqlSafe(alter)).execute(&mut sql).await.unwrap();
        };
        // What a session is told when it begins it keeps, as one does that leads to what was the primary.
        alter("SET default_transaction_read_only = on").await;
        let store = store(database.url(), 3);
        fill(&store, 3).await;
        let write = async || sqlx::query("CREATE TABLE IF NOT EXISTS written (n int)").execute(&store.pool).await;
        let refused = StoreError::from(write().await.unwrap_err());
        assert!(refused.is_unavailable(), "{refused}");
        assert!(matches!(store.ping().await, Err(StoreError::ReadOnly)));
        alter("RESET default_transaction_read_only").await;
        eventually("what can be written is written", write).await;
        eventually("none that cannot write is left", async || store.ping().await).await;
        let begun = store.pool.begin().await.unwrap();
        begun.rollback().await.unwrap();
    }
}
