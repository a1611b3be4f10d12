//! What a person's weeks were about: made of the summaries of their conversations, once the week is over.
//!
//! Whoever writes a summary marks its week ([`crate::summaries`]); a week that is marked again is made anew. A conversation
//! belongs to the week in which the last thing that its summary holds was said.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use evolve_domain::language::Language;
use sqlx::FromRow;

use crate::{Store, StoreError, messages::legible, users::parse};

/// A week whose conversations are to be summed up together, leased to the caller.
#[derive(Clone, Debug)]
pub struct Week {
    /// Whose it is.
    pub user_id: i64,
    /// Its Monday.
    pub starts_on: NaiveDate,
    /// The person's language.
    pub language: Language,
    /// What its conversations were about, oldest first. Empty where all of them went on into another week or are forgotten.
    pub summaries: Vec<String>,
    /// The lease.
    leased_until: DateTime<Utc>,
}

/// Weeks. Borrowed from [`Store::weeks`].
#[derive(Debug)]
pub struct Weeks<'a>(&'a Store);

impl Store {
    /// Weeks.
    #[must_use]
    pub fn weeks(&self) -> Weeks<'_> {
        Weeks(self)
    }
}

/// Leases grow as those of conversations do. $1 now, $2 the shortest lease, $3 default language, $4 the newest Monday of a
/// week that is over.
const CLAIM: &str = "
    WITH due AS (
        SELECT user_id, starts_on FROM weeks
        WHERE stale AND starts_on <= $4 AND (leased_until IS NULL OR leased_until <= $1)
        ORDER BY starts_on LIMIT 1 FOR UPDATE SKIP LOCKED
    ), leased AS (
        UPDATE weeks w SET leased_until = $1 + LEAST($2::interval * (1 << LEAST(w.attempts, 20)), interval '1 day'),
                           attempts = w.attempts + 1
        FROM due WHERE w.user_id = due.user_id AND w.starts_on = due.starts_on
        RETURNING w.user_id, w.starts_on, w.leased_until
    )
    SELECT l.user_id, l.starts_on, l.leased_until, COALESCE(p.language, $3) AS language,
           ARRAY(SELECT s.content FROM summaries s
                 WHERE s.user_id = l.user_id AND s.covers_until >= l.starts_on::timestamp AT TIME ZONE 'UTC'
                   AND s.covers_until < (l.starts_on + 7)::timestamp AT TIME ZONE 'UTC'
                 ORDER BY s.covers_until) AS summaries
    FROM leased l LEFT JOIN settings p ON p.user_id = l.user_id";

/// The person's row is locked first, as in every statement that writes for them. $1 person, $2 Monday, $3 lease, $4 content, $5 now.
const WRITE: &str = "
    WITH person AS (
        SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE
    )
    UPDATE weeks w SET content = $4, stale = false, leased_until = NULL, attempts = 0, updated_at = $5
    FROM person WHERE w.user_id = person.id AND w.starts_on = $2 AND w.leased_until = $3";

impl Weeks<'_> {
    /// Leases a week that is over and not summed up, for `lease` or longer; nothing when there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim(
        &self,
        default_language: Language,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Option<Week>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            user_id: i64,
            starts_on: NaiveDate,
            leased_until: DateTime<Utc>,
            language: String,
            summaries: Vec<String>,
        }
        let row: Option<Row> = sqlx::query_as(CLAIM)
            .bind(now)
            .bind(lease)
            .bind(default_language.as_str())
            .bind(now.date_naive() - TimeDelta::days(7))
            .fetch_optional(&self.0.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        // What no key opens must not keep the rest of the week from being told.
        let open = |token: &String| legible(self.0.keys.decrypt(token, "summaries.content"));
        Ok(Some(Week {
            user_id: row.user_id,
            starts_on: row.starts_on,
            language: parse("settings.language", &row.language, default_language),
            summaries: row.summaries.iter().filter_map(open).collect(),
            leased_until: row.leased_until,
        }))
    }

    /// Writes what a week was about; nothing for a week that has no conversation any more. False if the week was taken away:
    /// then it is made anew from what there is now.
    ///
    /// # Errors
    /// [`StoreError`]; then the lease runs out by itself.
    pub async fn write(&self, week: &Week, content: Option<&str>, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sqlx::query(WRITE)
            .bind(week.user_id)
            .bind(week.starts_on)
            .bind(week.leased_until)
            .bind(content.map(|content| self.0.keys.encrypt(content)))
            .bind(now)
            .execute(&self.0.pool)
            .await?;
        Ok(done.rows_affected() > 0)
    }
}
