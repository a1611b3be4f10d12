//! Scheduled jobs: which is due, who runs it, and how it went.
//!
//! A run holds its job by a short lease that it extends. Where its process dies, the lease runs out and another replica takes
//! the job over; the dead run, should it wake up, writes nothing any more, since each run has an id of its own. Rows of jobs
//! that a caller does not name are let be: another version knows them.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{Store, StoreError};

/// Longest error and note that are kept, in characters.
const MAX_CHARS: usize = 500;

/// A job, as it is announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// What it is called.
    pub name: &'static str,
    /// When it is due where it was never run.
    pub first: DateTime<Utc>,
    /// When it is due at the latest where it was: its schedule may be another than that of the version before.
    pub latest: DateTime<Utc>,
}

/// A job that is the caller's to run until its lease runs out.
#[derive(Clone, Debug)]
#[must_use = "a job that is not ended is run again when its lease has run out"]
pub struct ClaimedJob {
    /// What it is called.
    pub name: String,
    /// Runs in a row that were begun and did not come through, this one included.
    pub attempts: u32,
    run: Uuid,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All was done.
    Done,
    /// Some was; the rest is left to the next run.
    Unfinished,
    /// It came to nothing.
    Failed,
}

impl Outcome {
    /// As it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unfinished => "unfinished",
            Self::Failed => "failed",
        }
    }
}

/// What is written of a run.
#[derive(Clone, Debug)]
pub struct Ending<'a> {
    /// How it went.
    pub outcome: Outcome,
    /// How much it did.
    pub did: u64,
    /// What it has to say.
    pub note: Option<&'a str>,
    /// Why it failed.
    pub error: Option<&'a str>,
    /// How long it took.
    pub took: Duration,
    /// When the job is due next; nothing until a process starts.
    pub due_at: Option<DateTime<Utc>>,
}

/// What became of the wish to have a job done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hastened {
    /// It is due.
    Yes,
    /// It was made due at this time, too short a while ago.
    Before(DateTime<Utc>),
    /// No replica has announced it yet.
    Unknown,
}

/// A job as it stands.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct JobRow {
    /// What it is called.
    pub name: String,
    /// When it is due; of one that runs, when it was.
    pub due_at: Option<DateTime<Utc>>,
    /// Until when a run holds it.
    pub leased_until: Option<DateTime<Utc>>,
    /// Runs begun since the last that came through.
    pub attempts: i32,
    /// Runs that came through.
    pub runs: i64,
    /// When the present run began, or the last one.
    pub started_at: Option<DateTime<Utc>>,
    /// When the last one ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// When one came through last.
    pub succeeded_at: Option<DateTime<Utc>>,
    /// How long the last one took, milliseconds.
    pub took_ms: Option<i64>,
    /// How the last one ended: see [`Outcome::as_str`].
    pub outcome: Option<String>,
    /// How much it did.
    pub did: Option<i64>,
    /// What it has to say.
    pub note: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
}

/// Scheduled jobs. Borrowed from [`Store::jobs`].
#[derive(Debug)]
pub struct Jobs<'a>(&'a Store);

impl Store {
    /// Scheduled jobs.
    #[must_use]
    pub fn jobs(&self) -> Jobs<'_> {
        Jobs(self)
    }
}

/// One that failed keeps its pause, whoever starts meanwhile. $1 names, $2 when each is due first, $3 when at the latest.
const ANNOUNCE: &str = "
    INSERT INTO jobs AS j (name, due_at) SELECT name, first FROM unnest($1::text[], $2::timestamptz[]) AS n (name, first)
    ON CONFLICT (name) DO UPDATE
    SET due_at = LEAST(j.due_at, (SELECT latest FROM unnest($1::text[], $3::timestamptz[]) AS n (name, latest)
                                  WHERE n.name = j.name))
    WHERE j.attempts = 0 AND j.leased_by IS NULL";

/// When a job of the row `jobs` can be claimed. The pause of one whose process died is chosen of the seconds in `$pauses` by how
/// often it was begun.
macro_rules! claimable_at {
    ($pauses:literal) => {
        concat!(
            "GREATEST(due_at, leased_until + make_interval(secs => COALESCE((",
            $pauses,
            "::bigint[])[LEAST(attempts, cardinality(",
            $pauses,
            "::bigint[]))], 0)))"
        )
    };
}

/// $1 names, $2 now, $3 the run, $4 its lease, $5 pauses.
const CLAIM: &str = concat!(
    "WITH due AS (
        SELECT name FROM jobs WHERE name = ANY ($1) AND due_at IS NOT NULL AND ",
    claimable_at!("$5"),
    " <= $2
        ORDER BY due_at, name LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    UPDATE jobs j SET leased_by = $3, leased_until = $4, started_at = $2, attempts = j.attempts + 1
    FROM due WHERE j.name = due.name
    RETURNING j.name, j.attempts"
);

/// $1 names, $2 pauses.
const NEXT: &str =
    concat!("SELECT min(", claimable_at!("$2"), ") FROM jobs WHERE name = ANY ($1) AND due_at IS NOT NULL");

const EXTEND: &str = "UPDATE jobs SET leased_until = $3 WHERE name = $1 AND leased_by = $2";

