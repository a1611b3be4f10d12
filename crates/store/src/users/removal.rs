//! The removal of a person: everything, in one transaction, and the proof of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgConnection};

use super::Users;
use crate::{StoreError, payments};

/// What a removal did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// Rows removed, by table.
    pub counts: BTreeMap<String, i64>,
    /// Rows of the person that are left, counted afterwards in the same transaction.
    pub remaining: i64,
}

/// What a removal does, table by table, in the order that foreign keys ask for. A test compares it with the catalogue:
/// every table that has a `user_id` is here.
const REMOVALS: [(&str, &str); 29] = [
    ("room_turns", "DELETE FROM room_turns WHERE user_id = $1"),
    ("message_vectors", "DELETE FROM message_vectors WHERE user_id = $1"),
    ("vector_progress", "DELETE FROM vector_progress WHERE user_id = $1"),
    ("message_terms", "DELETE FROM message_terms WHERE user_id = $1"),
    ("messages", "DELETE FROM messages WHERE user_id = $1"),
    ("summaries", "DELETE FROM summaries WHERE user_id = $1"),
    ("weeks", "DELETE FROM weeks WHERE user_id = $1"),
    ("conversations", "DELETE FROM conversations WHERE user_id = $1"),
    ("facts", "DELETE FROM facts WHERE user_id = $1"),
    ("audio_files", "DELETE FROM audio_files WHERE user_id = $1"),
    ("tool_calls", "DELETE FROM tool_calls WHERE user_id = $1"),
    ("turns", "DELETE FROM turns WHERE user_id = $1"),
    ("stops", "DELETE FROM stops WHERE user_id = $1"),
    ("usage_days", "DELETE FROM usage_days WHERE user_id = $1"),
    ("relationship_events", "DELETE FROM relationship_events WHERE user_id = $1"),
    ("deletions", "DELETE FROM deletions WHERE user_id = $1"),
    ("exports", "DELETE FROM exports WHERE user_id = $1"),
    ("proactive_messages", "DELETE FROM proactive_messages WHERE user_id = $1"),
    ("outbox", "DELETE FROM outbox WHERE user_id = $1"),
    // The bare number stays, or Telegram's repetition of an update would bring the person back.
    (
        "inbox",
        "UPDATE inbox SET payload = NULL, chat_id = NULL, user_id = NULL, state = 'done', finished_at = received_at
         WHERE user_id = $1",
    ),
    ("consents", "DELETE FROM consents WHERE user_id = $1"),
    ("settings", "DELETE FROM settings WHERE user_id = $1"),
    // The ledger, which names nobody, keeps their amounts. What somebody has yet to decide about stays as nobody's: its charge
    // and its amount, without which nothing could be given back.
    (
        "payments",
        "WITH kept AS (
             UPDATE payments SET user_id = NULL, covers_until = NULL, recurs_until = NULL
             WHERE user_id = $1 AND refunded_at IS NULL AND declined_at IS NULL
               AND (refund_asked_at IS NOT NULL OR NOT matched)
         )
         DELETE FROM payments
         WHERE user_id = $1 AND NOT (refunded_at IS NULL AND declined_at IS NULL
                                     AND (refund_asked_at IS NOT NULL OR NOT matched))",
    ),
    // By its charges alone Telegram can be told to stop, should it renew one nevertheless.
    ("subscriptions", "UPDATE subscriptions SET user_id = NULL, shown = false WHERE user_id = $1"),
    ("feedback", "DELETE FROM feedback WHERE user_id = $1"),
    // That it happened is still told to those who are owed it; to whom it happened, no more. (Triggers see to it as
    // well, for a version before, and clear why deliveries of it failed: who refuses something may quote it.)
    ("events", "UPDATE events SET user_id = NULL WHERE user_id = $1"),
    // What is told of days without naming anybody keeps them counted.
    ("report_person_days", "DELETE FROM report_person_days WHERE user_id = $1"),
    ("report_tops", "DELETE FROM report_tops WHERE user_id = $1"),
    ("referrals", "DELETE FROM referrals WHERE user_id = $1 OR referrer_id = $1"),
];

const HOLDABLE: &str = "
    INSERT INTO users (id, created_at, last_seen_at) VALUES ($1, 'epoch', 'epoch') ON CONFLICT (id) DO NOTHING";

const HOLD: &str = "SELECT id FROM users WHERE id = $1 FOR UPDATE";

/// Under the lock on the person's row, which a change of mind takes as well. $1 person, $2 now.
const DUE: &str = "SELECT user_id FROM deletions WHERE user_id = $1 AND due_at <= $2";

/// What is left of a person in any table that the removal clears. $1 person.
fn remaining() -> String {
    let counts = REMOVALS.map(|(table, _)| format!(" + (SELECT count(*) FROM {table} WHERE user_id = $1)")).concat();
    format!(
        "SELECT (SELECT count(*) FROM users WHERE id = $1) + (SELECT count(*) FROM referrals WHERE referrer_id = $1){counts}"
    )
}

impl Users<'_> {
    /// Removes everything of a person, in one transaction. A turn that is being generated meanwhile finds nothing to write
    /// to and leaves no trace.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was removed.
    pub async fn delete(&self, user_id: i64) -> Result<Deleted, StoreError> {
        let deleted = self.delete_if(user_id, None).await?;
        Ok(deleted.unwrap_or_else(|| Deleted { counts: BTreeMap::new(), remaining: 0 }))
    }

    /// As [`Users::delete`], but only if the person asked to be removed by `now` and did not change their mind; nothing
    /// otherwise. Asked by any number of replicas at once, one removes.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was removed.
    pub async fn delete_due(&self, user_id: i64, now: DateTime<Utc>) -> Result<Option<Deleted>, StoreError> {
        self.delete_if(user_id, Some(now)).await
    }

    async fn delete_if(&self, user_id: i64, due_by: Option<DateTime<Utc>>) -> Result<Option<Deleted>, StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        // Held first, so that a turn that begins meanwhile waits and then starts with a new person. Somebody who is not
        // there is made, to be held: otherwise they could come while what they brought is being removed.
        let mut made;
        loop {
            made = affected(&mut transaction, HOLDABLE, user_id).await?;
            if affected(&mut transaction, HOLD, user_id).await? > 0 {
                break;
            }
        }
        if let Some(now) = due_by {
            let due: Option<(i64,)> =
                sqlx::query_as(DUE).bind(user_id).bind(now).fetch_optional(&mut *transaction).await?;
            if due.is_none() {
                // Dropped, the transaction is undone, and with it the person who was made to be held.
                return Ok(None);
            }
        }
        payments::leave(&mut transaction, user_id).await?;
        let mut counts = BTreeMap::new();
        for (table, statement) in REMOVALS {
            counts.insert(table.to_owned(), affected(&mut transaction, statement, user_id).await?);
        }
        let removed = affected(&mut transaction, "DELETE FROM users WHERE id = $1", user_id).await?;
        counts.insert("users".to_owned(), removed - made);
        // Every part of it is a constant.
        let left = sqlx::query_as(AssertSqlSafe(remaining())).bind(user_id);
        let (remaining,) = left.fetch_one(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Some(Deleted { counts, remaining }))
    }
}

async fn affected(connection: &mut PgConnection, statement: &'static str, user_id: i64) -> Result<i64, StoreError> {
    let done = sqlx::query(statement).bind(user_id).execute(connection).await?;
    Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
}
