//! What was done by those who run the bot: rows that are added and never changed; the database itself refuses it (migration 0035).
//!
//! An act that is one transaction of ours writes its row in it: see [`Payments::audited`](crate::payments::Payments::audited). Of
//! every other one two rows are written, before and after. A row is known by its id, so whoever is not sure whether it was written
//! writes it again.
//!
//! A person is known by a keyed hash: whoever knows the id and has `ENCRYPTION_KEY` finds what was done to them, and when they are
//! removed nothing of them is left, though no row was touched. Under another key their hash is another: as long as the one before
//! is in the list, both are found.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use sha2::Sha256;
use sqlx::{FromRow, PgConnection, types::Json};
use uuid::Uuid;

use crate::{Store, StoreError};

/// What keys of hashes are derived for.
const KEY_PURPOSE: &str = "audit-subject";

/// How an act went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is about to be tried. How it went is another row of the same request.
    Begun,
    /// It was done.
    Done,
    /// It had been done before, so nothing changed.
    Unchanged,
    /// It was not done, since it cannot be.
    Refused,
    /// Something broke; it is not known whether it was done.
    Failed,
}

impl Outcome {
    /// As it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Done => "done",
            Self::Unchanged => "unchanged",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// An act, before it is known how it went.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its id.
    pub id: Uuid,
    /// When it was asked for.
    pub at: DateTime<Utc>,
    /// Who asked for it.
    pub actor: String,
    /// From where.
    pub address: Option<String>,
    /// By which request.
    pub request_id: String,
    /// What.
    pub act: String,
    /// To what: kind, colon, id; where the id is a number, as of a person, the first of [`Audit::names`].
    pub subject: Option<String>,
    /// What exactly: numbers and states. Never an id of a person, or what anybody wrote.
    pub detail: Value,
}

/// A row of the log.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct Row {
    /// Its id.
    pub id: Uuid,
    /// When it was asked for.
    pub at: DateTime<Utc>,
    /// Who asked for it.
    pub actor: String,
    /// From where.
    pub address: Option<String>,
    /// By which request.
    pub request_id: String,
    /// What.
    pub act: String,
    /// To what.
    pub subject: Option<String>,
    /// What exactly.
    pub detail: Json<Value>,
    /// How it went: see [`Outcome::as_str`].
    pub outcome: String,
}

/// Which rows are wanted. Only one of `subjects` and `act` is looked up; the other sorts out among what that finds.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// To one of these.
    pub subjects: Option<Vec<String>>,
    /// Of this name.
    pub act: Option<String>,
    /// By this actor.
    pub actor: Option<String>,
    /// Not before.
    pub since: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
    /// Before the row of this time and id, which is the last of the page before.
    pub after: Option<(DateTime<Utc>, Uuid)>,
}

const WRITE: &str = "
    INSERT INTO audit_log (id, at, actor, address, request_id, act, subject, detail, outcome)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING";

/// $1/$2 the time and the id before which, $3 since when, $4 actor, $5 how many, $6 act, $7 subjects. Each way of asking has an
/// index of its own, in the order of the answer.
macro_rules! list {
    ($which:literal) => {
        concat!(
            "SELECT id, at, actor, address, request_id, act, subject, detail, outcome FROM audit_log
             WHERE (at, id) < ($1, $2) AND at >= $3 AND ($4::text IS NULL OR actor = $4) AND ",
            $which,
            " ORDER BY at DESC, id DESC LIMIT $5"
        )
    };
}

const ALL: &str = list!("$6::text IS NULL AND $7::text[] IS NULL");
const OF_ACT: &str = list!("act = $6 AND $7::text[] IS NULL");
const OF_SUBJECT: &str = list!("subject = ANY ($7) AND ($6::text IS NULL OR act = $6)");

/// The log. Borrowed from [`Store::audit`].
#[derive(Debug)]
pub struct Audit<'a>(&'a Store);

impl Store {
    /// What was done by those who run the bot.
    #[must_use]
    pub fn audit(&self) -> Audit<'_> {
        Audit(self)
    }
}

impl Audit<'_> {
    /// Writes how an act went, unless its row is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn write(&self, entry: &Entry, outcome: Outcome) -> Result<(), StoreError> {
        self.0
            .pool
            .within(async {
                let mut connection = self.0.pool.acquire().await?;
                write(&mut connection, entry, outcome).await
            })
            .await
    }

    /// What something is called in the log that is known by a number: its kind, and a keyed hash. Of each key of the list one, that
    /// of the first first.
    #[must_use]
    pub fn names(&self, kind: &str, id: i64) -> Vec<String> {
        let keys = self.0.keys.signing_keys(KEY_PURPOSE);
        keys.iter().filter_map(|key| keyed(key, &id.to_be_bytes())).map(|hash| format!("{kind}:{hash}")).collect()
    }

    /// At most `limit` rows, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(&self, wanted: &Wanted, limit: u32) -> Result<Vec<Row>, StoreError> {
        let statement = match (&wanted.subjects, &wanted.act) {
            (Some(_), _) => OF_SUBJECT,
            (None, Some(_)) => OF_ACT,
            (None, None) => ALL,
        };
        // Of what is `until` this time, nothing is before the lowest id.
        let until = wanted.until.map(|until| (until, Uuid::nil()));
        let (before, id) = match (wanted.after, until) {
            (Some(after), Some(until)) => after.min(until),
            (Some(bound), None) | (None, Some(bound)) => bound,
            (None, None) => (end_of_time(), Uuid::max()),
        };
        let rows = sqlx::query_as(statement)
            .bind(before)
            .bind(id)
            .bind(wanted.since.unwrap_or(DateTime::<Utc>::UNIX_EPOCH))
            .bind(wanted.actor.as_deref())
            .bind(i64::from(limit))
            .bind(wanted.act.as_deref())
            .bind(wanted.subjects.as_deref())
            .fetch_all(&self.0.pool)
            .await?;
        Ok(rows)
    }
}

/// Writes that an act was done, in the transaction that does it.
pub(crate) async fn done(connection: &mut PgConnection, entry: Option<&Entry>) -> Result<(), StoreError> {
    match entry {
        Some(entry) => write(connection, entry, Outcome::Done).await,
        None => Ok(()),
    }
}

async fn write(connection: &mut PgConnection, entry: &Entry, outcome: Outcome) -> Result<(), StoreError> {
    sqlx::query(WRITE)
        .bind(entry.id)
        .bind(entry.at)
        .bind(&entry.actor)
        .bind(entry.address.as_deref())
        .bind(&entry.request_id)
        .bind(&entry.act)
        .bind(entry.subject.as_deref())
        .bind(Json(&entry.detail))
        .bind(outcome.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// 32 hexadecimal digits that nobody makes without the key.
pub(crate) fn keyed(key: &SecretString, what: &[u8]) -> Option<String> {
    // HMAC takes keys of any length; the signature of `new_from_slice` cannot say so.
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()).ok()?;
    mac.update(what);
    Some(mac.finalize().into_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}

/// A time that Postgres knows and nobody sees.
pub(crate) fn end_of_time() -> DateTime<Utc> {
    const YEAR_9999: i64 = 253_402_300_799;
    DateTime::from_timestamp(YEAR_9999, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
