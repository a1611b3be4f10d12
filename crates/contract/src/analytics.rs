//! `/admin/analytics`: the numbers of the bot. `docs/analytics.md` says what each means.
//!
//! Days are those of `time_zone`. Money is in the smallest unit of its currency (`XTR` are Telegram Stars), what models cost in
//! millionths of a US dollar. What is not known, or is a part of nothing, is null.

mod revenue;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use revenue::{CurrencyRevenue, RevenueDay, RevenueResponse, TopUser};

/// Of which days, for every report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnalyticsQuery {
    /// The last so many, today included: 1 to 366.
    pub days: Option<u16>,
}

/// `GET /admin/analytics/cohort`: of which people, and by what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CohortQuery {
    /// Of those who came in the last so many days, today included: 1 to 360.
    pub days: Option<u16>,
    /// By what; days where nothing is said.
    pub unit: Option<CohortUnit>,
}

/// By what people are put together who came together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CohortUnit {
    /// The day on which they came.
    #[default]
    Day,
    /// The week, from Monday, in which they came.
    Week,
}

/// A day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnalyticsDay {
    /// Which.
    pub day: NaiveDate,
    /// Whether it is over, and its numbers stay as they are.
    pub closed: bool,
    /// People who came before its end.
    pub users: i64,
    /// People who came on it.
    pub new_users: i64,
    /// People who said something (DAU).
    pub active_users: i64,
    /// Those of them who came on a day before.
    pub returning_users: i64,
    /// People who said something on it or on the six days before (WAU).
    pub weekly_active_users: i64,
    /// People who said something on it or on the 29 days before (MAU).
    pub monthly_active_users: i64,
    /// DAU by MAU.
    pub stickiness: Option<f64>,
    /// People on premium, paid for or given.
    pub premium_users: Option<i64>,
    /// People who pay.
    pub paying_users: i64,
    /// Messages in private chats.
    pub messages: i64,
    /// Messages in groups and from other chats.
    pub group_messages: i64,
    /// Answers.
    pub replies: i64,
    /// Messages that came to no answer.
    pub failed: i64,
    /// Tokens of prompts.
    pub input_tokens: i64,
    /// Tokens of answers, thinking included.
    pub output_tokens: i64,
    /// Tokens of models that have no price: `cost_microdollars` holds nothing for them.
    pub unpriced_tokens: i64,
    /// What the tokens cost.
    pub cost_microdollars: i64,
}

/// How many people come, stay and pay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OverviewResponse {
    /// When the numbers were made last.
    pub as_of: Option<DateTime<Utc>>,
    /// Whose days they are.
    #[schema(example = "Europe/Berlin")]
    pub time_zone: String,
    /// People.
    pub total_users: i64,
    /// People on premium, paid for or given.
    pub premium_users: Option<i64>,
    /// People who pay.
    pub paying_users: i64,
    /// People who have blocked the bot.
    pub blocked_users: Option<i64>,
    /// People who said something today.
    pub dau: i64,
    /// People who said something in seven days, today included.
    pub wau: i64,
    /// People who said something in thirty days, today included.
    pub mau: i64,
    /// DAU by MAU.
    pub stickiness: Option<f64>,
    /// People who came in the days.
    pub new_users: i64,
    /// Messages of the days, wherever they were said.
    pub messages: i64,
    /// What models cost in the days.
    pub cost_microdollars: i64,
    /// Each day, oldest first; the last is today.
    pub days: Vec<AnalyticsDay>,
}

/// How many people are on a level.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LevelCount {
    /// The highest that they reached, from 1; 0 for who was never answered.
    pub level: i16,
    /// The plan in force: `free` or `premium`.
    #[schema(example = "free")]
    pub plan: String,
    /// How many.
    pub users: i64,
}

/// Who the people are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UsersResponse {
    /// When the numbers were made last.
    pub as_of: Option<DateTime<Utc>>,
    /// Whose days they are.
    pub time_zone: String,
    /// People.
    pub total_users: i64,
    /// People who came in the days.
    pub new_users: i64,
    /// By level and plan.
    pub levels: Vec<LevelCount>,
    /// Each day, oldest first.
    pub days: Vec<AnalyticsDay>,
}

/// How long answers took: milliseconds, to two significant digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResponseTimes {
    /// Until the first words were there, half of all.
    pub first_ms_p50: Option<i64>,
    /// As `first_ms_p50`, 95 of 100.
    pub first_ms_p95: Option<i64>,
    /// Until the whole answer was, half of all.
    pub whole_ms_p50: Option<i64>,
    /// As `whole_ms_p50`, 95 of 100.
    pub whole_ms_p95: Option<i64>,
}

