//! What was said: what a turn recalls of it, and the partitions that hold it.

use chrono::{DateTime, NaiveDate, Utc};
use evolve_domain::memory::question::Question;
use serde::Deserialize;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    facts::{self, Fact, FactRow},
    memory::{Found, Postings, best, places},
    vectors::{Meaning, near, nothing_near},
};

/// Who said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person.
    User,
    /// The companion.
    Assistant,
}

impl Role {
    /// Its name in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// A message of the past.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Message {
    /// Who said it.
    pub role: Role,
    /// What was said.
    pub text: String,
    /// Whether a picture came with it.
    pub has_image: bool,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// What a turn knows of the past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recall {
    /// Newest messages of the open conversation, oldest first; before them the end of those before that fell silent, back to the
    /// last that the person ended.
    pub messages: Vec<Message>,
    /// Whether the open conversation has more than these.
    pub more_messages: bool,
    /// What the open conversation was about before.
    pub summary: Option<String>,
    /// What the newest earlier conversations were about, newest first.
    pub earlier: Vec<String>,
    /// What the weeks before those were about, by their Monday, newest first.
    pub weeks: Vec<(NaiveDate, String)>,
    /// Facts that hold, newest first.
    pub facts: Vec<Fact>,
    /// Those of them whose meaning is nearest to that of the message, nearest first; none where they need no choice.
    pub facts_near: Vec<Uuid>,
    /// What they are at, for whoever changes them.
    pub facts_version: i32,
    /// What was said long ago that the message may be about, most likely first.
    pub remembered: Vec<Message>,
}

/// What was said. Borrowed from [`Store::messages`].
#[derive(Debug)]
pub struct Messages<'a>(&'a Store);

impl Store {
    /// What was said.
    #[must_use]
    pub fn messages(&self) -> Messages<'_> {
        Messages(self)
    }
}

