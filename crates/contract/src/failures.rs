//! `/admin/failures`: what was given up or set apart, and its second chance. It never tells what was said.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// An update from Telegram that failed on each of its attempts.
    Inbox,
    /// A report of money that cannot be booked. It is tried every few minutes, apart from its chat.
    Apart,
    /// A call of Telegram's that was given up.
    Outbox,
}

/// `GET /admin/failures`: which ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailuresQuery {
    /// Of this kind alone.
    pub kind: Option<FailureKind>,
    /// For this reason alone, which is the whole `reason` of it.
    pub reason: Option<String>,
    /// The `next` of the page before.
    pub after: Option<String>,
}

/// Something that was given up or set apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// What.
    pub kind: FailureKind,
    /// Telegram's number of an update; of a call, its number in the outbox.
    pub id: i64,
    /// The chat, where it has one.
    pub chat_id: Option<i64>,
    /// The person, where it has one.
    pub user_id: Option<i64>,
    /// When it was given up, or set apart for the first time.
    pub failed_at: DateTime<Utc>,
    /// When it came, or since when it was owed.
    pub since: DateTime<Utc>,
    /// Attempts that counted.
    pub attempts: u32,
    /// Why: what is given to have all of one reason tried again.
    #[schema(example = "api_problem")]
    pub reason: String,
    /// What there is to say besides. What is quoted in it is left out.
    pub detail: Option<String>,
    /// Telegram's method, of a call.
    #[schema(example = "sendMessage")]
    pub method: Option<String>,
    /// Whether it can be tried again: of calls, replies alone that Telegram refused, or did not take for a day, and for a week.
    pub replayable: bool,
}

/// `GET /admin/failures`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailuresResponse {
    /// At most a hundred, newest first.
    pub failures: Vec<Failure>,
    /// The next page begins after this one, as `?after=`; nothing on the last. What fails meanwhile does not move it.
    pub next: Option<String>,
}

/// `POST /admin/failures/replay`: everything of one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayRequest {
    /// What.
    pub kind: FailureKind,
    /// Why it failed: the whole `reason` of it.
    pub reason: String,
}

/// What is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplayResponse {
    /// How much. At most 500 at once, what failed first first.
    pub replayed: u64,
    /// Whether there may be more: then ask again.
    pub more: bool,
}