/// How much is said, and how soon it is answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MessagesResponse {
    /// When the numbers were made last.
    pub as_of: Option<DateTime<Utc>>,
    /// Whose days they are.
    pub time_zone: String,
    /// Messages in private chats.
    pub messages: i64,
    /// Messages in groups and from other chats.
    pub group_messages: i64,
    /// Answers.
    pub replies: i64,
    /// Messages that came to no answer.
    pub failed: i64,
    /// Messages, wherever they were said, by each person on each day on which they said something.
    pub messages_per_active_day: Option<f64>,
    /// How long answers took.
    pub response_times: ResponseTimes,
    /// Each day, oldest first.
    pub days: Vec<AnalyticsDay>,
}

/// What a model did and cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModelUse {
    /// As its provider calls it; empty of what was stopped before a model was known.
    #[schema(example = "gemini-2.5-flash")]
    pub model: String,
    /// Answers.
    pub replies: i64,
    /// Tokens of prompts.
    pub input_tokens: i64,
    /// Tokens of answers, thinking included.
    pub output_tokens: i64,
    /// Tokens, of both kinds, for which there was no price (`MODEL_PRICES`).
    pub unpriced_tokens: i64,
    /// What the others cost.
    pub cost_microdollars: i64,
}

/// How a feature is used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FeatureUse {
    /// `voice_in`, `voice_out`, `pictures_in`, `pictures_out`, `groups`, `remade`, `tools`, `reactions` or `first_words`.
    #[schema(example = "voice_in")]
    pub feature: String,
    /// How often.
    pub uses: i64,
    /// On how many days of people: by how many on each day, added up.
    pub person_days: i64,
    /// That, of the days on which people said something.
    pub share: Option<f64>,
}

/// What people use.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FeaturesResponse {
    /// When the numbers were made last.
    pub as_of: Option<DateTime<Utc>>,
    /// Whose days they are.
    pub time_zone: String,
    /// How many people said something on each day, added up.
    pub active_person_days: i64,
    /// Every feature.
    pub features: Vec<FeatureUse>,
}

/// People who came together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CohortRow {
    /// The day, or the Monday of the week, on which they came.
    pub came: NaiveDate,
    /// How many they were.
    pub users: i64,
    /// How many of them said something on that day (in that week), on the next one, and so on.
    pub active: Vec<i64>,
    /// The same as parts of `users`.
    pub retention: Vec<Option<f64>>,
}

/// Who comes back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CohortResponse {
    /// When the numbers were made last.
    pub as_of: Option<DateTime<Utc>>,
    /// Whose days they are.
    pub time_zone: String,
    /// By what.
    pub unit: CohortUnit,
    /// Oldest first.
    pub cohorts: Vec<CohortRow>,
}

/// How many people got so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FunnelStage {
    /// The level that they reached; 0 for having come at all.
    pub level: i16,
    /// What it is called, in the bot's language; nothing of level 0.
    pub name: Option<String>,
    /// How many ever reached it.
    pub users: i64,
    /// The part of those who reached the one before.
    pub conversion: Option<f64>,
}

/// How far people get.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FunnelResponse {
    /// When the numbers were made last.
    pub as_of: Option<DateTime<Utc>>,
    /// Whose days they are.
    pub time_zone: String,
    /// From having come to the highest level.
    pub stages: Vec<FunnelStage>,
}

/// When people talk: messages, wherever they were said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ActivityResponse {
    /// When the numbers were made last.
    pub as_of: Option<DateTime<Utc>>,
    /// Whose days and hours they are.
    pub time_zone: String,
    /// By the hour that clocks show, from 0 to 23.
    pub hours: Vec<i64>,
    /// By the day of the week, from Monday.
    pub weekdays: Vec<i64>,
    /// By the day of the week, and its hours.
    pub week: Vec<Vec<i64>>,
}

/// How a tool is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToolCount {
    /// Which.
    #[schema(example = "remember")]
    pub tool: String,
    /// Calls.
    pub calls: i64,
    /// Those that did not do what was asked.
    pub failed: i64,
    /// On how many days of people: for how many on each day, added up.
    pub person_days: i64,
}

/// What models use and do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ToolsResponse {
    /// When the numbers were made last.
    pub as_of: Option<DateTime<Utc>>,
    /// Whose days they are.
    pub time_zone: String,
    /// The most used first.
    pub tools: Vec<ToolCount>,
    /// Who answered most first.
    pub models: Vec<ModelUse>,
}
