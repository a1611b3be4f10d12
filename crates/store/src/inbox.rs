//! The inbox: updates from Telegram until they are worked.
//!
//! Only the oldest unfinished update of a chat can be claimed, which keeps each chat in order with any number of workers
//! on any number of replicas. Among chats, premium goes before free, within bounds. Finishing an update and writing what is owed for it is one statement.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use crate::{Store, StoreError, outbox::NewOutgoing};

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
    /// The message in which an earlier attempt has begun to show its answer.
    pub draft_id: Option<i64>,
    /// Whether somebody may have begun to work it before: their attempt was given back, or they died.
    pub repeated: bool,
    /// When it came.
    pub received_at: DateTime<Utc>,
    worker: Uuid,
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

/// Whoever is on premium counts as having come a minute earlier: so they overtake, but nobody is overtaken by what comes more
/// than a minute after them, however much of it there is.
const PUT: &str = "
    WITH new AS (
        INSERT INTO inbox (update_id, chat_id, user_id, payload, urgent, ready_at, received_at, rank)
        SELECT u.update_id, u.chat_id, u.user_id, u.payload, u.urgent, $5, $5,
               CASE WHEN p.plan = 'premium' AND (p.premium_until IS NULL OR p.premium_until > $5)
                    THEN $5 - interval '1 minute' ELSE $5 END
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::jsonb[], $6::boolean[])
             AS u (update_id, chat_id, user_id, payload, urgent)
        LEFT JOIN users p ON p.id = u.user_id
        ON CONFLICT (update_id) DO NOTHING
        RETURNING update_id
    )
    SELECT count(*), (SELECT pg_notify('inbox', '') FROM new LIMIT 1)::text FROM new";

