//! How the jobs stand, and how much waits in the queues: for those who run the bot.

use chrono::{DateTime, Utc};
use evolve_domain::schedule::Schedule;
use evolve_store::{
    StoreError,
    jobs::{JobRow, Outcome},
    queues::Waiting,
};

use super::{Job, Scheduler};
use crate::summary;

/// How everything stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchedulerStatus {
    /// Every job that this version knows, in the order of its table.
    pub jobs: Vec<JobStatus>,
    /// What waits in the queues.
    pub queues: Vec<Waiting>,
}

/// What a job is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// A replica runs it.
    Running,
    /// It waits for its time.
    Scheduled,
    /// It failed, and is tried again at that time.
    Failed,
    /// The process that ran it died; it is taken over at that time.
    Abandoned,
    /// It waits for a process to start.
    Idle,
}

/// How a job stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobStatus {
    /// What it is called.
    pub name: &'static str,
    /// When it is done.
    pub schedule: Schedule,
    /// What it is at.
    pub state: JobState,
    /// When it is run next; of one that runs, when it was due.
    pub next_run: Option<DateTime<Utc>>,
    /// Runs in a row that came to nothing.
    pub failures: u32,
    /// Everything else.
    pub row: JobRow,
}

impl Scheduler {
    /// How everything stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn status(&self) -> Result<SchedulerStatus, StoreError> {
        let jobs = self.jobs().await?;
        let queues = self.0.store.queues().waiting(summary::RULE.due_at, self.0.clock.now()).await?;
        Ok(SchedulerStatus { jobs, queues })
    }

    /// How the jobs stand, in the order of their table.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn jobs(&self) -> Result<Vec<JobStatus>, StoreError> {
        let now = self.0.clock.now();
        let mut rows = self.0.store.jobs().list(&self.names()).await?;
        let status = |job: &Job| {
            let at = rows.iter().position(|row| row.name == job.name)?;
            Some(self.of(job, rows.swap_remove(at), now))
        };
        Ok(self.0.jobs.iter().filter_map(status).collect())
    }

    fn of(&self, job: &Job, row: JobRow, now: DateTime<Utc>) -> JobStatus {
        let attempts = u32::try_from(row.attempts).unwrap_or_default();
        let (state, next_run, failures) = match (row.leased_until, row.due_at) {
            (Some(until), due_at) if until > now => (JobState::Running, due_at, attempts.saturating_sub(1)),
            (Some(until), due_at) => {
                let place = usize::try_from(attempts).unwrap_or(usize::MAX).saturating_sub(1);
                let pause = self.0.pauses.get(place).or(self.0.pauses.last()).copied().unwrap_or_default();
                (JobState::Abandoned, due_at.max(Some(until + pause)), attempts)
            }
            (None, None) => (JobState::Idle, None, attempts),
            (None, due_at) if row.outcome.as_deref() == Some(Outcome::Failed.as_str()) => {
                (JobState::Failed, due_at, attempts)
            }
            (None, due_at) => (JobState::Scheduled, due_at, attempts),
        };
        JobStatus { name: job.name, schedule: job.schedule, state, next_run, failures, row }
    }
}
