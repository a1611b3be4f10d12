//! A copy of everything that is kept of a person: that they asked for it, and what is in it.
//!
//! What is said and what was summed up is read page by page, however much it is; the rest is small. A test compares
//! [`SECTIONS`] with the catalogue: every table that has a `user_id` is in the copy, or is named with the reason why not.

use chrono::{DateTime, NaiveDate, Utc};
use evolve_domain::profile::Settings;
use serde_json::{Map, Value};
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{Keyring, Store, StoreError, messages::legible};

/// How [`Exports::ask`] went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// They may have it now.
    Granted,
    /// They asked on this day already.
    Today,
    /// They never came.
    Nobody,
}

/// A conversation, as it is listed and copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Talk {
    /// Its id.
    pub id: Uuid,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Messages of both sides.
    pub messages: i32,
    /// What it is called.
    pub title: Option<String>,
    /// What it was about.
    pub summary: Option<String>,
}

/// A conversation, as it is kept.
#[derive(FromRow)]
pub(crate) struct TalkRow {
    id: Uuid,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    messages: i32,
    title: Option<String>,
    summary: Option<String>,
}

impl TalkRow {
    /// Decrypts it. A title or a summary that no key opens is left out, and takes no other along.
    pub(crate) fn open(self, keys: &Keyring) -> Talk {
        Talk {
            id: self.id,
            started_at: self.started_at,
            ended_at: self.ended_at,
            messages: self.messages,
            title: self.title.and_then(|token| legible(keys.decrypt(&token, "conversations.title"))),
            summary: self.summary.and_then(|token| legible(keys.decrypt(&token, "summaries.content"))),
        }
    }
}

/// Copies. Borrowed from [`Store::exports`].
#[derive(Debug)]
pub struct Exports<'a>(&'a Store);

impl Store {
    /// Copies of everything that is kept of people.
    #[must_use]
    pub fn exports(&self) -> Exports<'_> {
        Exports(self)
    }
}

/// $1 person, $2 now, $3 default zone.
const ASK: &str = "
    WITH person AS (
        SELECT u.id, day_in(COALESCE(s.time_zone, $3), $2) AS day
        FROM users u LEFT JOIN settings s ON s.user_id = u.id WHERE u.id = $1 FOR NO KEY UPDATE OF u
    ), asked AS (
        INSERT INTO exports (user_id, day, asked_at) SELECT id, day, $2 FROM person
        ON CONFLICT DO NOTHING RETURNING user_id
    )
    SELECT EXISTS (SELECT FROM person), EXISTS (SELECT FROM asked)";

/// $1 person, $2 since when.
const IS_ASKED: &str = "SELECT EXISTS (SELECT FROM exports WHERE user_id = $1 AND asked_at > $2)";

/// $1 person, $2/$3 the start and the id of the one before, $4 how many.
const TALKS: &str = "
    SELECT c.id, c.started_at, c.ended_at, c.messages, c.title, s.content AS summary
    FROM conversations c LEFT JOIN summaries s ON s.conversation_id = c.id
    WHERE c.user_id = $1 AND (c.started_at, c.id) > ($2, $3) ORDER BY c.started_at, c.id LIMIT $4";

/// $1 person, $2 the turn before, $3 how many.
const PICTURES: &str = "
    SELECT id, reply_picture FROM turns
    WHERE user_id = $1 AND reply_picture IS NOT NULL AND id > $2 ORDER BY id LIMIT $3";

const WEEKS: &str =
    "SELECT starts_on, content FROM weeks WHERE user_id = $1 AND content IS NOT NULL ORDER BY starts_on";