/// $1 person, $2 turns whose messages are left out (its own, from a failed attempt; the one that it takes the place of), $3 messages, $4 earlier summaries, $5 facts,
/// $6 numbers of old messages, $7 the month of each, as in [`crate::memory`], $8 messages of the conversations before that fell
/// silent, back to the last that the person ended; their times say which partitions hold them, give or take how long a turn may
/// last. $9 weeks. A week of which a conversation is shown by itself is shown too if it had others.
macro_rules! recall {
    ($meaning:literal, $near:expr) => {
        concat!(
            "
    WITH open AS (
        SELECT id FROM conversations WHERE user_id = $1 AND ended_at IS NULL
    ), newest AS (
        SELECT m.role, m.text, m.has_image, m.created_at, m.id, m.number FROM messages m
        WHERE m.conversation_id = (SELECT id FROM open) AND m.turn_id <> ALL ($2)
        ORDER BY m.created_at DESC, m.id DESC LIMIT $3 + 1
    ), before AS (
        SELECT l.id, l.started_at, l.ended_at FROM (
            SELECT e.id, e.started_at, e.ended_at, bool_and(e.silent) OVER since AS goes_on,
                   sum(e.messages) OVER since - e.messages AS newer
            FROM (SELECT id, started_at, ended_at, silent, messages FROM conversations
                  WHERE user_id = $1 AND ended_at IS NOT NULL ORDER BY started_at DESC LIMIT $8) e
            WINDOW since AS (ORDER BY e.started_at DESC)) l
        WHERE l.goes_on AND l.newer < $8
    ), carried AS (
        SELECT c.* FROM before b CROSS JOIN LATERAL (
            SELECT m.role, m.text, m.has_image, m.created_at, m.id, m.number FROM messages m
            WHERE m.conversation_id = b.id AND m.turn_id <> ALL ($2)
              AND m.created_at >= b.started_at - interval '1 day' AND m.created_at <= b.ended_at + interval '1 day'
            ORDER BY m.created_at DESC, m.id DESC LIMIT $8) c
        ORDER BY c.created_at DESC, c.id DESC LIMIT GREATEST(LEAST($8, $3 - (SELECT count(*) FROM newest)), 0)
    ), shown AS (
        SELECT s.content, s.covers_until FROM summaries s
        WHERE s.user_id = $1 AND s.conversation_id NOT IN (SELECT id FROM open)
        ORDER BY s.covers_until DESC LIMIT $4
    ), oldest AS (
        SELECT min(covers_until) AS covers_until FROM shown
    )
    SELECT (SELECT json_agg(n ORDER BY n.created_at DESC, n.id DESC)
            FROM (SELECT * FROM newest UNION ALL SELECT * FROM carried) n) AS messages,
           (SELECT s.content FROM summaries s, open WHERE s.conversation_id = open.id) AS summary,
           ARRAY(SELECT content FROM shown ORDER BY covers_until DESC) AS earlier,
           (SELECT json_agg(json_build_array(w.starts_on, w.content) ORDER BY w.starts_on DESC) FROM (
                SELECT w.starts_on, w.content FROM weeks w, oldest
                WHERE w.user_id = $1 AND w.content IS NOT NULL AND EXISTS (
                    SELECT FROM summaries s
                    WHERE s.user_id = $1 AND s.covers_until >= w.starts_on::timestamp AT TIME ZONE 'UTC'
                      AND s.covers_until < LEAST((w.starts_on + 7)::timestamp AT TIME ZONE 'UTC', oldest.covers_until))
                ORDER BY w.starts_on DESC LIMIT $9) w) AS weeks,
           (SELECT json_agg(f ORDER BY f.last_said_at DESC, f.id DESC) FROM (
                SELECT id, category, content, chain, confidence, day, created_at, last_said_at, times_said, ended_at",
            $meaning,
            " FROM facts
                WHERE user_id = $1 AND ended_at IS NULL AND forgotten_at IS NULL
                ORDER BY last_said_at DESC, id DESC LIMIT $5) f) AS facts,
           COALESCE((SELECT facts_version FROM users WHERE id = $1), 0) AS facts_version,
           (SELECT json_agg(f) FROM (
                SELECT m.* FROM unnest($6::integer[], $7::date[]) AS c (number, month) CROSS JOIN LATERAL (
                    SELECT number, role, text, has_image, created_at, place = 1 AS opens FROM messages
                    WHERE user_id = $1 AND number = c.number AND turn_id <> ALL ($2)
                      AND created_at >= c.month::timestamp AT TIME ZONE 'UTC'
                      AND created_at < (c.month + interval '1 month') AT TIME ZONE 'UTC'
                    LIMIT 1) AS m) f) AS found, ",
            $near
        )
    };
}

const RECALL: &str = recall!("", nothing_near!());

/// As [`RECALL`]; $10 vector, $11 its model, $12 how long all facts together are where they may not all be shown: only then are
/// their vectors read. What is shown anyway must not take the place of what was said long ago.
const RECALL_NEAR: &str = recall!(
    ", CASE WHEN meaning_space = $11 AND $12 < (
                           SELECT sum(length(h.content)) FROM facts h
                           WHERE h.user_id = $1 AND h.ended_at IS NULL AND h.forgotten_at IS NULL)
                       THEN meaning END AS meaning",
    near!(
        "$10",
        "$11",
        "AND number < COALESCE((SELECT min(s.number) FROM (SELECT number FROM newest UNION ALL SELECT number FROM carried) s), 2147483647)",
        "AND turn_id <> ALL ($2)"
    )
);

/// Encrypted facts that are together not longer than this are all shown, whatever the plan: a token takes five characters at
/// least, and the smallest budget is 1,500.
const ALL_SHOWN: i64 = 5 * 1500;

const ENSURE_PARTITIONS: &str = "SELECT ensure_message_partitions($1, $2)";

