//! An answer that takes the place of another.
//!
//! It is kept as the message that the other was, with its place in the conversation: only the words change
//! ([`super::words`]). This is not the way of an ordinary message, so it takes more than one statement, in one transaction.

use chrono::{DateTime, Utc};
use evolve_domain::profile::{ProfilePatch, Settings};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{ToolCall, TurnLease, Turns, Usage, persist::milliseconds, words::say};
use crate::{
    Keyring, StoreError,
    facts::{self, FactChanges},
    users,
};

/// A message of a person.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Said {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub created_at: DateTime<Utc>,
    /// What.
    pub text: String,
    /// Whether a picture came with it.
    pub has_image: bool,
    /// How much of it, from its end, was heard in a recording; nothing where there was none, or nobody asked.
    #[sqlx(default)]
    heard_chars: Option<i32>,
}

impl Said {
    /// What was heard in a recording; what comes before was written beside it.
    #[must_use]
    pub fn heard(&self) -> Option<&str> {
        let last = usize::try_from(self.heard_chars?).ok()?.checked_sub(1)?;
        let from = self.text.char_indices().rev().nth(last).map_or(0, |(at, _)| at);
        self.text.get(from..)
    }

    /// Whether it came with a recording.
    #[must_use]
    pub const fn was_spoken(&self) -> bool {
        self.heard_chars.is_some()
    }
}

/// The newest message of a person in their open conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Last {
    /// It was answered, and nothing was said after that.
    Answered(LastAnswer),
    /// It has no answer.
    Unanswered(Unanswered),
}

/// A message that was not answered: its turn failed, or is running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// Its Idempotency-Key.
    pub key: String,
    /// SHA-256 of its request.
    pub request_hash: [u8; 32],
    /// The message.
    pub said: Said,
    /// What it answers, as it was given to [`Turns::admit`].
    pub quoted: Option<String>,
}

/// The newest answer of an open conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastAnswer {
    /// The turn that its message belongs to.
    pub turn_id: Uuid,
    /// Its Idempotency-Key; nothing once the turn is forgotten.
    pub key: Option<String>,
    /// What it answers.
    pub said: Said,
    /// What its message answers, as it was given to [`Turns::admit`].
    pub quoted: Option<String>,
    reply_id: Uuid,
    reply_at: DateTime<Utc>,
}

impl LastAnswer {
    /// When it was given.
    #[must_use]
    pub const fn given_at(&self) -> DateTime<Utc> {
        self.reply_at
    }
}

/// What [`Turns::replace`] writes.
#[derive(Clone, Debug)]
pub struct Replace<'a> {
    /// Which answer it takes the place of.
    pub last: &'a LastAnswer,
    /// The new answer; where it is empty and has no picture, the old one stays.
    pub reply: &'a str,
    /// A picture that belongs to it.
    pub picture: Option<&'a [u8]>,
    /// What becomes of the facts.
    pub facts: &'a FactChanges,
    /// What changes in the profile.
    pub patch: &'a ProfilePatch,
    /// The person's settings as they were.
    pub settings: Settings,
    /// Tokens used.
    pub usage: Usage,
    /// Tools used.
    pub tools: &'a [ToolCall],
    /// Which model answered.
    pub model: &'a str,
    /// Milliseconds from the turn's beginning until the first words were there.
    pub first_ms: Option<u32>,
    /// When.
    pub now: DateTime<Utc>,
}

/// How [`Turns::replace`] went. Unless it is [`Replaced::Written`], nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Replaced {
    /// The answer has taken the other one's place.
    Written,
    /// The person's facts have changed since they were read.
    Outpaced,
    /// The other one is not the last any more.
    NotLast,
    /// The turn was taken over, or its person removed.
    Lost,
}

/// Only with nothing after it. Of a recording, as in [`SAID_UNDER`]. $1 person.
const LAST: &str = "
    WITH newest AS (
        SELECT m.id, m.created_at, m.turn_id, m.place, m.role, m.conversation_id FROM messages m
        WHERE m.conversation_id = (SELECT id FROM conversations WHERE user_id = $1 AND ended_at IS NULL)
        ORDER BY m.place DESC LIMIT 1
    )
    SELECT n.role = 'assistant' AS is_answered, n.turn_id, n.id AS reply_id, n.created_at AS reply_at, s.id, s.created_at, s.text,
           s.has_image, t.key, t.request_hash, t.quoted, t.image_ref,
           (SELECT COALESCE(a.heard_chars, length(s.text)) FROM audio_files a
            WHERE a.turn_id = n.turn_id AND a.kind = 'in') AS heard_chars
    FROM newest n CROSS JOIN LATERAL (
        SELECT m.id, m.created_at, m.text, m.has_image FROM messages m
        WHERE m.conversation_id = n.conversation_id AND m.place <= n.place AND m.place >= n.place - 20
          AND m.turn_id = n.turn_id AND m.role = 'user'
        ORDER BY m.place DESC LIMIT 1) s
    LEFT JOIN turns t ON t.id = n.turn_id
    WHERE (s.text <> '' OR s.has_image) AND (n.role = 'assistant' OR t.state <> 'done')";

