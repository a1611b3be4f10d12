//! One replica of the operator: its real program, as a process that can really be killed, and what it says of itself.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use evolve_operator::controller::client::WRITES;
use evolve_testkit::process::free_port;
use evolve_testkit::within;
use tokio::process::{Child, Command};

/// What works for longer than that after all is done never rests.
const RESTLESS: Duration = Duration::from_secs(180);

/// A running replica. It is killed when this is dropped.
pub(crate) struct Replica {
    child: Child,
    port: u16,
    identity: &'static str,
}

/// What a replica has counted so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Calls of the API that wrote; the Lease is none of them.
    pub(crate) writes: u64,
    /// Passes.
    pub(crate) passes: u64,
    /// Calls of the API that read, watches included.
    pub(crate) reads: u64,
    /// Bots that wait for a pass.
    pub(crate) waiting: u64,
    /// 1 while it leads.
    pub(crate) leading: u64,
}

impl Replica {
    /// Starts it.
    pub(crate) fn start(
        program: &Path,
        kubeconfig: &Path,
        namespace: &str,
        identity: &'static str,
    ) -> anyhow::Result<Self> {
        let port = free_port()?;
        let child = Command::new(program)
            .env_clear()
            .env("KUBECONFIG", kubeconfig)
            .env("HTTP_ADDR", format!("127.0.0.1:{port}"))
            .env("POD_NAME", identity)
            .env("POD_NAMESPACE", namespace)
            .env("WATCH_NAMESPACES", namespace)
            .env("DEFAULT_IMAGE_REPOSITORY", "evolve.test/evolve")
            .env("LOG_LEVEL", "warn")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{}", program.display()))?;
        Ok(Self { child, port, identity })
    }

    /// As a machine does that loses its power.
    pub(crate) async fn kill(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Waits until it leads.
    pub(crate) async fn until_it_leads(&self, limit: Duration) {
        within(limit, &format!("{} leads", self.identity), async || {
            self.counts().await.is_ok_and(|counts| counts.leading == 1)
        })
        .await;
    }

    /// Waits until it has nothing to do: no bot waits, and nothing was written for three seconds.
    pub(crate) async fn until_it_rests(&self) -> anyhow::Result<Counts> {
        let begun = Instant::now();
        let mut before = self.counts().await?;
        loop {
            tokio::time::sleep(Duration::from_secs(3)).await;
            let now = self.counts().await?;
            if now.waiting == 0 && (now.writes, now.passes) == (before.writes, before.passes) {
                return Ok(now);
            }
            let (identity, waiting) = (self.identity, now.waiting);
            anyhow::ensure!(
                begun.elapsed() < RESTLESS,
                "{identity} never rests: {waiting} bots wait, the last counts are {now:?}"
            );
            before = now;
        }
    }

    /// What its liveness probe would see.
    pub(crate) async fn is_healthy(&self) -> anyhow::Result<bool> {
        let answer = reqwest::get(format!("http://127.0.0.1:{}/healthz", self.port)).await?;
        Ok(answer.status().is_success())
    }

    /// What it has counted.
    pub(crate) async fn counts(&self) -> anyhow::Result<Counts> {
        let text = reqwest::get(format!("http://127.0.0.1:{}/metrics", self.port)).await?.text().await?;
        let mut counts = Counts::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, value)) = line.rsplit_once(' ') else { continue };
            let value = value.parse().unwrap_or_default();
            let is_write = || WRITES.iter().any(|verb| name.contains(&format!("verb=\"{verb}\"")));
            match name.split('{').next().unwrap_or_default() {
                "kubernetes_requests_total" if is_write() => counts.writes += value,
                "kubernetes_requests_total" => counts.reads += value,
                "reconcile_total" => counts.passes += value,
                "reconcile_queue_depth" => counts.waiting = value,
                "leader" => counts.leading = value,
                _ => {}
            }
        }
        Ok(counts)
    }

    /// Its memory, in MiB; where the system tells.
    pub(crate) fn memory(&self) -> Option<u64> {
        self.kibibytes("VmRSS:").map(|kib| kib / 1024)
    }

    /// Its memory, in millions of bytes; where the system tells.
    pub(crate) fn megabytes(&self) -> Option<f64> {
        self.kibibytes("VmRSS:").map(|kib| kib as f64 * 1024.0 / 1e6)
    }

    /// The most that it has been so far, in the same way.
    pub(crate) fn most_megabytes(&self) -> Option<f64> {
        self.kibibytes("VmHWM:").map(|kib| kib as f64 * 1024.0 / 1e6)
    }

    fn kibibytes(&self, name: &str) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }
}
