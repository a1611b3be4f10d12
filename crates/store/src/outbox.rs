//! The outbox: what is owed to people until Telegram has accepted it, in order per chat. A copy of everything (`export`) alone
//! may come later than what is owed after it; and what is more urgent waits for nothing that is less.

mod claim;

#[cfg(test)]
pub(crate) use claim::{CLAIM, NEXT_READY};

use chrono::{DateTime, Utc};
use evolve_runtime::traces;
use sqlx::{PgExecutor, types::Json};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    first::{self, unsay},
    inbox::storable,
    users::hold,
};

/// What goes first. In a chat, order counts among what has the same priority: what is more urgent waits for nothing that is
/// less, or one broadcast that Telegram does not take would hold up the answers of its person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// An answer: somebody waits for it.
    #[default]
    Reply,
    /// What a job or an administrator owes one person: a notice, a first word.
    Notice,
    /// What goes to many.
    Broadcast,
}

impl Priority {
    /// As it stands in the table.
    pub(crate) const fn number(self) -> i16 {
        match self {
            Self::Reply => 0,
            Self::Notice => 1,
            Self::Broadcast => 2,
        }
    }

    /// What a newer version may have written is the least urgent.
    const fn from_number(number: i16) -> Self {
        match number {
            ..=0 => Self::Reply,
            1 => Self::Notice,
            2.. => Self::Broadcast,
        }
    }
}

/// A call of one of Telegram's methods that is owed.
#[derive(Clone, Debug, PartialEq)]
pub struct NewOutgoing {
    /// The chat it goes to.
    pub chat_id: i64,
    /// The person it is for, so that their removal removes it.
    pub user_id: Option<i64>,
    /// Made from what it answers; the second of the same key is ignored.
    pub key: String,
    /// The method (`sendMessage`).
    pub method: String,
    /// Its parameters.
    pub params: serde_json::Value,
    /// What it goes before.
    pub priority: Priority,
}

/// A call that is the caller's to make until its lease runs out.
#[derive(Clone, Debug)]
pub struct ClaimedOutgoing {
    /// Its place in the outbox.
    pub id: i64,
    /// The chat it goes to.
    pub chat_id: i64,
    /// The key under which it is owed.
    pub key: String,
    /// The method.
    pub method: String,
    /// Its parameters.
    pub params: serde_json::Value,
    /// Attempts that count, this one included.
    pub attempts: i32,
    /// Since when it is owed.
    pub created_at: DateTime<Utc>,
    /// What it goes before.
    pub priority: Priority,
    /// Where in a trace it came to be owed.
    pub trace: Option<String>,
    worker: Uuid,
}

/// The outbox. Borrowed from [`Store::outbox`].
#[derive(Debug)]
pub struct Outbox<'a>(&'a Store);

impl Store {
    /// The outbox.
    #[must_use]
    pub fn outbox(&self) -> Outbox<'_> {
        Outbox(self)
    }
}

const PUT: &str = "
    WITH owed AS (
        INSERT INTO outbox (chat_id, user_id, key, method, params, priority, trace, ready_at, created_at)
        SELECT o.chat_id, o.user_id, o.key, o.method, o.params, o.priority, $8, $6, $6
        FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::jsonb[], $7::smallint[])
             WITH ORDINALITY AS o (chat_id, user_id, key, method, params, priority, place)
        ORDER BY o.place
        ON CONFLICT (key) DO NOTHING
        RETURNING id
    )
    SELECT count(*), (SELECT pg_notify('outbox', '') FROM owed LIMIT 1)::text FROM owed";

const END: &str = "
    WITH ended AS (
        UPDATE outbox SET state = $3, error = $4, message_id = $5, finished_at = $6, leased_until = NULL,
                          params = CASE WHEN $7 THEN params END
        WHERE id = $1 AND leased_by = $2 AND state = 'pending'
        RETURNING id, chat_id
    )
    SELECT (SELECT pg_notify('outbox', '') FROM outbox o, ended
            WHERE o.chat_id = ended.chat_id AND o.id <> ended.id AND o.state = 'pending' LIMIT 1)::text
    FROM ended";