/// $1 name, $2 run, $3 now, $4 outcome, $5 how much, $6 note, $7 error, $8 milliseconds, $9 due.
const END: &str = "
    UPDATE jobs SET leased_by = NULL, leased_until = NULL, finished_at = $3, outcome = $4, did = $5, note = $6, error = $7,
                    took_ms = $8, due_at = $9,
                    attempts = CASE WHEN $4 = 'failed' THEN attempts ELSE 0 END,
                    runs = runs + CASE WHEN $4 = 'failed' THEN 0 ELSE 1 END,
                    succeeded_at = CASE WHEN $4 = 'failed' THEN succeeded_at ELSE $3 END
    WHERE name = $1 AND leased_by = $2";

/// $1 name, $2 now, $3 when it may have been hastened last.
const HASTEN: &str = "
    UPDATE jobs SET due_at = LEAST(due_at, $2), hastened_at = $2
    WHERE name = $1 AND (hastened_at IS NULL OR hastened_at <= $3) RETURNING name";

const HASTENED_AT: &str = "SELECT hastened_at FROM jobs WHERE name = $1";

const LIST: &str = "
    SELECT name, due_at, leased_until, attempts, runs, started_at, finished_at, succeeded_at, took_ms, outcome, did, note, error
    FROM jobs WHERE name = ANY ($1) ORDER BY name";

impl Jobs<'_> {
    /// Makes the rows that are missing; those that are there are due no later than their schedule has it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn announce(&self, jobs: &[NewJob]) -> Result<(), StoreError> {
        sqlx::query(ANNOUNCE)
            .bind(jobs.iter().map(|job| job.name).collect::<Vec<_>>())
            .bind(jobs.iter().map(|job| job.first).collect::<Vec<_>>())
            .bind(jobs.iter().map(|job| job.latest).collect::<Vec<_>>())
            .execute(&self.0.pool)
            .await?;
        Ok(())
    }

    /// Claims the job that is due longest of those that are named; nothing when none is. `pauses` is for how long a job is not
    /// taken over whose process died, by how often it had been begun.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim(
        &self,
        names: &[&str],
        pauses: &[TimeDelta],
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Option<ClaimedJob>, StoreError> {
        let run = Uuid::now_v7();
        let row: Option<(String, i32)> = sqlx::query_as(CLAIM)
            .bind(names)
            .bind(now)
            .bind(run)
            .bind(now + lease)
            .bind(seconds(pauses))
            .fetch_optional(&self.0.pool)
            .await?;
        Ok(row.map(|(name, attempts)| ClaimedJob { name, attempts: u32::try_from(attempts).unwrap_or_default(), run }))
    }

    /// When the next of these jobs can be claimed (the past, if one can be now); nothing while none is planned.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn next(&self, names: &[&str], pauses: &[TimeDelta]) -> Result<Option<DateTime<Utc>>, StoreError> {
        let (at,) = sqlx::query_as(NEXT).bind(names).bind(seconds(pauses)).fetch_one(&self.0.pool).await?;
        Ok(at)
    }

    /// Keeps a job for longer. False when it was taken over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn extend(&self, job: &ClaimedJob, until: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sqlx::query(EXTEND).bind(&job.name).bind(job.run).bind(until).execute(&self.0.pool).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Writes down how a run ended. False when it was taken over.
    ///
    /// # Errors
    /// [`StoreError`]; then the job is run again when its lease has run out.
    pub async fn end(&self, job: &ClaimedJob, ending: &Ending<'_>, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sqlx::query(END)
            .bind(&job.name)
            .bind(job.run)
            .bind(now)
            .bind(ending.outcome.as_str())
            .bind(i64::try_from(ending.did).unwrap_or(i64::MAX))
            .bind(ending.note.map(kept))
            .bind(ending.error.map(kept))
            .bind(i64::try_from(ending.took.as_millis()).unwrap_or(i64::MAX))
            .bind(ending.due_at)
            .execute(&self.0.pool)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Makes a job due now, whatever its schedule says, unless somebody did so within `pause`: any number of replicas may be asked,
    /// one does it. A run that is under way is not begun anew.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn hasten(&self, name: &str, pause: TimeDelta, now: DateTime<Utc>) -> Result<Hastened, StoreError> {
        let done: Option<(String,)> =
            sqlx::query_as(HASTEN).bind(name).bind(now).bind(now - pause).fetch_optional(&self.0.pool).await?;
        if done.is_some() {
            return Ok(Hastened::Yes);
        }
        let before: Option<(Option<DateTime<Utc>>,)> =
            sqlx::query_as(HASTENED_AT).bind(name).fetch_optional(&self.0.pool).await?;
        Ok(before.and_then(|(at,)| at).map_or(Hastened::Unknown, Hastened::Before))
    }

    /// Those of these jobs that were ever announced.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(&self, names: &[&str]) -> Result<Vec<JobRow>, StoreError> {
        Ok(sqlx::query_as(LIST).bind(names).fetch_all(&self.0.pool).await?)
    }
}

fn seconds(pauses: &[TimeDelta]) -> Vec<i64> {
    pauses.iter().map(TimeDelta::num_seconds).collect()
}

/// Of a text as much as is kept. Postgres cannot hold U+0000.
fn kept(text: &str) -> String {
    text.replace('\0', " ").chars().take(MAX_CHARS).collect()
}
