//! What was told to a subscriber, told again, and tried.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::Webhooks;
use crate::StoreError;

/// What a subscriber was told, or is owed.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Delivery {
    /// Its number, in the order of telling.
    pub id: i64,
    /// The event.
    pub event_id: Uuid,
    /// Its kind.
    pub event: String,
    /// `waiting`, `delivered` or `failed`.
    pub state: String,
    /// Attempts that were begun.
    pub attempts: i32,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Of what waits: not tried before.
    pub ready_at: DateTime<Utc>,
    /// When it was accepted, or given up.
    pub finished_at: Option<DateTime<Utc>>,
    /// The HTTP status of the last answer.
    pub status: Option<i32>,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

/// What is told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// How much.
    pub count: u64,
    /// When the last of it happened.
    pub last: Option<DateTime<Utc>>,
}

/// $1 webhook, $2 before which, $3 how many.
const LIST: &str = "
    SELECT d.id, e.id AS event_id, e.kind AS event, d.state, d.attempts, e.at, d.ready_at, d.finished_at, d.status, d.error
    FROM webhook_deliveries d JOIN events e ON e.place = d.event_place
    WHERE d.webhook_id = $1 AND d.id < $2 ORDER BY d.id DESC LIMIT $3";

/// The same lock as that under which what happens is owed, so that what is numbered here is visible before what is numbered next.
const ALONE: &str = "SELECT pg_advisory_xact_lock(hashtextextended('webhooks', 0))::text";

/// What waits already is not owed twice, and what was not told to anybody yet will be. $1 webhook, $2 since when, $3 now, $4 how many.
const REPLAY: &str = "
    WITH chosen AS (
        SELECT e.place, e.at FROM events e JOIN webhooks w ON w.id = $1
        WHERE e.at >= $2 AND e.told AND (w.events = '{}' OR e.kind = ANY (w.events)) AND e.kind <> 'webhook.test'
          AND NOT EXISTS (SELECT FROM webhook_deliveries d
                          WHERE d.event_place = e.place AND d.webhook_id = $1 AND d.state = 'waiting')
        ORDER BY e.at, e.place LIMIT $4
    ), owed AS (
        INSERT INTO webhook_deliveries (webhook_id, event_place, ready_at, created_at)
        SELECT $1, place, $3, $3 FROM chosen ORDER BY at, place RETURNING id
    )
    SELECT (SELECT count(*) FROM owed), (SELECT max(at) FROM chosen), (SELECT pg_notify('webhooks', '') FROM owed LIMIT 1)::text";

/// They keep their numbers, and so go before what happened after them and waits. $1 webhook, $2 now, $3 how many.
const REPLAY_FAILED: &str = "
    WITH again AS (
        UPDATE webhook_deliveries SET state = 'waiting', attempts = 0, ready_at = $2, finished_at = NULL
        WHERE id = ANY (ARRAY(SELECT id FROM webhook_deliveries WHERE webhook_id = $1 AND state = 'failed' ORDER BY id LIMIT $3))
        RETURNING id, event_place
    )
    SELECT (SELECT count(*) FROM again), (SELECT max(e.at) FROM events e JOIN again a ON a.event_place = e.place),
           (SELECT pg_notify('webhooks', '') FROM again LIMIT 1)::text";

/// It is told to this one alone, so it counts as told. $1 webhook, $2 event, $3 now.
const TEST: &str = "
    WITH happened AS (
        INSERT INTO events (id, kind, at, told) SELECT $2, 'webhook.test', $3, true FROM webhooks WHERE id = $1
        RETURNING place
    ), owed AS (
        INSERT INTO webhook_deliveries (webhook_id, event_place, ready_at, created_at)
        SELECT $1, place, $3, $3 FROM happened RETURNING id
    )
    SELECT pg_notify('webhooks', '')::text FROM owed";

impl Webhooks<'_> {
    /// What it was told and is owed, newest first, at most `limit`, before the one of this number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn deliveries(&self, id: Uuid, before: Option<i64>, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let query = sqlx::query_as(LIST).bind(id).bind(before.unwrap_or(i64::MAX)).bind(i64::from(limit));
        Ok(query.fetch_all(&self.0.pool).await?)
    }

    /// Owes it everything again that happened since, at most `limit` of it, the oldest first. It comes after what waits.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn replay(
        &self,
        id: Uuid,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<Replayed, StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        sqlx::query(ALONE).execute(&mut *transaction).await?;
        let query = sqlx::query_as(REPLAY).bind(id).bind(since).bind(now).bind(i64::from(limit));
        let (count, last, _): (i64, Option<DateTime<Utc>>, Option<String>) = query.fetch_one(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Replayed { count: u64::try_from(count).unwrap_or_default(), last })
    }

    /// Owes it again what was given up, at most `limit` of it, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn replay_failed(&self, id: Uuid, now: DateTime<Utc>, limit: u32) -> Result<Replayed, StoreError> {
        let query = sqlx::query_as(REPLAY_FAILED).bind(id).bind(now).bind(i64::from(limit));
        let (count, last, _): (i64, Option<DateTime<Utc>>, Option<String>) = query.fetch_one(&self.0.pool).await?;
        Ok(Replayed { count: u64::try_from(count).unwrap_or_default(), last })
    }

    /// Owes it an event that says nothing. False where there is no such subscriber.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn test(&self, id: Uuid, event_id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        sqlx::query(ALONE).execute(&mut *transaction).await?;
        let owed = sqlx::query(TEST).bind(id).bind(event_id).bind(now).fetch_optional(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(owed.is_some())
    }
}
