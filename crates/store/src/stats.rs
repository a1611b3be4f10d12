//! How much a person said, and how their bond grew, day by day: what a picture is made of.

use chrono::{DateTime, NaiveDate, Utc};
use evolve_domain::{plan::Plan, profile::Settings, relationship::Bond};
use sqlx::{FromRow, types::Json};

use crate::{
    Store, StoreError,
    relationships::BondRow,
    users::{SettingsRow, parse},
};

/// The last days of a person, and all of it in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// The bond as stored.
    pub bond: Bond,
    /// How they want things.
    pub settings: Settings,
    /// The plan in force.
    pub plan: Plan,
    /// The person's day.
    pub today: NaiveDate,
    /// The day on which they came.
    pub since: NaiveDate,
    /// Messages of each of the last days that had any, oldest first.
    pub messages: Vec<(NaiveDate, i64)>,
    /// Points that came or went on each of the last days that had any, oldest first.
    pub points: Vec<(NaiveDate, i64)>,
    /// Messages of each hour of the last days that had any, by its beginning; none where they were not asked for.
    pub hours: Vec<(DateTime<Utc>, i64)>,
    /// Messages since they came.
    pub all_messages: i64,
    /// Days with a message since they came.
    pub active_days: i64,
}

/// A bond, and how it came to be what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// The bond as stored.
    pub bond: Bond,
    /// How they want things; days are those of their time zone.
    pub settings: Settings,
    /// The person's day.
    pub today: NaiveDate,
    /// The day on which they came.
    pub since: NaiveDate,
    /// Points that came or went on each day that had any, oldest first. None of it is ever cleaned up.
    pub points: Vec<(NaiveDate, i64)>,
}

/// Numbers of people. Borrowed from [`Store::stats`].
#[derive(Debug)]
pub struct StatsOf<'a>(&'a Store);

impl Store {
    /// Numbers of people.
    #[must_use]
    pub fn stats(&self) -> StatsOf<'_> {
        StatsOf(self)
    }
}

/// $1 person, $2 now, $3 default zone, $4 days.
macro_rules! stats {
    ($more:literal) => {
        concat!(
            "WITH person AS (
                SELECT u.id, u.points, u.last_day, u.points_today, u.streak, u.best_level, u.plan, u.premium_until,
                       s.language, s.time_zone, s.onboarding,
                       day_in(COALESCE(s.time_zone, $3), $2) AS today, day_in(COALESCE(s.time_zone, $3), u.created_at) AS since
                FROM users u LEFT JOIN settings s ON s.user_id = u.id WHERE u.id = $1
            )
            SELECT p.*, a.all_messages, a.active_days,
                   (SELECT json_agg(json_build_array(d.day, d.messages) ORDER BY d.day) FROM usage_days d
                    WHERE d.user_id = $1 AND d.day > p.today - $4::integer AND d.messages > 0) AS messages,
                   (SELECT json_agg(json_build_array(e.day, e.points) ORDER BY e.day) FROM (
                        SELECT day, sum(points)::bigint AS points FROM relationship_events
                        WHERE user_id = $1 AND day > p.today - $4::integer GROUP BY day) e) AS came",
            $more,
            " FROM person p CROSS JOIN (
                SELECT COALESCE(sum(messages), 0)::bigint AS all_messages, count(*) AS active_days FROM usage_days
                WHERE user_id = $1 AND messages > 0) a"
        )
    };
}

/// Of no message.
const NUMBERS: &str = stats!("");

/// Their messages besides, by hours.
const WITH_HOURS: &str = stats!(
    ", (SELECT json_agg(json_build_array(extract(epoch FROM h.hour)::bigint, h.messages)) FROM (
            SELECT date_trunc('hour', m.created_at, 'UTC') AS hour, count(*) AS messages FROM messages m
            WHERE m.user_id = $1 AND m.role = 'user' AND m.created_at <= $2
              AND m.created_at > $2 - make_interval(days => $4::integer) GROUP BY 1) h) AS hours"
);

/// What those are asked who run the bot, and values to ask it with, for the test that it reads nothing of what was said.
#[cfg(test)]
pub(crate) const ASKED: [(&str, &str); 1] = [(NUMBERS, "7, '2026-11-20', 'UTC', 30")];

