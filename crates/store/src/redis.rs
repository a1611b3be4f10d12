//! Redis: what may be lost. Limits that hold across replicas, of what people ask for ([`crate::limits`]) and of what a bot may
//! send ([`crate::pace`]), and a read-through cache ([`crate::cache`]); nothing that is owed to a person.
//!
//! So Redis being away must cost time at most, and little of it: every call ends within [`RedisConfig::timeout`]
//! (connecting included), and after three failures in a row a breaker spares everybody even that for 30 seconds. The
//! connection is one multiplexed one; whoever sees it fail drops it, and the next call makes a new one. (The library's
//! `ConnectionManager` keeps a connection whose commands only time out, which is what a lost peer looks like.) So a server that
//! has become a replica (`READONLY`) is left with the first refusal.
//!
//! Redis being full is another matter: it answers, and refuses only what would take more room. That says nothing against the
//! server, and opens no breaker: limits and the pace, a few bytes that expire soon, are kept in it all the same (their scripts
//! begin with a write that needs no room, after which Redis lets them through), and what is cached is read and forgotten;
//! only new copies are not made.
//!
//! Every key begins with [`RedisConfig::key_prefix`], so that several bots can share a server.

mod config;

use std::{
    future::Future,
    sync::{Arc, PoisonError},
    time::Duration,
};

use evolve_runtime::{
    breaker::{BreakerConfig, BreakerOpen, BreakerSnapshot, SharedBreaker},
    metrics::{DurationHistogram, Metrics},
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};
use redis::{AsyncConnectionConfig, Client, InfoDict, RedisResult, aio::MultiplexedConnection};
use tokio::{sync::Mutex, time::Instant};

use crate::{
    guesses::{Book, Guesses, Room},
    limits::{Limits, LocalWindows},
    tls,
};

pub use self::config::RedisConfig;
use self::config::is_encrypted;

/// Why Redis gave no answer. Callers go on without it.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// There is no `REDIS_URL`.
    #[error("no REDIS_URL is set")]
    NotConfigured,
    /// It failed too often just now.
    #[error(transparent)]
    Resting(#[from] BreakerOpen),
    /// No answer in time.
    #[error("Redis did not answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// It is not believed, or does not believe us.
    #[error(
        "Redis is not believed, or does not believe us ({0}); REDIS_CA (or the file in REDIS_CA_FILE) is who signed its \
         certificate, which must be for the name in REDIS_URL"
    )]
    Distrusted(#[source] redis::RedisError),
    /// It could not be reached, or refused.
    #[error("Redis failed: {0}")]
    Failed(#[from] redis::RedisError),
}

/// How a Redis server fares. What it counts, it counts since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RedisReport {
    /// Memory that is used, bytes.
    pub used_bytes: u64,
    /// Memory that may be used, bytes; 0 for no limit.
    pub max_bytes: u64,
    /// Keys of this database.
    pub keys: u64,
    /// Keys that were thrown out for want of memory.
    pub evicted: u64,
    /// Keys that were asked for and found.
    pub hits: u64,
    /// Keys that were asked for and not there.
    pub misses: u64,
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CallLabels {
    operation: &'static str,
    outcome: &'static str,
}

#[derive(Debug)]
struct CallMetrics {
    calls: Family<CallLabels, Counter>,
    duration: DurationHistogram,
}

impl CallMetrics {
    fn register(metrics: &Metrics) -> Self {
        let this = Self { calls: Family::default(), duration: DurationHistogram::quick() };
        metrics.register(|registry| {
            let help = "Redis calls by outcome: ok, failed, full (it has no room), skipped";
            registry
                .register("redis_calls", help, this.calls.clone())
                .label("operation", "what it is asked for, by a word of the code, such as `limit`")
                .one_of("outcome", ["ok", "failed", "full", "skipped"]);
            registry.register("redis_call_duration_seconds", "Time of Redis calls, seconds", this.duration.clone());
        });
        this
    }

    fn count(&self, operation: &'static str, outcome: &'static str) {
        self.calls.get_or_create(&CallLabels { operation, outcome }).inc();
    }
}

/// Redis, as far as it is there. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Redis(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    key_prefix: String,
    server: Option<Server>,
    metrics: CallMetrics,
    local: LocalWindows,
    guesses: Book,
}

#[derive(Debug)]
struct Server {
    client: Client,
    timeout: Duration,
    breaker: SharedBreaker,
    link: Mutex<Link>,
    /// When it was last said that it is full.
    said_full: std::sync::Mutex<Option<Instant>>,
}

/// The connection in use. `number` tells connections apart: of a hundred calls that fail together, the first drops it,
/// and the others must not drop its successor.
#[derive(Debug, Default)]
struct Link {
    number: u64,
    connection: Option<MultiplexedConnection>,
}

impl Redis {
    /// Prepares the connection; it is made with the first call, so that start-up does not wait for Redis.
    #[must_use]
    pub fn connect(config: &RedisConfig, metrics: &Metrics) -> Self {
        if config.url.as_ref().is_some_and(is_encrypted) {
            tls::settle_provider();
        }
        let server = config.url.as_ref().and_then(|url| match config.client(url) {
            Ok(client) => Some(Server {
                client,
                timeout: config.timeout,
                breaker: SharedBreaker::new(BreakerConfig::REDIS),
                link: Mutex::default(),
                said_full: std::sync::Mutex::default(),
            }),
            Err(error) => {
                tracing::error!(%error, "REDIS_URL cannot be used; going on without Redis");
                None
            }
        });
        metrics.show_breakers("redis", server.as_ref().map(|server| ("redis", &server.breaker)));
        Self(Arc::new(Inner {
            key_prefix: config.key_prefix.clone(),
            server,
            metrics: CallMetrics::register(metrics),
            local: LocalWindows::new(),
            guesses: Book::default(),
        }))
    }

