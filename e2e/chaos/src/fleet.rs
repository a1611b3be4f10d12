//! The replicas: real processes, killed with SIGKILL at the moments of the plan and started again at once. What ends by
//! itself is started again too, as Kubernetes does, and told: nothing here gives a process a reason to.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use evolve_testkit::error::log_tail;
use evolve_testkit::process::{ServerProcess, Spec, free_port};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::balancer::Balancer;
use crate::plan::Plan;
use crate::surroundings::Surroundings;

/// How often it is looked whether somebody has ended by themselves.
const GLANCE: Duration = Duration::from_millis(200);
/// A first start, with everything else starting on the same machine.
const START_LIMIT: Duration = Duration::from_secs(60);
/// What ends so often by itself will never run.
const MOST_FALLS: usize = 50;
/// For a clean stop, which only a failure of the run asks for.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Where the programs are.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    api: PathBuf,
    bot: PathBuf,
}

impl Programs {
    /// Looks for them.
    ///
    /// # Errors
    /// When one is not there, with what to do.
    pub(crate) fn find(plan: &Plan) -> anyhow::Result<Self> {
        let directory = match &plan.binaries {
            Some(directory) => directory.clone(),
            None => std::env::current_exe()?.parent().context("this program is nowhere")?.to_owned(),
        };
        let of = |name: &str| {
            let program = directory.join(name);
            anyhow::ensure!(program.is_file(), "{} is not there: `make build` builds it", program.display());
            program.canonicalize().with_context(|| format!("cannot look at {}", program.display()))
        };
        Ok(Self { api: of("evolve-api")?, bot: of("evolve-bot")? })
    }
}

/// What a replica runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bot,
    Api,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Api => "api",
        }
    }
}

/// A process from its start to its end.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    /// Of the replica and of the life: `bot-2.7`. A bot comes to Telegram under it.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// The moment before SIGKILL was sent.
    pub(crate) killed: Option<Instant>,
}

/// A place for one process after another.
struct Replica {
    kind: Kind,
    /// Among those of its kind.
    place: usize,
    /// Processes so far.
    lives: u32,
    /// The last of them, in the fleet's list.
    life: usize,
    port: u16,
    log: PathBuf,
    process: Option<ServerProcess>,
}

/// All replicas.
pub(crate) struct Fleet<'a> {
    around: &'a Surroundings,
    programs: Programs,
    bots: &'a Balancer,
    apis: &'a Balancer,
    replicas: Vec<Replica>,
    /// Every process so far.
    pub(crate) lives: Vec<Life>,
    /// Which ended by themselves, with their last words.
    pub(crate) falls: Vec<String>,
}

/// A process to start.
struct Order {
    name: &'static str,
    program: PathBuf,
    environment: Vec<(String, String)>,
    log: PathBuf,
}

impl Order {
    fn start(self) -> anyhow::Result<ServerProcess> {
        let directory = self.log.parent().unwrap_or(Path::new("/"));
        let spec = Spec {
            name: self.name,
            program: &self.program,
            arguments: Vec::new(),
            environment: self.environment,
            directory,
            log: &self.log,
            account: None,
            stop_signal: "TERM",
            stop_limit: STOP_LIMIT,
            remove: None,
        };
        Ok(ServerProcess::spawn(&spec)?)
    }
}

impl<'a> Fleet<'a> {
    /// Starts every replica of the plan.
    ///
    /// # Errors
    /// When one cannot be started.
    pub(crate) async fn start(
        plan: &Plan,
        programs: Programs,
        around: &'a Surroundings,
        (bots, apis): (&'a Balancer, &'a Balancer),
        logs: &Path,
    ) -> anyhow::Result<Self> {
        let place = |kind: Kind, count: u32| {
            (0..count).zip(0_usize..).map(move |(_, place)| {
                let log = logs.join(format!("{}-{}.log", kind.name(), place + 1));
                Replica { kind, place, lives: 0, life: 0, port: 0, log, process: None }
            })
        };
        let replicas = place(Kind::Bot, plan.bots).chain(place(Kind::Api, plan.apis)).collect();
        let mut fleet = Self { around, programs, bots, apis, replicas, lives: Vec::new(), falls: Vec::new() };
        for index in 0..fleet.replicas.len() {
            fleet.raise(index).await?;
        }
        Ok(fleet)
    }