const RETRY: &str = "
    UPDATE outbox SET leased_until = NULL, leased_by = NULL, ready_at = $3, error = $4,
                      attempts = attempts - CASE WHEN $5 THEN 0 ELSE 1 END
    WHERE id = $1 AND leased_by = $2 AND state = 'pending'";

/// $1 call, $2 worker, $3 now.
const HAND_BACK: &str = "
    WITH back AS (
        UPDATE outbox SET leased_until = NULL, leased_by = NULL, ready_at = $3, attempts = attempts - 1, error = 'handed back'
        WHERE id = $1 AND leased_by = $2 AND state = 'pending'
        RETURNING id
    )
    SELECT pg_notify('outbox', '')::text FROM back";

const IS_CLEAR: &str = "
    SELECT NOT EXISTS (SELECT FROM outbox
                       WHERE chat_id = $1 AND state = 'pending' AND priority = 0 AND method <> 'export')";

const KNOWS: &str = "SELECT EXISTS (SELECT FROM outbox WHERE key = $1 AND user_id = $2)";

/// $1 chat, $2 message. The first that made it; later ones changed it.
const KEY_OF: &str = "
    SELECT key FROM outbox WHERE chat_id = $1 AND message_id = $2 ORDER BY id LIMIT 1";

/// What is being sent is let be: Telegram refuses it. What Telegram itself is asked to do about their money is no message,
/// and is owed whoever has blocked whom. $1 person, who has a chat of their own, whose row is locked first, $2 now.
const CLOSE: &str = "
    WITH person AS (
        UPDATE users SET blocked_at = COALESCE(blocked_at, $2) WHERE id = $1 RETURNING id
    ), held AS (
        SELECT count(*) AS people FROM person
    )
    UPDATE outbox SET state = 'dead', error = 'blocked', finished_at = $2, params = NULL
    FROM held
    WHERE chat_id = $1 AND state = 'pending' AND (leased_until IS NULL OR leased_until <= $2) AND held.people >= 0
      AND method NOT IN ('refundStarPayment', 'editUserStarSubscription')";

const REOPEN: &str = "UPDATE users SET blocked_at = NULL WHERE id = $1 AND blocked_at IS NOT NULL";