/// Chats that somebody works or that must wait are left out by a list, since a chat may have thousands of updates waiting,
/// and looking for the oldest of the chat once for each of them would cost each worker a tenth of a second.
const CLAIM: &str = "
    WITH next AS (
        SELECT i.update_id FROM inbox i
        WHERE i.state = 'pending' AND i.ready_at <= $2 AND (i.leased_until IS NULL OR i.leased_until <= $2)
          AND (i.chat_id IS NULL OR i.chat_id NOT IN (
                SELECT h.chat_id FROM inbox h
                WHERE h.state = 'pending' AND (h.leased_until IS NOT NULL OR h.ready_at > h.received_at)
                  AND h.chat_id IS NOT NULL AND (h.leased_until > $2 OR h.ready_at > $2)))
          AND NOT EXISTS (SELECT FROM inbox e
                          WHERE e.chat_id = i.chat_id AND e.update_id < i.update_id AND e.state = 'pending')
        ORDER BY i.rank, i.update_id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    UPDATE inbox i SET leased_by = $1, leased_until = $3, attempts = i.attempts + 1
    FROM next WHERE i.update_id = next.update_id
    RETURNING i.update_id, i.chat_id, i.user_id, i.payload, i.attempts, i.received_at, i.draft_id, i.error IS NOT NULL AS postponed";

/// What is urgent waits for nothing.
const CLAIM_URGENT: &str = "
    WITH next AS (
        SELECT update_id FROM inbox
        WHERE state = 'pending' AND urgent AND ready_at <= $2 AND (leased_until IS NULL OR leased_until <= $2)
        ORDER BY update_id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    UPDATE inbox i SET leased_by = $1, leased_until = $3, attempts = i.attempts + 1 FROM next WHERE i.update_id = next.update_id
    RETURNING i.update_id, i.chat_id, i.user_id, i.payload, i.attempts, i.received_at, i.draft_id, i.error IS NOT NULL AS postponed";

/// $1 chat, $2 update, $3 how many.
const BEFORE: &str = "
    SELECT update_id, payload FROM inbox WHERE chat_id = $1 AND update_id < $2 AND state = 'pending'
    ORDER BY update_id LIMIT $3";

const EXTEND: &str = "
    UPDATE inbox SET leased_until = $3 WHERE update_id = $1 AND leased_by = $2 AND state = 'pending'";

const DRAFTED: &str = "
    UPDATE inbox SET draft_id = $3 WHERE update_id = $1 AND leased_by = $2 AND state = 'pending'";

/// $1 update, $2 worker, $3 now, $4 state, $5 error, $6 whether to keep the payload, $7–$11 what is owed, $12 updates that it
/// was worked together with: of the same chat, and claimed by nobody, since only the oldest of a chat can be; or kept before.
const FINISH: &str = "
    WITH ended AS (
        UPDATE inbox SET state = $4, error = $5, finished_at = $3, leased_until = NULL,
                         payload = CASE WHEN $6 THEN payload END
        WHERE update_id = $1 AND leased_by = $2 AND state = 'pending'
        RETURNING update_id, chat_id
    ), together AS (
        UPDATE inbox i SET state = 'done', finished_at = $3, payload = NULL
        FROM ended WHERE i.update_id = ANY ($12) AND i.chat_id = ended.chat_id AND i.state <> 'dead'
    ), owed AS (
        INSERT INTO outbox (chat_id, user_id, key, method, params, ready_at, created_at)
        SELECT o.chat_id, o.user_id, o.key, o.method, o.params, $3, $3
        FROM ended, unnest($7::bigint[], $8::bigint[], $9::text[], $10::text[], $11::jsonb[])
             WITH ORDINALITY AS o (chat_id, user_id, key, method, params, place)
        ORDER BY o.place
        ON CONFLICT (key) DO NOTHING
        RETURNING id
    )
    SELECT (SELECT pg_notify('outbox', '') FROM owed LIMIT 1)::text,
           (SELECT pg_notify('inbox', '') FROM inbox i, ended
            WHERE i.chat_id = ended.chat_id AND i.update_id <> ended.update_id AND i.state = 'pending' LIMIT 1)::text
    FROM ended";

const ALBUM: &str = "
    SELECT update_id, payload FROM inbox
    WHERE chat_id = $1 AND update_id > $2 AND state = 'pending' AND payload -> 'message' ->> 'media_group_id' = $3
    ORDER BY update_id LIMIT $4";

const KEPT: &str = "
    SELECT payload FROM inbox WHERE update_id = $1 AND chat_id = $2 AND state = 'done' AND payload IS NOT NULL";

/// How an update ends.
#[derive(Default)]
struct End<'a> {
    state: &'static str,
    error: Option<&'a str>,
    keep: bool,
    together: &'a [i64],
}

const RETRY: &str = "
    UPDATE inbox SET leased_until = NULL, leased_by = NULL, ready_at = $3, error = $4,
                     attempts = attempts - CASE WHEN $5 THEN 0 ELSE 1 END
    WHERE update_id = $1 AND leased_by = $2 AND state = 'pending'";

const SET_APART: &str = "
    UPDATE inbox SET leased_until = NULL, leased_by = NULL, ready_at = $3, error = $4, chat_id = NULL
    WHERE update_id = $1 AND leased_by = $2 AND state = 'pending'";

const NEXT_READY: &str = "
    SELECT min(GREATEST(i.ready_at, COALESCE(i.leased_until, i.ready_at))) FROM inbox i
    WHERE i.state = 'pending'
      AND NOT EXISTS (SELECT FROM inbox e WHERE e.chat_id = i.chat_id AND e.update_id < i.update_id AND e.state = 'pending')";

const NEXT_URGENT: &str = "
    SELECT min(GREATEST(ready_at, COALESCE(leased_until, ready_at))) FROM inbox WHERE state = 'pending' AND urgent";

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
            .fetch_one(&self.0.pool)
            .await?;
        Ok(u64::try_from(new).unwrap_or_default())
    }

    /// Claims the next update for `worker`; nothing when none is ready.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim(
        &self,
        worker: Uuid,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Option<ClaimedUpdate>, StoreError> {
        self.claim_by(CLAIM, worker, now, lease).await
    }

    /// As [`Inbox::claim`], of what is urgent alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_urgent(
        &self,
        worker: Uuid,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Option<ClaimedUpdate>, StoreError> {
        self.claim_by(CLAIM_URGENT, worker, now, lease).await
    }

    async fn claim_by(
        &self,
        statement: &'static str,
        worker: Uuid,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Option<ClaimedUpdate>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            update_id: i64,
            chat_id: Option<i64>,
            user_id: Option<i64>,
            payload: Option<Json<Value>>,
            attempts: i32,
            received_at: DateTime<Utc>,
            draft_id: Option<i64>,
            postponed: bool,
        }
        let row: Option<Row> =
            sqlx::query_as(statement).bind(worker).bind(now).bind(now + lease).fetch_optional(&self.0.pool).await?;
        Ok(row.map(|row| ClaimedUpdate {
            update_id: row.update_id,
            chat_id: row.chat_id,
            user_id: row.user_id,
            payload: row.payload.map(|json| json.0).unwrap_or_default(),
            attempts: row.attempts,
            received_at: row.received_at,
            draft_id: row.draft_id,
            repeated: row.attempts > 1 || row.postponed,
            worker,
        }))
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

    /// Keeps an update for longer; false when the lease was lost.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn extend(
        &self,
        update: &ClaimedUpdate,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(EXTEND)
            .bind(update.update_id)
            .bind(update.worker)
            .bind(now + lease)
            .execute(&self.0.pool)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Remembers the message in which the answer is shown as it is made.
    ///
    /// # Errors
    /// [`StoreError`]; then another attempt shows it in a message of its own.
    pub async fn drafted(&self, update: &ClaimedUpdate, message_id: i64) -> Result<(), StoreError> {
        sqlx::query(DRAFTED).bind(update.update_id).bind(update.worker).bind(message_id).execute(&self.0.pool).await?;
        Ok(())
    }

    /// Ends an update and writes what is owed for it. False when the lease was lost; then nothing was written.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn finish(
        &self,
        update: &ClaimedUpdate,
        owed: &[NewOutgoing],
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.finish_together(update, &[], owed, now).await
    }

    /// As [`Inbox::finish`], for several updates of one chat that are answered as one: those of `together` end with it.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn finish_together(
        &self,
        update: &ClaimedUpdate,
        together: &[i64],
        owed: &[NewOutgoing],
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.end(update, End { state: "done", together, ..End::default() }, owed, now).await
    }

    /// As [`Inbox::finish`], but the update keeps its payload, so that its person may have it tried again. `reason` is why.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn finish_keeping(
        &self,
        update: &ClaimedUpdate,
        reason: &str,
        owed: &[NewOutgoing],
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.end(update, End { state: "done", error: Some(reason), keep: true, ..End::default() }, owed, now).await
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

    /// Sets an update aside for good, with the reason and its payload, so that it can be replayed; what is owed is written as
    /// with [`Inbox::finish`].
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn bury(
        &self,
        update: &ClaimedUpdate,
        reason: &str,
        owed: &[NewOutgoing],
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.end(update, End { state: "dead", error: Some(reason), keep: true, together: &[] }, owed, now).await
    }

    async fn end(
        &self,
        update: &ClaimedUpdate,
        end: End<'_>,
        owed: &[NewOutgoing],
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let ended = sqlx::query(FINISH)
            .bind(update.update_id)
            .bind(update.worker)
            .bind(now)
            .bind(end.state)
            .bind(end.error.map(|e| e.replace('\0', " ")))
            .bind(end.keep)
            .bind(owed.iter().map(|o| o.chat_id).collect::<Vec<_>>())
            .bind(owed.iter().map(|o| o.user_id).collect::<Vec<_>>())
            .bind(owed.iter().map(|o| o.key.as_str()).collect::<Vec<_>>())
            .bind(owed.iter().map(|o| o.method.as_str()).collect::<Vec<_>>())
            .bind(owed.iter().map(|o| Json(storable(&o.params))).collect::<Vec<_>>())
            .bind(end.together)
            .fetch_optional(&self.0.pool)
            .await?;
        Ok(ended.is_some())
    }

    /// Gives an update back, to be claimed again at `at`. `counts` says whether the attempt counts against it: a
    /// neighbour's outage does not.
    ///
    /// # Errors
    /// [`StoreError`]; then the lease runs out by itself.
    pub async fn retry(
        &self,
        update: &ClaimedUpdate,
        at: DateTime<Utc>,
        reason: &str,
        counts: bool,
    ) -> Result<(), StoreError> {
        sqlx::query(RETRY)
            .bind(update.update_id)
            .bind(update.worker)
            .bind(at)
            .bind(reason.replace('\0', " "))
            .bind(counts)
            .execute(&self.0.pool)
            .await?;
        Ok(())
    }

    /// Gives an update back, to be claimed again at `at`, apart from its chat, which goes on without it.
    ///
    /// # Errors
    /// [`StoreError`]; then the lease runs out by itself.
    pub async fn set_apart(&self, update: &ClaimedUpdate, at: DateTime<Utc>, reason: &str) -> Result<(), StoreError> {
        sqlx::query(SET_APART)
            .bind(update.update_id)
            .bind(update.worker)
            .bind(at)
            .bind(reason.replace('\0', " "))
            .execute(&self.0.pool)
            .await?;
        Ok(())
    }

    /// When the next update can be claimed (the past, if one can be now); nothing when none waits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn next_ready(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let (at,) = sqlx::query_as(NEXT_READY).fetch_one(&self.0.pool).await?;
        Ok(at)
    }

    /// As [`Inbox::next_ready`], of what is urgent alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn next_urgent(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let (at,) = sqlx::query_as(NEXT_URGENT).fetch_one(&self.0.pool).await?;
        Ok(at)
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
