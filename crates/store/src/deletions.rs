//! People who asked to be removed and still may change their minds.
//!
//! Whether somebody is removed is decided in the transaction that removes them ([`Users::delete_due`]), under the lock on
//! their row that changing their mind takes as well. So any number of replicas may look who is due: one removes them, and
//! a change of mind is either in time or too late, never half of both.
//!
//! [`Users::delete_due`]: crate::users::Users::delete_due

use chrono::{DateTime, Utc};

use crate::{Store, StoreError};

/// Removals to come. Borrowed from [`Store::deletions`].
#[derive(Debug)]
pub struct Deletions<'a>(&'a Store);

impl Store {
    /// Removals to come.
    #[must_use]
    pub fn deletions(&self) -> Deletions<'_> {
        Deletions(self)
    }
}

/// $1 person, $2 now, $3 when.
const ASK: &str = "
    WITH person AS (
        SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE
    )
    INSERT INTO deletions (user_id, asked_at, due_at) SELECT id, $2, $3 FROM person
    ON CONFLICT (user_id) DO UPDATE SET asked_at = excluded.asked_at, due_at = excluded.due_at";

const CANCEL: &str = "
    WITH person AS (
        SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE
    )
    DELETE FROM deletions d USING person WHERE d.user_id = person.id";

const PENDING: &str = "SELECT due_at FROM deletions WHERE user_id = $1";

const DUE: &str = "SELECT user_id FROM deletions WHERE due_at <= $1 ORDER BY due_at LIMIT $2";

impl Deletions<'_> {
    /// A person asks to be removed at `due_at`, instead of when they asked before. False when they never came.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ask(&self, user_id: i64, due_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sqlx::query(ASK).bind(user_id).bind(now).bind(due_at).execute(&self.0.pool).await?;
        Ok(done.rows_affected() > 0)
    }

    /// They changed their mind. False when there was nothing to cancel.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cancel(&self, user_id: i64) -> Result<bool, StoreError> {
        let done = sqlx::query(CANCEL).bind(user_id).execute(&self.0.pool).await?;
        Ok(done.rows_affected() > 0)
    }

    /// When they are to be removed, if they asked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pending(&self, user_id: i64) -> Result<Option<DateTime<Utc>>, StoreError> {
        let row: Option<(DateTime<Utc>,)> = sqlx::query_as(PENDING).bind(user_id).fetch_optional(&self.0.pool).await?;
        Ok(row.map(|(due_at,)| due_at))
    }

    /// Who is to be removed by now, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<i64>, StoreError> {
        let rows: Vec<(i64,)> = sqlx::query_as(DUE).bind(now).bind(i64::from(limit)).fetch_all(&self.0.pool).await?;
        Ok(rows.into_iter().map(|(user_id,)| user_id).collect())
    }
}
