//! Stopping: a person wants to hear no more of an answer that is being made.
//!
//! Whoever makes the answer may be another process. It is told by a notification (`turn_stop`), and should that get lost,
//! the next time that it extends its lease.

use chrono::{DateTime, Utc};

use super::{TurnLease, Turns};
use crate::StoreError;

/// How [`Turns::extend`] went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Extended {
    /// The turn is the caller's for longer.
    Kept,
    /// It is, and the person asked to stop it.
    StopAsked,
    /// It was taken over or removed.
    Lost,
}

const EXTEND: &str = "
    UPDATE turns SET leased_until = $3 WHERE id = $1 AND attempt = $2 AND state = 'running'
    RETURNING stop_asked_at IS NOT NULL";

/// $1 person, $2 now. A turn whose lease has run out is nobody's to stop.
const STOP: &str = "
    WITH person AS (
        SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE
    ), asked AS (
        UPDATE turns t SET stop_asked_at = COALESCE(t.stop_asked_at, $2) FROM person
        WHERE t.user_id = person.id AND t.state = 'running' AND t.leased_until > $2
        RETURNING t.id
    ), told AS (
        SELECT pg_notify('turn_stop', id::text) FROM asked
    )
    SELECT count(*) FROM told";

impl Turns<'_> {
    /// Keeps the turn for longer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn extend(&self, turn: &TurnLease, until: DateTime<Utc>) -> Result<Extended, StoreError> {
        let row: Option<(bool,)> = sqlx::query_as(EXTEND)
            .bind(turn.turn_id)
            .bind(turn.attempt)
            .bind(until)
            .fetch_optional(&self.0.pool)
            .await?;
        Ok(match row {
            Some((true,)) => Extended::StopAsked,
            Some((false,)) => Extended::Kept,
            None => Extended::Lost,
        })
    }

    /// Asks whoever makes an answer for a person to stop; false when nobody does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stop(&self, user_id: i64, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let (asked,): (i64,) = sqlx::query_as(STOP).bind(user_id).bind(now).fetch_one(&self.0.pool).await?;
        Ok(asked > 0)
    }
}
