//! Runs what is due.
//!
//! A few hands of each replica look for work, one job each at a time. Whoever finds nothing sleeps until the next job is due,
//! a little longer than that and never the same time twice: so the replicas do not ask all at once, not even after a database
//! was away for all of them.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::schedule::{pause_after, pauses_after_death};
use evolve_runtime::{
    clock::Clock,
    metrics::{Durations, Metrics, durations},
    shutdown::Tasks,
};
use evolve_store::{
    Store, StoreError,
    jobs::{ClaimedJob, Ending, Hastened, NewJob, Outcome},
};
use futures::{FutureExt as _, future::join_all};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{Did, Job, JobStatus};

/// Jobs that one replica runs at once: people who wait for answers need its connections too.
const HANDS: usize = 2;
/// Longest sleep without a look, which notices what another version has changed.
const LONGEST: Duration = Duration::from_secs(20);
/// Shortest sleep, for a job that is due but that another replica is just claiming.
const SHORTEST: Duration = Duration::from_millis(50);
/// Pause after Postgres could not be asked.
const PAUSE: Duration = Duration::from_secs(2);
/// How a run ends.
const OUTCOMES: [&str; 4] = ["done", "unfinished", "failed", "lost"];

/// How a run is held.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// After so long without a sign of life a run is taken over.
    pub lease: TimeDelta,
    /// How often it gives one.
    pub beat: Duration,
    /// A run that takes longer is ended: it hangs.
    pub longest: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { lease: TimeDelta::seconds(30), beat: Duration::from_secs(8), longest: Duration::from_secs(3600) }
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Run {
    job: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Named {
    job: &'static str,
}

#[derive(Debug)]
struct JobMetrics {
    runs: Family<Run, Counter>,
    duration: Durations<Named>,
}

impl JobMetrics {
    fn register(metrics: &Metrics, jobs: &[Job]) -> Self {
        let this = Self { runs: Family::default(), duration: durations() };
        metrics.register(|registry| {
            let help = "Runs of scheduled jobs by how they ended: done, unfinished, failed, lost";
            registry
                .register("job_runs", help, this.runs.clone())
                .one_of("job", jobs.iter().map(|job| job.name))
                .one_of("outcome", OUTCOMES);
            registry
                .register("job_duration_seconds", "Time of runs of scheduled jobs, seconds", this.duration.clone())
                .one_of("job", jobs.iter().map(|job| job.name));
        });
        // A counter that is there from the start shows its first step: a job may fail once in each replica, or go well once.
        for (job, outcome) in jobs.iter().flat_map(|job| OUTCOMES.map(|outcome| (job.name, outcome))) {
            drop(this.runs.get_or_create(&Run { job, outcome }));
        }
        this
    }
}

/// Runs jobs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Scheduler(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) jobs: Vec<Job>,
    pub(super) pauses: Vec<TimeDelta>,
    /// Wakes a hand of this replica that sleeps.
    nudge: Notify,
    pace: Pace,
    metrics: JobMetrics,
}

impl Scheduler {
    /// A scheduler of these jobs.
    #[must_use]
    pub fn new(store: Store, clock: Clock, jobs: Vec<Job>, pace: Pace, metrics: &Metrics) -> Self {
        let (pauses, metrics) = (pauses_after_death(), JobMetrics::register(metrics, &jobs));
        Self(Arc::new(Inner { store, clock, jobs, pace, pauses, nudge: Notify::new(), metrics }))
    }

    /// Starts the work, as a task of `tasks`.
    pub fn start(&self, tasks: &Tasks) {
        let (this, stop) = (self.clone(), tasks.soft());
        tasks.spawn("scheduler", async move {
            this.begin(&stop).await;
            join_all((0..HANDS).map(|_| this.hand(&stop))).await;
            Ok(())
        });
    }

