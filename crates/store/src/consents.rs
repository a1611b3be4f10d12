//! What people agreed to.

use chrono::{DateTime, Utc};
use evolve_domain::consent::{Consent, MINOR_FOR};
use sqlx::FromRow;

use crate::{Store, StoreError};

/// Consents. Borrowed from [`Store::consents`].
#[derive(Debug)]
pub struct Consents<'a>(&'a Store);

impl Store {
    /// What people agreed to.
    #[must_use]
    pub fn consents(&self) -> Consents<'_> {
        Consents(self)
    }
}

const SELECT: &str = "
    SELECT c.words, c.agreed, c.decided_at, c.minor_said_at
    FROM users u LEFT JOIN consents c ON c.user_id = u.id AND c.what = 'adult' WHERE u.id = $1";

/// Decided once more in the same way, it was decided when it was. A yes is not taken from whoever said since $6 that they are
/// too young; after that it ends what they said. $1 person, $2 words, $3 whether they agreed, $4 now, $5 the same where they
/// say that they are too young.
const DECIDE: &str = "
    WITH person AS (
        SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE
    )
    INSERT INTO consents AS c (user_id, what, words, agreed, decided_at, minor_said_at)
    SELECT id, 'adult', $2, $3, $4, $5 FROM person
    ON CONFLICT (user_id, what) DO UPDATE
    SET words = excluded.words, agreed = excluded.agreed,
        decided_at = CASE WHEN (c.words, c.agreed) = (excluded.words, excluded.agreed)
                          THEN c.decided_at ELSE excluded.decided_at END,
        minor_said_at = CASE WHEN NOT excluded.agreed THEN COALESCE(excluded.minor_said_at, c.minor_said_at) END
    WHERE NOT excluded.agreed OR c.minor_said_at IS NULL OR c.minor_said_at <= $6
    RETURNING words, agreed, decided_at, minor_said_at";

/// The columns of a decision; NULL where there is none.
#[derive(FromRow)]
struct Row {
    words: Option<i16>,
    agreed: Option<bool>,
    decided_at: Option<DateTime<Utc>>,
    minor_said_at: Option<DateTime<Utc>>,
}

impl Row {
    fn consent(self) -> Option<Consent> {
        consent(self.words, self.agreed, self.decided_at, self.minor_said_at)
    }
}

impl Consents<'_> {
    /// What a person decided about adult matters, if they did; nothing for somebody who never came.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn adult(&self, user_id: i64) -> Result<Option<Option<Consent>>, StoreError> {
        let row: Option<Row> = sqlx::query_as(SELECT).bind(user_id).fetch_optional(&self.0.pool).await?;
        Ok(row.map(Row::consent))
    }

    /// Writes down what a person decided, having been asked with these words. What holds then; nothing for somebody who never
    /// came, and for a yes of somebody who said within a year that they are too young.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn decide(
        &self,
        user_id: i64,
        words: u16,
        agreed: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<Consent>, StoreError> {
        self.write(user_id, (words, agreed), now, None).await
    }

    /// Writes down that a person says that they are too young, which is a no to these words.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn believe(&self, user_id: i64, words: u16, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.write(user_id, (words, false), now, Some(now)).await.map(drop)
    }

    async fn write(
        &self,
        user_id: i64,
        (words, agreed): (u16, bool),
        now: DateTime<Utc>,
        minor_said_at: Option<DateTime<Utc>>,
    ) -> Result<Option<Consent>, StoreError> {
        let row: Option<Row> = sqlx::query_as(DECIDE)
            .bind(user_id)
            .bind(i16::try_from(words).unwrap_or(i16::MAX))
            .bind(agreed)
            .bind(now)
            .bind(minor_said_at)
            .bind(now - MINOR_FOR)
            .fetch_optional(&self.0.pool)
            .await?;
        Ok(row.and_then(Row::consent))
    }
}

/// A decision from its columns.
pub(crate) fn consent(
    words: Option<i16>,
    agreed: Option<bool>,
    decided_at: Option<DateTime<Utc>>,
    minor_said_at: Option<DateTime<Utc>>,
) -> Option<Consent> {
    Some(Consent { words: words?.try_into().ok()?, agreed: agreed?, decided_at: decided_at?, minor_said_at })
}
