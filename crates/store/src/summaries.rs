//! Rolling summaries: which conversation needs one, and the write that moves its mark.
//!
//! The mark (`conversations.summed_messages`) moves only together with the summary that holds those messages, and counts
//! places (`messages.place`), which are given out in the order of writing. So no message is ever passed over: not even one
//! that is written late, by a slow turn, with a time long before those that are summed up already.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::language::Language;
use serde::Deserialize;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{Store, StoreError, messages::Message, users::parse};

/// A conversation with messages that its summary does not hold yet, leased to the caller.
#[derive(Clone, Debug)]
pub struct Unsummed {
    /// The conversation.
    pub conversation_id: Uuid,
    /// Whose it is.
    pub user_id: i64,
    /// The person's language.
    pub language: Language,
    /// The summary so far.
    pub summary: Option<String>,
    /// The place up to which it holds them.
    pub summed: i32,
    /// The next messages to add, oldest first; never empty. Whoever cannot add all of them may cut the end off.
    pub messages: Vec<Message>,
    /// The place of each of them.
    places: Vec<i32>,
}

/// Summaries. Borrowed from [`Store::summaries`].
#[derive(Debug)]
pub struct Summaries<'a>(&'a Store);

impl Store {
    /// Summaries.
    #[must_use]
    pub fn summaries(&self) -> Summaries<'_> {
        Summaries(self)
    }
}

/// $1 now, $2 lease end, $3 how many unsummed messages make an open conversation due, $4 how many of them stay unsummed,
/// $5 most messages at once, $6 default language.
const CLAIM: &str = "
    WITH due AS (
        SELECT id FROM conversations
        WHERE summary_need > 0 AND summary_need >= $3
          AND (summary_leased_until IS NULL OR summary_leased_until <= $1)
        ORDER BY summary_need DESC LIMIT 1 FOR UPDATE SKIP LOCKED
    ), leased AS (
        UPDATE conversations c SET summary_leased_until = $2 FROM due WHERE c.id = due.id
        RETURNING c.id, c.user_id, c.summed_messages, c.unsummed_messages, c.ended_at
    )
    SELECT l.id AS conversation_id, l.user_id, l.summed_messages AS summed, s.content AS summary,
           COALESCE(p.language, $6) AS language,
           (SELECT json_agg(n ORDER BY n.place) FROM (
                SELECT m.place, m.role, m.text, m.has_image, m.created_at FROM messages m
                WHERE m.conversation_id = l.id AND m.place > l.summed_messages ORDER BY m.place
                LIMIT LEAST($5, l.unsummed_messages - CASE WHEN l.ended_at IS NULL THEN $4 ELSE 0 END)) n) AS messages
    FROM leased l
    LEFT JOIN summaries s ON s.conversation_id = l.id
    LEFT JOIN settings p ON p.user_id = l.user_id";

/// The person's row is locked first, as in every statement that writes for them. $1 conversation, $2 person, $3 place up to
/// which it held them before, $4 now, $5 content, $6 covers until, $7 now.
const WRITE: &str = "
    WITH person AS (
        SELECT id FROM users WHERE id = $2 FOR KEY SHARE
    ), moved AS (
        UPDATE conversations c SET summed_messages = $4, summary_leased_until = NULL
        FROM person WHERE c.id = $1 AND c.user_id = person.id AND c.summed_messages = $3
        RETURNING c.id
    )
    INSERT INTO summaries AS s (conversation_id, user_id, content, messages, covers_until, updated_at)
    SELECT id, $2, $5, $4, $6, $7 FROM moved
    ON CONFLICT (conversation_id) DO UPDATE
    SET content = excluded.content, messages = excluded.messages, covers_until = GREATEST(s.covers_until, excluded.covers_until),
        updated_at = excluded.updated_at";

/// When a conversation is due, and how much is taken at once.
#[derive(Clone, Copy, Debug)]
pub struct SummaryRule {
    /// Unsummed messages that make an open conversation due; one that ended is due with any.
    pub due_at: i32,
    /// How many of the newest stay unsummed while it is open.
    pub keep: i32,
    /// Most messages in one pass.
    pub batch: i32,
}

impl Summaries<'_> {
    /// Leases the conversation that needs it most; nothing when none does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim(
        &self,
        rule: SummaryRule,
        default_language: Language,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Option<Unsummed>, StoreError> {
        #[derive(Deserialize)]
        struct Placed {
            place: i32,
            #[serde(flatten)]
            message: Message,
        }
        #[derive(FromRow)]
        struct Row {
            conversation_id: Uuid,
            user_id: i64,
            summed: i32,
            summary: Option<String>,
            language: String,
            messages: Option<Json<Vec<Placed>>>,
        }
        let row: Option<Row> = sqlx::query_as(CLAIM)
            .bind(now)
            .bind(now + lease)
            .bind(rule.due_at)
            .bind(rule.keep)
            .bind(rule.batch)
            .bind(default_language.as_str())
            .fetch_optional(&self.0.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let placed = row.messages.map(|json| json.0).unwrap_or_default();
        let (places, messages): (Vec<_>, Vec<_>) = placed.into_iter().map(|p| (p.place, p.message)).unzip();
        if messages.is_empty() {
            return Ok(None);
        }
        Ok(Some(Unsummed {
            conversation_id: row.conversation_id,
            user_id: row.user_id,
            language: parse("settings.language", &row.language, default_language),
            summary: row.summary.map(|token| self.0.keys.decrypt(&token, "summaries.content")).transpose()?,
            summed: row.summed,
            messages,
            places,
        }))
    }

    /// Writes the summary that now also holds `unsummed.messages`, and moves the mark. False when another was faster, or
    /// the person was removed.
    ///
    /// # Errors
    /// [`StoreError`]; then the mark has not moved, and the lease runs out by itself.
    pub async fn write(&self, unsummed: &Unsummed, content: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let Some(mark) = unsummed.places.iter().take(unsummed.messages.len()).next_back() else { return Ok(false) };
        let covers_until = unsummed.messages.iter().map(|message| message.created_at).max().unwrap_or(now);
        let done = sqlx::query(WRITE)
            .bind(unsummed.conversation_id)
            .bind(unsummed.user_id)
            .bind(unsummed.summed)
            .bind(mark)
            .bind(self.0.keys.encrypt(content))
            .bind(covers_until)
            .bind(now)
            .execute(&self.0.pool)
            .await?;
        Ok(done.rows_affected() > 0)
    }
}