    /// Waits until every replica says that it is ready.
    ///
    /// # Errors
    /// When one does not, with its last words.
    pub(crate) async fn until_ready(&self) -> anyhow::Result<()> {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build()?;
        let limit = Instant::now() + START_LIMIT;
        for replica in &self.replicas {
            let url = format!("http://127.0.0.1:{}/ready", replica.port);
            while !client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                anyhow::ensure!(
                    Instant::now() < limit,
                    "{} does not become ready. Its last lines, from {}:\n{}",
                    replica.kind.name(),
                    replica.log.display(),
                    log_tail(&replica.log, 20)
                );
                sleep(GLANCE).await;
            }
        }
        Ok(())
    }

    /// Kills replicas at their moments and starts them again, until it is over.
    ///
    /// # Errors
    /// When one cannot be killed or started, or none keeps running.
    pub(crate) async fn endure(
        &mut self,
        kills: &[(Duration, usize)],
        began: Instant,
        over: &CancellationToken,
    ) -> anyhow::Result<()> {
        let mut kills = kills.iter().map(|(at, index)| (began + *at, *index)).peekable();
        loop {
            let glance = Instant::now() + GLANCE;
            let wake = kills.peek().map_or(glance, |(at, _)| glance.min(*at));
            tokio::select! {
                () = over.cancelled() => return Ok(()),
                () = sleep_until(wake) => {}
            }
            self.raise_the_fallen().await?;
            if let Some((_, index)) = kills.next_if(|(at, _)| *at <= Instant::now()) {
                self.kill(index).await?;
                self.raise(index).await?;
            }
        }
    }

    /// How many bots, and how many APIs, were killed.
    pub(crate) fn killed(&self) -> (usize, usize) {
        let of = |kind| self.lives.iter().filter(|life| life.kind == kind && life.killed.is_some()).count();
        (of(Kind::Bot), of(Kind::Api))
    }

    /// Ends all of them, at once: the run is over.
    ///
    /// # Errors
    /// When one does not go.
    pub(crate) async fn end(self) -> anyhow::Result<()> {
        for replica in self.replicas {
            kill(replica.process).await?;
        }
        Ok(())
    }

    /// Starts a replica on a port that nobody has: the one before may still be held by connections that are being cut.
    async fn raise(&mut self, index: usize) -> anyhow::Result<()> {
        let port = free_port()?;
        let life = self.lives.len();
        let Some(replica) = self.replicas.get_mut(index) else { return Ok(()) };
        replica.lives += 1;
        (replica.port, replica.life) = (port, life);
        let (kind, place, log) = (replica.kind, replica.place, replica.log.clone());
        let name = format!("{}-{}.{}", kind.name(), place + 1, replica.lives);
        let order = match kind {
            Kind::Bot => {
                let environment = self.around.bot(port, &name);
                Order { name: "evolve-bot", program: self.programs.bot.clone(), environment, log }
            }
            Kind::Api => {
                let environment = self.around.api(port);
                Order { name: "evolve-api", program: self.programs.api.clone(), environment, log }
            }
        };
        self.lives.push(Life { name, kind, killed: None });
        let process = tokio::task::spawn_blocking(move || order.start()).await??;
        if let Some(replica) = self.replicas.get_mut(index) {
            replica.process = Some(process);
        }
        let balancer = if kind == Kind::Bot { self.bots } else { self.apis };
        balancer.set(place, port);
        Ok(())
    }

    async fn kill(&mut self, index: usize) -> anyhow::Result<()> {
        let Some(replica) = self.replicas.get_mut(index) else { return Ok(()) };
        let process = replica.process.take();
        if let Some(life) = self.lives.get_mut(replica.life) {
            life.killed = Some(Instant::now());
        }
        kill(process).await
    }

    async fn raise_the_fallen(&mut self) -> anyhow::Result<()> {
        for index in 0..self.replicas.len() {
            let Some(replica) = self.replicas.get(index) else { continue };
            let exit = replica.process.as_ref().map(ServerProcess::exit);
            let Some(status) = exit.and_then(|exit| *exit.borrow()) else { continue };
            if !has_lost_port(replica) {
                let name = self.lives.get(replica.life).map(|life| life.name.as_str()).unwrap_or_default();
                self.falls.push(format!("{name} ended with status {status}:\n{}", log_tail(&replica.log, 5)));
            }
            anyhow::ensure!(self.falls.len() < MOST_FALLS, "nothing keeps running:\n{}", self.falls.join("\n"));
            self.raise(index).await?;
        }
        Ok(())
    }
}

/// Somebody took the port between our look and its bind: that is nobody's fault.
fn has_lost_port(replica: &Replica) -> bool {
    let lost = format!("cannot listen on 127.0.0.1:{}", replica.port);
    std::fs::read_to_string(&replica.log).is_ok_and(|log| log.contains(&lost))
}

async fn kill(process: Option<ServerProcess>) -> anyhow::Result<()> {
    if let Some(mut process) = process {
        tokio::task::spawn_blocking(move || process.kill()).await??;
    }
    Ok(())
}
