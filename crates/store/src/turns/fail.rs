//! The end of a turn without an answer: the message kept, the quota back.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{TurnLease, Turns};
use crate::{StoreError, memory::entries, messages::Role};

/// The person's message of a turn that failed.
#[derive(Clone, Debug)]
pub struct FailedMessage<'a> {
    /// What the person wrote.
    pub message: &'a str,
    /// Whether a picture came with it.
    pub has_image: bool,
    /// Id for it.
    pub message_id: Uuid,
    /// Id for the conversation, if none is open.
    pub conversation_id: Uuid,
}

/// Where a picture is that nobody was allowed to look at is nobody's business. $1 turn, $2 attempt, $3 now, $4 failure, $5 message (NULL where it is not to be kept), $6 has image, $7 message id,
/// $8 conversation id, $9 person, $10–$12 the entries of the index: whose message, term, posting, $13 whether the
/// quota is given back.
const FAIL: &str = "
    WITH locked AS (
        SELECT id, messages FROM users WHERE id = $9 FOR NO KEY UPDATE
    ), held AS (
        SELECT t.id, t.user_id, t.day, t.started_at, t.message_stored, locked.messages AS numbered
        FROM turns t JOIN locked ON locked.id = t.user_id
        WHERE t.id = $1 AND t.attempt = $2 AND t.state = 'running' FOR UPDATE OF t
    ), ended AS (
        UPDATE turns t SET state = 'failed', failure = $4, finished_at = $3,
                           image_ref = CASE WHEN $4 <> 'premium_required' THEN t.image_ref END,
                           message_stored = t.message_stored OR $5 IS NOT NULL,
                           has_image = t.has_image OR ($6 AND $5 IS NOT NULL)
        FROM held WHERE t.id = held.id
    ), conversation AS (
        INSERT INTO conversations AS c (id, user_id, started_at, last_message_at, messages)
        SELECT $8, user_id, started_at, $3, 1 FROM held WHERE NOT message_stored AND $5::text IS NOT NULL
        ON CONFLICT (user_id) WHERE ended_at IS NULL
        DO UPDATE SET last_message_at = excluded.last_message_at, messages = c.messages + 1
        RETURNING id, messages
    ), said AS (
        INSERT INTO messages (id, created_at, user_id, conversation_id, turn_id, place, role, text, has_image, number)
        SELECT $7, held.started_at, held.user_id, c.id, held.id, c.messages, 'user', $5, $6, numbered + 1
        FROM held, conversation c
        RETURNING user_id, created_at, role, number
    ), recorded AS (
        UPDATE audio_files a SET message_id = $7 FROM held, said WHERE a.turn_id = held.id AND a.kind = 'in'
    ), indexed AS (
        INSERT INTO message_terms AS t (user_id, term, month, postings)
        SELECT s.user_id, e.term, date_trunc('month', s.created_at AT TIME ZONE 'UTC')::date,
               string_agg(int4send(s.number) || e.posting, '' ORDER BY s.number)
        FROM said s JOIN unnest($10::text[], $11::text[], $12::bytea[]) AS e (role, term, posting) ON e.role = s.role
        GROUP BY 1, 2, 3
        ON CONFLICT (user_id, term, month) DO UPDATE SET postings = t.postings || excluded.postings
    ), counted AS (
        UPDATE users u SET messages = u.messages + 1 FROM said WHERE u.id = said.user_id
    ), refunded AS (
        UPDATE usage_days d SET messages = GREATEST(d.messages - 1, 0)
        FROM held WHERE $13 AND d.user_id = held.user_id AND d.day = held.day
    ), told AS (
        SELECT pg_notify('turn_done', id::text) FROM held
    )
    SELECT count(*) FROM told";

impl Turns<'_> {
    /// Ends a turn that got no answer: the person's message is kept, if one is given, the quota given back, and the same
    /// key may try again. False when the turn was taken over or its person removed meanwhile.
    ///
    /// # Errors
    /// [`StoreError`]; then the turn ends by its lease, and the quota comes back with the next attempt.
    pub async fn fail(
        &self,
        turn: &TurnLease,
        failure: &str,
        work: Option<&FailedMessage<'_>>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.end_failed(turn, failure, work, true, now).await
    }

    /// As [`Turns::fail`], for a turn that cost something all the same: its message counts.
    ///
    /// # Errors
    /// [`StoreError`]; as with [`Turns::fail`].
    pub async fn fail_charged(
        &self,
        turn: &TurnLease,
        failure: &str,
        work: Option<&FailedMessage<'_>>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.end_failed(turn, failure, work, false, now).await
    }

    async fn end_failed(
        &self,
        turn: &TurnLease,
        failure: &str,
        work: Option<&FailedMessage<'_>>,
        refunds: bool,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let said = work.map(|w| (Role::User, w.message));
        let (roles, terms, postings) = entries(said.as_slice());
        let (ended,): (i64,) = sqlx::query_as(FAIL)
            .bind(turn.turn_id)
            .bind(turn.attempt)
            .bind(now)
            .bind(failure)
            .bind(work.map(|w| w.message))
            .bind(work.is_some_and(|w| w.has_image))
            .bind(work.map(|w| w.message_id))
            .bind(work.map(|w| w.conversation_id))
            .bind(turn.user_id)
            .bind(roles)
            .bind(terms)
            .bind(postings)
            .bind(refunds)
            .fetch_one(&self.0.pool)
            .await?;
        Ok(ended > 0)
    }
}
