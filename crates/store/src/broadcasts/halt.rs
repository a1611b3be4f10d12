//! Broadcasts that rest or end: what waits is taken back, and chosen once more when they go on.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Broadcasts, State};
use crate::StoreError;

/// For so long a halted broadcast can be resumed: what was sent is known to have been for ninety days
/// ([`crate::purge::Finished::Sent`]), and nobody is to be written to twice.
const RESUMABLE_FOR: TimeDelta = TimeDelta::days(60);

impl State {
    /// From which states it is come to, of those that keep people from being written to.
    const fn halts(self) -> &'static [&'static str] {
        match self {
            Self::Paused => &["scheduled", "running"],
            Self::Stopped => &["running"],
            Self::Cancelled => &["scheduled", "running", "paused", "stopped"],
            Self::Scheduled | Self::Running | Self::Done => &[],
        }
    }
}

/// Before its rows, as every lock is taken. $1 id, $2 from which states.
const HOLD_ACTIVE: &str = "SELECT id FROM broadcasts WHERE id = $1 AND state = ANY ($2) FOR NO KEY UPDATE";

/// Of one that is held. $1 id, $2 to which state, $3 now.
const HALT: &str = "
    UPDATE broadcasts SET state = $2, halted_at = CASE WHEN $2 = 'cancelled' THEN halted_at ELSE $3 END,
                          ended_at = CASE WHEN $2 = 'cancelled' THEN $3 END
    WHERE id = $1";

/// Before its rows: whoever resumes it, and owes it again, comes before or after.
const HOLD: &str = "
    SELECT id FROM broadcasts WHERE id = $1 AND state IN ('paused', 'stopped', 'cancelled') FOR NO KEY UPDATE";

/// What is on its way is let go. What is taken back is chosen once more when it is resumed; who was sent it meanwhile has a row
/// of the same key. $1 id, $2 now.
const TAKE_BACK: &str = "
    WITH taken AS (
        DELETE FROM outbox WHERE id = ANY (ARRAY(
            SELECT id FROM outbox
            WHERE broadcast_id = $1 AND finished_at IS NULL AND (leased_until IS NULL OR leased_until <= $2)
            FOR UPDATE SKIP LOCKED))
        RETURNING chat_id
    )
    UPDATE broadcasts b
    SET chosen = b.chosen - t.people, looked_to = LEAST(b.looked_to, t.first - 1), all_chosen = false
    FROM (SELECT count(*) AS people, min(chat_id) AS first FROM taken) t
    WHERE b.id = $1 AND t.people > 0";

/// $1 id, $2 halted after when.
const RESUME: &str = "
    UPDATE broadcasts SET state = CASE WHEN began_at IS NULL THEN 'scheduled' ELSE 'running' END, lately = ''
    WHERE id = $1 AND state IN ('paused', 'stopped') AND halted_at > $2";

impl Broadcasts<'_> {
    /// Has a broadcast pause, stop or be cancelled, and takes back what nobody is sending just now. False where it is in no state
    /// from which it can come to that.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing changed.
    pub async fn halt(&self, id: Uuid, to: State, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        let hold = sqlx::query_as(HOLD_ACTIVE).bind(id).bind(to.halts());
        let held: Option<(Uuid,)> = hold.fetch_optional(&mut *transaction).await?;
        if held.is_some() {
            // In this order: with the new state an event is written, which tells how many were chosen.
            sqlx::query(TAKE_BACK).bind(id).bind(now).execute(&mut *transaction).await?;
            sqlx::query(HALT).bind(id).bind(to.as_str()).bind(now).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(held.is_some())
    }

    /// Takes back what a halted broadcast still owes: what was on its way when it was halted, and could not be sent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_back(&self, id: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        let rests: Option<(Uuid,)> = sqlx::query_as(HOLD).bind(id).fetch_optional(&mut *transaction).await?;
        if rests.is_some() {
            sqlx::query(TAKE_BACK).bind(id).bind(now).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Has one go on that is paused or stopped; how the last ones ended is judged anew. False where it is neither, or has been
    /// for too long.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn resume(&self, id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sqlx::query(RESUME).bind(id).bind(now - RESUMABLE_FOR).execute(&self.0.pool).await?;
        Ok(done.rows_affected() > 0)
    }
}
