//! Who is told what happens, what they are owed, and how it went.
//!
//! What happened is written by triggers (migration 0036), in the transaction that makes it so. Numbers that are given out in many
//! transactions become visible in another order, so none of them can be a mark up to which a subscriber was told: a transaction
//! that takes longer would be passed over. Instead each event says itself whether it was told, and [`Webhooks::fan_out`] writes what
//! is owed for it, one process at a time: so the numbers of what is *owed* become visible in their order, and that is the order in
//! which a subscriber is told.
//!
//! A subscriber is leased for one attempt at the first thing that it is owed: nothing else is sent to it meanwhile,
//! by any replica, and those beside it are not held up.

mod deliver;
mod list;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::FromRow;
use uuid::Uuid;

#[cfg(test)]
pub(crate) use deliver::NEXT;
pub use deliver::{Attempt, Ended, Owed};
pub use list::{Delivery, Replayed};

use crate::{Keyring, Store, StoreError};

/// What a subscriber understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The event, signed.
    Generic,
    /// A line of text.
    Slack,
}

impl Kind {
    /// As it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Slack => "slack",
        }
    }

    fn stored(text: &str) -> Self {
        if text == "slack" { Self::Slack } else { Self::Generic }
    }
}

/// A subscriber to be.
#[derive(Clone, Debug)]
pub struct NewWebhook<'a> {
    /// Its id.
    pub id: Uuid,
    /// What it understands.
    pub kind: Kind,
    /// Where it is.
    pub url: &'a str,
    /// What signs.
    pub secret: &'a SecretString,
    /// What it wants to hear of; everything, where it is empty.
    pub events: Vec<String>,
}

/// A subscriber.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Its id.
    pub id: Uuid,
    /// What it understands.
    pub kind: Kind,
    /// Where it is. Whoever sees that of Slack can write there.
    pub url: SecretString,
    /// What it wants to hear of; everything, where it is empty.
    pub events: Vec<String>,
    /// Whether it is told anything.
    pub enabled: bool,
    /// Why it was disabled by itself: `failing` or `gone`.
    pub disabled_reason: Option<String>,
    /// Since when it has accepted nothing; nothing where it accepted what it was told last.
    pub failing_since: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// What it is owed.
    pub waiting: u64,
}

/// What is to change about one; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct Change<'a> {
    /// Where it is.
    pub url: Option<&'a str>,
    /// What it wants to hear of.
    pub events: Option<Vec<String>>,
    /// Whether it is told anything.
    pub enabled: Option<bool>,
}

/// Subscribers. Borrowed from [`Store::webhooks`].
#[derive(Debug)]
pub struct Webhooks<'a>(&'a Store);

impl Store {
    /// Who is told what happens.
    #[must_use]
    pub fn webhooks(&self) -> Webhooks<'_> {
        Webhooks(self)
    }
}

/// There are few of them, so that counting costs little. $1 id, $2 kind, $3 url, $4 secret, $5 events, $6 now, $7 most.
const CREATE: &str = "
    INSERT INTO webhooks (id, kind, url, secret, events, created_at)
    SELECT $1, $2, $3, $4, $5, $6 WHERE (SELECT count(*) FROM webhooks) < $7";

/// Of what waits, no more is counted than would be shown. $1 id; all, where it is NULL.
const LIST: &str = "
    SELECT w.id, w.kind, w.url, w.events, w.enabled, w.disabled_reason, w.failing_since, w.created_at,
           (SELECT count(*) FROM (SELECT FROM webhook_deliveries d
                                  WHERE d.webhook_id = w.id AND d.state = 'waiting' LIMIT 10000) q) AS waiting
    FROM webhooks w WHERE $1::uuid IS NULL OR w.id = $1 ORDER BY w.created_at, w.id";

