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
    UPDATE turns t SET leased_until = $3 WHERE id = $1 AND attempt = $2 AND state = 'running'
    RETURNING stop_asked_at IS NOT NULL OR EXISTS (SELECT FROM stops s WHERE s.user_id = t.user_id AND s.key = t.key)";

/// Whoever waits for it hears of it, and takes it over. $1 turn, $2 attempt, $3 now.
const HAND_BACK: &str = "
    WITH back AS (
        UPDATE turns SET leased_until = $3 WHERE id = $1 AND attempt = $2 AND state = 'running' RETURNING id
    )
    SELECT pg_notify('turn_done', id::text) FROM back";

/// A turn that is not running yet, or that nobody runs any more, is stopped when it begins: the wish is kept. $1 person,
/// $2 now, $3 keys of the turns that are meant; NULL for whatever is running.
const STOP: &str = "
    WITH person AS (
        SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE
    ), asked AS (
        UPDATE turns t SET stop_asked_at = COALESCE(t.stop_asked_at, $2) FROM person
        WHERE t.user_id = person.id AND t.state = 'running' AND t.leased_until > $2
          AND ($3::text[] IS NULL OR t.key = ANY ($3) OR t.also_key = ANY ($3))
        RETURNING t.id
    ), kept AS (
        INSERT INTO stops AS s (user_id, key, asked_at)
        SELECT DISTINCT person.id, k.key, $2 FROM person, unnest($3::text[]) AS k (key)
        WHERE NOT EXISTS (SELECT FROM turns t WHERE t.user_id = $1 AND (t.key = k.key OR t.also_key = k.key)
                                                AND (t.state = 'done' OR (t.state = 'running' AND t.leased_until > $2)))
        ON CONFLICT (user_id, key) DO UPDATE SET asked_at = excluded.asked_at
        RETURNING key
    ), told AS (
        SELECT pg_notify('turn_stop', id::text) FROM asked
    )
    SELECT (SELECT count(*) FROM told) + (SELECT count(*) FROM kept)";

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

    /// Lets go of a turn that this process has no time left for: whoever asks with its key takes it over at once. Its quota stays
    /// taken, as with a process that died.
    ///
    /// # Errors
    /// [`StoreError`]; then its lease runs out by itself.
    pub async fn hand_back(&self, turn: &TurnLease, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query(HAND_BACK).bind(turn.turn_id).bind(turn.attempt).bind(now).execute(&self.0.pool).await?;
        Ok(())
    }

    /// Asks whoever makes an answer for a person to stop: the answers under these keys, also those that are not being made
    /// yet; without keys, whatever is being made. False when there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stop(&self, user_id: i64, keys: Option<&[String]>, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let (asked,): (i64,) = sqlx::query_as(STOP).bind(user_id).bind(now).bind(keys).fetch_one(&self.0.pool).await?;
        Ok(asked > 0)
    }
}
