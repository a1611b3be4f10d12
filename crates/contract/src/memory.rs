//! `/memory/{user_id}`: what the companion remembers of a person, to be seen, searched, corrected and forgotten.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which facts are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MemoryQuery {
    /// Facts of this category alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(example = "family")]
    pub category: Option<String>,
    /// Facts that hold all of these words, whatever their endings; after those that hold, those that are over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(max_length = 200)]
    pub words: Option<String>,
    /// Instead of what holds, what is over and has nothing in its place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub past: bool,
    /// Which page, from 0; one that is too high is the last.
    #[serde(default)]
    pub page: u32,
    /// Facts on a page, 1 to 50; 10 where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_page: Option<u32>,
}

/// How many facts there are of a category.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CategoryCount {
    /// `identity`, `family`, `work`, `preferences`, `health`, `plans`, `events` or `other`.
    #[schema(example = "family")]
    pub category: String,
    /// How many.
    pub facts: u32,
}

/// Something that a person told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FactData {
    /// Its id.
    pub id: Uuid,
    /// What it is about.
    #[schema(example = "family")]
    pub category: String,
    /// The fact.
    #[schema(example = "Есть сестра Анна")]
    pub content: String,
    /// How sure it is, of 100.
    pub confidence: u8,
    /// The day that it is about, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<NaiveDate>,
    /// The person's day on which it was told.
    pub told_on: NaiveDate,
    /// How often it was told.
    pub times_told: u32,
    /// The person's day on which it ceased to hold; nothing while it holds. What is over can be forgotten, and not put right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_on: Option<NaiveDate>,
}

/// What held before a fact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PastFact {
    /// Its id.
    #[serde(default)]
    pub id: Uuid,
    /// What it was.
    pub content: String,
    /// The person's day on which it was told.
    pub told_on: NaiveDate,
    /// The person's day on which it ceased to hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_on: Option<NaiveDate>,
}

/// A page of what is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemoryResponse {
    /// The person.
    pub user_id: i64,
    /// Facts that hold.
    pub total: u32,
    /// Facts that are over and have nothing in their place.
    #[serde(default)]
    pub past: u32,
    /// Most facts of the person's plan; nothing for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// How many there are of each category that has any.
    pub categories: Vec<CategoryCount>,
    /// Facts that were asked for.
    pub found: u32,
    /// The page that this is, from 0.
    pub page: u32,
    /// How many pages there are, at least one.
    pub pages: u32,
    /// The facts: those that hold, told last first, and then those that are over, ended last first.
    pub facts: Vec<FactData>,
}

/// A fact and its history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FactResponse {
    /// The fact.
    pub fact: FactData,
    /// What held before it, latest first. Each can be forgotten by its own id.
    pub history: Vec<PastFact>,
}

/// What is to be put right; what is not given stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactCorrection {
    /// The fact as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300)]
    pub content: Option<String>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The day that it is about, `YYYY-MM-DD`; an empty string for none. With other words alone the day stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-05-20")]
    pub day: Option<String>,
}

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForgottenResponse {
    /// Facts, those of their history included.
    pub facts: u64,
    /// Messages that held it and were emptied, or removed.
    pub messages: u64,
    /// Summaries that are made anew, or were removed.
    pub summaries: u64,
}
