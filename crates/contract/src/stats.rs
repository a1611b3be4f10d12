//! `GET /stats/{user_id}`: how much was said and how close they have become, day by day.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::relationship::Level;

/// A day of the person's own time zone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatsDay {
    /// Which.
    pub day: NaiveDate,
    /// Messages of the person.
    pub messages: u32,
    /// Relationship points at its end.
    pub points: i64,
}

/// What somebody might do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Advice {
    /// A word today, or the row of days ends.
    StreakEnds {
        /// How many there are.
        days: u32,
    },
    /// There is a plan to talk of.
    OpenPlan {
        /// What, as it is remembered.
        plan: String,
        /// The day that it is about, where it is about one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        day: Option<NaiveDate>,
    },
    /// Something is to be forgotten, or soon nothing more can be remembered.
    MemoryNearlyFull {
        /// Facts that are remembered.
        facts: u32,
        /// Most that the plan lets.
        limit: u32,
    },
    /// The hour at which they write most.
    BestHour {
        /// From 0 to 23, in their own time zone.
        hour: u8,
    },
}

/// The last days, and all of it in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatsResponse {
    /// The person's Telegram id.
    pub user_id: i64,
    /// The day on which they came.
    pub since: NaiveDate,
    /// The last days, today included, oldest first; none is left out.
    pub days: Vec<StatsDay>,
    /// Messages of the person, since they came.
    pub messages: u64,
    /// Days on which they wrote, since they came.
    pub active_days: u32,
    /// Days in a row, up to today or yesterday.
    pub streak_days: u32,
    /// The level now.
    pub level: Level,
    /// All levels, lowest first.
    pub levels: Vec<Level>,
    /// What they might do next, the most pressing first, three things at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<Advice>,
}
