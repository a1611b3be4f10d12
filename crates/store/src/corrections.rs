//! Facts put right by the person. What was wrong is not kept: it never held.

use chrono::{DateTime, NaiveDate, Utc};
use evolve_domain::fact::Category;
use uuid::Uuid;

use crate::{
    StoreError,
    facts::{Fact, FactRow, Facts},
    forgetting::RESTART,
};

/// The conversation in which a fact was told, and the day of the fact. $1 person, $2 fact.
const TOLD_IN: &str = "
    SELECT m.conversation_id, f.day FROM facts f
    JOIN messages m ON m.id = f.message_id AND m.created_at = f.created_at AND m.user_id = f.user_id
    WHERE f.id = $2 AND f.user_id = $1";

/// A meaning belongs to its words: other words have none. $1 person, $2 fact, $3 content, if it is another, $4 category, $5 day,
/// $6 now. The person's row is locked first.
const CORRECT: &str = "
    WITH person AS (
        UPDATE users u SET facts_version = facts_version + 1
        WHERE u.id = $1 AND EXISTS (SELECT FROM facts f WHERE f.id = $2 AND f.user_id = $1 AND f.ended_at IS NULL
                                    AND f.forgotten_at IS NULL)
        RETURNING u.id
    )
    UPDATE facts f SET content = COALESCE($3, f.content), category = $4, day = $5,
                       meaning = CASE WHEN $3 IS NULL THEN f.meaning END,
                       meaning_space = CASE WHEN $3 IS NULL THEN f.meaning_space END,
                       confidence = 100, last_said_at = GREATEST(f.last_said_at, $6)
    FROM person WHERE f.id = $2 AND f.user_id = person.id AND f.ended_at IS NULL AND f.forgotten_at IS NULL
    RETURNING f.id, f.category, f.content, f.chain, f.confidence, f.day, f.created_at, f.last_said_at, f.times_said, f.ended_at";

/// What was wrong goes; what held before it joins the history of the fact that says it right. $1 person, $2 fact, $3 the one
/// that says it already, $4 category, $5 day, $6 now. The person's row is locked first.
const JOIN: &str = "
    WITH person AS (
        UPDATE users u SET facts_version = facts_version + 1
        WHERE u.id = $1 AND 2 = (SELECT count(*) FROM facts f WHERE f.id IN ($2, $3) AND f.user_id = $1
                                 AND f.ended_at IS NULL AND f.forgotten_at IS NULL)
        RETURNING u.id
    ), gone AS (
        DELETE FROM facts f USING person WHERE f.id = $2 AND f.user_id = person.id RETURNING f.chain
    ), moved AS (
        UPDATE facts f SET chain = k.chain FROM gone, facts k
        WHERE k.id = $3 AND f.user_id = $1 AND f.chain = gone.chain AND f.id NOT IN ($2, $3)
    )
    UPDATE facts f SET category = $4, day = $5, confidence = 100, last_said_at = GREATEST(f.last_said_at, $6)
    FROM person WHERE f.id = $3 AND f.user_id = person.id
    RETURNING f.id, f.category, f.content, f.chain, f.confidence, f.day, f.created_at, f.last_said_at, f.times_said, f.ended_at";

/// How a fact is put right.
#[derive(Clone, Copy, Debug)]
pub enum Correction<'a> {
    /// It is this; with nothing its words stay.
    Is(Option<&'a str>),
    /// It is what this other fact says already: the two become one.
    SaysAs(Uuid),
}

impl Facts<'_> {
    /// Puts a fact right: what the person says of themselves is sure. Nothing where it does not hold. Where its words or its
    /// day were wrong, the conversation in which it was told is summed up anew.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn correct(
        &self,
        user_id: i64,
        fact: Uuid,
        correction: Correction<'_>,
        category: Category,
        day: Option<NaiveDate>,
        now: DateTime<Utc>,
    ) -> Result<Option<Fact>, StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        let told_in: Option<(Uuid, Option<NaiveDate>)> =
            sqlx::query_as(TOLD_IN).bind(user_id).bind(fact).fetch_optional(&mut *transaction).await?;
        let query = match correction {
            Correction::Is(content) => {
                let content = content.map(|content| self.0.keys.encrypt(content));
                sqlx::query_as(CORRECT).bind(user_id).bind(fact).bind(content)
            }
            Correction::SaysAs(other) => sqlx::query_as(JOIN).bind(user_id).bind(fact).bind(other),
        };
        let row: Option<FactRow> =
            query.bind(category.as_str()).bind(day).bind(now).fetch_optional(&mut *transaction).await?;
        let Some(row) = row else { return Ok(None) };
        let is_wrong = |before: Option<NaiveDate>| before != day || !matches!(correction, Correction::Is(None));
        if let Some((conversation, _)) = told_in.filter(|(_, before)| is_wrong(*before)) {
            sqlx::query(RESTART).bind(vec![conversation]).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        row.open(&self.0.keys).map(Some)
    }
}
