//! `GET /admin/scheduler_status`: what is done again and again, and what waits.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the scheduled jobs stand, and how much waits in the queues.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SchedulerStatusResponse {
    /// Whether the replica that answers looks for jobs that are due; not, once it is about to stop.
    pub running: bool,
    /// Every job. Each is run by one replica at a time.
    pub jobs: Vec<ScheduledJob>,
    /// What all replicas work at once, as it comes.
    pub queues: Vec<WaitingQueue>,
}

/// What a job is at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// It waits for its time.
    #[default]
    Scheduled,
    /// A replica runs it.
    Running,
    /// It failed, and is tried again at `next_run`.
    Failed,
    /// The process that ran it died; another takes it over at `next_run`.
    Abandoned,
    /// It waits for a process to start.
    Idle,
}

/// A job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScheduledJob {
    /// What it is called.
    #[schema(example = "cleanup_messages")]
    pub id: String,
    /// When it is run next, UTC; of one that runs, when it was due. Nothing for one that a start asks for.
    pub next_run: Option<DateTime<Utc>>,
    /// What it is at.
    pub status: JobStatus,
    /// When it is done.
    #[schema(example = "daily at 03:00 UTC")]
    pub schedule: String,
    /// When the present run began, or the last one.
    pub started_at: Option<DateTime<Utc>>,
    /// When the last run ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// When a run came through last.
    pub succeeded_at: Option<DateTime<Utc>>,
    /// How long the last run took, milliseconds.
    pub duration_ms: Option<u64>,
    /// How the last run ended: `done`, `failed`, or `unfinished`, where it left the rest to the next run at once.
    #[schema(example = "done")]
    pub outcome: Option<String>,
    /// How much the last run did: rows, people, months.
    pub did: Option<u64>,
    /// What the last run has to say.
    pub note: Option<String>,
    /// Why the last run failed.
    pub error: Option<String>,
    /// Runs in a row that came to nothing.
    pub failures: u32,
    /// Runs that came through.
    pub runs: u64,
}

/// A queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingQueue {
    /// `inbox`: updates from Telegram; `outbox`: what is owed to people, `exports` (copies) among it; `summaries` of conversations and
    /// `weeks`; `memory`: messages without an index; `vectors` of messages that were corrected; `first_words`: people to look
    /// at, whether there is something to say.
    #[schema(example = "inbox")]
    pub id: String,
    /// How much waits; 10000 stands for that much or more.
    pub waiting: u64,
    /// Since when what came first waits, broadcasts aside; nothing where that is not known.
    pub oldest: Option<DateTime<Utc>>,
}
