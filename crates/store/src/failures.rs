//! What was given up or set apart, for those who run the bot: shown without what was said, and tried again when what was wrong
//! is mended.
//!
//! An update keeps its number, and with it the key under which its answer is asked for and owed: so nobody is answered twice.
//! What is tried again goes behind what waits already, however long ago it came: it has waited anyhow, and a thousand of it must
//! hold up nobody who is writing now. In its chat it still goes before what came after it.

mod replay;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::FromRow;

use crate::{Store, StoreError, inbox::REACTIONS};

/// Where a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailedKind {
    /// An update that was given up.
    Update,
    /// A report of money that was set apart from its chat, and is tried every few minutes.
    Apart,
    /// A call of Telegram's that was given up.
    Message,
}

impl FailedKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Update, Self::Apart, Self::Message];

    /// As it stands in statements.
    const fn number(self) -> i16 {
        match self {
            Self::Update => 0,
            Self::Apart => 1,
            Self::Message => 2,
        }
    }
}

/// A place in the list, which stays where it is: whatever fails later comes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// When it failed.
    pub at: DateTime<Utc>,
    /// Its kind.
    pub kind: FailedKind,
    /// Its id, of its kind.
    pub id: i64,
}

/// Which failures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which<'a> {
    /// Of this kind alone.
    pub kind: Option<FailedKind>,
    /// For this reason alone: the [`Failure::reason`] of it.
    pub reason: Option<&'a str>,
    /// Those that come after this one.
    pub after: Option<Place>,
}

/// Something that failed. It tells nothing of what was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Where it is, and its id.
    pub place: Place,
    /// Its chat, where it has one.
    pub chat_id: Option<i64>,
    /// Its person, where it has one.
    pub user_id: Option<i64>,
    /// Since when it was there.
    pub since: DateTime<Utc>,
    /// Attempts that counted.
    pub attempts: i32,
    /// Why, in a word or a few.
    pub reason: String,
    /// What there is to say besides.
    pub detail: Option<String>,
    /// Telegram's method, of a call.
    pub method: Option<String>,
    /// Whether it can be tried again.
    pub replayable: bool,
}

/// Failures. Borrowed from [`Store::failures`].
#[derive(Debug)]
pub struct Failures<'a>(&'a Store);

impl Store {
    /// What was given up or set apart.
    #[must_use]
    pub fn failures(&self) -> Failures<'_> {
        Failures(self)
    }
}

/// Each kind is read by an index of its own, in its order, and no further than a page. $1 kind, $2 reason, $3 when, $4 kind and $5
/// id of the one that the page comes after, $6 how many.
const LIST: &str = "
    SELECT f.kind, f.id, f.chat_id, f.user_id, f.at, f.since, f.attempts, f.error, f.method, f.replayable FROM (
        (SELECT 0 AS kind, update_id AS id, chat_id, user_id, finished_at AS at, received_at AS since, attempts, error,
                NULL::text AS method, payload IS NOT NULL AS replayable
         FROM inbox
         WHERE state = 'dead' AND ($1::integer IS NULL OR $1 = 0)
           AND ($2::text IS NULL OR split_part(error, ':', 1) = $2)
           AND finished_at <= $3 AND (finished_at, 0, update_id) < ($3, $4::integer, $5::bigint)
         ORDER BY finished_at DESC, update_id DESC LIMIT $6)
        UNION ALL
        (SELECT 1, update_id, chat_id, user_id, apart_at, received_at, attempts, error, NULL, payload IS NOT NULL
         FROM inbox
         WHERE apart_at IS NOT NULL AND state = 'pending' AND ($1::integer IS NULL OR $1 = 1)
           AND ($2::text IS NULL OR split_part(error, ':', 1) = $2)
           AND apart_at <= $3 AND (apart_at, 1, update_id) < ($3, $4::integer, $5::bigint)
         ORDER BY apart_at DESC, update_id DESC LIMIT $6)
        UNION ALL
        (SELECT 2, id, chat_id, user_id, finished_at, created_at, attempts, error, method, params IS NOT NULL
         FROM outbox
         WHERE state = 'dead' AND ($1::integer IS NULL OR $1 = 2)
           AND ($2::text IS NULL OR split_part(error, ':', 1) = $2)
           AND finished_at <= $3 AND (finished_at, 2, id) < ($3, $4::integer, $5::bigint)
         ORDER BY finished_at DESC, id DESC LIMIT $6)
    ) f
    ORDER BY f.at DESC, f.kind DESC, f.id DESC LIMIT $6";

#[derive(FromRow)]
struct Row {
    kind: i32,
    id: i64,
    chat_id: Option<i64>,
    user_id: Option<i64>,
    at: DateTime<Utc>,
    since: DateTime<Utc>,
    attempts: i32,
    error: Option<String>,
    method: Option<String>,
    replayable: bool,
}

impl Failures<'_> {
    /// What failed, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(&self, which: &Which<'_>, now: DateTime<Utc>, most: u32) -> Result<Vec<Failure>, StoreError> {
        // Later than anything can be, by whatever clock.
        let start = (now + TimeDelta::days(3650), i32::MAX, i64::MAX);
        let after = which.after.map_or(start, |place| (place.at, place.kind.number().into(), place.id));
        let rows: Vec<Row> = sqlx::query_as(LIST)
            .bind(which.kind.map(|kind| i32::from(kind.number())))
            .bind(which.reason)
            .bind(after.0)
            .bind(after.1)
            .bind(after.2)
            .bind(i64::from(most))
            .fetch_all(&self.0.pool)
            .await?;
        Ok(rows.into_iter().map(failure).collect())
    }
}

fn failure(row: Row) -> Failure {
    let kind = match row.kind {
        0 => FailedKind::Update,
        1 => FailedKind::Apart,
        _ => FailedKind::Message,
    };
    let error = row.error.unwrap_or_default();
    let (reason, detail) = match error.split_once(':') {
        Some((reason, detail)) => (reason.to_owned(), Some(unquoted(detail.trim()))),
        None => (error, None),
    };
    Failure {
        place: Place { at: row.at, kind, id: row.id },
        // The lane of a reaction is its chat.
        chat_id: row.chat_id.map(|chat| if chat > 0 { chat & !REACTIONS } else { chat }),
        user_id: row.user_id,
        since: row.since,
        attempts: row.attempts,
        reason,
        detail,
        method: row.method,
        replayable: row.replayable,
    }
}

/// What stands in quotation marks may be quoted from what was said: Telegram names the markup that it cannot read, and a
/// reader the text that is no number.
fn unquoted(detail: &str) -> String {
    let parts = detail.split('"').enumerate();
    parts.map(|(place, part)| if place % 2 == 0 { part } else { "\"…\"" }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_is_not_repeated() {
        assert_eq!(unquoted("Unsupported start tag \"secret\" at byte 5"), "Unsupported start tag \"…\" at byte 5");
        assert_eq!(unquoted("an end \"without its mark"), "an end \"…\"");
        assert_eq!(unquoted("nothing"), "nothing");
    }
}
