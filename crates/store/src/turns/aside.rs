//! The good end of a turn outside the private chat: the answer kept for repeats, the tokens counted, and in a group what was
//! said there. Nothing of it enters what is remembered of its person.

use chrono::{DateTime, Utc};

use super::{TurnLease, Turns, Usage, persist::milliseconds};
use crate::StoreError;

/// Everything that such a turn leaves behind.
#[derive(Clone, Debug)]
pub struct Aside<'a> {
    /// The group, and the speaker's name there; nothing for a turn that is in none.
    pub room: Option<(i64, &'a str)>,
    /// The topic of the group.
    pub thread_id: Option<i64>,
    /// What the person said.
    pub message: &'a str,
    /// The answer.
    pub reply: &'a str,
    /// Tokens used.
    pub usage: Usage,
    /// Which model answered.
    pub model: &'a str,
    /// Milliseconds from the turn's beginning until the first words were there.
    pub first_ms: Option<u32>,
    /// When.
    pub now: DateTime<Utc>,
}

/// $1 turn, $2 attempt, $3 now, $4 reply, $5 model, $6 group, $7 name, $8 message, $9 person, $10 input and $11 output tokens,
/// $12 topic, $13 how long the first words took.
const PERSIST: &str = "
    WITH person AS (
        SELECT id FROM users WHERE id = $9 FOR NO KEY UPDATE
    ), held AS (
        SELECT t.id, t.user_id, t.day, t.started_at FROM turns t JOIN person ON person.id = t.user_id
        WHERE t.id = $1 AND t.attempt = $2 AND t.state = 'running' FOR UPDATE OF t
    ), ended AS (
        UPDATE turns t SET state = 'done', reply = $4, model = $5, finished_at = $3, input_tokens = $10, output_tokens = $11,
                           first_ms = $13, drew = false
        FROM held WHERE t.id = held.id
    ), spoken AS (
        INSERT INTO room_turns (turn_id, room_id, user_id, name, said, reply, said_at, thread_id)
        SELECT id, $6, user_id, $7, $8, $4, started_at, $12 FROM held WHERE $6::bigint IS NOT NULL
    ), used AS (
        UPDATE usage_days d SET input_tokens = d.input_tokens + $10, output_tokens = d.output_tokens + $11
        FROM held WHERE d.user_id = held.user_id AND d.day = held.day
    )
    SELECT pg_notify('turn_done', id::text)::text FROM held";

impl Turns<'_> {
    /// Ends a turn outside the private chat well. False when it was taken over, or its person removed; then nothing was
    /// written.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn persist_aside(&self, turn: &TurnLease, work: &Aside<'_>) -> Result<bool, StoreError> {
        let number = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
        let done = sqlx::query(PERSIST)
            .bind(turn.turn_id)
            .bind(turn.attempt)
            .bind(work.now)
            .bind(work.reply)
            .bind(work.model)
            .bind(work.room.map(|(room, _)| room))
            .bind(work.room.map(|(_, name)| self.0.keys.encrypt(name)).unwrap_or_default())
            .bind(work.message)
            .bind(turn.user_id)
            .bind(number(work.usage.input_tokens))
            .bind(number(work.usage.output_tokens))
            .bind(work.thread_id)
            .bind(milliseconds(work.first_ms))
            .fetch_optional(&self.0.pool)
            .await?;
        Ok(done.is_some())
    }
}