/// $1 person, $2 now, $3 default zone.
const LIFE: &str = "
    SELECT u.points, u.last_day, u.points_today, u.streak, u.best_level, s.language, s.time_zone, s.onboarding,
           day_in(COALESCE(s.time_zone, $3), $2) AS today, day_in(COALESCE(s.time_zone, $3), u.created_at) AS since,
           (SELECT json_agg(json_build_array(e.day, e.points) ORDER BY e.day) FROM (
                SELECT day, sum(points)::bigint AS points FROM relationship_events
                WHERE user_id = $1 GROUP BY day) e) AS came
    FROM users u LEFT JOIN settings s ON s.user_id = u.id WHERE u.id = $1";

impl StatsOf<'_> {
    /// How somebody's bond came to be what it is; nothing when they never came.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn life(&self, user_id: i64, defaults: Settings, now: DateTime<Utc>) -> Result<Option<Life>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            #[sqlx(flatten)]
            bond: BondRow,
            #[sqlx(flatten)]
            settings: SettingsRow,
            today: NaiveDate,
            since: NaiveDate,
            came: Option<Json<Vec<(NaiveDate, i64)>>>,
        }
        let query = sqlx::query_as(LIFE).bind(user_id).bind(now).bind(defaults.time_zone.name());
        let row: Option<Row> = query.fetch_optional(&self.0.pool).await?;
        Ok(row.map(|row| Life {
            bond: row.bond.into(),
            settings: row.settings.or(defaults),
            today: row.today,
            since: row.since,
            points: row.came.map(|json| json.0).unwrap_or_default(),
        }))
    }

    /// The last `days` of a person, today included; nothing when they never came.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of(
        &self,
        user_id: i64,
        days: u16,
        defaults: Settings,
        now: DateTime<Utc>,
    ) -> Result<Option<Stats>, StoreError> {
        self.read(WITH_HOURS, user_id, days, defaults, now).await
    }

    /// As [`StatsOf::of`], without hours: no message is read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn numbers(
        &self,
        user_id: i64,
        days: u16,
        defaults: Settings,
        now: DateTime<Utc>,
    ) -> Result<Option<Stats>, StoreError> {
        self.read(NUMBERS, user_id, days, defaults, now).await
    }

    async fn read(
        &self,
        statement: &'static str,
        user_id: i64,
        days: u16,
        defaults: Settings,
        now: DateTime<Utc>,
    ) -> Result<Option<Stats>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            #[sqlx(flatten)]
            bond: BondRow,
            #[sqlx(flatten)]
            settings: SettingsRow,
            plan: String,
            premium_until: Option<DateTime<Utc>>,
            today: NaiveDate,
            since: NaiveDate,
            all_messages: i64,
            active_days: i64,
            messages: Option<Json<Vec<(NaiveDate, i64)>>>,
            came: Option<Json<Vec<(NaiveDate, i64)>>>,
            #[sqlx(default)]
            hours: Option<Json<Vec<(i64, i64)>>>,
        }
        let row: Option<Row> = sqlx::query_as(statement)
            .bind(user_id)
            .bind(now)
            .bind(defaults.time_zone.name())
            .bind(i32::from(days))
            .fetch_optional(&self.0.pool)
            .await?;
        Ok(row.map(|row| Stats {
            bond: row.bond.into(),
            settings: row.settings.or(defaults),
            plan: parse("users.plan", &row.plan, Plan::default()).in_force(row.premium_until, now),
            today: row.today,
            since: row.since,
            messages: row.messages.map(|json| json.0).unwrap_or_default(),
            points: row.came.map(|json| json.0).unwrap_or_default(),
            hours: row.hours.map(|json| json.0.into_iter().filter_map(hour).collect()).unwrap_or_default(),
            all_messages: row.all_messages,
            active_days: row.active_days,
        }))
    }
}

/// An hour, from its second since 1970.
fn hour((second, messages): (i64, i64)) -> Option<(DateTime<Utc>, i64)> {
    Some((DateTime::from_timestamp(second, 0)?, messages))
}
