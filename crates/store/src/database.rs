//! How the store is set up.

use std::str::FromStr as _;

use evolve_runtime::{config::Reader, metrics::Metrics, queries::queries};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::PgConnectOptions;

use crate::{
    Keyring, StoreError,
    pool::{IS_READ_ONLY, Limits, Pool, PoolCollector, PoolFigures},
    tls,
};

/// What each session is told. A statement, or a wait for a lock, ends by itself on a server that is there; nobody holds locks
/// between two statements for long; and of a client that is gone without a word the server hears within a minute.
const SESSION: [(&str, &str); 7] = [
    ("statement_timeout", "15s"),
    ("lock_timeout", "10s"),
    ("idle_in_transaction_session_timeout", "60s"),
    ("tcp_keepalives_idle", "30"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "3"),
    ("TimeZone", "UTC"),
];

/// Where Postgres is, and the keys for what is encrypted in it.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// `postgres://user:password@host:port/database`.
    pub database_url: SecretString,
    /// Most connections of this process.
    pub pool_size: u32,
    /// Comma-separated Fernet keys; see [`Keyring`].
    pub encryption_key: SecretString,
}

impl StoreConfig {
    /// Reads `DATABASE_URL`, `DATABASE_POOL_SIZE` and `ENCRYPTION_KEY`.
    pub fn read(env: &mut Reader) -> Self {
        let database_url =
            env.required_secret(
                "DATABASE_URL",
                1,
                "Where Postgres is: `postgres://user:password@host:5432/database`; `?sslmode=verify-full&sslrootcert=/ca.crt` for TLS.",
            );
        let url = database_url.expose_secret();
        // sqlx takes any scheme.
        let is_postgres = ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
        if !url.is_empty() && !is_postgres {
            env.problem("DATABASE_URL must begin with postgres:// or postgresql://".to_owned());
        } else if !url.is_empty() {
            match PgConnectOptions::from_str(url) {
                Ok(options) => tls::check_database(env, &options),
                Err(error) => env.problem(format!("DATABASE_URL cannot be read: {error}")),
            }
        }
        let pool_size = env.or("DATABASE_POOL_SIZE", "16", "Most connections of this process to Postgres.");
        if pool_size == 0 {
            env.problem("DATABASE_POOL_SIZE must be 1 or more".to_owned());
        }
        let encryption_key = env.required_secret(
            "ENCRYPTION_KEY",
            1,
            "Fernet keys, comma-separated: the first encrypts names, profiles, facts and summaries, all decrypt.",
        );
        if !encryption_key.expose_secret().is_empty()
            && let Err(problem) = Keyring::parse(&encryption_key)
        {
            env.problem(format!("ENCRYPTION_KEY: {problem}"));
        }
        Self { database_url, pool_size, encryption_key }
    }
}

/// Postgres. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) pool: Pool,
    pub(crate) keys: Keyring,
}

impl Store {
    /// Prepares the pool; connections are made when needed, so this succeeds while Postgres is away.
    ///
    /// # Errors
    /// When the URL or the keys cannot be read.
    pub fn connect(config: &StoreConfig, metrics: &Metrics) -> Result<Self, StoreError> {
        Self::connect_within(config, metrics, Limits::default())
    }

    pub(crate) fn connect_within(config: &StoreConfig, metrics: &Metrics, limits: Limits) -> Result<Self, StoreError> {
        let keys = Keyring::parse(&config.encryption_key)
            .map_err(|reason| StoreError::Corrupt { what: "ENCRYPTION_KEY", reason })?;
        let options = PgConnectOptions::from_str(config.database_url.expose_secret())?
            .application_name("evolve")
            .options(SESSION);
        let pool = Pool::new(options, config.pool_size, limits);
        let shows = PoolCollector::described();
        metrics.register(|book| book.register_collector(shows, PoolCollector(pool.clone())));
        queries().register(metrics);
        Ok(Self { pool, keys })
    }

    /// Whether Postgres answers, and takes changes.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it does not answer, [`StoreError::ReadOnly`] when it takes no changes.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let (is_read_only,): (bool,) = sqlx::query_as(IS_READ_ONLY).fetch_one(&self.pool).await?;
        if is_read_only {
            self.pool.suspect();
            return Err(StoreError::ReadOnly);
        }
        Ok(())
    }

    /// How the connections of this process stand.
    #[must_use]
    pub fn pool_figures(&self) -> PoolFigures {
        self.pool.figures()
    }

    /// Says that an answer did not come in a time in which any should: the connections from before are not lent again.
    pub fn fell_silent(&self) {
        self.pool.fell_silent();
    }

    /// The keys for what is encrypted.
    #[must_use]
    pub fn keys(&self) -> &Keyring {
        &self.keys
    }

    /// Closes every connection, waiting for those in use.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
