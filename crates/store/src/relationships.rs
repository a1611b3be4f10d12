//! How close people and the companion have become. Changes are written by [`crate::turns`], in the one statement that ends a
//! turn; here is what a person is shown of it.

use chrono::{DateTime, NaiveDate, Utc};
use evolve_domain::{
    profile::Settings,
    relationship::{Bond, Kind, Level},
};
use serde::Deserialize;
use sqlx::{FromRow, types::Json};

use crate::{
    Store, StoreError,
    users::{SettingsRow, parse},
};

/// Events looked at: more than the cap of a day lets happen on as many days as there are lines to show.
const NEWEST: i64 = 300;

/// What happened to a bond on one day for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// The person's day.
    pub day: NaiveDate,
    /// What it was.
    pub kind: Kind,
    /// How often.
    pub times: u32,
    /// Points that came, or went.
    pub points: i64,
    /// The level that was reached, where one was.
    pub level: Option<Level>,
}

/// How a person and the companion stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The bond as stored.
    pub bond: Bond,
    /// The person's day.
    pub today: NaiveDate,
    /// How they want things.
    pub settings: Settings,
    /// What happened lately, newest first.
    pub lately: Vec<Happened>,
}

/// Relationships. Borrowed from [`Store::relationships`].
#[derive(Debug)]
pub struct Relationships<'a>(&'a Store);

impl Store {
    /// Relationships.
    #[must_use]
    pub fn relationships(&self) -> Relationships<'_> {
        Relationships(self)
    }
}

/// A [`Bond`] as the columns of `users` hold it.
#[derive(FromRow)]
pub(crate) struct BondRow {
    pub(crate) points: i64,
    pub(crate) last_day: Option<NaiveDate>,
    pub(crate) points_today: i32,
    pub(crate) streak: i32,
    pub(crate) best_level: Option<i16>,
}

impl From<BondRow> for Bond {
    fn from(row: BondRow) -> Self {
        Self {
            points: row.points,
            last_day: row.last_day,
            points_today: row.points_today.into(),
            streak: u32::try_from(row.streak).unwrap_or_default(),
            best_level: row.best_level.map(level),
        }
    }
}

impl From<&Bond> for BondRow {
    fn from(bond: &Bond) -> Self {
        Self {
            points: bond.points,
            last_day: bond.last_day,
            points_today: i32::try_from(bond.points_today).unwrap_or(i32::MAX),
            streak: i32::try_from(bond.streak).unwrap_or(i32::MAX),
            best_level: bond.best_level.map(|level| level.number().into()),
        }
    }
}

fn level(number: i16) -> Level {
    Level::at(u8::try_from(number).unwrap_or_default())
}

/// $1 person, $2 now, $3 default zone, $4 events to look at, $5 lines.
const STANDING: &str = "
    SELECT u.points, u.last_day, u.points_today, u.streak, u.best_level, s.language, s.time_zone, s.onboarding,
           day_in(COALESCE(s.time_zone, $3), $2) AS today,
           (SELECT json_agg(l ORDER BY l.newest DESC) FROM (
                SELECT e.day, e.kind, count(*) AS times, sum(e.points)::bigint AS points, e.level_after AS level,
                       max(e.id) AS newest
                FROM (SELECT id, day, kind, points, level_after FROM relationship_events
                      WHERE user_id = $1 ORDER BY id DESC LIMIT $4) e
                GROUP BY e.day, e.kind, e.level_after ORDER BY newest DESC LIMIT $5) l) AS lately
    FROM users u LEFT JOIN settings s ON s.user_id = u.id
    WHERE u.id = $1";

impl Relationships<'_> {
    /// How a person and the companion stand, with so many `lines` of what happened lately: messages of one day are one line.
    /// Nothing when the person never came.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn standing(
        &self,
        user_id: i64,
        defaults: Settings,
        lines: u32,
        now: DateTime<Utc>,
    ) -> Result<Option<Standing>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            #[sqlx(flatten)]
            bond: BondRow,
            #[sqlx(flatten)]
            settings: SettingsRow,
            today: NaiveDate,
            lately: Option<Json<Vec<Line>>>,
        }
        let row: Option<Row> = sqlx::query_as(STANDING)
            .bind(user_id)
            .bind(now)
            .bind(defaults.time_zone.name())
            .bind(NEWEST)
            .bind(i64::from(lines))
            .fetch_optional(&self.0.pool)
            .await?;
        Ok(row.map(|row| Standing {
            bond: row.bond.into(),
            today: row.today,
            settings: row.settings.or(defaults),
            lately: row.lately.map(|json| json.0).unwrap_or_default().into_iter().map(Line::happened).collect(),
        }))
    }
}

#[derive(Deserialize)]
struct Line {
    day: NaiveDate,
    kind: String,
    times: u32,
    points: i64,
    level: Option<i16>,
}

impl Line {
    fn happened(self) -> Happened {
        Happened {
            day: self.day,
            kind: parse("relationship_events.kind", &self.kind, Kind::Message),
            times: self.times,
            points: self.points,
            level: self.level.map(level),
        }
    }
}
