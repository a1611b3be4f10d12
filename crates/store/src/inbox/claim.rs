//! Which update is worked next, by whom, and for how long.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::{ClaimedUpdate, Inbox};
use crate::StoreError;

macro_rules! claim {
    ($next:literal) => {
        concat!(
            "WITH next AS (",
            $next,
            " LIMIT 1 FOR UPDATE SKIP LOCKED
            )
            UPDATE inbox i SET leased_by = $1, leased_until = $3, attempts = i.attempts + 1
            FROM next WHERE i.update_id = next.update_id
            RETURNING i.update_id, i.chat_id, i.user_id, i.payload, i.attempts, i.faults, i.received_at, i.draft_id, i.error,
                      i.trace"
        )
    };
}

/// Chats that somebody works or that must wait are left out by a list, since a chat may have thousands of updates waiting,
/// and looking for the oldest of the chat once for each of them would cost each worker a tenth of a second.
///
/// What waits is said in words that only the index that serves them has (see migration 0032), and `OFFSET 0` keeps Postgres from
/// making a join of the last look: so it reads the rows in their order until one can be claimed, whatever it believes of the
/// table.
pub(crate) const CLAIM: &str = claim!(
    "SELECT i.update_id FROM inbox i
     WHERE i.finished_at IS NULL AND i.state NOT IN ('done', 'dead')
       AND i.ready_at <= $2 AND (i.leased_until IS NULL OR i.leased_until <= $2)
       AND (i.chat_id IS NULL OR i.chat_id NOT IN (
             SELECT h.chat_id FROM inbox h
             WHERE h.state NOT IN ('done', 'dead') AND (h.leased_until IS NOT NULL OR h.ready_at > h.received_at)
               AND h.chat_id IS NOT NULL AND (h.leased_until > $2 OR h.ready_at > $2)))
       AND NOT EXISTS (SELECT FROM inbox e
                       WHERE e.chat_id = i.chat_id AND e.update_id < i.update_id AND e.state = 'pending' OFFSET 0)
     ORDER BY i.rank, i.update_id"
);

/// What is urgent waits for nothing.
const CLAIM_URGENT: &str = claim!(
    "SELECT update_id FROM inbox
     WHERE state = 'pending' AND urgent AND ready_at <= $2 AND (leased_until IS NULL OR leased_until <= $2)
     ORDER BY update_id"
);

const EXTEND: &str = "
    UPDATE inbox SET leased_until = $3 WHERE update_id = $1 AND leased_by = $2 AND state = 'pending'";

/// Whatever cannot be claimed at $1 is leased or put off until later, or comes after what is.
pub(crate) const NEXT_READY: &str = "
    SELECT min(GREATEST(ready_at, leased_until)) FROM inbox
    WHERE state NOT IN ('done', 'dead') AND (leased_until IS NOT NULL OR ready_at > received_at)
      AND GREATEST(ready_at, leased_until) > $1";

const NEXT_URGENT: &str = "
    SELECT min(GREATEST(ready_at, COALESCE(leased_until, ready_at))) FROM inbox WHERE state = 'pending' AND urgent";

impl Inbox<'_> {
    /// Claims the next update for `worker`; nothing when none is ready.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim(
        &self,
        worker: Uuid,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Option<ClaimedUpdate>, StoreError> {
        self.claim_by(CLAIM, worker, now, lease).await
    }

    /// As [`Inbox::claim`], of what is urgent alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_urgent(
        &self,
        worker: Uuid,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Option<ClaimedUpdate>, StoreError> {
        self.claim_by(CLAIM_URGENT, worker, now, lease).await
    }

    async fn claim_by(
        &self,
        statement: &'static str,
        worker: Uuid,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Option<ClaimedUpdate>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            update_id: i64,
            chat_id: Option<i64>,
            user_id: Option<i64>,
            payload: Option<Json<Value>>,
            attempts: i32,
            faults: i32,
            received_at: DateTime<Utc>,
            draft_id: Option<i64>,
            error: Option<String>,
            trace: Option<String>,
        }
        let row: Option<Row> =
            sqlx::query_as(statement).bind(worker).bind(now).bind(now + lease).fetch_optional(&self.0.pool).await?;
        Ok(row.map(|row| ClaimedUpdate {
            update_id: row.update_id,
            chat_id: row.chat_id,
            user_id: row.user_id,
            payload: row.payload.map(|json| json.0).unwrap_or_default(),
            attempts: row.attempts,
            faults: row.faults,
            received_at: row.received_at,
            draft_id: row.draft_id,
            repeated: row.attempts > 1 || row.error.is_some(),
            error: row.error,
            trace: row.trace,
            worker,
        }))
    }

    /// Keeps an update for longer; false when the lease was lost.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn extend(
        &self,
        update: &ClaimedUpdate,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(EXTEND)
            .bind(update.update_id)
            .bind(update.worker)
            .bind(now + lease)
            .execute(&self.0.pool)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// After nothing could be claimed at `at`: when something can be that could not then. Nothing when no update is leased or
    /// put off; what comes meanwhile is notified.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn next_ready(&self, at: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
        let (at,) = sqlx::query_as(NEXT_READY).bind(at).fetch_one(&self.0.pool).await?;
        Ok(at)
    }

    /// When the next update that is urgent can be claimed (the past, if one can be now); nothing when none waits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn next_urgent(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let (at,) = sqlx::query_as(NEXT_URGENT).fetch_one(&self.0.pool).await?;
        Ok(at)
    }
}