/// How much to recall.
#[derive(Clone, Copy, Debug)]
pub struct RecallLimits {
    /// Messages of the open conversation.
    pub messages: u32,
    /// Most of these that are carried over silences: what was talked of last before them.
    pub carried: u32,
    /// Summaries of earlier conversations.
    pub earlier: u32,
    /// Weeks before them.
    pub weeks: u32,
    /// Facts.
    pub facts: u32,
}

impl Messages<'_> {
    /// Everything that a turn needs of the past, in one query: `question` is what its message is about, and `postings`
    /// what admit found of it; `meaning` what it means, where that is known. The messages of `turns` are left out, and so is a
    /// fact or a summary that cannot be decrypted: the rest is enough for an answer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recall(
        &self,
        user_id: i64,
        turns: &[Uuid],
        limits: RecallLimits,
        question: &Question,
        postings: &Postings,
        meaning: Option<&Meaning>,
    ) -> Result<Recall, StoreError> {
        #[derive(FromRow)]
        struct Row {
            messages: Option<Json<Vec<Message>>>,
            summary: Option<String>,
            earlier: Vec<String>,
            weeks: Option<Json<Vec<(NaiveDate, String)>>>,
            facts: Option<Json<Vec<FactRow>>>,
            facts_version: i32,
            found: Option<Found>,
            near: Option<Found>,
        }
        let candidates = postings.candidates(question);
        let (numbers, months) = places(&candidates);
        let mut query = sqlx::query_as(if meaning.is_some() { RECALL_NEAR } else { RECALL })
            .bind(user_id)
            .bind(turns)
            .bind(i64::from(limits.messages))
            .bind(i64::from(limits.earlier))
            .bind(i64::from(limits.facts))
            .bind(numbers)
            .bind(months)
            .bind(i64::from(limits.carried))
            .bind(i64::from(limits.weeks));
        if let Some(Meaning { model, vector }) = meaning {
            query = query.bind(vector).bind(model).bind(ALL_SHOWN);
        }
        let row: Row = query.fetch_one(&self.0.pool).await?;
        let keys = &self.0.keys;
        let mut messages = row.messages.map(|json| json.0).unwrap_or_default();
        let wanted = usize::try_from(limits.messages).unwrap_or(usize::MAX);
        let more_messages = messages.len() > wanted;
        messages.truncate(wanted);
        messages.reverse();
        let weeks = row.weeks.map(|json| json.0).unwrap_or_default();
        let open_week =
            |(monday, token): (NaiveDate, String)| Some((monday, legible(keys.decrypt(&token, "weeks.content"))?));
        let open_summary = |token: &String| legible(keys.decrypt(token, "summaries.content"));
        let facts = row.facts.map(|json| json.0).unwrap_or_default();
        let facts_near = meaning.map(|meaning| facts::nearest(&facts, meaning, keys)).unwrap_or_default();
        Ok(Recall {
            messages,
            more_messages,
            summary: row.summary.as_ref().and_then(open_summary),
            earlier: row.earlier.iter().filter_map(open_summary).collect(),
            weeks: weeks.into_iter().filter_map(open_week).collect(),
            facts: facts.into_iter().filter_map(|row| legible(row.open(keys))).collect(),
            facts_near,
            facts_version: row.facts_version,
            remembered: best(question, &candidates, row.found, row.near),
        })
    }

    /// Makes the partitions of `months` months from `first` on where they are missing; how many were made.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ensure_partitions(&self, first: DateTime<Utc>, months: i32) -> Result<i32, StoreError> {
        let (made,) = sqlx::query_as(ENSURE_PARTITIONS).bind(first).bind(months).fetch_one(&self.0.pool).await?;
        Ok(made)
    }
}

/// What could be read; of the rest the log tells.
pub(crate) fn legible<T>(read: Result<T, StoreError>) -> Option<T> {
    read.inspect_err(|error| tracing::error!(%error, "something of the past is left out")).ok()
}
