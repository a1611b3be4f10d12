//! One conversation, page by page, and what conversations are called.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Search, message};
use crate::{
    StoreError,
    messages::{Message, legible},
};

/// How far a message may lie outside of what its conversation says of itself.
const AROUND: TimeDelta = TimeDelta::days(2);

/// A conversation, and a page of what was said in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// Whose it is.
    pub user_id: i64,
    /// What it is called.
    pub title: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Messages of both sides.
    pub messages: i32,
    /// What it was about, as far as it was summed up.
    pub summary: Option<String>,
    /// The page, oldest first.
    pub page: Vec<Line>,
    /// The place before which the page before it ends; nothing on the first.
    pub older: Option<i32>,
}

/// Something that was said in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What was said.
    pub message: Message,
    /// Whether it was spoken, by whoever said it.
    pub was_spoken: bool,
}

pub(super) const CONVERSATION: &str = "
    SELECT c.user_id, c.title, s.content AS summary, c.started_at, c.last_message_at, c.ended_at, c.messages
    FROM conversations c LEFT JOIN summaries s ON s.conversation_id = c.id WHERE c.id = $1";

/// $1 conversations.
const TITLES: &str = "SELECT id, title FROM conversations WHERE id = ANY ($1) AND title IS NOT NULL";

/// The times say which partitions hold them. $1 conversation, $2 the place before which, $3 how many, $4/$5 between which times.
pub(super) const PAGE: &str = "
    SELECT m.*, EXISTS (
        SELECT FROM audio_files a
        WHERE a.turn_id = m.turn_id AND a.kind = CASE m.role WHEN 'user' THEN 'in' ELSE 'out' END) AS was_spoken
    FROM (
        SELECT place, turn_id, role, text, has_image, created_at FROM messages
        WHERE conversation_id = $1 AND place < $2 AND created_at >= $4 AND created_at <= $5 AND (text <> '' OR has_image)
        ORDER BY place DESC LIMIT $3) m
    ORDER BY m.place DESC";

#[derive(FromRow)]
struct ConversationRow {
    user_id: i64,
    title: Option<String>,
    summary: Option<String>,
    started_at: DateTime<Utc>,
    last_message_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    messages: i32,
}

#[derive(FromRow)]
struct PageRow {
    place: i32,
    role: String,
    text: String,
    has_image: bool,
    created_at: DateTime<Utc>,
    was_spoken: bool,
}

fn line(row: PageRow) -> Line {
    Line { message: message(&row.role, row.text, row.has_image, row.created_at), was_spoken: row.was_spoken }
}

impl Search<'_> {
    /// A page of at most `size` messages of a conversation, the newest before a place.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn conversation(&self, id: Uuid, before: Option<i32>, size: u32) -> Result<Option<Spoken>, StoreError> {
        let row: Option<ConversationRow> = sqlx::query_as(CONVERSATION).bind(id).fetch_optional(&self.0.pool).await?;
        let Some(row) = row else { return Ok(None) };
        let mut page: Vec<PageRow> = sqlx::query_as(PAGE)
            .bind(id)
            .bind(before.unwrap_or(i32::MAX))
            .bind(i64::from(size) + 1)
            .bind(row.started_at - AROUND)
            .bind(row.last_message_at + AROUND)
            .fetch_all(&self.0.pool)
            .await?;
        let is_more = page.len() > size as usize;
        page.truncate(size as usize);
        page.reverse();
        Ok(Some(Spoken {
            user_id: row.user_id,
            title: row.title.and_then(|token| legible(self.0.keys.decrypt(&token, "conversations.title"))),
            summary: row.summary.and_then(|token| legible(self.0.keys.decrypt(&token, "summaries.content"))),
            started_at: row.started_at,
            ended_at: row.ended_at,
            messages: row.messages,
            older: page.first().filter(|_| is_more).map(|first| first.place),
            page: page.into_iter().map(line).collect(),
        }))
    }

    /// What these conversations are called, by their ids; of those that were not summed up yet there is nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn titles(&self, ids: &[Uuid]) -> Result<BTreeMap<Uuid, String>, StoreError> {
        let rows: Vec<(Uuid, String)> = sqlx::query_as(TITLES).bind(ids).fetch_all(&self.0.pool).await?;
        let open =
            |(id, token): (Uuid, String)| Some((id, legible(self.0.keys.decrypt(&token, "conversations.title"))?));
        Ok(rows.into_iter().filter_map(open).collect())
    }
}
