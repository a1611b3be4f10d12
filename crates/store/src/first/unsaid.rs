//! What was said first and then was given up before anybody read it: too late, blocked, not wanted any more.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{StoreError, turns::words};

/// What was said and will never be sent, since what was owed for it was given up. $1 person.
const UNDELIVERED: &str = "
    SELECT p.message_id, p.created_at FROM proactive_messages p
    JOIN outbox o ON o.key = 'first-' || p.user_id || '-' || p.day AND o.state = 'dead'
    WHERE p.user_id = $1 AND p.message_id IS NOT NULL";

/// The day keeps its row: nothing else is said first on it. $1 person, $2 messages.
const TAKEN_BACK: &str = "
    UPDATE proactive_messages SET message_id = NULL, fact_id = NULL, chain = NULL, about = NULL
    WHERE user_id = $1 AND message_id = ANY ($2)";

/// What was said first to a person and will never be sent was never said. In the transaction that gives it up, and after the
/// person's row is held.
pub(crate) async fn unsay(connection: &mut PgConnection, user_id: i64) -> Result<(), StoreError> {
    let undelivered: Vec<(Uuid, DateTime<Utc>)> =
        sqlx::query_as(UNDELIVERED).bind(user_id).fetch_all(&mut *connection).await?;
    for message in &undelivered {
        words::say(&mut *connection, user_id, *message, "").await?;
    }
    if !undelivered.is_empty() {
        let messages: Vec<Uuid> = undelivered.into_iter().map(|(id, _)| id).collect();
        sqlx::query(TAKEN_BACK).bind(user_id).bind(messages).execute(connection).await?;
    }
    Ok(())
}
