//! `evolve down`: stops the `evolve up` of this home, and waits until all of it has gone.

use std::time::{Duration, Instant};

use anyhow::bail;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::home::Home;
use crate::say::say;

/// A little more than `evolve up` itself takes at most.
const LIMIT: Duration = Duration::from_secs(40);

/// Stops it.
///
/// # Errors
/// When it cannot be stopped.
pub(crate) async fn run() -> anyhow::Result<()> {
    let home = Home::locate()?;
    let Some(holder) = home.holder()? else {
        say(format!("Nothing runs in {}", home.path().display()));
        return Ok(());
    };
    say(format!("Stopping evolve up (process {holder})"));
    if let Err(error) = kill(Pid::from_raw(holder), Signal::SIGTERM) {
        bail!("process {holder} cannot be stopped: {error}");
    }
    let start = Instant::now();
    while home.holder()?.is_some() {
        if start.elapsed() > LIMIT {
            bail!(
                "process {holder} still runs after {} s; its log is {}. `kill -9 {holder}` ends it, and what it \
                 started ends with it",
                LIMIT.as_secs(),
                home.log("up").display()
            );
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    say("Stopped. The data is kept for the next time");
    Ok(())
}
