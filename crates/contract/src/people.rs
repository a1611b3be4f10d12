//! People, for those who run the bot: `/api/v1/admin/people`. Only what says so in its description holds words of anybody.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    history::Said,
    memory::FactData,
    payments::{Payment, Subscription},
    relationship::Level,
    stats::StatsDay,
};

/// Who is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PeopleQuery {
    /// A Telegram id, an @name, or a payment by Telegram's id of it or ours. Without it, everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 200, example = "@anna")]
    pub q: Option<String>,
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Somebody in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonLine {
    /// Their Telegram id.
    pub user_id: i64,
    /// The plan in force: `free` or `premium`.
    #[schema(example = "premium")]
    pub plan: String,
    /// The level of the relationship.
    pub level: Level,
    /// Relationship points.
    pub points: i64,
    /// When they first came.
    pub created_at: DateTime<Utc>,
    /// When they were here last.
    pub seen_at: DateTime<Utc>,
    /// Messages of theirs since they came.
    pub messages: u32,
    /// Whether they have blocked the bot.
    pub blocked: bool,
    /// Whether they are not talked with.
    pub banned: bool,
    /// The language they are spoken to in; nothing for who has only spoken in a group.
    pub language: Option<String>,
}

/// `GET /api/v1/admin/people`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PeopleResponse {
    /// At most fifty, whoever was here last first.
    pub people: Vec<PersonLine>,
    /// The next page begins after this one, as `?after=`; nothing on the last.
    pub next: Option<String>,
}

/// A ban.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BanData {
    /// Why, as whoever did it wrote; nothing where no key opens it.
    pub reason: Option<String>,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Until when; nothing for good.
    pub until: Option<DateTime<Utc>>,
    /// Who did it, as the log of acts names them.
    pub by: String,
}

/// What somebody has set, without a word of theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonSettings {
    /// The language they are spoken to in.
    pub language: String,
    /// Their time zone.
    pub time_zone: String,
    /// Whether they said where they live.
    pub zone_is_chosen: bool,
    /// Hours of their own time zone in which nobody writes first; empty for none.
    pub quiet_hours: String,
    /// Whether the companion may say good morning.
    pub good_morning: bool,
    /// Whether it may ask how a plan went.
    pub follow_ups: bool,
    /// How many days what was said is kept, where they want it kept for less than everybody's is.
    pub keep_messages_days: Option<u32>,
}

/// What models did for somebody over some days, and what that cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModelCosts {
    /// Answers that they got.
    pub replies: u64,
    /// Tokens of prompts.
    pub input_tokens: u64,
    /// Tokens of answers, thinking included.
    pub output_tokens: u64,
    /// Tokens, of both kinds, of models that have no price: `cost_microdollars` holds nothing for them.
    pub unpriced_tokens: u64,
    /// What the others cost: millionths of a US dollar.
    pub cost_microdollars: i64,
}

/// What models cost somebody's answers: sums over days of the report's zone, as far as these are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonCosts {
    /// On the newest day.
    pub day: ModelCosts,
    /// In seven days, the newest included.
    pub week: ModelCosts,
    /// In thirty days, the newest included.
    pub month: ModelCosts,
    /// On all days that are kept.
    pub all: ModelCosts,
}

/// `GET /api/v1/admin/people/{user_id}`: somebody, without a word of what they said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonResponse {
    /// As in the list.
    pub person: PersonLine,
    /// When premium ends; on premium, nothing for never.
    pub premium_until: Option<DateTime<Utc>>,
    /// Until when they have paid.
    pub paid_until: Option<DateTime<Utc>>,
    /// Their subscription.
    pub subscription: Option<Subscription>,
    /// Their newest payments, newest first.
    pub payments: Vec<Payment>,
    /// How many payments there are.
    pub payments_count: u64,
    /// The last thirty days, oldest first.
    pub days: Vec<StatsDay>,
    /// Messages of the person since they came.
    pub messages_sent: u64,
    /// Days on which they wrote.
    pub active_days: u32,
    /// All levels, lowest first, to read the points by.
    pub levels: Vec<Level>,
    /// What models cost that answered them.
    pub costs: PersonCosts,
    /// What they have set.
    pub settings: PersonSettings,
    /// Conversations.
    pub conversations: u64,
    /// Facts that are remembered.
    pub facts: u64,
    /// People who came by their link.
    pub brought: u64,
    /// Since when they have the bot blocked.
    pub blocked_at: Option<DateTime<Utc>>,
    /// Why they are not talked with.
    pub ban: Option<BanData>,
    /// When they are to be removed.
    pub removal_due: Option<DateTime<Utc>>,
}

/// `GET /api/v1/admin/people/{user_id}/facts`: words of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonFactsResponse {
    /// Their Telegram id.
    pub user_id: i64,
    /// Facts that hold, told last first: at most fifty on a page.
    pub facts: Vec<FactData>,
    /// Which page, from 0.
    pub page: u32,
    /// How many pages there are.
    pub pages: u32,
}

/// `POST /api/v1/admin/people/{user_id}/ban`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BanRequest {
    /// Why, for whoever looks later; the person is not told. 1 to 500 characters.
    #[schema(max_length = 500)]
    pub reason: String,
    /// Until when; for good without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

/// What became of a ban.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BanResponse {
    /// Their Telegram id.
    pub user_id: i64,
    /// Whether they are not talked with now.
    pub banned: bool,
    /// Until when; nothing for good.
    pub until: Option<DateTime<Utc>>,
    /// Whether that changed anything.
    pub changed: bool,
}

/// `POST /api/v1/admin/people/{user_id}/forget`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgetPersonRequest {
    /// In how many days they are removed, until when they may change their mind; 0 for at once.
    pub days: u32,
}

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForgetPersonResponse {
    /// Their Telegram id.
    pub user_id: i64,
    /// When they are to be removed; nothing where they were just now.
    pub due_at: Option<DateTime<Utc>>,
    /// Rows removed, by table, where they were just now.
    pub removed: BTreeMap<String, i64>,
}

/// `DELETE /admin/people/{user_id}/premium`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PremiumEndedResponse {
    /// Their Telegram id.
    pub user_id: i64,
    /// Whether they had premium until now.
    pub ended: bool,
}

/// `GET /api/v1/conversations/{conversation_id}`: words of a person and the companion.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConversationResponse {
    /// The conversation.
    pub id: Uuid,
    /// Whose it is.
    pub user_id: i64,
    /// What it is called; nothing until it was summed up.
    pub title: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended; nothing while it goes on.
    pub ended_at: Option<DateTime<Utc>>,
    /// Messages of both sides.
    pub messages_count: u32,
    /// A page of at most fifty, oldest first; without what was forgotten.
    pub messages: Vec<Said>,
    /// To be passed as `before` for those before these; nothing on the first page.
    pub older: Option<i32>,
}

/// Which page of a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConversationQuery {
    /// The `older` of the page after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<i32>,
}

/// What is looked for in what was said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConversationsSearch {
    /// Words: messages that hold all of them, whatever their endings.
    #[param(max_length = 200, example = "самолёт")]
    pub q: String,
    /// Of this person alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<i64>,
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// A message that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FoundMessage {
    /// Whose conversation it is.
    pub user_id: i64,
    /// The conversation.
    pub conversation_id: Uuid,
    /// The message.
    pub message: Said,
}

/// `GET /api/v1/admin/conversations`: words of people and the companion.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConversationsFound {
    /// Newest first, month by month.
    pub found: Vec<FoundMessage>,
    /// The next page begins after this one, as `?after=`; nothing on the last. A page may be short, and still another follow.
    pub next: Option<String>,
}
