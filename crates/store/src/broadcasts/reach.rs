//! Whom a broadcast reaches: who came themselves (only they have settings: who has only spoken in a group cannot be written to),
//! is all of what it asks for, has not blocked the bot, is not banned, and is not about to be removed.
//!
//! People are looked at in the order of their ids, so many at a time, by the table's own key: no filter needs an index, and
//! however few fit, no statement reads more than it is to.

use chrono::{DateTime, Utc};
use sqlx::{Postgres, postgres::PgArguments, query::QueryAs};

use super::Broadcasts;
use crate::StoreError;

/// An audience, in what is stored of people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The plan in force: `free` or `premium`.
    pub plan: Option<&'static str>,
    /// Relationship points, at least.
    pub points_from: Option<i64>,
    /// Relationship points, less than this.
    pub points_below: Option<i64>,
    /// Language codes.
    pub languages: Option<Vec<&'static str>>,
    /// Who was here since.
    pub seen_since: Option<DateTime<Utc>>,
    /// Who was not here since.
    pub unseen_since: Option<DateTime<Utc>>,
    /// Who had come by then.
    pub came_by: DateTime<Utc>,
}

/// `seen` are the next people, `reached` those of them that are reached, with their rows held in the given way. $1 after whom, $2 how many to look at, $3 now, $4–$10 the reach.
macro_rules! reached {
    ($held:literal) => {
        concat!(
            "seen AS (
            SELECT id FROM users WHERE id > $1 ORDER BY id LIMIT $2
        ), reached AS (
            SELECT u.id, s.language FROM users u JOIN settings s ON s.user_id = u.id
            WHERE u.id = ANY (ARRAY(SELECT id FROM seen))
              AND ($4::text IS NULL
                   OR $4 = CASE WHEN u.plan = 'premium' AND (u.premium_until IS NULL OR u.premium_until > $3)
                                THEN 'premium' ELSE 'free' END)
              AND ($5::bigint IS NULL OR u.points >= $5) AND ($6::bigint IS NULL OR u.points < $6)
              AND ($7::text[] IS NULL OR s.language = ANY ($7))
              AND ($8::timestamptz IS NULL OR u.last_seen_at >= $8)
              AND ($9::timestamptz IS NULL OR u.last_seen_at < $9)
              AND u.created_at <= $10 AND u.blocked_at IS NULL AND (u.banned_until IS NULL OR u.banned_until <= $3)
              AND NOT EXISTS (SELECT FROM deletions d WHERE d.user_id = u.id) ",
            $held,
            ")"
        )
    };
}
pub(super) use reached;

const COUNT: &str = concat!(
    "WITH ",
    reached!(""),
    " SELECT (SELECT max(id) FROM seen) AS last, (SELECT count(*) FROM reached) AS people"
);

/// Binds what [`reached`] asks for.
pub(super) fn bind<'q, T>(
    query: QueryAs<'q, Postgres, T, PgArguments>,
    (after, look): (i64, u32),
    reach: &'q Reach,
    now: DateTime<Utc>,
) -> QueryAs<'q, Postgres, T, PgArguments> {
    query
        .bind(after)
        .bind(i64::from(look))
        .bind(now)
        .bind(reach.plan)
        .bind(reach.points_from)
        .bind(reach.points_below)
        .bind(reach.languages.as_deref())
        .bind(reach.seen_since)
        .bind(reach.unseen_since)
        .bind(reach.came_by)
}

impl Broadcasts<'_> {
    /// How many of the next `look` people after this one are reached, and who was the last of them; nothing where there are no
    /// more people.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reaches(
        &self,
        after: i64,
        look: u32,
        reach: &Reach,
        now: DateTime<Utc>,
    ) -> Result<Option<(i64, u64)>, StoreError> {
        let query = bind(sqlx::query_as(COUNT), (after, look), reach, now);
        let (last, people): (Option<i64>, i64) = query.fetch_one(&self.0.pool).await?;
        Ok(last.map(|last| (last, u64::try_from(people).unwrap_or_default())))
    }
}
