//! Conversations: their end, and their list.
//!
//! A conversation is ended by the person (`/reset`), or by silence. After a silence the next one goes on where it was left:
//! [`crate::messages::Messages::recall`] shows the end of it, and of those before it. After a reset it does not.

use chrono::{DateTime, Utc};

use crate::{
    Store, StoreError,
    exports::{Talk, TalkRow},
};

/// Conversations. Borrowed from [`Store::conversations`].
#[derive(Debug)]
pub struct Conversations<'a>(&'a Store);

impl Store {
    /// Conversations.
    #[must_use]
    pub fn conversations(&self) -> Conversations<'_> {
        Conversations(self)
    }
}

/// The person's row is locked first, as in every statement that writes for them; whoever is just being written for is talking,
/// and left alone. $1 time of the last message, $2 how many.
const END_SILENT: &str = "
    WITH silent AS (
        SELECT c.id FROM conversations c JOIN users u ON u.id = c.user_id
        WHERE c.ended_at IS NULL AND c.last_message_at < $1
        ORDER BY c.last_message_at LIMIT $2 FOR NO KEY UPDATE OF u SKIP LOCKED
    )
    UPDATE conversations c SET ended_at = c.last_message_at, silent = true FROM silent
    WHERE c.id = silent.id AND c.ended_at IS NULL AND c.last_message_at < $1";

/// $1 how many.
const TALKING: &str = "
    SELECT user_id FROM conversations WHERE ended_at IS NULL ORDER BY last_message_at DESC LIMIT $1";

/// $1 person, $2 the start of the one after, $3 how many.
const LIST: &str = "
    SELECT c.id, c.started_at, c.ended_at, c.messages, c.title, s.content AS summary
    FROM conversations c LEFT JOIN summaries s ON s.conversation_id = c.id
    WHERE c.user_id = $1 AND c.started_at < COALESCE($2::timestamptz, 'infinity') ORDER BY c.started_at DESC LIMIT $3";

impl Conversations<'_> {
    /// The conversations that began before a time, newest first; the newest of all where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(&self, user_id: i64, before: Option<DateTime<Utc>>, limit: u32) -> Result<Vec<Talk>, StoreError> {
        let query = sqlx::query_as(LIST).bind(user_id).bind(before).bind(i64::from(limit));
        let rows: Vec<TalkRow> = query.fetch_all(&self.0.pool).await?;
        Ok(rows.into_iter().map(|row| row.open(&self.0.keys)).collect())
    }

    /// Who talked last and may go on, at most `limit` people, the last of them first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn talking(&self, limit: u32) -> Result<Vec<i64>, StoreError> {
        let rows: Vec<(i64,)> = sqlx::query_as(TALKING).bind(i64::from(limit)).fetch_all(&self.0.pool).await?;
        Ok(rows.into_iter().map(|(user_id,)| user_id).collect())
    }

    /// Ends conversations in which nobody has said anything since `before`; how many, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_silent(&self, before: DateTime<Utc>, limit: u32) -> Result<u64, StoreError> {
        let done = sqlx::query(END_SILENT).bind(before).bind(i64::from(limit)).execute(&self.0.pool).await?;
        Ok(done.rows_affected())
    }
}
