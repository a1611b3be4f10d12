//! The inbox: updates from Telegram until they are worked.
//!
//! Only the oldest unfinished update of a chat can be claimed, which keeps each chat in order with any number of workers
//! on any number of replicas. Among chats, premium goes before free, within bounds, and whoever writes in floods does not have
//! others wait for all of it. Finishing an update and writing what is owed for it is one statement.

mod claim;
mod end;

#[cfg(test)]
pub(crate) use claim::{CLAIM, NEXT_READY};

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use crate::{Store, StoreError};

/// Added to the chat of a reaction, which is worked apart from its chat and yet in order: Telegram's ids have 52 bits.
pub const REACTIONS: i64 = 1 << 60;

/// An update to store.
#[derive(Clone, Debug)]
pub struct NewUpdate {
    /// Telegram's number of it.
    pub update_id: i64,
    /// Its chat, where it has one.
    pub chat_id: Option<i64>,
    /// Its person, where it has one.
    pub user_id: Option<i64>,
    /// The update as Telegram sent it.
    pub payload: Value,
    /// Whether workers of its own work it, whatever the others have to do.
    pub urgent: bool,
    /// Where in a trace it came, as the W3C writes it (`traceparent`).
    pub trace: Option<String>,
}

/// An update that is the caller's to work until its lease runs out.
#[derive(Clone, Debug)]
pub struct ClaimedUpdate {
    /// Telegram's number of it.
    pub update_id: i64,
    /// Its chat.
    pub chat_id: Option<i64>,
    /// Its person.
    pub user_id: Option<i64>,
    /// The update as Telegram sent it.
    pub payload: Value,
    /// Attempts that count, this one included.
    pub attempts: i32,
    /// How many of the earlier ones failed; the others ended without a word, with the process.
    pub faults: i32,
    /// The message in which an earlier attempt has begun to show its answer.
    pub draft_id: Option<i64>,
    /// Whether somebody may have begun to work it before: their attempt was given back, or they died.
    pub repeated: bool,
    /// Why it was given back the last time.
    pub error: Option<String>,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// Where in a trace it came.
    pub trace: Option<String>,
    worker: Uuid,
}

impl ClaimedUpdate {
    /// How many attempts ended without a word: with the process that made them.
    #[must_use]
    pub fn crashes(&self) -> i32 {
        self.attempts - 1 - self.faults
    }
}

/// The inbox. Borrowed from [`Store::inbox`].
#[derive(Debug)]
pub struct Inbox<'a>(&'a Store);

impl Store {
    /// The inbox.
    #[must_use]
    pub fn inbox(&self) -> Inbox<'_> {
        Inbox(self)
    }
}

/// Whoever is on premium counts as having come a minute earlier: so they overtake. What comes while others of its chat wait counts
/// as having come a second later for each of them, a minute at most: so of somebody who sends a hundred messages at once, the
/// others wait for a few. Nobody is overtaken by what comes more than two minutes after them, however much of it there is.
const PUT: &str = "
    WITH given AS (
        SELECT u.update_id, u.chat_id, u.user_id, u.payload, u.urgent, u.trace,
               row_number() OVER (PARTITION BY u.chat_id ORDER BY u.update_id) - 1 AS before
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::jsonb[], $6::boolean[], $7::text[])
             AS u (update_id, chat_id, user_id, payload, urgent, trace)
    ), new AS (
        INSERT INTO inbox (update_id, chat_id, user_id, payload, urgent, trace, ready_at, received_at, rank)
        SELECT g.update_id, g.chat_id, g.user_id, g.payload, g.urgent, g.trace, $5, $5,
               $5 + CASE WHEN g.chat_id IS NULL THEN 0 ELSE LEAST(g.before + w.waiting, 60) END * interval '1 second'
                  - CASE WHEN p.plan = 'premium' AND (p.premium_until IS NULL OR p.premium_until > $5)
                         THEN interval '1 minute' ELSE interval '0' END
        FROM given g
        LEFT JOIN users p ON p.id = g.user_id
        CROSS JOIN LATERAL (
            SELECT count(*) AS waiting
            FROM (SELECT FROM inbox i WHERE i.chat_id = g.chat_id AND i.state = 'pending' LIMIT 60) AS others
        ) AS w
        ON CONFLICT (update_id) DO NOTHING
        RETURNING update_id
    )
    SELECT count(*), (SELECT pg_notify('inbox', '') FROM new LIMIT 1)::text FROM new";

/// $1 chat, $2 update, $3 how many.
const BEFORE: &str = "
    SELECT update_id, payload FROM inbox WHERE chat_id = $1 AND update_id < $2 AND state = 'pending'
    ORDER BY update_id LIMIT $3";

/// Read in the order of work, which is of nothing but what waits, and no further than asked. $1 most.
const WAITING: &str = "
    SELECT count(*) FROM (SELECT FROM inbox WHERE finished_at IS NULL ORDER BY rank, update_id LIMIT $1) q";

const DRAFTED: &str = "
    UPDATE inbox SET draft_id = $3 WHERE update_id = $1 AND leased_by = $2 AND state = 'pending'";

const DRAFT: &str = "SELECT draft_id FROM inbox WHERE update_id = $1";

