//! What was said, page by page, for the person who said it. Pages are cut by the numbers of messages, which the index of
//! words has anyway: a page far back costs what the newest does.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Store, StoreError,
    messages::{Message, Role, legible},
};

/// What page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The newest.
    End,
    /// The one that ends before this number.
    Before(i32),
    /// The one that begins with it.
    From(i32),
}

/// A page, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// What was said.
    pub messages: Vec<Message>,
    /// The conversations in which it was said, one after another. None for messages of a search.
    pub runs: Vec<Run>,
    /// [`At::Before`] of the page before.
    pub older: Option<i32>,
    /// [`At::From`] of the page after.
    pub newer: Option<i32>,
}

/// Messages in a row that belong to one conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The conversation.
    pub conversation_id: Uuid,
    /// What it is called; nothing until it was summed up.
    pub title: Option<String>,
    /// How many messages of the page there are of it in a row.
    pub messages: usize,
}

/// What was said. Borrowed from [`Store::history`].
#[derive(Debug)]
pub struct History<'a>(&'a Store);

impl Store {
    /// What was said, page by page.
    #[must_use]
    pub fn history(&self) -> History<'_> {
        History(self)
    }
}

#[derive(FromRow)]
struct Row {
    number: i32,
    role: String,
    text: String,
    has_image: bool,
    created_at: DateTime<Utc>,
    conversation_id: Uuid,
    title: Option<String>,
}

/// What was forgotten has no words left, and is not shown. $1 person, $2 number, $3 how many.
const OLDER: &str = "
    SELECT m.*, c.title FROM (
        SELECT number, role, text, has_image, created_at, conversation_id FROM messages
        WHERE user_id = $1 AND number < $2 AND (text <> '' OR has_image) ORDER BY number DESC LIMIT $3) m
    LEFT JOIN conversations c ON c.id = m.conversation_id ORDER BY m.number DESC";

/// As [`OLDER`].
const NEWER: &str = "
    SELECT m.*, c.title FROM (
        SELECT number, role, text, has_image, created_at, conversation_id FROM messages
        WHERE user_id = $1 AND number >= $2 AND (text <> '' OR has_image) ORDER BY number LIMIT $3) m
    LEFT JOIN conversations c ON c.id = m.conversation_id ORDER BY m.number";

impl History<'_> {
    /// A page of at most `size` messages.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn page(&self, user_id: i64, at: At, size: u32) -> Result<Page, StoreError> {
        let (statement, number) = match at {
            At::End => (OLDER, i32::MAX),
            At::Before(number) => (OLDER, number),
            At::From(number) => (NEWER, number),
        };
        let query = sqlx::query_as(statement).bind(user_id).bind(number).bind(i64::from(size) + 1);
        let mut rows: Vec<Row> = query.fetch_all(&self.0.pool).await?;
        // One more than is shown tells whether the page goes on in its direction.
        let beyond = (rows.len() > size as usize).then(|| rows.pop()).flatten().map(|row| row.number);
        let (older, newer) = match at {
            At::From(_) => (rows.first().map(|row| row.number), beyond),
            At::End | At::Before(_) => {
                rows.reverse();
                let older = beyond.and(rows.first()).map(|row| row.number);
                (older, matches!(at, At::Before(_)).then_some(number))
            }
        };
        let runs = self.runs(&rows);
        Ok(Page { messages: rows.into_iter().map(message).collect(), runs, older, newer })
    }

    /// The conversations of a page. A title that cannot be decrypted keeps nobody from what was said.
    fn runs(&self, rows: &[Row]) -> Vec<Run> {
        let run = |rows: &[Row]| {
            let first = rows.first()?;
            let open = |token: &String| legible(self.0.keys.decrypt(token, "conversations.title"));
            let title = first.title.as_ref().and_then(open);
            Some(Run { conversation_id: first.conversation_id, title, messages: rows.len() })
        };
        rows.chunk_by(|a, b| a.conversation_id == b.conversation_id).filter_map(run).collect()
    }
}

fn message(row: Row) -> Message {
    let role = if row.role == Role::User.as_str() { Role::User } else { Role::Assistant };
    Message { role, text: row.text, has_image: row.has_image, created_at: row.created_at }
}