    /// Rate limits, kept in Redis, or in this process while Redis is away.
    #[must_use]
    pub fn limits(&self) -> Limits<'_> {
        Limits::new(self, &self.0.local)
    }

    /// Proofs that did not hold, by address, counted in Redis, or in this process while Redis is away.
    #[must_use]
    pub fn guesses(&self) -> Guesses<'_> {
        self.guesses_in(Room::Addresses)
    }

    /// The same by what else is counted.
    #[must_use]
    pub fn guesses_in(&self, room: Room) -> Guesses<'_> {
        Guesses::new(self, &self.0.guesses, room)
    }

    /// Its breaker, where Redis is configured at all.
    #[must_use]
    pub fn breaker(&self) -> Option<BreakerSnapshot> {
        self.0.server.as_ref().map(|server| server.breaker.snapshot())
    }

    /// Asks whether it answers.
    ///
    /// # Errors
    /// [`RedisError`], within the configured time.
    pub async fn ping(&self) -> Result<(), RedisError> {
        self.call("ping", |mut connection| async move { redis::cmd("PING").exec_async(&mut connection).await }).await
    }

    /// How the server fares, all that use it together.
    ///
    /// # Errors
    /// [`RedisError`], within the configured time.
    pub async fn report(&self) -> Result<RedisReport, RedisError> {
        let (info, keys): (InfoDict, u64) = self
            .call("report", |mut connection| async move {
                redis::pipe().cmd("INFO").cmd("DBSIZE").query_async(&mut connection).await
            })
            .await?;
        let number = |name: &str| info.get::<u64>(name).unwrap_or_default();
        Ok(RedisReport {
            used_bytes: number("used_memory"),
            max_bytes: number("maxmemory"),
            keys,
            evicted: number("evicted_keys"),
            hits: number("keyspace_hits"),
            misses: number("keyspace_misses"),
        })
    }

    /// A key of ours.
    pub(crate) fn key(&self, name: impl std::fmt::Display) -> String {
        format!("{}:{name}", self.0.key_prefix)
    }

    /// Runs one operation under the breaker and the time limit, and counts it. Failures are logged here, so that
    /// callers may simply go on.
    pub(crate) async fn call<T, F, R>(&self, operation: &'static str, run: F) -> Result<T, RedisError>
    where
        F: FnOnce(MultiplexedConnection) -> R,
        R: Future<Output = RedisResult<T>>,
    {
        let Some(server) = &self.0.server else { return Err(RedisError::NotConfigured) };
        let permit = server.breaker.admit().inspect_err(|_| self.0.metrics.count(operation, "skipped"))?;
        let started = Instant::now();
        let mut number = 0;
        let attempt = async {
            let (connection, its_number) = server.connection().await?;
            number = its_number;
            run(connection).await
        };
        let result = match tokio::time::timeout(server.timeout, attempt).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) if tls::is_distrust(&error) => Err(RedisError::Distrusted(error)),
            Ok(Err(error)) => Err(RedisError::Failed(error)),
            Err(_) => Err(RedisError::TimedOut(server.timeout)),
        };
        self.0.metrics.duration.observe(started.elapsed().as_secs_f64());
        match &result {
            Ok(_) => {
                permit.succeeded();
                self.0.metrics.count(operation, "ok");
            }
            Err(RedisError::Failed(error)) if error.code() == Some("OOM") => {
                permit.succeeded();
                self.0.metrics.count(operation, "full");
                server.say_full();
            }
            Err(error) => {
                permit.failed();
                self.0.metrics.count(operation, "failed");
                tracing::warn!(operation, %error, "going on without Redis");
                server.drop_connection(number);
            }
        }
        result
    }
}

impl Server {
    /// The connection and its number. Connecting happens under the lock: one caller does it, the others wait for it.
    async fn connection(&self) -> RedisResult<(MultiplexedConnection, u64)> {
        let mut link = self.link.lock().await;
        if let Some(connection) = &link.connection {
            return Ok((connection.clone(), link.number));
        }
        // The call as a whole has a time limit; the library's own would only hide which one was met.
        let config = AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
        let connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        link.number += 1;
        link.connection = Some(connection.clone());
        Ok((connection, link.number))
    }

    /// Says that it is full, once a minute: it may be so for days, and each call meets it.
    fn say_full(&self) {
        const EVERY: Duration = Duration::from_secs(60);
        let mut said = self.said_full.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_none_or(|at| at.elapsed() >= EVERY) {
            *said = Some(Instant::now());
            tracing::warn!(
                "Redis is full, and nothing new is cached: set maxmemory-policy to allkeys-lru, or raise maxmemory"
            );
        }
    }

    /// Drops connection `number`, unless another has taken its place.
    fn drop_connection(&self, number: u64) {
        // Whoever holds the lock is connecting: then the broken one is gone already.
        if let Ok(mut link) = self.link.try_lock()
            && link.number == number
        {
            link.connection = None;
        }
    }
}
