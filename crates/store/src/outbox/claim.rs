//! Which call is made next, by whom, and for how long.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::{ClaimedOutgoing, Outbox, Priority};
use crate::StoreError;

/// A copy of everything, which may take long, holds up nothing that comes after it. $1 worker, $2 now, $3 lease, $4 the least
/// urgent that is wanted.
///
/// What waits is said in words that only the index that serves them has (see migration 0032), and `OFFSET 0` keeps Postgres from
/// making a join of the second look: so it reads the rows in their order until one can be claimed, whatever it believes of the
/// table.
pub(crate) const CLAIM: &str = "
    WITH next AS (
        SELECT o.id FROM outbox o
        WHERE o.finished_at IS NULL AND o.state NOT IN ('sent', 'dead') AND o.priority <= $4
          AND o.ready_at <= $2 AND (o.leased_until IS NULL OR o.leased_until <= $2)
          AND NOT EXISTS (SELECT FROM outbox e
                          WHERE e.chat_id = o.chat_id AND e.id < o.id AND e.priority <= o.priority
                            AND e.state = 'pending' AND e.method <> 'export' OFFSET 0)
        ORDER BY o.priority, o.id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox o SET leased_by = $1, leased_until = $3, attempts = o.attempts + 1
    FROM next WHERE o.id = next.id
    RETURNING o.id, o.chat_id, o.key, o.method, o.params, o.attempts, o.created_at, o.priority, o.trace";

const EXTEND: &str = "
    UPDATE outbox SET leased_until = $3 WHERE id = $1 AND leased_by = $2 AND state = 'pending'";

/// Whatever cannot be claimed at $1 is leased or put off until later, or comes after what is.
pub(crate) const NEXT_READY: &str = "
    SELECT GREATEST(ready_at, leased_until) FROM outbox
    WHERE state = 'pending' AND attempts >= 0 AND GREATEST(ready_at, leased_until) > $1
    ORDER BY GREATEST(ready_at, leased_until) LIMIT 1";

impl Outbox<'_> {
    /// Claims the next call for `worker`: the most urgent, and of those the oldest; the oldest of its chat, and ready. What is
    /// less urgent than `up_to` is left alone. Nothing when there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim(
        &self,
        worker: Uuid,
        up_to: Priority,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Option<ClaimedOutgoing>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            id: i64,
            chat_id: i64,
            key: String,
            method: String,
            params: Option<Json<serde_json::Value>>,
            attempts: i32,
            created_at: DateTime<Utc>,
            priority: i16,
            trace: Option<String>,
        }
        let row: Option<Row> = sqlx::query_as(CLAIM)
            .bind(worker)
            .bind(now)
            .bind(now + lease)
            .bind(up_to.number())
            .fetch_optional(&self.0.pool)
            .await?;
        Ok(row.map(|row| ClaimedOutgoing {
            id: row.id,
            chat_id: row.chat_id,
            key: row.key,
            method: row.method,
            params: row.params.map(|json| json.0).unwrap_or_default(),
            attempts: row.attempts,
            created_at: row.created_at,
            priority: Priority::from_number(row.priority),
            trace: row.trace,
            worker,
        }))
    }

    /// Keeps a call for longer; false when the lease was lost.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn extend(
        &self,
        outgoing: &ClaimedOutgoing,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<bool, StoreError> {
        let done =
            sqlx::query(EXTEND).bind(outgoing.id).bind(outgoing.worker).bind(now + lease).execute(&self.0.pool).await?;
        Ok(done.rows_affected() > 0)
    }

    /// After nothing could be claimed at `at`: when something can be that could not then. Nothing when no row is leased or put
    /// off; what is owed meanwhile is notified.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn next_ready(&self, at: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
        let row: Option<(DateTime<Utc>,)> = sqlx::query_as(NEXT_READY).bind(at).fetch_optional(&self.0.pool).await?;
        Ok(row.map(|(at,)| at))
    }
}
