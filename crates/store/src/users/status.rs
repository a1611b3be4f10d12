//! How a person stands.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use evolve_domain::{language::Language, plan::Plan, profile::Settings, relationship::Bond};
use sqlx::FromRow;

use super::{
    Users,
    stored::{parse, settings},
};
use crate::{StoreError, relationships::BondRow};

/// How a person stands today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The plan in force.
    pub plan: Plan,
    /// Until when they have paid.
    pub paid_until: Option<DateTime<Utc>>,
    /// When premium ends, with the grace of a renewal that is awaited.
    pub premium_until: Option<DateTime<Utc>>,
    /// How close they have become.
    pub bond: Bond,
    /// Their day.
    pub today: NaiveDate,
    /// Their language.
    pub language: Language,
    /// Messages taken from today's quota.
    pub messages_today: u32,
    /// Their time zone.
    pub time_zone: Tz,
    /// Facts remembered.
    pub facts: u32,
}

const STATUS: &str = "
    SELECT u.plan, u.paid_until, u.premium_until, u.points, u.last_day, u.points_today, u.streak, u.best_level,
           s.language, COALESCE(s.time_zone, $3) AS time_zone, day_in(COALESCE(s.time_zone, $3), $2) AS today,
           COALESCE((SELECT d.messages FROM usage_days d WHERE d.user_id = u.id
                     AND d.day = day_in(COALESCE(s.time_zone, $3), $2)), 0) AS messages_today,
           (SELECT count(*) FROM facts f
            WHERE f.user_id = u.id AND f.ended_at IS NULL AND f.forgotten_at IS NULL) AS facts
    FROM users u LEFT JOIN settings s ON s.user_id = u.id
    WHERE u.id = $1";

#[derive(FromRow)]
struct StatusRow {
    plan: String,
    paid_until: Option<DateTime<Utc>>,
    premium_until: Option<DateTime<Utc>>,
    #[sqlx(flatten)]
    bond: BondRow,
    language: Option<String>,
    time_zone: String,
    today: NaiveDate,
    messages_today: i32,
    facts: i64,
}

impl Users<'_> {
    /// How a person stands; nothing when they never came.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn status(
        &self,
        user_id: i64,
        defaults: Settings,
        now: DateTime<Utc>,
    ) -> Result<Option<Status>, StoreError> {
        let row: Option<StatusRow> = sqlx::query_as(STATUS)
            .bind(user_id)
            .bind(now)
            .bind(defaults.time_zone.name())
            .fetch_optional(&self.0.pool)
            .await?;
        row.map(|row| {
            Ok(Status {
                plan: parse("users.plan", &row.plan, Plan::default()).in_force(row.premium_until, now),
                paid_until: row.paid_until,
                premium_until: row.premium_until,
                bond: row.bond.into(),
                today: row.today,
                language: settings(row.language.as_deref(), None, None, defaults).language,
                messages_today: u32::try_from(row.messages_today).unwrap_or_default(),
                time_zone: parse("settings.time_zone", &row.time_zone, defaults.time_zone),
                facts: u32::try_from(row.facts).unwrap_or(u32::MAX),
            })
        })
        .transpose()
    }
}
