//! Who came by whose link.

use chrono::{DateTime, Utc};

use crate::{Store, StoreError};

/// Referrals. Borrowed from [`Store::referrals`].
#[derive(Debug)]
pub struct Referrals<'a>(&'a Store);

impl Store {
    /// Referrals.
    #[must_use]
    pub fn referrals(&self) -> Referrals<'_> {
        Referrals(self)
    }
}

/// Only for somebody who has never said anything in private (who has had all of it forgotten has: the day of their last answer
/// stays), by somebody who is here, and once. $1 person, $2 referrer, $3 now.
const KEEP: &str = "
    WITH person AS (
        SELECT id FROM users WHERE id = $1 AND last_day IS NULL AND messages = 0 FOR NO KEY UPDATE
    )
    INSERT INTO referrals (user_id, referrer_id, referred_at)
    SELECT person.id, r.id, $3 FROM person JOIN users r ON r.id = $2 AND r.id <> person.id
    WHERE NOT EXISTS (SELECT FROM referrals b WHERE b.user_id = r.id AND b.referrer_id = person.id)
    ON CONFLICT (user_id) DO NOTHING";

impl Referrals<'_> {
    /// Keeps who brought a person. False when nothing is kept: they have a referrer, are no newcomer, or it is not a
    /// person that we know.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep(&self, user_id: i64, referrer_id: i64, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sqlx::query(KEEP).bind(user_id).bind(referrer_id).bind(now).execute(&self.0.pool).await?;
        Ok(done.rows_affected() > 0)
    }
}
