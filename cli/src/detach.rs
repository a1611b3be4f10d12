//! `evolve up --detach`: the same `evolve up`, in the background. This process shows what the other one says until it is
//! ready, and ends; with the reason, when the other one ends first.

use std::io::{Read, Seek, SeekFrom};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Command;

use crate::UpArguments;
use crate::home::Home;
use crate::say::{command, show};
use crate::state::State;

const POLL: Duration = Duration::from_millis(20);

/// Starts it, and waits until it is ready.
///
/// # Errors
/// When it ends before that; why is on the screen already, and in `up.log`.
pub(crate) async fn run(arguments: &UpArguments) -> anyhow::Result<()> {
    let home = Home::open()?;
    if let Some(holder) = home.holder()? {
        bail!("another `evolve up` runs already (process {holder}); stop it with `{}`", command("down"));
    }
    // One that was killed leaves its state behind, and would pass for ready.
    State::remove(&home);
    let log = home.fresh_log("up");
    let file = std::fs::File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut background = Command::new(std::env::current_exe().context("cannot find my own program")?);
    background.args(["up", "--background"]);
    if let Some(path) = &arguments.file.file {
        background.arg("--file").arg(path);
    }
    background.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    let mut child = background.spawn().context("cannot start the background process")?;
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).context("the background process has ended")?;

    let mut said = std::fs::File::open(&log)?;
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    loop {
        let ready = home.state().exists();
        repeat(&mut said);
        if ready {
            return Ok(());
        }
        tokio::select! {
            status = child.wait() => {
                repeat(&mut said);
                bail!("it did not start ({}); what it said is also in {}", status?, log.display());
            }
            _ = interrupt.recv() => {
                // It may have ended by itself in this moment.
                let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
            }
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

/// Shows what was added to the log since the last time.
fn repeat(log: &mut std::fs::File) {
    let mut bytes = Vec::new();
    let position = log.stream_position().unwrap_or_default();
    if log.read_to_end(&mut bytes).is_err() {
        let _ = log.seek(SeekFrom::Start(position));
        return;
    }
    show(String::from_utf8_lossy(&bytes));
}