/// What is copied as it stands, by its table. $1 person.
pub const SECTIONS: [(&str, &str); 16] = [
    // What was said is in the messages, except for inline mode, whose answers are here alone; the pictures of answers are files
    // of their own.
    ("turns", "
        SELECT json_agg(r ORDER BY r.started_at) FROM (
            SELECT id AS turn_id, started_at, quoted, image_ref, reply_picture IS NOT NULL AS has_picture,
                   CASE WHEN key LIKE 'inline-%' THEN reply END AS inline_answer
            FROM turns
            WHERE user_id = $1 AND (quoted IS NOT NULL OR image_ref IS NOT NULL OR reply_picture IS NOT NULL
                                    OR (key LIKE 'inline-%' AND reply IS NOT NULL))) r"),
    // What could not be answered, and is kept as it came.
    ("inbox", "
        SELECT json_agg(r ORDER BY r.received_at) FROM (
            SELECT received_at, payload,
                   COALESCE(payload #>> '{message,text}', payload #>> '{message,caption}',
                            payload #>> '{edited_message,text}', payload #>> '{edited_message,caption}') AS words
            FROM inbox WHERE user_id = $1 AND state <> 'pending' AND payload IS NOT NULL) r"),
    ("tool_calls", "
        SELECT json_agg(r ORDER BY r.day, r.name) FROM (
            SELECT (created_at AT TIME ZONE 'UTC')::date AS day, name, count(*) AS times FROM tool_calls
            WHERE user_id = $1 GROUP BY 1, 2) r"),
    ("deletions", "
        SELECT json_agg(r) FROM (SELECT asked_at, due_at FROM deletions WHERE user_id = $1) r"),
    ("exports", "
        SELECT json_agg(r ORDER BY r.day) FROM (SELECT day, asked_at FROM exports WHERE user_id = $1) r"),
    ("usage_days", "
        SELECT json_agg(r ORDER BY r.day) FROM (
            SELECT day, messages, input_tokens, output_tokens FROM usage_days WHERE user_id = $1) r"),
    ("relationship_events", "
        SELECT json_agg(r ORDER BY r.day, r.kind) FROM (
            SELECT day, kind, count(*) AS times, sum(points) AS points, max(level_after) AS level
            FROM relationship_events WHERE user_id = $1 GROUP BY day, kind) r"),
    ("payments", "
        SELECT json_agg(r ORDER BY r.paid_at) FROM (
            SELECT charge_id, way, currency, amount, matched, paid_at, covers_until, refund_asked_at, refunded_at, declined_at
            FROM payments WHERE user_id = $1) r"),
    ("subscriptions", "
        SELECT json_agg(r ORDER BY r.begun_at) FROM (
            SELECT charge_id, begun_at, renews_at, wanted, stopped_at FROM subscriptions WHERE user_id = $1) r"),
    ("feedback", "
        SELECT json_agg(r ORDER BY r.given_at) FROM (
            SELECT turn_id, reaction, given_at FROM feedback WHERE user_id = $1) r"),
    (
        "audio_files",
        "
        SELECT json_agg(r ORDER BY r.created_at) FROM (
            SELECT turn_id, message_id, kind, mime, bytes, duration_ms, file_ref, created_at FROM audio_files WHERE user_id = $1) r",
    ),
    // Of the settings, what is read by nobody but who speaks.
    (
        "settings",
        "
        SELECT json_agg(r) FROM (SELECT voice_mode, voice, zone_is_chosen FROM settings WHERE user_id = $1) r",
    ),
    ("consents", "
        SELECT json_agg(r ORDER BY r.what) FROM (
            SELECT what, words, agreed, decided_at, minor_said_at FROM consents WHERE user_id = $1) r"),
    // Who brought whom is theirs too: it is when, and not who.
    ("referrals", "
        SELECT json_agg(r ORDER BY r.referred_at) FROM (
            SELECT referred_at, CASE WHEN user_id = $1 THEN 'came by a link' ELSE 'brought somebody' END AS what
            FROM referrals WHERE user_id = $1 OR referrer_id = $1) r"),
    // Kept for a day, so that an answer in a group has its context.
    ("room_turns", "
        SELECT json_agg(r ORDER BY r.said_at) FROM (
            SELECT said, reply, said_at FROM room_turns WHERE user_id = $1) r"),
    ("proactive_messages", "
        SELECT json_agg(r ORDER BY r.day) FROM (
            SELECT day, kind FROM proactive_messages WHERE user_id = $1) r"),
];

impl Exports<'_> {
    /// A person asks for a copy: once on a day of theirs.
    ///
    /// # Errors
    /// [`StoreError`]; then they have not asked.
    pub async fn ask(&self, user_id: i64, defaults: Settings, now: DateTime<Utc>) -> Result<Asked, StoreError> {
        let query = sqlx::query_as(ASK).bind(user_id).bind(now).bind(defaults.time_zone.name());
        let (is_known, is_new): (bool, bool) = query.fetch_one(&self.0.pool).await?;
        Ok(match (is_known, is_new) {
            (false, _) => Asked::Nobody,
            (true, false) => Asked::Today,
            (true, true) => Asked::Granted,
        })
    }

    /// Whether they have asked since.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_asked(&self, user_id: i64, since: DateTime<Utc>) -> Result<bool, StoreError> {
        let (asked,) = sqlx::query_as(IS_ASKED).bind(user_id).bind(since).fetch_one(&self.0.pool).await?;
        Ok(asked)
    }

    /// Conversations after one, oldest first; from the first on where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn talks(&self, user_id: i64, after: Option<&Talk>, limit: u32) -> Result<Vec<Talk>, StoreError> {
        let rows: Vec<TalkRow> = sqlx::query_as(TALKS)
            .bind(user_id)
            .bind(after.map_or(DateTime::UNIX_EPOCH, |talk| talk.started_at))
            .bind(after.map_or(Uuid::nil(), |talk| talk.id))
            .bind(i64::from(limit))
            .fetch_all(&self.0.pool)
            .await?;
        Ok(rows.into_iter().map(|row| row.open(&self.0.keys)).collect())
    }

    /// Pictures that were drawn for answers, by their turn, after that of one; from the first on where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pictures(
        &self,
        user_id: i64,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<(Uuid, Vec<u8>)>, StoreError> {
        let query = sqlx::query_as(PICTURES).bind(user_id).bind(after.unwrap_or(Uuid::nil())).bind(i64::from(limit));
        Ok(query.fetch_all(&self.0.pool).await?)
    }

    /// What each week was about, by its Monday. One that no key opens is left out, and takes no other along.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn weeks(&self, user_id: i64) -> Result<Vec<(NaiveDate, String)>, StoreError> {
        let rows: Vec<(NaiveDate, String)> = sqlx::query_as(WEEKS).bind(user_id).fetch_all(&self.0.pool).await?;
        let open = |(monday, token): (NaiveDate, String)| {
            Some((monday, legible(self.0.keys.decrypt(&token, "weeks.content"))?))
        };
        Ok(rows.into_iter().filter_map(open).collect())
    }

    /// What is copied as it stands, by its table.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sections(&self, user_id: i64) -> Result<Map<String, Value>, StoreError> {
        let mut sections = Map::new();
        for (table, statement) in SECTIONS {
            let (rows,): (Option<Json<Value>>,) =
                sqlx::query_as(statement).bind(user_id).fetch_one(&self.0.pool).await?;
            sections.insert(table.to_owned(), rows.map_or_else(|| Value::Array(Vec::new()), |json| json.0));
        }
        Ok(sections)
    }
}
