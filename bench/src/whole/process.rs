//! A program as a process of its own: how long it takes until it is ready, and its memory.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use evolve_testkit::error::log_tail;
use evolve_testkit::process::{ServerProcess, Spec, free_port};

/// Variables, by name.
pub(crate) type Environment = Vec<(String, String)>;

/// How often it is looked whether one is ready: what start-up times are exact to.
const GLANCE: Duration = Duration::from_millis(2);
/// What takes longer will never be ready.
const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// A running process. It is stopped when it is dropped.
pub(crate) struct Process {
    server: ServerProcess,
    port: u16,
    /// From the order to start until it was ready.
    pub(crate) started_in: Duration,
}

/// Memory in MB, of a million bytes each.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Memory {
    /// Now.
    pub(crate) now: f64,
    /// The most so far.
    pub(crate) most: f64,
}

impl Process {
    /// Starts a program, and waits until it says that it is ready.
    ///
    /// # Errors
    /// When it does not become ready, with its last words.
    pub(crate) async fn start(
        name: &'static str,
        program: PathBuf,
        mut environment: Environment,
        log: PathBuf,
    ) -> anyhow::Result<Self> {
        let port = free_port()?;
        environment.push(("HTTP_ADDR".to_owned(), format!("127.0.0.1:{port}")));
        // Before the clock runs: it reads the machine's certificates.
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build()?;
        let began = Instant::now();
        let server = tokio::task::spawn_blocking(move || {
            let directory = log.parent().unwrap_or(Path::new("/"));
            ServerProcess::spawn(&Spec {
                name,
                program: &program,
                arguments: Vec::new(),
                environment,
                directory,
                log: &log,
                account: None,
                stop_signal: "TERM",
                stop_limit: STOP_LIMIT,
                remove: None,
            })
        })
        .await??;
        let ready = format!("http://127.0.0.1:{port}/ready");
        while !client.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success()) {
            let ended = server.exit().borrow().is_some();
            anyhow::ensure!(
                !ended && began.elapsed() < START_LIMIT,
                "{name} does not become ready:\n{}",
                log_tail(server.log(), 20)
            );
            tokio::time::sleep(GLANCE).await;
        }
        Ok(Self { server, port, started_in: began.elapsed() })
    }

    /// Where it listens, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its memory; nothing where the system does not tell.
    pub(crate) fn memory(&self) -> Option<Memory> {
        memory_in(&std::fs::read_to_string(format!("/proc/{}/status", self.server.pid())).ok()?)
    }

    /// Stops it as SIGTERM does, and waits until it is gone.
    ///
    /// # Errors
    /// When it does not go.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        Ok(tokio::task::spawn_blocking(move || self.server.stop(false)).await??)
    }
}

/// What is resident, now and at most, out of Linux' `/proc/PID/status`.
fn memory_in(status: &str) -> Option<Memory> {
    let of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kib * 1024.0 / 1e6)
    };
    Some(Memory { now: of("VmRSS:")?, most: of("VmHWM:")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_what_is_resident_in_millions_of_bytes() {
        let status = "Name:\tevolve-api\nVmPeak:\t 900000 kB\nVmHWM:\t   50000 kB\nVmRSS:\t   31250 kB\n";
        assert_eq!(memory_in(status), Some(Memory { now: 32.0, most: 51.2 }));
        assert_eq!(memory_in("Name:\tzombie\n"), None);
    }
}
