//! What is done again and again, each thing by one replica at a time: [`all`] is the table of it.
//!
//! A job is a row (`store::jobs`) with the time at which it is due next. Every replica looks for what is due, claims it, and runs
//! at most two at a time. A run holds its job by a lease of half a minute, which it extends: of a process that dies, another
//! goes on within that. So every job is written so that it may stop anywhere and be begun anew; what it does, it does in small
//! pieces, each whole by itself. What was missed, for an hour or a month, is done once ([`evolve_domain::schedule`]).
//!
//! Queues of rows are no jobs: summaries, the index of words, vectors, first words, copies and webhooks are worked by all replicas at once,
//! since one alone would not keep up. `Scheduler::status` counts what waits in them.

mod abandoned_turns;
mod backups;
mod broadcasts;
mod cache_metrics;
mod cache_warm_up;
mod cleanup_finished;
mod cleanup_messages;
mod conversations;
mod deletions;
mod forgetting;
mod groups;
mod lately;
mod partitions;
mod roll_up;
mod scheduler;
mod status;
mod subscriptions;

use std::{fmt, future::Future, sync::Arc};

use chrono::TimeDelta;
use evolve_domain::schedule::Schedule;
use evolve_store::redis::Redis;
use futures::{FutureExt as _, future::BoxFuture};
use tokio_util::sync::CancellationToken;

pub use backups::BackupWatch;
pub use cache_metrics::RedisGauges;
pub use scheduler::{Pace, Scheduler};
pub use status::{JobState, JobStatus, SchedulerStatus};

use crate::{Engine, deletions::Deletions, profiles::Profiles, reports::Reports};

/// Everything that is done again and again.
#[must_use]
pub fn all(means: &Means) -> Vec<Job> {
    let minutes = |minutes| Schedule::Every(TimeDelta::minutes(minutes));
    let hours = |hours| Schedule::Every(TimeDelta::hours(hours));
    let daily = |hour| Schedule::Daily { hour };
    vec![
        Job::of(means, "cleanup_messages", daily(3), cleanup_messages::run),
        Job::of(means, "cleanup_finished", daily(4), cleanup_finished::run),
        Job::of(means, "check_subscriptions", hours(1), subscriptions::run),
        Job::of(means, "cache_metrics", minutes(5), cache_metrics::run),
        Job::of(means, "cache_warm_up", Schedule::AtStart, cache_warm_up::run),
        Job::of(means, "make_partitions", hours(6), partitions::run),
        Job::of(means, "end_conversations", minutes(5), conversations::run),
        Job::of(means, "forget_facts", minutes(1), forgetting::run),
        Job::of(means, "forget_groups", hours(1), groups::run),
        Job::of(means, "remove_people", minutes(1), deletions::run),
        Job::of(means, "end_abandoned_turns", minutes(5), abandoned_turns::run),
        Job::of(means, "broadcasts", Schedule::Every(TimeDelta::seconds(5)), broadcasts::run),
        Job::of(means, "backups_checked", hours(1), backups::run),
        Job::of(means, "roll_up", minutes(5), roll_up::run),
    ]
}

/// What jobs work with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Means {
    /// The engine.
    pub engine: Engine,
    /// Removals to come.
    pub deletions: Deletions,
    /// Profiles, and the cache of them.
    pub profiles: Profiles,
    /// Reports.
    pub reports: Reports,
    /// Redis.
    pub redis: Redis,
    /// Where what Redis reports is shown.
    pub gauges: RedisGauges,
    /// For how many days messages are kept; nothing for until people delete them.
    pub message_days: Option<u32>,
    /// How old the newest copy of the database may be, and where its age is shown.
    pub backups: BackupWatch,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Did {
    /// How much: rows, people, months.
    pub count: u64,
    /// What else there is to say, in a line for engineers. It names no person.
    pub note: Option<String>,
    /// Whether there is more to do: then another run begins at once, perhaps elsewhere.
    pub unfinished: bool,
}

impl Did {
    /// All of it, which was so much.
    #[must_use]
    pub fn all(count: u64) -> Self {
        Self { count, ..Self::default() }
    }

    /// So much; it is unfinished if it was asked to stop.
    #[must_use]
    pub fn until(stop: &CancellationToken, count: u64) -> Self {
        Self { count, note: None, unfinished: stop.is_cancelled() }
    }
}

type Work = dyn Fn(CancellationToken) -> BoxFuture<'static, anyhow::Result<Did>> + Send + Sync;

/// Something that is done again and again. Cheap to clone.
#[derive(Clone)]
pub struct Job {
    name: &'static str,
    schedule: Schedule,
    work: Arc<Work>,
}

impl Job {
    /// A job. Its work is told by the token when the process is about to stop: then it ends at the next point at which it can.
    pub fn new<W, F>(name: &'static str, schedule: Schedule, work: W) -> Self
    where
        W: Fn(CancellationToken) -> F + Send + Sync + 'static,
        F: Future<Output = anyhow::Result<Did>> + Send + 'static,
    {
        Self { name, schedule, work: Arc::new(move |stop| work(stop).boxed()) }
    }

    fn of<W, F>(means: &Means, name: &'static str, schedule: Schedule, work: W) -> Self
    where
        W: Fn(Means, CancellationToken) -> F + Send + Sync + 'static,
        F: Future<Output = anyhow::Result<Did>> + Send + 'static,
    {
        let means = means.clone();
        Self::new(name, schedule, move |stop| work(means.clone(), stop))
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("name", &self.name).field("schedule", &self.schedule).finish_non_exhaustive()
    }
}
