//! `GET /api/v1/stats`: what was said in a day, a week or a month, for a dashboard. It holds no words and no names.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Of how long it tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatsPeriod {
    /// Today.
    Day,
    /// Seven days, today included.
    #[default]
    Week,
    /// Thirty days, today included.
    Month,
}

/// The period in numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatsSummary {
    /// People.
    pub total_users: i64,
    /// People who said something in the period.
    pub active_users: i64,
    /// People who came in it.
    pub new_users: i64,
    /// Messages of people, wherever they were said.
    pub messages: i64,
    /// Answers.
    pub replies: i64,
    /// Messages by people who said something.
    pub messages_per_user: Option<f64>,
}

/// What was said in an hour, or on a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActivityPoint {
    /// The day.
    pub day: NaiveDate,
    /// The hour of it that clocks show, for the period `day`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hour: Option<u8>,
    /// Messages of people.
    pub messages: i64,
    /// Who said them.
    pub users: i64,
}

/// A conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecentDialog {
    /// Its id.
    pub conversation_id: Uuid,
    /// Whose it is: a Telegram id.
    pub user_id: i64,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When something was said in it last.
    pub last_message_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Messages of both sides.
    pub messages: i32,
}

/// Somebody who said much.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActiveUser {
    /// Their Telegram id.
    pub user_id: i64,
    /// What they said in the period.
    pub messages: i64,
    /// Answers that they got in it.
    pub replies: i64,
}

/// What was said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DialogStats {
    /// Of how long it tells.
    pub period: StatsPeriod,
    /// When the numbers were made last; the conversations are of now.
    pub as_of: Option<DateTime<Utc>>,
    /// Whose days and hours they are.
    pub time_zone: String,
    /// The period in numbers.
    pub summary: StatsSummary,
    /// Its hours, for a day, or its days, oldest first.
    pub activity: Vec<ActivityPoint>,
    /// The conversations in which something was said last, newest first.
    pub recent_dialogs: Vec<RecentDialog>,
    /// Who said most in the period.
    pub top_users: Vec<ActiveUser>,
}
