//! What tests run against: private Postgres and Redis servers, proxies that count and break, a Telegram server, model
//! servers. `evolve up` uses the servers too, so that what a newcomer runs is what the tests run.

pub mod account;
pub mod binaries;
#[cfg(feature = "otlp")]
pub mod collector;
pub mod database;
pub mod error;
#[cfg(feature = "kubernetes")]
pub mod kubernetes;
pub mod life;
pub mod metrics;
pub mod models;
#[cfg(feature = "oidc")]
pub mod oidc;
pub mod place;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod redis;
pub mod telegram;
pub mod tls;
pub mod wait;

pub use database::{OwnPostgres, TestDatabase};
pub use redis::{OwnRedis, TestRedis};
pub use wait::{eventually, within};
