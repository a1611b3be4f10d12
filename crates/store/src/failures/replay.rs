//! Trying again what was given up.

use chrono::{DateTime, Utc};

use super::{FailedKind, Failures};
use crate::StoreError;

/// The excuse for an update stands under the key of its answer, which would be taken for owed already: so it is renamed. What
/// it begun to show belongs to the excuse as well, and is not gone on with. $1 now.
macro_rules! updates {
    ($which:literal) => {
        concat!(
            "WITH chosen AS (",
            $which,
            "), again AS (
                UPDATE inbox i SET state = 'pending', finished_at = NULL, attempts = 0, faults = 0, ready_at = $1, rank = $1,
                                   leased_until = NULL, leased_by = NULL, draft_id = NULL, error = 'replayed'
                FROM chosen WHERE i.update_id = chosen.update_id
                RETURNING i.update_id
            ), excused AS (
                UPDATE outbox o SET key = o.key || '-excuse-' || o.id
                FROM again WHERE o.key = 'tg-' || again.update_id || '-0'
            )
            SELECT count(*), (SELECT pg_notify('inbox', '') FROM again LIMIT 1)::text FROM again"
        )
    };
}

/// It is owed from now on: how long Telegram may be away is counted anew. $1 now.
macro_rules! messages {
    ($which:literal) => {
        concat!(
            "WITH chosen AS (",
            $which,
            "), again AS (
                UPDATE outbox o SET state = 'pending', finished_at = NULL, attempts = 0, ready_at = $1, created_at = $1,
                                    leased_until = NULL, leased_by = NULL, error = 'replayed'
                FROM chosen WHERE o.id = chosen.id
                RETURNING o.id
            )
            SELECT count(*), (SELECT pg_notify('outbox', '') FROM again LIMIT 1)::text FROM again"
        )
    };
}

/// What is being tried just now is let be. $1 now, $2 update.
const ONE_UPDATE: &str = updates!(
    "SELECT update_id FROM inbox
     WHERE update_id = $2 AND payload IS NOT NULL
       AND (state = 'dead' OR (state = 'pending' AND apart_at IS NOT NULL
                               AND (leased_until IS NULL OR leased_until <= $1)))
     FOR UPDATE"
);

/// $1 now, $2 reason, $3 how many.
const UPDATES: &str = updates!(
    "SELECT update_id FROM inbox
     WHERE state = 'dead' AND payload IS NOT NULL AND split_part(error, ':', 1) = $2
     ORDER BY finished_at, update_id LIMIT $3 FOR UPDATE SKIP LOCKED"
);

/// $1 now, $2 reason, $3 how many.
const APART: &str = updates!(
    "SELECT update_id FROM inbox
     WHERE apart_at IS NOT NULL AND state = 'pending' AND payload IS NOT NULL AND split_part(error, ':', 1) = $2
       AND (leased_until IS NULL OR leased_until <= $1)
     ORDER BY apart_at, update_id LIMIT $3 FOR UPDATE SKIP LOCKED"
);

/// $1 now, $2 row.
const ONE_MESSAGE: &str =
    messages!("SELECT id FROM outbox WHERE id = $2 AND state = 'dead' AND params IS NOT NULL FOR UPDATE");

/// $1 now, $2 reason, $3 how many.
const MESSAGES: &str = messages!(
    "SELECT id FROM outbox
     WHERE state = 'dead' AND params IS NOT NULL AND split_part(error, ':', 1) = $2
     ORDER BY finished_at, id LIMIT $3 FOR UPDATE SKIP LOCKED"
);

impl Failures<'_> {
    /// Has an update that was given up, or set apart, worked again from now on. False where there is none that could be.
    ///
    /// # Errors
    /// [`StoreError`]; then it is as it was.
    pub async fn replay_update(&self, update_id: i64, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.replay_one(ONE_UPDATE, update_id, now).await
    }

    /// Owes a call again that was given up. False where there is none, or where what it said is gone.
    ///
    /// # Errors
    /// [`StoreError`]; then it is as it was.
    pub async fn replay_message(&self, id: i64, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.replay_one(ONE_MESSAGE, id, now).await
    }

    /// Tries everything of a kind again that failed for a reason, what failed first first; how much, at most `most`.
    ///
    /// # Errors
    /// [`StoreError`]; then all is as it was.
    pub async fn replay_all(
        &self,
        kind: FailedKind,
        reason: &str,
        now: DateTime<Utc>,
        most: u32,
    ) -> Result<u64, StoreError> {
        let statement = match kind {
            FailedKind::Update => UPDATES,
            FailedKind::Apart => APART,
            FailedKind::Message => MESSAGES,
        };
        let query = sqlx::query_as(statement).bind(now).bind(reason).bind(i64::from(most));
        let (again, _): (i64, Option<String>) = query.fetch_one(&self.0.pool).await?;
        Ok(u64::try_from(again).unwrap_or_default())
    }

    async fn replay_one(&self, statement: &'static str, id: i64, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let (again, _): (i64, Option<String>) =
            sqlx::query_as(statement).bind(now).bind(id).fetch_one(&self.0.pool).await?;
        Ok(again > 0)
    }
}
