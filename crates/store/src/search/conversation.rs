//! One conversation, page by page, and what conversations are called.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Search, message};
use crate::{
    StoreError,
    history::At,
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
    /// [`At::Before`] of the page before it; nothing on the first.
    pub older: Option<i32>,
    /// [`At::From`] of the page after it; nothing on the last.
    pub newer: Option<i32>,
}

/// Something that was said in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What was said.
    pub message: Message,
    /// Its place in the conversation.
    pub place: i32,
    /// Whether it was spoken, by whoever said it.
    pub was_spoken: bool,
}

pub(super) const CONVERSATION: &str = "
    SELECT c.user_id, c.title, s.content AS summary, c.started_at, c.last_message_at, c.ended_at, c.messages
    FROM conversations c LEFT JOIN summaries s ON s.conversation_id = c.id WHERE c.id = $1";

/// $1 conversations.
const TITLES: &str = "SELECT id, title FROM conversations WHERE id = ANY ($1) AND title IS NOT NULL";

/// The times say which partitions hold them. $1 conversation, $2 a place, $3 how many, $4/$5 between which times.
macro_rules! page {
    ($which:literal, $order:literal) => {
        concat!(
            "
    SELECT m.*, EXISTS (
        SELECT FROM audio_files a
        WHERE a.turn_id = m.turn_id AND a.kind = CASE m.role WHEN 'user' THEN 'in' ELSE 'out' END) AS was_spoken
    FROM (
        SELECT place, turn_id, role, text, has_image, created_at FROM messages
        WHERE conversation_id = $1 AND place ",
            $which,
            " AND created_at >= $4 AND created_at <= $5 AND (text <> '' OR has_image)
        ORDER BY place ",
            $order,
            " LIMIT $3) m
    ORDER BY m.place ",
            $order
        )
    };
}

/// The newest before the place.
pub(super) const BEFORE: &str = page!("< $2", "DESC");
/// The oldest from the place on.
pub(super) const FROM: &str = page!(">= $2", "ASC");

/// The nearest one beyond a page. $1 conversation, $2 a place, $3/$4 between which times.
macro_rules! beyond {
    ($which:literal, $order:literal) => {
        concat!(
            "SELECT place FROM messages
             WHERE conversation_id = $1 AND place ",
            $which,
            " AND created_at >= $3 AND created_at <= $4 AND (text <> '' OR has_image) ORDER BY place ",
            $order,
            " LIMIT 1"
        )
    };
}

pub(super) const AHEAD: &str = beyond!(">= $2", "ASC");
pub(super) const BEHIND: &str = beyond!("< $2", "DESC");

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
    let message = message(&row.role, row.text, row.has_image, row.created_at);
    Line { message, place: row.place, was_spoken: row.was_spoken }
}

impl Search<'_> {
    /// A page of at most `size` messages of a conversation; places are numbers of messages in it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn conversation(&self, id: Uuid, at: At, size: u32) -> Result<Option<Spoken>, StoreError> {
        let row: Option<ConversationRow> = sqlx::query_as(CONVERSATION).bind(id).fetch_optional(&self.0.pool).await?;
        let Some(row) = row else { return Ok(None) };
        let times = (row.started_at - AROUND, row.last_message_at + AROUND);
        let (statement, place) = match at {
            At::End => (BEFORE, i32::MAX),
            At::Before(place) => (BEFORE, place),
            At::From(place) => (FROM, place),
        };
        let mut page: Vec<PageRow> = sqlx::query_as(statement)
            .bind(id)
            .bind(place)
            .bind(i64::from(size) + 1)
            .bind(times.0)
            .bind(times.1)
            .fetch_all(&self.0.pool)
            .await?;
        // One more than is shown tells whether it goes on in its direction; in the other one somebody has to look.
        let further = (page.len() > size as usize).then(|| page.pop()).flatten();
        let (older, newer) = match at {
            At::From(_) => {
                let behind = self.beyond(BEHIND, (id, place), times).await?;
                (behind.map(|_| place), further.map(|row| row.place))
            }
            At::End | At::Before(_) => {
                page.reverse();
                let newer = if at == At::End { None } else { self.beyond(AHEAD, (id, place), times).await? };
                (further.and(page.first()).map(|first| first.place), newer)
            }
        };
        Ok(Some(Spoken {
            user_id: row.user_id,
            title: row.title.and_then(|token| legible(self.0.keys.decrypt(&token, "conversations.title"))),
            summary: row.summary.and_then(|token| legible(self.0.keys.decrypt(&token, "summaries.content"))),
            started_at: row.started_at,
            ended_at: row.ended_at,
            messages: row.messages,
            older,
            newer,
            page: page.into_iter().map(line).collect(),
        }))
    }

    /// The nearest message beyond a page that begins or ends at this place of a conversation.
    async fn beyond(
        &self,
        statement: &'static str,
        (id, place): (Uuid, i32),
        (since, until): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Option<i32>, StoreError> {
        let query = sqlx::query_scalar(statement).bind(id).bind(place).bind(since).bind(until);
        Ok(query.fetch_optional(&self.0.pool).await?)
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