impl Outbox<'_> {
    /// Whether something is, or was, owed to a person under this key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn knows(&self, user_id: i64, key: &str) -> Result<bool, StoreError> {
        let (known,) = sqlx::query_as(KNOWS).bind(key).bind(user_id).fetch_one(&self.0.pool).await?;
        Ok(known)
    }

    /// The key under which a message was owed; nothing where it is not one of ours.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn key_of(&self, chat_id: i64, message_id: i64) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> =
            sqlx::query_as(KEY_OF).bind(chat_id).bind(message_id).fetch_optional(&self.0.pool).await?;
        Ok(row.map(|(key,)| key))
    }

    /// A person has blocked the bot: nothing that waits is sent to them, and nothing more is owed that they do not ask for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn close(&self, user_id: i64, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        sqlx::query(CLOSE).bind(user_id).bind(now).execute(&mut *transaction).await?;
        unsay(&mut transaction, user_id).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// A person wants to hear from the bot again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reopen(&self, user_id: i64) -> Result<(), StoreError> {
        sqlx::query(REOPEN).bind(user_id).execute(&self.0.pool).await?;
        Ok(())
    }

    /// Writes what is owed; what is owed already stays as it is. How much was new.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn put(&self, owed: &[NewOutgoing], now: DateTime<Utc>) -> Result<u64, StoreError> {
        let (new, _): (i64, Option<String>) = sqlx::query_as(PUT)
            .bind(owed.iter().map(|o| o.chat_id).collect::<Vec<_>>())
            .bind(owed.iter().map(|o| o.user_id).collect::<Vec<_>>())
            .bind(owed.iter().map(|o| o.key.as_str()).collect::<Vec<_>>())
            .bind(owed.iter().map(|o| o.method.as_str()).collect::<Vec<_>>())
            .bind(owed.iter().map(|o| Json(storable(&o.params))).collect::<Vec<_>>())
            .bind(now)
            .bind(owed.iter().map(|o| o.priority.number()).collect::<Vec<_>>())
            .bind(traces::current())
            .fetch_one(&self.0.pool)
            .await?;
        Ok(u64::try_from(new).unwrap_or_default())
    }

    /// Telegram accepted it; its content is forgotten. False when the lease was lost.
    ///
    /// # Errors
    /// [`StoreError`]; then it will be sent again once its lease has run out.
    pub async fn sent(
        &self,
        outgoing: &ClaimedOutgoing,
        message_id: Option<i64>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        end(&self.0.pool, outgoing, End { state: "sent", message_id, ..End::default() }, now).await
    }

    /// Gives it up, with the reason. False when the lease was lost. What the companion would have said first with it was never
    /// said then. Its content is forgotten, unless it might be replayed ([`crate::failures`]).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bury(&self, outgoing: &ClaimedOutgoing, reason: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let dead = End { state: "dead", error: Some(reason), keep: is_replayable(outgoing, reason), message_id: None };
        if outgoing.method != first::METHOD {
            return end(&self.0.pool, outgoing, dead, now).await;
        }
        let mut transaction = self.0.pool.begin().await?;
        // The chat is the person: nothing is said first to a group.
        hold(&mut transaction, outgoing.chat_id).await?;
        let ended = end(&mut *transaction, outgoing, dead, now).await?;
        unsay(&mut transaction, outgoing.chat_id).await?;
        transaction.commit().await?;
        Ok(ended)
    }

    /// Gives it back, to be claimed again at `at`. `counts` says whether the attempt counts against it.
    ///
    /// # Errors
    /// [`StoreError`]; then the lease runs out by itself.
    pub async fn retry(
        &self,
        outgoing: &ClaimedOutgoing,
        at: DateTime<Utc>,
        reason: &str,
        counts: bool,
    ) -> Result<(), StoreError> {
        sqlx::query(RETRY)
            .bind(outgoing.id)
            .bind(outgoing.worker)
            .bind(at)
            .bind(reason.replace('\0', " "))
            .bind(counts)
            .execute(&self.0.pool)
            .await?;
        Ok(())
    }

    /// Gives it back because the process ends, so that another goes on at once. The attempt does not count.
    ///
    /// # Errors
    /// [`StoreError`]; then the lease runs out by itself.
    pub async fn hand_back(&self, outgoing: &ClaimedOutgoing, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query(HAND_BACK).bind(outgoing.id).bind(outgoing.worker).bind(now).execute(&self.0.pool).await?;
        Ok(())
    }

    /// Whether nothing is owed to a chat that an answer would have to wait for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_clear(&self, chat_id: i64) -> Result<bool, StoreError> {
        let (clear,) = sqlx::query_as(IS_CLEAR).bind(chat_id).fetch_one(&self.0.pool).await?;
        Ok(clear)
    }
}

/// How a call ends.
#[derive(Default)]
struct End<'a> {
    state: &'static str,
    error: Option<&'a str>,
    message_id: Option<i64>,
    /// Whether what it says is kept.
    keep: bool,
}

/// Whether what was given up might be sent after all: words for one person that Telegram did not take for a day, or refused for
/// what may be our fault. Whatever people were told the failure of (bills, copies, subscriptions) is asked for again by them, and
/// a broadcast or a greeting comes too late.
fn is_replayable(outgoing: &ClaimedOutgoing, reason: &str) -> bool {
    let is_answer = matches!(outgoing.method.as_str(), "sendMessage" | "sendPhoto");
    let may_pass = reason == "expired" || reason.starts_with("refused: ");
    is_answer && may_pass && outgoing.chat_id > 0 && outgoing.priority != Priority::Broadcast
}

async fn end(
    executor: impl PgExecutor<'_>,
    outgoing: &ClaimedOutgoing,
    how: End<'_>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let ended = sqlx::query(END)
        .bind(outgoing.id)
        .bind(outgoing.worker)
        .bind(how.state)
        .bind(how.error.map(|e| e.replace('\0', " ")))
        .bind(how.message_id)
        .bind(now)
        .bind(how.keep)
        .fetch_optional(executor)
        .await?;
    Ok(ended.is_some())
}
