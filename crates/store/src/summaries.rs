//! Rolling summaries: which conversation needs one, and the write that moves its mark.
//!
//! The mark (`conversations.summed_messages`) moves only together with the summary that holds those messages, and counts
//! places (`messages.place`), which are given out in the order of writing. So no message is ever passed over: not even one
//! that is written late, by a slow turn, with a time long before those that are summed up already.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::{language::Language, plan::Plan};
use serde::Deserialize;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    facts::{self, FactChanges, Source},
    messages::{Message, Role, legible},
    users::{hold, parse},
};

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
    /// The plan in force.
    pub plan: Plan,
    /// The place of each of them, and its id.
    places: Vec<(i32, Uuid)>,
    /// The place up to which facts were looked for.
    extracted: i32,
    /// Places before it at which the words have changed since.
    reread: Vec<i32>,
    /// The lease: only who holds it writes. It is taken away where something is to be forgotten.
    leased_until: DateTime<Utc>,
}

impl Unsummed {
    /// The message at `index` of [`Unsummed::messages`], if a fact can have been told in it: the person said it, and nobody
    /// has looked for facts in it yet.
    #[must_use]
    pub fn source(&self, index: usize) -> Option<Source> {
        let (message, (place, id)) = (self.messages.get(index)?, self.places.get(index)?);
        let tells = message.role == Role::User && (*place > self.extracted || self.reread.contains(place));
        tells.then_some(Source { message_id: *id, said_at: message.created_at })
    }
}

/// What is written of a pass.
#[derive(Clone, Copy, Debug)]
pub struct Digest<'a> {
    /// The summary that now also holds the messages.
    pub summary: &'a str,
    /// What the conversation is called; nothing to leave that as it is.
    pub title: Option<&'a str>,
    /// What it is called as long as it has no title.
    pub stand_in: Option<&'a str>,
    /// What was told in the messages.
    pub facts: &'a FactChanges,
}

impl<'a> Digest<'a> {
    /// A summary, and nothing beside it.
    #[must_use]
    pub const fn of(summary: &'a str) -> Self {
        Self { summary, title: None, stand_in: None, facts: FactChanges::NONE }
    }
}

/// How [`Summaries::write`] went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Written {
    /// All was written.
    Done,
    /// Nothing was, for the person's facts have changed: what becomes of them is to be worked out anew.
    Outpaced,
    /// Nothing was: another was faster, or the person was removed, or asked to have something forgotten.
    Lost,
}

