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
}