/// A message has the time at which its turn began. What was to be forgotten is not there any more: of a picture without words
/// it is known only by where the picture is. Of a recording of which nobody knows how much was heard, all was. $1 person, $2 key.
const SAID_UNDER: &str = "
    SELECT m.id, m.created_at, m.text, m.has_image,
           CASE WHEN a.id IS NOT NULL THEN COALESCE(a.heard_chars, length(m.text)) END AS heard_chars
    FROM turns t
    JOIN messages m ON m.user_id = t.user_id AND m.created_at = t.started_at AND m.turn_id = t.id AND m.role = 'user'
    LEFT JOIN audio_files a ON a.turn_id = t.id AND a.kind = 'in'
    WHERE t.user_id = $1 AND t.key = $2 AND (m.text <> '' OR t.image_ref IS NOT NULL)";

const IS_KNOWN: &str = "SELECT EXISTS (SELECT FROM turns WHERE user_id = $1 AND (key = $2 OR also_key = $2))";

const KNOWN: &str = "SELECT key FROM turns WHERE user_id = $1 AND key = ANY ($2)";

const HELD: &str = "
    SELECT id FROM turns WHERE id = $1 AND attempt = $2 AND user_id = $3 AND state = 'running' FOR UPDATE";

const IS_LAST: &str = "
    SELECT EXISTS (
        SELECT FROM conversations c JOIN messages m ON m.conversation_id = c.id AND m.place = c.messages
        WHERE c.user_id = $1 AND c.ended_at IS NULL AND m.id = $2)";

const SHOW: &str = "UPDATE messages SET has_image = $3 WHERE id = $1 AND created_at = $2 AND has_image <> $3";

/// $1 turn, $2 answer, $3 model, $4 now, $5 the turn before, $6 input and $7 output tokens, $8/$9 tools, $10 its picture, $11 how
/// long the first words took. It is empty where it was stopped before its first word; with a picture, it may have no words. Turns before it
/// are told its words from now on; that they drew something, or did not, stays so.
const END: &str = "
    WITH ended AS (
        UPDATE turns SET state = 'done', reply = $2, reply_picture = $10, model = $3, finished_at = $4, message_stored = true, again_of = $5,
                         input_tokens = $6, output_tokens = $7, first_ms = $11, drew = $10::bytea IS NOT NULL
        WHERE id = $1 RETURNING id, user_id, day
    ), before AS (
        UPDATE turns SET reply = $2, reply_picture = $10
        WHERE (id = $5 OR again_of = $5) AND user_id = (SELECT user_id FROM ended) AND id <> $1
          AND ($2 <> '' OR $10::bytea IS NOT NULL)
    ), used AS (
        UPDATE usage_days d SET input_tokens = d.input_tokens + $6, output_tokens = d.output_tokens + $7
        FROM ended e WHERE d.user_id = e.user_id AND d.day = e.day
    ), called AS (
        INSERT INTO tool_calls (turn_id, user_id, name, ok, created_at)
        SELECT e.id, e.user_id, t.name, t.ok, $4 FROM ended e, unnest($8::text[], $9::boolean[]) AS t (name, ok)
    )
    SELECT pg_notify('turn_done', id::text)::text FROM ended";

#[derive(FromRow)]
struct LastRow {
    is_answered: bool,
    turn_id: Uuid,
    reply_id: Uuid,
    reply_at: DateTime<Utc>,
    #[sqlx(flatten)]
    said: Said,
    key: Option<String>,
    request_hash: Option<Vec<u8>>,
    quoted: Option<String>,
    image_ref: Option<String>,
}

impl LastRow {
    fn open(self) -> Option<Last> {
        let Self { turn_id, reply_id, reply_at, said, key, quoted, .. } = self;
        if self.is_answered {
            return Some(Last::Answered(LastAnswer { turn_id, key, said, quoted, reply_id, reply_at }));
        }
        let request_hash = self.request_hash?.try_into().ok()?;
        Some(Last::Unanswered(Unanswered { key: key?, request_hash, said, quoted }))
    }
}