impl Written {
    /// Whether all was written.
    #[must_use]
    pub fn is_done(self) -> bool {
        self == Self::Done
    }
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

/// A lease is twice as long with each time that nothing was written after it, and at most a day: what cannot be summed up
/// must not keep the others from it. Whoever is owed forgetting waits until that is paid: what is to go still stands in the
/// messages, and among the facts that are known it is missing, so that a model would tell it once more. $1 now, $2 the shortest lease, $3 how many unsummed messages make an open conversation
/// due, $4 how many of them stay unsummed, $5 most messages at once, $6 default language.
const CLAIM: &str = "
    WITH due AS (
        SELECT id FROM conversations c
        WHERE summary_need > 0 AND summary_need >= $3
          AND (summary_leased_until IS NULL OR summary_leased_until <= $1)
          AND NOT EXISTS (SELECT FROM facts f WHERE f.user_id = c.user_id AND f.forgotten_at IS NOT NULL)
        ORDER BY summary_need DESC LIMIT 1 FOR UPDATE OF c SKIP LOCKED
    ), leased AS (
        UPDATE conversations c
        SET summary_leased_until = $1 + LEAST($2::interval * (1 << LEAST(c.summary_attempts, 20)), interval '1 day'),
            summary_attempts = c.summary_attempts + 1
        FROM due WHERE c.id = due.id
        RETURNING c.id, c.user_id, c.messages, c.summed_messages, c.unsummed_messages, c.extracted_messages, c.reread, c.ended_at,
                  c.summary_leased_until
    )
    SELECT l.id AS conversation_id, l.user_id, l.messages AS said, l.summed_messages AS summed, l.extracted_messages AS extracted, l.reread,
           l.summary_leased_until AS leased_until, s.content AS summary, COALESCE(p.language, $6) AS language, u.plan, u.premium_until,
           (SELECT json_agg(n ORDER BY n.place) FROM (
                SELECT m.id, m.place, m.role, m.text, m.has_image, m.created_at FROM messages m
                WHERE m.conversation_id = l.id AND m.place > l.summed_messages ORDER BY m.place
                LIMIT LEAST($5, l.unsummed_messages - CASE WHEN l.ended_at IS NULL THEN $4 ELSE 0 END)) n) AS messages
    FROM leased l
    JOIN users u ON u.id = l.user_id
    LEFT JOIN summaries s ON s.conversation_id = l.id
    LEFT JOIN settings p ON p.user_id = l.user_id";

/// The person's row is locked first, as in every statement that writes for them. What was asked to be forgotten while the pass
/// was under way may be told in it: then nothing is written. $1 conversation, $2 person, $3 place up to
/// which it held them before, $4 now, $5 content, $6 covers until, $7 now, $8 title, $9 lease,
/// $10 what it is called where it has none.
const WRITE: &str = "
    WITH person AS (
        SELECT id FROM users WHERE id = $2 FOR NO KEY UPDATE
    ), moved AS (
        UPDATE conversations c SET summed_messages = $4, summary_leased_until = NULL, title = COALESCE($8, c.title, $10),
                                   extracted_messages = GREATEST(c.extracted_messages, $4),
                                   reread = ARRAY(SELECT place FROM unnest(c.reread) AS place WHERE place > $4), summary_attempts = 0
        FROM person WHERE c.id = $1 AND c.user_id = person.id AND c.summed_messages = $3 AND c.summary_leased_until = $9
          AND NOT EXISTS (SELECT FROM facts f WHERE f.user_id = person.id AND f.forgotten_at IS NOT NULL)
        RETURNING c.id
    ), week AS (
        INSERT INTO weeks AS w (user_id, starts_on, updated_at)
        SELECT $2, date_trunc('week', $6 AT TIME ZONE 'UTC')::date, $7 FROM moved
        ON CONFLICT (user_id, starts_on) DO UPDATE SET stale = true, leased_until = NULL, attempts = 0
    )
    INSERT INTO summaries AS s (conversation_id, user_id, content, messages, covers_until, updated_at)
    SELECT id, $2, $5, $4, $6, $7 FROM moved
    ON CONFLICT (conversation_id) DO UPDATE
    SET content = excluded.content, messages = excluded.messages, covers_until = GREATEST(s.covers_until, excluded.covers_until),
        updated_at = excluded.updated_at";

/// Of what nobody has summed up in all the time that it was kept nothing is left: the mark moves past it, or the conversation
/// would be due for ever. $1 conversation, $2 person, $3 lease, $4 how many messages it had when it was leased.
const PASS_BY: &str = "
    WITH person AS (
        SELECT id FROM users WHERE id = $2 FOR NO KEY UPDATE
    )
    UPDATE conversations c
    SET summed_messages = $4, extracted_messages = GREATEST(c.extracted_messages, $4), summary_leased_until = NULL,
        summary_attempts = 0
    FROM person WHERE c.id = $1 AND c.user_id = person.id AND c.summary_leased_until = $3";

/// A summary that no key opens cannot be gone on with: it is made anew of what is still kept of the conversation, which would
/// never be summed up again otherwise. Its title stays. $1 conversation, $2 person, $3 lease.
const BEGIN_ANEW: &str = "
    WITH person AS (
        SELECT id FROM users WHERE id = $2 FOR NO KEY UPDATE
    ), begun AS (
        UPDATE conversations c SET summed_messages = 0, summary_leased_until = NULL, summary_attempts = 0
        FROM person WHERE c.id = $1 AND c.user_id = person.id AND c.summary_leased_until = $3
        RETURNING c.id
    )
    DELETE FROM summaries s USING begun WHERE s.conversation_id = begun.id";

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

#[derive(Deserialize)]
struct Placed {
    place: i32,
    id: Uuid,
    #[serde(flatten)]
    message: Message,
}

#[derive(FromRow)]
struct Row {
    conversation_id: Uuid,
    user_id: i64,
    said: i32,
    summed: i32,
    extracted: i32,
    leased_until: DateTime<Utc>,
    reread: Vec<i32>,
    summary: Option<String>,
    language: String,
    plan: String,
    premium_until: Option<DateTime<Utc>>,
    messages: Option<Json<Vec<Placed>>>,
}

impl Summaries<'_> {
    /// Leases the conversation that needs it most, for `lease` or longer; nothing when none does.
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
        loop {
            let row: Option<Row> = sqlx::query_as(CLAIM)
                .bind(now)
                .bind(lease)
                .bind(rule.due_at)
                .bind(rule.keep)
                .bind(rule.batch)
                .bind(default_language.as_str())
                .fetch_optional(&self.0.pool)
                .await?;
            let Some(mut row) = row else { return Ok(None) };
            let summary = row.summary.take().map(|token| legible(self.0.keys.decrypt(&token, "summaries.content")));
            if summary == Some(None) {
                self.begin_anew(&row).await?;
                continue;
            }
            let placed = row.messages.take().map(|json| json.0).unwrap_or_default();
            if placed.is_empty() {
                // The lease keeps the next claim from finding it again, whatever becomes of this.
                self.pass_by(&row).await?;
                continue;
            }
            let (places, messages): (Vec<_>, Vec<_>) = placed.into_iter().map(|p| ((p.place, p.id), p.message)).unzip();
            return Ok(Some(Unsummed {
                conversation_id: row.conversation_id,
                user_id: row.user_id,
                language: parse("settings.language", &row.language, default_language),
                summary: summary.flatten(),
                summed: row.summed,
                messages,
                plan: parse("users.plan", &row.plan, Plan::default()).in_force(row.premium_until, now),
                places,
                extracted: row.extracted,
                reread: row.reread,
                leased_until: row.leased_until,
            }));
        }
    }

    async fn begin_anew(&self, row: &Row) -> Result<(), StoreError> {
        sqlx::query(BEGIN_ANEW)
            .bind(row.conversation_id)
            .bind(row.user_id)
            .bind(row.leased_until)
            .execute(&self.0.pool)
            .await?;
        Ok(())
    }

    async fn pass_by(&self, row: &Row) -> Result<(), StoreError> {
        sqlx::query(PASS_BY)
            .bind(row.conversation_id)
            .bind(row.user_id)
            .bind(row.leased_until)
            .bind(row.said)
            .execute(&self.0.pool)
            .await?;
        Ok(())
    }

    /// Writes what was made of `unsummed.messages`, all or nothing, and moves the mark.
    ///
    /// # Errors
    /// [`StoreError`]; then the mark has not moved, and the lease runs out by itself.
    pub async fn write(
        &self,
        unsummed: &Unsummed,
        digest: &Digest<'_>,
        now: DateTime<Utc>,
    ) -> Result<Written, StoreError> {
        let Some((mark, _)) = unsummed.places.iter().take(unsummed.messages.len()).next_back() else {
            return Ok(Written::Lost);
        };
        let covers_until = unsummed.messages.iter().map(|message| message.created_at).max().unwrap_or(now);
        let keys = &self.0.keys;
        self.0
            .pool
            .within(async {
                let mut transaction = self.0.pool.begin().await?;
                // By a statement of its own: the next one sees what whoever held the person before has asked to be forgotten.
                hold(&mut transaction, unsummed.user_id).await?;
                let done = sqlx::query(WRITE)
                    .bind(unsummed.conversation_id)
                    .bind(unsummed.user_id)
                    .bind(unsummed.summed)
                    .bind(mark)
                    .bind(keys.encrypt(digest.summary))
                    .bind(covers_until)
                    .bind(now)
                    .bind(digest.title.map(|title| keys.encrypt(title)))
                    .bind(unsummed.leased_until)
                    .bind(digest.stand_in.map(|title| keys.encrypt(title)))
                    .execute(&mut *transaction)
                    .await?;
                if done.rows_affected() == 0 {
                    return Ok(Written::Lost);
                }
                let changes = digest.facts;
                if !changes.is_empty() && !facts::write(&mut transaction, keys, unsummed.user_id, changes, now).await? {
                    return Ok(Written::Outpaced);
                }
                transaction.commit().await?;
                Ok(Written::Done)
            })
            .await
    }
}
