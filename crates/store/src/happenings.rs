//! What happens now, for whoever watches the bot: that somebody wrote, came, paid, or that something failed; never a word of it.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{Store, StoreError};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Happening {
    /// Its name, the same each time that it is asked for.
    pub id: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What: `message`, `level`, `person`, `payment`, `refund` or `failure`.
    pub what: String,
    /// To whom, where that is known.
    pub user_id: Option<i64>,
    /// Of money: how much, in the smallest unit.
    pub amount: Option<i64>,
    /// Of money: in which currency.
    pub currency: Option<String>,
    /// The level that was reached.
    pub level: Option<i16>,
}

/// What happens. Borrowed from [`Store::happenings`].
#[derive(Debug)]
pub struct Happenings<'a>(&'a Store);

impl Store {
    /// What happens.
    #[must_use]
    pub fn happenings(&self) -> Happenings<'_> {
        Happenings(self)
    }
}

/// $1 since when, $2 how many. Each part reads the newest rows of an index by time, and no more of them than are wanted.
const NEWEST: &str = "
    SELECT id, at, what, user_id, amount, currency, level FROM (
        (SELECT 'turn:' || id || ':' || CASE WHEN state = 'failed' THEN 'failure' WHEN level_up IS NOT NULL THEN 'level' ELSE 'message' END AS id,
                COALESCE(counted_at, started_at) AS at,
                CASE WHEN state = 'failed' THEN 'failure' WHEN level_up IS NOT NULL THEN 'level' ELSE 'message' END AS what,
                user_id, NULL::bigint AS amount, NULL::text AS currency, level_up::smallint AS level
         FROM turns WHERE COALESCE(counted_at, started_at) > $1 ORDER BY COALESCE(counted_at, started_at) DESC LIMIT $2)
        UNION ALL
        (SELECT 'person:' || id, created_at, 'person', id, NULL, NULL, NULL
         FROM users WHERE created_at > $1 ORDER BY created_at DESC LIMIT $2)
        UNION ALL
        (SELECT 'money:' || l.id, l.booked_at, CASE WHEN l.credit = 'sales' THEN 'payment' ELSE 'refund' END,
                (SELECT p.user_id FROM payments p WHERE p.id = l.payment_id), l.amount, l.currency, NULL
         FROM (SELECT id, booked_at, credit, payment_id, amount, currency FROM ledger
               WHERE booked_at > $1 AND 'sales' IN (debit, credit) ORDER BY booked_at DESC LIMIT $2) l)
        UNION ALL
        (SELECT 'inbox:' || update_id, finished_at, 'failure', NULL, NULL, NULL, NULL
         FROM inbox WHERE state = 'dead' AND finished_at > $1 ORDER BY finished_at DESC, update_id DESC LIMIT $2)
        UNION ALL
        (SELECT 'outbox:' || id, finished_at, 'failure', NULL, NULL, NULL, NULL
         FROM outbox WHERE state = 'dead' AND finished_at > $1 ORDER BY finished_at DESC, id DESC LIMIT $2)
    ) happened
    ORDER BY at DESC, id DESC LIMIT $2";

/// Every statement of this file, and values to ask it with, for the test that it reads no more than it shows.
#[cfg(test)]
pub(crate) const ASKED: [(&str, &str); 1] = [(NEWEST, "'2026-11-20', 30")];

impl Happenings<'_> {
    /// What happened last since a moment, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest(&self, since: DateTime<Utc>, most: u32) -> Result<Vec<Happening>, StoreError> {
        Ok(sqlx::query_as(NEWEST).bind(since).bind(i64::from(most)).fetch_all(&self.0.pool).await?)
    }
}
