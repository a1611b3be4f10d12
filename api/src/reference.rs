//! What the page of metrics is made of: an API that is put together as any other, and never runs.

use evolve_runtime::{
    clock::Clock,
    config::Reader,
    metrics::{Described, Metrics},
    shutdown::Tasks,
};
use tokio::net::TcpListener;

use crate::{Config, serve};

/// The least that a configuration must say. Nobody is there, and nobody is asked.
const NOWHERE: [(&str, &str); 5] = [
    ("JWT_SECRET", "a stand-in for a secret of 32 letters"),
    ("SERVICE_KEY", "a stand-in for a key of 32 letters"),
    ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing"),
    ("ENCRYPTION_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ("PROVIDERS", r#"[{"kind": "scripted"}]"#),
];

/// Every metric that an API registers.
///
/// # Errors
/// When it cannot be put together, which is a mistake here.
pub async fn metrics_reference() -> anyhow::Result<Vec<Described>> {
    let mut env = Reader::from_values(NOWHERE);
    let config = Config::read(&mut env);
    let config = env.finish(config)?;
    let (tasks, metrics) = (Tasks::new(), Metrics::new());
    serve(config, TcpListener::bind(("127.0.0.1", 0)).await?, Clock::system(), &tasks, &metrics)?;
    tasks.hard().cancel();
    Ok(metrics.described())
}
