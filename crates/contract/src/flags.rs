//! `/api/v1/admin/flags`: what is switched off, or given to some people first, while everything runs.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A flag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlagData {
    /// Its name.
    #[schema(example = "streaming")]
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Of a hundred people so many have it: always the same, and whoever had it at ten has it at twenty.
    pub percent: u8,
    /// Only those on this plan: `free` or `premium`; nothing for any.
    pub plan: Option<String>,
    /// Whether it can be given to a plan alone.
    pub knows_plan: bool,
    /// How many people have it besides, whatever the rest says. Who, is not told: they are kept as keyed hashes.
    pub people: u32,
    /// When it was turned last; nothing where it never was.
    pub updated_at: Option<DateTime<Utc>>,
    /// By whom.
    pub updated_by: Option<String>,
    /// Whether the person who was asked for has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has: Option<bool>,
}

/// Of whom it is asked what they have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FlagsQuery {
    /// A Telegram id: `has` of each flag says whether they have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<i64>,
}

/// `GET /api/v1/admin/flags`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlagsResponse {
    /// Every flag.
    pub flags: Vec<FlagData>,
}

/// `PUT /api/v1/admin/flags/{flag}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlagUpdate {
    /// Of a hundred people so many: 0 switches it off, 100 gives it to everybody.
    #[schema(maximum = 100)]
    pub percent: u8,
    /// Only those on this plan: `free` or `premium`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Telegram ids of who has it besides, in place of whoever had it, at most 1000; left out, they stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 1000)]
    pub people: Option<Vec<i64>>,
    /// Why, at most 500 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(max_length = 500)]
    pub note: String,
}

/// How a flag was turned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlagChange {
    /// Of a hundred people so many.
    pub percent: u8,
    /// Only those on this plan.
    pub plan: Option<String>,
    /// How many people had it besides.
    pub people: u32,
    /// Why.
    pub note: String,
    /// When.
    pub changed_at: DateTime<Utc>,
    /// By whom, as the log of acts names them.
    pub changed_by: String,
}

/// `GET /api/v1/admin/flags/{flag}/history`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlagHistoryResponse {
    /// Newest first, at most a hundred.
    pub changes: Vec<FlagChange>,
}
