//! How much waits in the queues that all replicas work at once, for those who run the bot.
//!
//! Each is counted by the index that its workers claim by, and no further than [`MOST`]: who asks how much waits must not be
//! what makes it wait.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::FromRow;

use crate::{Store, StoreError};

/// The highest count; it says that there is this much or more.
pub const MOST: u32 = 10_000;

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Waiting {
    /// What it is called.
    pub name: String,
    /// How much waits, at most [`MOST`].
    pub waiting: i64,
    /// Since when what came first waits, but for broadcasts; nothing where nothing waits, or where that is not known.
    pub oldest: Option<DateTime<Utc>>,
}

/// Queues. Borrowed from [`Store::queues`].
#[derive(Debug)]
pub struct Queues<'a>(&'a Store);

impl Store {
    /// Queues.
    #[must_use]
    pub fn queues(&self) -> Queues<'_> {
        Queues(self)
    }
}

/// What goes in and out. $1 most. Broadcasts come after whatever is more urgent, and may take hours: what is counted is counted in that
/// order, and since when they wait says nothing. (2 is [`crate::outbox::Priority::Broadcast`].)
macro_rules! of_telegram {
    () => {
        "
    SELECT 'inbox' AS name, count(*) AS waiting, min(received_at) AS oldest FROM (
        SELECT received_at FROM inbox WHERE state = 'pending' ORDER BY rank, update_id LIMIT $1) q
    UNION ALL
    SELECT 'outbox', count(*), min(created_at) FILTER (WHERE priority < 2) FROM (
        SELECT created_at, priority FROM outbox WHERE finished_at IS NULL ORDER BY priority, id LIMIT $1) q"
    };
}

const OF_TELEGRAM: &str = of_telegram!();

/// Vectors that are owed for the first time are not kept anywhere: only those of messages that were corrected. $1 most, $2 how
/// many unsummed messages make an open conversation due, $3 this day of last week: what began by then is over, $4 now.
const WAITING: &str = concat!(
    of_telegram!(),
    "
    UNION ALL
    SELECT 'exports', count(*), min(created_at) FROM (
        SELECT method, created_at FROM outbox WHERE finished_at IS NULL ORDER BY priority, id LIMIT $1) q
    WHERE method = 'export'
    UNION ALL
    SELECT 'summaries', count(*), min(last_message_at) FROM (
        SELECT last_message_at FROM conversations WHERE summary_need > 0 AND summary_need >= $2
        ORDER BY summary_need DESC LIMIT $1) q
    UNION ALL
    SELECT 'weeks', count(*), min(starts_on + 7)::timestamp AT TIME ZONE 'UTC' FROM (
        SELECT starts_on FROM weeks WHERE stale AND starts_on <= $3 ORDER BY starts_on LIMIT $1) q
    UNION ALL
    SELECT 'memory', count(*), min(created_at) FROM (
        SELECT created_at FROM messages WHERE number IS NULL LIMIT $1) q
    UNION ALL
    SELECT 'vectors', count(*), NULL FROM (SELECT FROM message_vectors WHERE vector IS NULL LIMIT $1) q
    UNION ALL
    SELECT 'first_words', count(*), min(proactive_at) FROM (
        SELECT proactive_at FROM settings WHERE proactive_at <= $4 ORDER BY proactive_at LIMIT $1) q
    UNION ALL
    SELECT 'webhooks', count(*), min(created_at) FROM (
        SELECT d.created_at FROM webhooks w JOIN webhook_deliveries d ON d.webhook_id = w.id
        WHERE w.enabled AND d.state = 'waiting' LIMIT $1) q"
);

impl Queues<'_> {
    /// How much waits in `inbox` and `outbox`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of_telegram(&self) -> Result<Vec<Waiting>, StoreError> {
        Ok(sqlx::query_as(OF_TELEGRAM).bind(i64::from(MOST)).fetch_all(&self.0.pool).await?)
    }

    /// How much waits in each. `due_at` unsummed messages make an open conversation due ([`crate::summaries::SummaryRule`]).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn waiting(&self, due_at: i32, now: DateTime<Utc>) -> Result<Vec<Waiting>, StoreError> {
        let last_week = now.date_naive() - TimeDelta::days(7);
        let query = sqlx::query_as(WAITING).bind(i64::from(MOST)).bind(due_at).bind(last_week).bind(now);
        Ok(query.fetch_all(&self.0.pool).await?)
    }
}
