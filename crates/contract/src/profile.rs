//! `/profile`: what a person told us of themselves, and how they stand.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far the first conversation (`/start`) has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Onboarding {
    /// Nothing was asked yet.
    #[default]
    New,
    /// The language was asked.
    Language,
    /// The name was asked; the next text may be it.
    Name,
    /// Everything was asked, once.
    Done,
}

/// What can be set about a person. A field that is left out stays as it is; an empty string clears it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileData {
    /// What the companion calls them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Иван", max_length = 64)]
    pub name: Option<String>,
    /// As they say it; not a fixed list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "male", max_length = 32)]
    pub gender: Option<String>,
    /// Date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birthday: Option<NaiveDate>,
    /// What they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub occupation: Option<String>,
    /// Where they live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub city: Option<String>,
    /// The code of a language that is spoken, such as `ru` or `en`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "ru")]
    pub language: Option<String>,
    /// An IANA time zone name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Europe/Moscow")]
    pub time_zone: Option<String>,
    /// How far the first conversation has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onboarding: Option<Onboarding>,
}

/// What can be forgotten of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProfileField {
    /// What the companion calls them.
    Name,
    /// As they say it.
    Gender,
    /// Date of birth.
    Birthday,
    /// What they do.
    Occupation,
    /// Where they live.
    City,
}

/// `POST /profile`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileUpdate {
    /// Whose profile; must be the token's own person.
    pub user_id: i64,
    /// What to set.
    #[serde(deserialize_with = "crate::object::only")]
    pub data: ProfileData,
    /// What to forget, after that: it is cleared, and messages and summaries that tell of it are emptied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forget: Vec<ProfileField>,
}

/// `GET /profile/{user_id}` and the answer of `POST /profile`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProfileResponse {
    /// The person's Telegram id.
    pub user_id: i64,
    /// What is known; fields that are not are left out, but onboarding is always there, and language and time zone are for
    /// whoever has come themselves: of somebody who has only spoken in a group they are not known.
    pub data: ProfileData,
    /// When they first came.
    pub created_at: DateTime<Utc>,
}

/// `DELETE /profile/{user_id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeletedResponse {
    /// The person's Telegram id.
    pub user_id: i64,
    /// Rows removed, by table.
    pub deleted: BTreeMap<String, i64>,
    /// Rows of this person that are left, counted in the same transaction after the removal: zero.
    pub remaining: i64,
}

/// `GET /profile/status/{user_id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusResponse {
    /// The person's Telegram id.
    pub user_id: i64,
    /// `free` or `premium`.
    pub plan: String,
    /// Until when premium is paid, or given; while a renewal is late, until when it goes on. Nothing where it has no end.
    pub premium_until: Option<DateTime<Utc>>,
    /// Messages sent today (the day of the person's own time zone).
    pub messages_today: u32,
    /// How many may be sent a day; nothing for no limit.
    pub messages_limit: Option<u32>,
    /// When today's count starts over.
    pub resets_at: DateTime<Utc>,
    /// Relationship level, from 1.
    pub level: u8,
    /// What it is called, in the person's language.
    #[serde(default)]
    #[schema(example = "Друг")]
    pub level_name: String,
    /// Relationship points.
    pub points: i64,
    /// Points at which the next level begins; nothing on the last.
    pub next_level_at: Option<i64>,
    /// Facts remembered.
    pub facts: u32,
    /// The parameter of the person's own link, by which others come: `https://t.me/BOT?start=` and this.
    #[serde(default)]
    #[schema(example = "ref_16")]
    pub invite: Option<String>,
}

/// `POST /profile/referrer`: by whose link the person came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReferrerRequest {
    /// The person's Telegram id.
    pub user_id: i64,
    /// The parameter of the link, as Telegram gives it after `/start`.
    #[schema(example = "ref_16", max_length = 64)]
    pub parameter: String,
}

/// Answer of `POST /profile/referrer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReferrerResponse {
    /// Always true. Whether it was kept is not told: nobody is to learn in this way who is here.
    pub heard: bool,
}
