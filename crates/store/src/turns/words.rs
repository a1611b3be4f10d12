//! A message that says something else now.
//!
//! It stays the message that it was: only its words change, in the history and in the index alike. A summary that holds the
//! old words is made anew, and what was learnt from them is taken back: the new words tell it again, if they still do.

use chrono::{DateTime, Utc};
use evolve_domain::fact::normalized;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{Said, Turns};
use crate::{StoreError, forgetting::RESTART, memory::reindex, messages::Role, users::hold};

/// So many edits of a day have their summaries made anew at once; after more of them that waits for the next day.
const RESTARTS: i32 = 10;

const MESSAGE: &str = "
    SELECT m.conversation_id, m.number, m.place, m.role, m.text, c.summed_messages >= m.place AS is_summed
    FROM messages m JOIN conversations c ON c.id = m.conversation_id
    WHERE m.user_id = $1 AND m.id = $2 AND m.created_at = $3 FOR UPDATE";

const SAY: &str = "UPDATE messages SET text = $3 WHERE id = $1 AND created_at = $2";

/// A pass that is under way may have read the old words: without its lease it cannot write them.
const INTERRUPT: &str = "UPDATE conversations SET summary_leased_until = NULL WHERE id = $1";

/// Facts are not looked for where they were looked for before; here they are. $1 conversation, $2 place.
const REREAD: &str = "
    UPDATE conversations SET reread = array_append(reread, $2)
    WHERE id = $1 AND extracted_messages >= $2 AND NOT reread @> ARRAY[$2]";

/// What was told in the message and in none since, and was not put right by the person, holds no longer; what it had taken the
/// place of holds again. Where it had taken the place of several, they are several matters again: the history of all stays with
/// the one that the matter is called by, or else the oldest. $1 person, $2 message, $3 its time.
const TAKE_BACK: &str = "
    WITH gone AS (
        DELETE FROM facts WHERE user_id = $1 AND message_id = $2 AND created_at = $3 AND last_said_at = created_at
                            AND forgotten_at IS NULL
        RETURNING id, chain, ended_at
    ), matter AS (
        SELECT f.chain, max(f.ended_at) AS ended_at FROM facts f
        WHERE f.user_id = $1 AND f.forgotten_at IS NULL AND f.id NOT IN (SELECT id FROM gone)
          AND f.chain IN (SELECT chain FROM gone WHERE ended_at IS NULL)
        GROUP BY f.chain HAVING count(*) = count(f.ended_at)
    ), before AS (
        SELECT f.id, row_number() OVER (PARTITION BY f.chain ORDER BY f.id = f.chain DESC, f.created_at, f.id) AS place
        FROM facts f JOIN matter ON f.chain = matter.chain AND f.ended_at = matter.ended_at
        WHERE f.user_id = $1 AND f.forgotten_at IS NULL AND f.id NOT IN (SELECT id FROM gone)
    ), again AS (
        UPDATE facts f SET ended_at = NULL, chain = CASE WHEN before.place = 1 THEN f.chain ELSE f.id END FROM before
        WHERE f.user_id = $1 AND f.id = before.id
    )
    UPDATE users SET facts_version = facts_version + 1 WHERE id = $1 AND EXISTS (SELECT FROM gone)";

/// Whoever edits all day has their summaries made anew the next. $1 person, $2 conversation, $3 now, $4 edits of a day.
const METER: &str = "
    WITH counted AS (
        INSERT INTO usage_days AS d (user_id, day, edits) VALUES ($1, ($3 AT TIME ZONE 'UTC')::date, 1)
        ON CONFLICT (user_id, day) DO UPDATE SET edits = d.edits + 1
        RETURNING edits
    )
    UPDATE conversations c SET summary_leased_until = (date_trunc('day', $3 AT TIME ZONE 'UTC') + interval '1 day') AT TIME ZONE 'UTC'
    FROM counted WHERE c.id = $2 AND counted.edits > $4";

#[derive(FromRow)]
struct Row {
    conversation_id: Uuid,
    number: Option<i32>,
    place: i32,
    role: String,
    text: String,
    is_summed: bool,
}

impl Turns<'_> {
    /// Gives a message other words, wherever it is remembered. False when there is nothing to change.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was changed.
    pub async fn correct(&self, user_id: i64, said: &Said, text: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let corrected = async {
            let mut transaction = self.0.pool.begin().await?;
            hold(&mut transaction, user_id).await?;
            let changed = say(&mut transaction, user_id, (said.id, said.created_at), text).await?;
            if let Some(conversation) = changed {
                let meter = sqlx::query(METER).bind(user_id).bind(conversation).bind(now).bind(RESTARTS);
                meter.execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
            Ok(changed.is_some())
        };
        self.0.pool.soon(corrected).await
    }
}

/// Gives a message other words, and says in which conversation; nothing when it has them already, or none that could be
/// changed.
pub(crate) async fn say(
    connection: &mut PgConnection,
    user_id: i64,
    (id, created_at): (Uuid, DateTime<Utc>),
    text: &str,
) -> Result<Option<Uuid>, StoreError> {
    let row: Option<Row> =
        sqlx::query_as(MESSAGE).bind(user_id).bind(id).bind(created_at).fetch_optional(&mut *connection).await?;
    let Some(row) = row.filter(|row| row.text != text) else { return Ok(None) };
    sqlx::query(SAY).bind(id).bind(created_at).bind(text).execute(&mut *connection).await?;
    reindex(connection, user_id, created_at, row.number, &row.role, (&row.text, text)).await?;
    let conversation = row.conversation_id;
    // White space and case tell nothing new.
    if row.role == Role::User.as_str() && normalized(&row.text) != normalized(text) {
        sqlx::query(TAKE_BACK).bind(user_id).bind(id).bind(created_at).execute(&mut *connection).await?;
        sqlx::query(REREAD).bind(conversation).bind(row.place).execute(&mut *connection).await?;
    }
    // A summary that holds the old words is made anew, and what was made of it.
    if row.is_summed {
        sqlx::query(RESTART).bind(vec![conversation]).execute(connection).await?;
    } else {
        sqlx::query(INTERRUPT).bind(conversation).execute(connection).await?;
    }
    Ok(Some(conversation))
}