const ALBUM: &str = "
    SELECT update_id, payload FROM inbox
    WHERE chat_id = $1 AND update_id > $2 AND state = 'pending' AND payload -> 'message' ->> 'media_group_id' = $3
    ORDER BY update_id LIMIT $4";

const KEPT: &str = "
    SELECT payload FROM inbox WHERE update_id = $1 AND chat_id = $2 AND state = 'done' AND payload IS NOT NULL";

impl Inbox<'_> {
    /// Stores updates; those that came before are left alone. How many were new.
    ///
    /// # Errors
    /// [`StoreError`]; then none is stored, and Telegram must keep them.
    pub async fn put(&self, updates: &[NewUpdate], now: DateTime<Utc>) -> Result<u64, StoreError> {
        let (new, _): (i64, Option<String>) = sqlx::query_as(PUT)
            .bind(updates.iter().map(|u| u.update_id).collect::<Vec<_>>())
            .bind(updates.iter().map(|u| u.chat_id).collect::<Vec<_>>())
            .bind(updates.iter().map(|u| u.user_id).collect::<Vec<_>>())
            .bind(updates.iter().map(|u| Json(storable(&u.payload))).collect::<Vec<_>>())
            .bind(now)
            .bind(updates.iter().map(|u| u.urgent).collect::<Vec<_>>())
            .bind(updates.iter().map(|u| u.trace.as_deref()).collect::<Vec<_>>())
            .fetch_one(&self.0.pool)
            .await?;
        Ok(u64::try_from(new).unwrap_or_default())
    }

    /// What of a chat came before an update and has not ended, oldest first: each with its number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn before(&self, chat_id: i64, update_id: i64, most: u32) -> Result<Vec<(i64, Value)>, StoreError> {
        let rows: Vec<(i64, Option<Json<Value>>)> =
            sqlx::query_as(BEFORE).bind(chat_id).bind(update_id).bind(i64::from(most)).fetch_all(&self.0.pool).await?;
        Ok(rows.into_iter().filter_map(|(update_id, payload)| Some((update_id, payload?.0))).collect())
    }

    /// How many updates wait or are being worked, as far as `most`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn waiting(&self, most: u64) -> Result<u64, StoreError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let (waiting,): (i64,) = sqlx::query_as(WAITING).bind(most).fetch_one(&self.0.pool).await?;
        Ok(u64::try_from(waiting).unwrap_or_default())
    }

    /// Remembers the message in which the answer is shown as it is made. False when the lease was lost, or given back.
    ///
    /// # Errors
    /// [`StoreError`]; then another attempt shows it in a message of its own.
    pub async fn drafted(&self, update: &ClaimedUpdate, message_id: i64) -> Result<bool, StoreError> {
        let remember = sqlx::query(DRAFTED).bind(update.update_id).bind(update.worker).bind(message_id);
        Ok(remember.execute(&self.0.pool).await?.rows_affected() > 0)
    }

    /// The message in which the answer to an update is shown as it is made, whichever attempt has begun it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn draft(&self, update_id: i64) -> Result<Option<i64>, StoreError> {
        let draft: Option<(Option<i64>,)> = sqlx::query_as(DRAFT).bind(update_id).fetch_optional(&self.0.pool).await?;
        Ok(draft.and_then(|(draft,)| draft))
    }

    /// The payload of an update of this chat that was kept; nothing where it was worked since, or is gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn kept(&self, update_id: i64, chat_id: i64) -> Result<Option<Value>, StoreError> {
        let row: Option<(Json<Value>,)> =
            sqlx::query_as(KEPT).bind(update_id).bind(chat_id).fetch_optional(&self.0.pool).await?;
        Ok(row.map(|(payload,)| payload.0))
    }

    /// What waits of the album that begins with this update, in order. Nobody else can claim it meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rest_of_album(
        &self,
        update: &ClaimedUpdate,
        media_group_id: &str,
    ) -> Result<Vec<(i64, Value)>, StoreError> {
        /// As many as Telegram puts into one, besides the first.
        const MOST: i64 = 9;
        let rows: Vec<(i64, Json<Value>)> = sqlx::query_as(ALBUM)
            .bind(update.chat_id)
            .bind(update.update_id)
            .bind(media_group_id.replace('\0', ""))
            .bind(MOST)
            .fetch_all(&self.0.pool)
            .await?;
        Ok(rows.into_iter().map(|(id, payload)| (id, payload.0)).collect())
    }
}

/// Postgres' `jsonb` cannot hold U+0000; one value that has it must not make the others of its batch wait for ever.
pub(crate) fn storable(payload: &Value) -> Cow<'_, Value> {
    fn clean(value: &mut Value) {
        match value {
            Value::String(text) => text.retain(|c| c != '\0'),
            Value::Array(items) => items.iter_mut().for_each(clean),
            Value::Object(fields) => {
                let old = std::mem::take(fields);
                fields.extend(old.into_iter().map(|(name, mut value)| {
                    clean(&mut value);
                    (name.replace('\0', ""), value)
                }));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    if !payload.to_string().contains("\\u0000") {
        return Cow::Borrowed(payload);
    }
    let mut cleaned = payload.clone();
    clean(&mut cleaned);
    Cow::Owned(cleaned)
}