impl Turns<'_> {
    /// The newest message of a person's open conversation, and its answer if it has one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last(&self, user_id: i64) -> Result<Option<Last>, StoreError> {
        let row: Option<LastRow> = sqlx::query_as(LAST).bind(user_id).fetch_optional(&self.0.pool).await?;
        Ok(row.and_then(LastRow::open))
    }

    /// Where the picture is that came with the newest message of a person's open conversation, and that message's key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_picture(&self, user_id: i64) -> Result<Option<(String, String)>, StoreError> {
        let row: Option<LastRow> = sqlx::query_as(LAST).bind(user_id).fetch_optional(&self.0.pool).await?;
        Ok(row.filter(|row| row.said.has_image).and_then(|row| row.key.zip(row.image_ref)))
    }

    /// What a person said under a key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn said_under(&self, user_id: i64, key: &str) -> Result<Option<Said>, StoreError> {
        Ok(sqlx::query_as(SAID_UNDER).bind(user_id).bind(key).fetch_optional(&self.0.pool).await?)
    }

    /// Whether a key was used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_known(&self, user_id: i64, key: &str) -> Result<bool, StoreError> {
        let (known,) = sqlx::query_as(IS_KNOWN).bind(user_id).bind(key).fetch_one(&self.0.pool).await?;
        Ok(known)
    }

    /// Which of these keys turns began with.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn known(&self, user_id: i64, keys: &[&str]) -> Result<Vec<String>, StoreError> {
        let known: Vec<(String,)> = sqlx::query_as(KNOWN).bind(user_id).bind(keys).fetch_all(&self.0.pool).await?;
        Ok(known.into_iter().map(|(key,)| key).collect())
    }

    /// Ends a turn whose answer takes the place of another one.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn replace(&self, turn: &TurnLease, work: &Replace<'_>) -> Result<Replaced, StoreError> {
        let replaced = async {
            let mut transaction = self.0.pool.begin().await?;
            let written = replace(&mut transaction, &self.0.keys, turn, work).await?;
            if written == Replaced::Written {
                transaction.commit().await?;
            }
            Ok(written)
        };
        self.0.pool.soon(replaced).await
    }
}

async fn replace(
    connection: &mut PgConnection,
    keys: &Keyring,
    turn: &TurnLease,
    work: &Replace<'_>,
) -> Result<Replaced, StoreError> {
    let (user_id, last) = (turn.user_id, work.last);
    users::hold(&mut *connection, user_id).await?;
    let held = sqlx::query(HELD).bind(turn.turn_id).bind(turn.attempt).bind(user_id);
    if held.fetch_optional(&mut *connection).await?.is_none() {
        return Ok(Replaced::Lost);
    }
    let (is_last,): (bool,) =
        sqlx::query_as(IS_LAST).bind(user_id).bind(last.reply_id).fetch_one(&mut *connection).await?;
    if !is_last {
        return Ok(Replaced::NotLast);
    }
    if !work.reply.is_empty() || work.picture.is_some() {
        let reply = (last.reply_id, last.reply_at);
        say(connection, user_id, reply, work.reply).await?;
        let show = sqlx::query(SHOW).bind(reply.0).bind(reply.1).bind(work.picture.is_some());
        show.execute(&mut *connection).await?;
    }
    // What is forgotten from now on was asked for in this answer, and is looked for under its time.
    let facts = work.facts;
    if !facts.is_empty() && !facts::write(connection, keys, user_id, facts, last.reply_at).await? {
        return Ok(Replaced::Outpaced);
    }
    if !work.patch.is_empty() {
        users::change(connection, keys, user_id, work.patch, work.settings, work.now).await?;
    }
    sqlx::query(END)
        .bind(turn.turn_id)
        .bind(work.reply)
        .bind(work.model)
        .bind(work.now)
        .bind(last.turn_id)
        .bind(i64::try_from(work.usage.input_tokens).unwrap_or(i64::MAX))
        .bind(i64::try_from(work.usage.output_tokens).unwrap_or(i64::MAX))
        .bind(work.tools.iter().map(|tool| tool.name).collect::<Vec<_>>())
        .bind(work.tools.iter().map(|tool| tool.ok).collect::<Vec<_>>())
        .bind(work.picture)
        .bind(milliseconds(work.first_ms))
        .execute(connection)
        .await?;
    Ok(Replaced::Written)
}
