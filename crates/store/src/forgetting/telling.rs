//! What was made of talks, and may tell what is to be forgotten.

use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;

use super::found::Found;
use crate::{Keyring, StoreError, messages::legible};

const TOLD: &str = "
    SELECT c.id, c.title, s.content FROM conversations c LEFT JOIN summaries s ON s.conversation_id = c.id
    WHERE c.user_id = $1 AND (c.title IS NOT NULL OR s.content IS NOT NULL)";

const WEEKS: &str = "SELECT starts_on, content FROM weeks WHERE user_id = $1 AND content IS NOT NULL";

/// The conversations whose summary or title takes a fact up. What no key opens may: it is made anew as well.
pub(super) async fn that_tell(
    connection: &mut PgConnection,
    keys: &Keyring,
    user_id: i64,
    found: &Found,
) -> Result<Vec<Uuid>, StoreError> {
    let rows: Vec<(Uuid, Option<String>, Option<String>)> =
        sqlx::query_as(TOLD).bind(user_id).fetch_all(connection).await?;
    let mut telling = Vec::new();
    for (id, title, summary) in rows {
        let title = title.map(|token| keys.decrypt(&token, "conversations.title"));
        let summary = summary.map(|token| keys.decrypt(&token, "summaries.content"));
        if [title, summary].into_iter().flatten().any(|text| may_tell(text, found)) {
            telling.push(id);
        }
    }
    Ok(telling)
}

fn may_tell(text: Result<String, StoreError>, found: &Found) -> bool {
    !found.illegible.is_empty()
        || legible(text).is_none_or(|text| found.traces.iter().any(|trace| trace.is_taken_up(&text)))
}

/// The weeks of which what is written takes a fact up: a conversation that went on into the next may have left it there. What no
/// key opens may take it up.
pub(super) async fn weeks_that_tell(
    connection: &mut PgConnection,
    keys: &Keyring,
    user_id: i64,
    found: &Found,
) -> Result<Vec<NaiveDate>, StoreError> {
    let rows: Vec<(NaiveDate, String)> = sqlx::query_as(WEEKS).bind(user_id).fetch_all(connection).await?;
    let mut telling = Vec::new();
    for (starts_on, token) in rows {
        if may_tell(keys.decrypt(&token, "weeks.content"), found) {
            telling.push(starts_on);
        }
    }
    Ok(telling)
}
