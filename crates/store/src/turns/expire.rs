//! Turns whose process died and whose key nobody asks again: whoever does finds them and takes them over ([`super::admit`]),
//! but until then they hold a message of their person's day.

use chrono::{DateTime, Utc};

use super::Turns;
use crate::StoreError;

/// Why such a turn has no answer.
const FAILURE: &str = "abandoned";

/// What the person said is not known here: whoever asks again says it. Whoever is just being written for is talking, and left to
/// the next look. $1 whose lease ran out by then, $2 now, $3 how many, $4 why they failed.
const EXPIRE: &str = "
    WITH expired AS (
        SELECT id, user_id FROM turns WHERE state = 'running' AND leased_until <= $1 ORDER BY user_id LIMIT $3
    ), people AS (
        SELECT id FROM users WHERE id IN (SELECT user_id FROM expired) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    ), held AS (
        SELECT t.id, t.user_id, t.day FROM turns t JOIN people ON people.id = t.user_id
        WHERE t.id IN (SELECT id FROM expired) AND t.state = 'running' AND t.leased_until <= $1 FOR UPDATE OF t
    ), ended AS (
        UPDATE turns t SET state = 'failed', failure = $4, finished_at = $2 FROM held WHERE t.id = held.id
    ), refunded AS (
        UPDATE usage_days d SET messages = GREATEST(d.messages - h.messages, 0)
        FROM (SELECT user_id, day, count(*)::integer AS messages FROM held GROUP BY user_id, day) h
        WHERE d.user_id = h.user_id AND d.day = h.day
    ), told AS (
        SELECT pg_notify('turn_done', id::text) FROM held
    )
    SELECT count(*) FROM told";

impl Turns<'_> {
    /// Ends turns that run no more, of which the lease ran out by `before`, and gives their quota back; how many, at most
    /// `limit`. Their keys may be tried again.
    ///
    /// # Errors
    /// [`StoreError`]; then none was ended.
    pub async fn expire(&self, before: DateTime<Utc>, now: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
        let (ended,): (i64,) = sqlx::query_as(EXPIRE)
            .bind(before)
            .bind(now)
            .bind(i64::from(limit))
            .bind(FAILURE)
            .fetch_one(&self.0.pool)
            .await?;
        Ok(u64::try_from(ended).unwrap_or_default())
    }
}
