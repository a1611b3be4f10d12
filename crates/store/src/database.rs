//! The connection pool.

use std::{str::FromStr as _, time::Duration};

use evolve_runtime::{config::Reader, metrics::Metrics};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _},
    metrics::gauge::ConstGauge,
};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{
    Connection as _, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{Keyring, StoreError, tls};

/// How long a caller waits for a free connection, or for Postgres to take a new one.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that rested this long is checked before use; checking always would cost every statement a round trip.
const CHECK_AFTER_IDLE: Duration = Duration::from_secs(15);

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
    pub(crate) pool: PgPool,
    pub(crate) keys: Keyring,
}

impl Store {
    /// Prepares the pool; connections are made when needed, so this succeeds while Postgres is away.
    ///
    /// # Errors
    /// When the URL or the keys cannot be read.
    pub fn connect(config: &StoreConfig, metrics: &Metrics) -> Result<Self, StoreError> {
        let keys = Keyring::parse(&config.encryption_key)
            .map_err(|reason| StoreError::Corrupt { what: "ENCRYPTION_KEY", reason })?;
        let options = PgConnectOptions::from_str(config.database_url.expose_secret())?
            .application_name("evolve")
            .options([("statement_timeout", "15s"), ("lock_timeout", "10s"), ("TimeZone", "UTC")]);
        let pool = PgPoolOptions::new()
            .max_connections(config.pool_size)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > CHECK_AFTER_IDLE {
                        return Ok(connection.ping().await.is_ok());
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(options);
        metrics.register(|registry| registry.register_collector(Box::new(PoolCollector(pool.clone()))));
        Ok(Self { pool, keys })
    }

    /// Whether Postgres answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
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

/// `database_connection_pool_size` and `database_connection_pool_available`, read when they are asked for.
#[derive(Debug)]
struct PoolCollector(PgPool);

impl Collector for PoolCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let size = ConstGauge::new(i64::from(self.0.size()));
        let idle = ConstGauge::new(i64::try_from(self.0.num_idle()).unwrap_or(i64::MAX));
        let (open, free) = ("Connections to Postgres that are open", "Connections to Postgres that are open and free");
        size.encode(encoder.encode_descriptor("database_connection_pool_size", open, None, size.metric_type())?)?;
        idle.encode(encoder.encode_descriptor("database_connection_pool_available", free, None, idle.metric_type())?)
    }
}
