//! Waiting until a process says that it is ready.

use std::time::{Duration, Instant};

use anyhow::bail;
use evolve_testkit::error::log_tail;
use evolve_testkit::process::ServerProcess;

use crate::children::ended;

/// Start-up takes about a second; a machine that swaps gets more.
const LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// Waits until `GET url` of a child answers 2xx.
///
/// # Errors
/// When the child ends first, or does not become ready in time; with what it says and its last lines.
pub(crate) async fn wait(name: &str, process: &ServerProcess, url: &str) -> anyhow::Result<()> {
    let start = Instant::now();
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build()?;
    let exit = process.exit();
    loop {
        let status = *exit.borrow();
        if status.is_some() {
            return Err(ended(name, status, process.log()));
        }
        let answer = match client.get(url).send().await {
            Ok(response) if response.status().is_success() => return Ok(()),
            Ok(response) => format!("{}: {}", response.status(), response.text().await.unwrap_or_default()),
            Err(error) => format!("{error:#}"),
        };
        if start.elapsed() > LIMIT {
            bail!(
                "{name} is not ready after {} s; {url} says {answer}\nIts last lines, from {}:\n{}",
                LIMIT.as_secs(),
                process.log().display(),
                log_tail(process.log(), 20),
            );
        }
        tokio::time::sleep(POLL).await;
    }
}
