//! `GET /relationship/{user_id}`: how close a person and the companion have become.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A level of the relationship.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Level {
    /// Its number, from 1.
    pub level: u8,
    /// What it is called, in the person's language.
    #[schema(example = "Друг")]
    pub name: String,
    /// Points at which it begins.
    pub points: i64,
}

/// What points came or went for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Messages that were answered.
    #[default]
    Message,
    /// Something new that the person told of themselves.
    Fact,
    /// Another day in a row.
    Streak,
    /// Coming back after some time.
    Return,
    /// Points faded while the person was away.
    Decay,
    /// A level was reached.
    LevelUp,
}

/// What happened on one day for one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// The day, of the person's own time zone.
    pub day: NaiveDate,
    /// What it was.
    pub kind: EventKind,
    /// How often.
    pub times: u32,
    /// Points that came, or went (negative).
    pub points: i64,
    /// The level, where one was reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
}

/// How close a person and the companion have become.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RelationshipResponse {
    /// The person's Telegram id.
    pub user_id: i64,
    /// The person's day.
    pub today: NaiveDate,
    /// Points.
    pub points: i64,
    /// The level that they give.
    pub level: Level,
    /// The next level; nothing on the last.
    pub next_level: Option<Level>,
    /// How many levels there are.
    pub levels: u8,
    /// Days in a row with a message, up to today or yesterday; 0 where that was longer ago.
    pub streak_days: u32,
    /// Points earned today.
    pub points_today: i64,
    /// Most points of a day.
    pub points_a_day: i64,
    /// What happened lately, newest first: at most five lines, messages of one day together.
    pub lately: Vec<Event>,
}
