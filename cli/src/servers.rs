//! The private Postgres and Redis of a home: durable, with a password, their data under `.evolve`.

use evolve_testkit::account::Account;
use evolve_testkit::error::ServerError;
use evolve_testkit::place;
use evolve_testkit::postgres::{Durability, PostgresOptions, PostgresServer};
use evolve_testkit::redis::{RedisOptions, RedisServer};

use crate::home::Home;
use crate::keys::{ENCRYPTION_KEY, POSTGRES_PASSWORD, REDIS_PASSWORD, check_belong, key};

/// A server, and what the person should know about where its data is.
pub(crate) struct Started<S> {
    /// The server.
    pub(crate) server: S,
    /// One line, when the data is not in the home itself.
    pub(crate) note: Option<String>,
}

/// Starts the private Postgres. The home's lock must be held.
pub(crate) async fn postgres(home: &Home) -> anyhow::Result<Started<PostgresServer>> {
    let place = place::for_data(home.path(), "postgres", Account::for_servers()?)?;
    check_belong(&home.keys(), &place.path)?;
    // From the beginning, so that its absence always means that it was lost.
    key(&home.keys(), ENCRYPTION_KEY)?;
    let options = PostgresOptions {
        data: place.path,
        log: home.fresh_log("postgres"),
        password: Some(key(&home.keys(), POSTGRES_PASSWORD)?),
        port: None,
        durability: Durability::PowerCut,
        tls: None,
        remove: None,
    };
    let server = blocking(move || PostgresServer::start(&options)).await?;
    Ok(Started { server, note: place.note })
}

/// Starts the private Redis. The home's lock must be held.
pub(crate) async fn redis(home: &Home) -> anyhow::Result<Started<RedisServer>> {
    let place = place::for_data(home.path(), "redis", Account::for_servers()?)?;
    let options = RedisOptions {
        data: place.path,
        log: home.fresh_log("redis"),
        password: Some(key(&home.keys(), REDIS_PASSWORD)?),
        port: None,
        throwaway: false,
        tls: None,
        remove: None,
    };
    let server = blocking(move || RedisServer::start(&options)).await?;
    Ok(Started { server, note: place.note })
}

/// Runs what blocks away from the tasks that must not wait. When the caller gives up meanwhile, the result is dropped,
/// which stops the server.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ServerError> + Send + 'static,
) -> anyhow::Result<T> {
    Ok(tokio::task::spawn_blocking(work).await??)
}
