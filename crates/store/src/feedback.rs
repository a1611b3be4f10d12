//! What people think of answers: the reaction that stands under one.

use chrono::{DateTime, Utc};

use crate::{Store, StoreError};

/// Feedback. Borrowed from [`Store::feedback`].
#[derive(Debug)]
pub struct Feedback<'a>(&'a Store);

impl Store {
    /// Feedback.
    #[must_use]
    pub fn feedback(&self) -> Feedback<'_> {
        Feedback(self)
    }
}

/// An answer that took the place of another is judged by itself: it is another message. $1 person, $2 key, $3 reaction, $4 now.
const GIVE: &str = "
    WITH person AS (
        SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE
    ), turn AS (
        SELECT t.id, t.user_id FROM turns t JOIN person ON person.id = t.user_id
        WHERE (t.key = $2 OR t.also_key = $2) AND t.state = 'done'
    ), taken_back AS (
        DELETE FROM feedback f USING turn WHERE f.turn_id = turn.id AND $3::text IS NULL
    ), given AS (
        INSERT INTO feedback AS f (turn_id, user_id, reaction, given_at)
        SELECT id, user_id, $3, $4 FROM turn WHERE $3::text IS NOT NULL
        ON CONFLICT (turn_id) DO UPDATE SET reaction = excluded.reaction, given_at = excluded.given_at
    )
    SELECT EXISTS (SELECT FROM turn)";

impl Feedback<'_> {
    /// Keeps a person's reaction to the answer that was given under a key; nothing takes it back. False when there is no
    /// such answer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn give(
        &self,
        user_id: i64,
        key: &str,
        reaction: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (known,) =
            sqlx::query_as(GIVE).bind(user_id).bind(key).bind(reaction).bind(now).fetch_one(&self.0.pool).await?;
        Ok(known)
    }
}