/// Whoever enables it begins anew: what it failed at is forgotten, and what it was to be tried with later is tried at once. $1 id, $2
/// url, $3 events, $4 enabled, $5 now.
const CHANGE: &str = "
    WITH changed AS (
        UPDATE webhooks
        SET url = COALESCE($2, url), events = COALESCE($3, events), enabled = COALESCE($4, enabled),
            disabled_reason = CASE WHEN $4::boolean IS NULL THEN disabled_reason END,
            failing_since = CASE WHEN $4 THEN NULL ELSE failing_since END
        WHERE id = $1 RETURNING id
    ), ready AS (
        UPDATE webhook_deliveries d SET ready_at = LEAST(d.ready_at, $5), attempts = 0
        FROM changed c WHERE d.webhook_id = c.id AND d.state = 'waiting' AND d.attempts > 0 AND ($4 OR $2 IS NOT NULL)
    )
    SELECT pg_notify('webhooks', '')::text FROM changed";

/// A form that is sent twice, or a second wish before the first was seen to: what the other side has is still the one before both, so that
/// stays, and what was made in between goes. $1 id, $2 secret, $3 until when the one before signs as well, $4 now.
const ROTATE: &str = "
    UPDATE webhooks
    SET old_secret = CASE WHEN old_secret_until > $4 THEN old_secret ELSE secret END, old_secret_until = $3, secret = $2
    WHERE id = $1";

const REMOVE: &str = "DELETE FROM webhooks WHERE id = $1";

#[derive(FromRow)]
struct Row {
    id: Uuid,
    kind: String,
    url: String,
    events: Vec<String>,
    enabled: bool,
    disabled_reason: Option<String>,
    failing_since: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    waiting: i64,
}

impl Row {
    fn open(self, keys: &Keyring) -> Result<Webhook, StoreError> {
        Ok(Webhook {
            id: self.id,
            kind: Kind::stored(&self.kind),
            url: keys.decrypt(&self.url, "webhooks.url")?.into(),
            events: self.events,
            enabled: self.enabled,
            disabled_reason: self.disabled_reason,
            failing_since: self.failing_since,
            created_at: self.created_at,
            waiting: u64::try_from(self.waiting).unwrap_or_default(),
        })
    }
}

impl Webhooks<'_> {
    /// Makes one, unless there are `most`. False where there are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create(&self, new: &NewWebhook<'_>, most: u32, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sqlx::query(CREATE)
            .bind(new.id)
            .bind(new.kind.as_str())
            .bind(self.0.keys.encrypt(new.url))
            .bind(self.0.keys.encrypt(new.secret.expose_secret()))
            .bind(&new.events)
            .bind(now)
            .bind(i64::from(most))
            .execute(&self.0.pool)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// All of them, in the order in which they were made.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all(&self) -> Result<Vec<Webhook>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(LIST).bind(None::<Uuid>).fetch_all(&self.0.pool).await?;
        rows.into_iter().map(|row| row.open(&self.0.keys)).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(&self, id: Uuid) -> Result<Option<Webhook>, StoreError> {
        let row: Option<Row> = sqlx::query_as(LIST).bind(Some(id)).fetch_optional(&self.0.pool).await?;
        row.map(|row| row.open(&self.0.keys)).transpose()
    }

    /// Changes one. Where it is enabled, or is elsewhere now, what it is owed is tried at once, as if for the first time. False
    /// where there is none.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was changed.
    pub async fn change(&self, id: Uuid, change: &Change<'_>, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let changed = sqlx::query(CHANGE)
            .bind(id)
            .bind(change.url.map(|url| self.0.keys.encrypt(url)))
            .bind(&change.events)
            .bind(change.enabled)
            .bind(now)
            .fetch_optional(&self.0.pool)
            .await?;
        Ok(changed.is_some())
    }

    /// Gives one another secret; the one before signs as well `until` then. Where one signs as well already, it stays that one. False
    /// where there is no such subscriber.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rotate(
        &self,
        id: Uuid,
        secret: &SecretString,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let token = self.0.keys.encrypt(secret.expose_secret());
        let done = sqlx::query(ROTATE).bind(id).bind(token).bind(until).bind(now).execute(&self.0.pool).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Removes one, with what it is owed. False where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove(&self, id: Uuid) -> Result<bool, StoreError> {
        Ok(sqlx::query(REMOVE).bind(id).execute(&self.0.pool).await?.rows_affected() > 0)
    }
}