    /// Makes the rows of jobs that are new, and makes due what a start asks for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn announce(&self) -> Result<(), StoreError> {
        let now = self.0.clock.now();
        let announced = |job: &Job| {
            let first = job.schedule.first(now);
            NewJob { name: job.name, first, latest: job.schedule.next_after(now, 0.0).unwrap_or(first) }
        };
        self.0.store.jobs().announce(&self.0.jobs.iter().map(announced).collect::<Vec<_>>()).await
    }

    async fn begin(&self, stop: &CancellationToken) {
        while let Err(error) = self.announce().await {
            tracing::warn!(%error, "jobs cannot be announced yet; trying again");
            if is_over(stop, spread(PAUSE)).await {
                return;
            }
        }
    }

    async fn hand(&self, stop: &CancellationToken) {
        let mut troubled = false;
        while !stop.is_cancelled() {
            let rest = match self.rest(stop).await {
                Ok(rest) => {
                    if std::mem::take(&mut troubled) {
                        tracing::info!("jobs go on");
                    }
                    rest
                }
                Err(error) => {
                    if !std::mem::replace(&mut troubled, true) {
                        tracing::warn!(%error, "no job can be claimed; trying again until Postgres answers");
                    }
                    PAUSE
                }
            };
            tokio::select! {
                is_over = is_over(stop, spread(rest)) => if is_over {
                    return;
                },
                () = self.0.nudge.notified() => {}
            }
        }
    }

    /// Has a job done now, whatever its schedule says, unless somebody asked for it within `pause`; how it stands then. It is run by
    /// one of the replicas, this one if it has a hand free.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn hasten(&self, name: &str, pause: TimeDelta) -> Result<(Hastened, Option<JobStatus>), StoreError> {
        let hastened = self.0.store.jobs().hasten(name, pause, self.0.clock.now()).await?;
        if hastened == Hastened::Yes {
            self.0.nudge.notify_one();
        }
        Ok((hastened, self.jobs().await?.into_iter().find(|job| job.name == name)))
    }

    /// Works what is due, and says how long to sleep then.
    async fn rest(&self, stop: &CancellationToken) -> Result<Duration, StoreError> {
        while !stop.is_cancelled() && self.work_one(stop).await? {}
        let next = self.0.store.jobs().next(&self.names(), &self.0.pauses).await?;
        let until = |at: DateTime<Utc>| (at - self.0.clock.now()).to_std().unwrap_or_default();
        Ok(next.map_or(LONGEST, until).clamp(SHORTEST, LONGEST))
    }

    /// Runs the job that is due longest; false where none is. How it went is written down with it.
    ///
    /// # Errors
    /// [`StoreError`], where none could be claimed.
    pub async fn work_one(&self, stop: &CancellationToken) -> Result<bool, StoreError> {
        let now = self.0.clock.now();
        let claimed = self.0.store.jobs().claim(&self.names(), &self.0.pauses, now, self.0.pace.lease).await?;
        let Some(claimed) = claimed else { return Ok(false) };
        if let Some(job) = self.0.jobs.iter().find(|job| job.name == claimed.name) {
            if claimed.attempts > 1 {
                tracing::info!(job = job.name, attempt = claimed.attempts, "a job is tried again");
            }
            self.run(job, &claimed, stop).await;
        }
        Ok(true)
    }

    pub(super) fn names(&self) -> Vec<&'static str> {
        self.0.jobs.iter().map(|job| job.name).collect()
    }

    async fn run(&self, job: &Job, claimed: &ClaimedJob, stop: &CancellationToken) {
        let began = Instant::now();
        let work = AssertUnwindSafe((job.work)(stop.clone())).catch_unwind();
        let done = tokio::select! {
            done = tokio::time::timeout(self.0.pace.longest, work) => done,
            () = self.until_lost(claimed) => {
                tracing::warn!(job = job.name, "a job was taken over by another run; leaving it to that");
                self.count(job, "lost");
                return;
            }
        };
        let took = began.elapsed();
        let done = match done {
            Ok(Ok(Ok(did))) => Ok(did),
            Ok(Ok(Err(error))) => Err(format!("{error:#}")),
            Ok(Err(_)) => Err("it panicked".to_owned()),
            Err(_) => Err(format!("it hung for {} s", self.0.pace.longest.as_secs())),
        };
        self.0.metrics.duration.get_or_create(&Named { job: job.name }).observe(took.as_secs_f64());
        self.end(job, claimed, done, took).await;
    }

    async fn end(&self, job: &Job, claimed: &ClaimedJob, done: Result<Did, String>, took: Duration) {
        let now = self.0.clock.now();
        let by = rand::random_range(0.0..1.0);
        let (outcome, due_at) = match &done {
            Ok(Did { unfinished: false, .. }) => (Outcome::Done, job.schedule.next_after(now, by)),
            Ok(_) => (Outcome::Unfinished, Some(now)),
            Err(_) => (Outcome::Failed, Some(now + pause_after(claimed.attempts, by))),
        };
        self.count(job, outcome.as_str());
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        match &done {
            Ok(Did { count: 0, note: None, .. }) => {
                tracing::debug!(job = job.name, millis, "a job found nothing to do")
            }
            Ok(Did { count, note, .. }) => tracing::info!(job = job.name, count, note, millis, "a job is done"),
            Err(error) => {
                tracing::warn!(job = job.name, error, attempt = claimed.attempts, "a job failed; trying again later");
            }
        }
        let (did, error) = match &done {
            Ok(did) => (did.clone(), None),
            Err(error) => (Did::default(), Some(error.as_str())),
        };
        let ending = Ending { outcome, did: did.count, note: did.note.as_deref(), error, took, due_at };
        match self.0.store.jobs().end(claimed, &ending, now).await {
            Ok(true) => {}
            Ok(false) => tracing::warn!(job = job.name, "a job was taken over before its end could be written down"),
            Err(error) => {
                tracing::warn!(job = job.name, %error, "the end of a job could not be written down; it will be run again");
            }
        }
    }

    /// Gives signs of life, until the job is not ours any more.
    async fn until_lost(&self, claimed: &ClaimedJob) {
        let mut ours_until = self.0.clock.now() + self.0.pace.lease;
        loop {
            tokio::time::sleep(self.0.pace.beat).await;
            let until = self.0.clock.now() + self.0.pace.lease;
            match self.0.store.jobs().extend(claimed, until).await {
                Ok(true) => ours_until = until,
                Ok(false) => return,
                // Nobody can take it over while Postgres is away; but it may be back for others.
                Err(error) if self.0.clock.now() < ours_until => {
                    tracing::debug!(job = claimed.name, %error, "a job's lease could not be extended; trying again");
                }
                Err(_) => return,
            }
        }
    }

    fn count(&self, job: &Job, outcome: &'static str) {
        self.0.metrics.runs.get_or_create(&Run { job: job.name, outcome }).inc();
    }
}

/// Up to half as long again: those who begin to wait together do not come back together.
fn spread(rest: Duration) -> Duration {
    rest.mul_f64(rand::random_range(1.0..1.5))
}

/// Rests; whether the process is about to stop.
async fn is_over(stop: &CancellationToken, rest: Duration) -> bool {
    tokio::select! {
        () = stop.cancelled() => true,
        () = tokio::time::sleep(rest) => false,
    }
}
