//! The write of what is said first, and of what it cost.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Candidate, Firsts};
use crate::{StoreError, memory::entries, messages::Role, turns::Usage};

/// A plan that is asked after.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The fact.
    pub fact_id: Uuid,
    /// Its matter.
    pub chain: Uuid,
    /// Its day, where it has one.
    pub day: Option<NaiveDate>,
}

/// Something that is said first.
#[derive(Clone, Debug)]
pub struct First<'a> {
    /// The person's day.
    pub day: NaiveDate,
    /// The plan that it asks after; nothing for a good morning.
    pub about: Option<About>,
    /// What is said.
    pub text: &'a str,
    /// When it is too late to send it.
    pub until: DateTime<Utc>,
    /// Id for the message.
    pub message_id: Uuid,
    /// Id for the turn, of which it is the only message.
    pub turn_id: Uuid,
    /// Id for the conversation, if none is open.
    pub conversation_id: Uuid,
    /// Tokens used.
    pub usage: Usage,
    /// When.
    pub now: DateTime<Utc>,
}

/// $1 person, $2 day, $3 whether it asks after a plan, $4 fact, $5 now, $6 messages as read, $7 text, $8–$10 ids of message,
/// conversation and turn, $11/$12 terms of the index and what follows the number, $13 what is owed, $14/$15 input and output
/// tokens, $16 lease, $17 version of the facts as read, $18/$19 matter and day of the fact. Whoever changes what they allow, or
/// their zone, takes the lease away. The look that comes next says when the one after it is due.
const SAY: &str = "
    WITH person AS (
        SELECT u.id, u.messages FROM users u JOIN settings s ON s.user_id = u.id
        WHERE u.id = $1 AND u.blocked_at IS NULL AND (u.banned_until IS NULL OR u.banned_until <= $5) AND u.messages = $6 AND u.facts_version = $17 AND s.proactive_at = $16
          AND NOT EXISTS (SELECT FROM deletions d WHERE d.user_id = u.id)
          AND NOT EXISTS (SELECT FROM turns t WHERE t.user_id = u.id AND t.state = 'running' AND t.leased_until > $5
                                                AND t.started_at > $5 - interval '1 day')
          AND CASE WHEN $3 THEN s.follow_ups ELSE s.good_morning END
        FOR NO KEY UPDATE OF u, s
    ), first AS (
        INSERT INTO proactive_messages (user_id, day, kind, fact_id, created_at, message_id, chain, about)
        SELECT id, $2, CASE WHEN $3 THEN 'follow_up' ELSE 'good_morning' END, $4, $5, $8, $18, $19 FROM person
        ON CONFLICT DO NOTHING RETURNING user_id
    ), held AS (
        SELECT p.id, p.messages FROM person p JOIN first f ON f.user_id = p.id
    ), conversation AS (
        INSERT INTO conversations AS c (id, user_id, started_at, last_message_at, messages)
        SELECT $9, id, $5, $5, 1 FROM held
        ON CONFLICT (user_id) WHERE ended_at IS NULL
        DO UPDATE SET last_message_at = excluded.last_message_at, messages = c.messages + 1
        RETURNING id, messages
    ), said AS (
        INSERT INTO messages (id, created_at, user_id, conversation_id, turn_id, place, role, text, number)
        SELECT $8, $5, held.id, c.id, $10, c.messages, 'assistant', $7, held.messages + 1 FROM held, conversation c
        RETURNING user_id, created_at, number
    ), indexed AS (
        INSERT INTO message_terms AS t (user_id, term, month, postings)
        SELECT s.user_id, e.term, date_trunc('month', s.created_at AT TIME ZONE 'UTC')::date, int4send(s.number) || e.posting
        FROM said s, unnest($11::text[], $12::bytea[]) AS e (term, posting)
        ON CONFLICT (user_id, term, month) DO UPDATE SET postings = t.postings || excluded.postings
    ), counted AS (
        UPDATE users SET messages = users.messages + 1 FROM held WHERE users.id = held.id
    ), used AS (
        INSERT INTO usage_days AS d (user_id, day, input_tokens, output_tokens) SELECT id, $2, $14, $15 FROM held
        ON CONFLICT (user_id, day) DO UPDATE
        SET input_tokens = d.input_tokens + excluded.input_tokens, output_tokens = d.output_tokens + excluded.output_tokens
    ), owed AS (
        INSERT INTO outbox (chat_id, user_id, key, method, params, priority, ready_at, created_at)
        SELECT id, id, 'first-' || id || '-' || $2, 'first', $13, 1, $5, $5 FROM held
        ON CONFLICT (key) DO NOTHING RETURNING id
    )
    SELECT count(*), (SELECT pg_notify('outbox', '') FROM owed LIMIT 1)::text FROM held";

/// What a look cost that led to nothing. Somebody who is gone has no row any more. $1 person, $2 day, $3/$4 tokens.
const USED: &str = "
    INSERT INTO usage_days AS d (user_id, day, input_tokens, output_tokens) SELECT id, $2, $3, $4 FROM users WHERE id = $1
    ON CONFLICT (user_id, day) DO UPDATE
    SET input_tokens = d.input_tokens + excluded.input_tokens, output_tokens = d.output_tokens + excluded.output_tokens";

impl Firsts<'_> {
    /// Books what a look cost that led to nothing.
    ///
    /// # Errors
    /// [`StoreError`]; then it is not booked.
    pub async fn used(&self, user_id: i64, day: NaiveDate, usage: Usage) -> Result<(), StoreError> {
        let query = sqlx::query(USED).bind(user_id).bind(day);
        query.bind(tokens(usage.input_tokens)).bind(tokens(usage.output_tokens)).execute(&self.0.pool).await?;
        Ok(())
    }

    /// Says something first: it becomes a message of the conversation, and is owed. False, and nothing is written, where
    /// something was said or asked meanwhile, or was said first on that day already, or they do not want it any more, or have
    /// changed when they want it or what is known of them.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn say(&self, candidate: &Candidate, first: &First<'_>) -> Result<bool, StoreError> {
        let (_, terms, postings) = entries(&[(Role::Assistant, first.text)]);
        let (said, _): (i64, Option<String>) = sqlx::query_as(SAY)
            .bind(candidate.user_id)
            .bind(first.day)
            .bind(first.about.is_some())
            .bind(first.about.map(|about| about.fact_id))
            .bind(first.now)
            .bind(candidate.messages)
            .bind(first.text)
            .bind(first.message_id)
            .bind(first.conversation_id)
            .bind(first.turn_id)
            .bind(terms)
            .bind(postings)
            .bind(Json(owed(candidate, first)))
            .bind(tokens(first.usage.input_tokens))
            .bind(tokens(first.usage.output_tokens))
            .bind(candidate.leased_until)
            .bind(candidate.facts_version)
            .bind(first.about.map(|about| about.chain))
            .bind(first.about.and_then(|about| about.day))
            .fetch_one(&self.0.pool)
            .await?;
        Ok(said > 0)
    }
}

fn tokens(tokens: u64) -> i64 {
    i64::try_from(tokens).unwrap_or(i64::MAX)
}

/// The row of the outbox, which the bot puts into Telegram's form as it sends it.
fn owed(candidate: &Candidate, first: &First<'_>) -> Value {
    serde_json::json!({
        "chat_id": candidate.user_id,
        "text": first.text,
        "until": first.until,
        "language": candidate.settings.language.as_str(),
    })
}
