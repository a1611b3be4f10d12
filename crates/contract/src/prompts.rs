//! `/api/v1/admin/prompts`: who the companion is and how it speaks, written while everything runs.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A prompt that can be written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PromptData {
    /// Its name.
    #[schema(example = "persona")]
    pub name: String,
    /// What it is.
    pub description: String,
    /// The version that is used; nothing for what is configured.
    pub version: Option<i32>,
}

/// `GET /api/v1/admin/prompts`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PromptsResponse {
    /// Every prompt.
    pub prompts: Vec<PromptData>,
}

/// A version of a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PromptVersion {
    /// Which, from 1.
    pub version: i32,
    /// What it says.
    pub content: String,
    /// Why.
    pub note: String,
    /// Who wrote it, as the log of acts names them.
    pub author: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Which versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PromptQuery {
    /// Below this: `older` of another page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<i32>,
}

/// `GET /api/v1/admin/prompts/{prompt}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PromptResponse {
    /// Which, and which version is used.
    pub prompt: PromptData,
    /// What that version says; nothing for what is configured.
    pub content: Option<String>,
    /// What is configured, whether it is used or not; what is of all languages in the bot's own.
    pub configured: String,
    /// Versions, newest first, at most twenty.
    pub versions: Vec<PromptVersion>,
    /// To be passed as `before` for those before these; nothing on the last page.
    pub older: Option<i32>,
}

/// `POST /api/v1/admin/prompts/{prompt}`: a version that is used from now on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PromptRequest {
    /// What it says, at most 32768 characters.
    #[schema(max_length = 32_768)]
    pub content: String,
    /// Why, at most 500 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(max_length = 500)]
    pub note: String,
}

/// `POST /api/v1/admin/prompts/{prompt}/current`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PromptChoice {
    /// The version that is used from now on; nothing for what is configured.
    #[serde(default)]
    pub version: Option<i32>,
}

/// Which version is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PromptChosen {
    /// The prompt.
    pub name: String,
    /// The version; nothing for what is configured.
    pub version: Option<i32>,
}

/// `POST /api/v1/admin/prompts/{prompt}/preview`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PromptPreviewRequest {
    /// What it would say; left out, what it says now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 32_768)]
    pub content: Option<String>,
    /// The language of the sample person: a code such as `ru`; the bot's own where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The level of the relationship, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<u8>,
    /// What they write: then a model is asked, once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    pub message: Option<String>,
}

/// What a model would be told, and what it answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PromptPreviewResponse {
    /// The whole system instruction.
    pub system: String,
    /// How many tokens that is, about.
    pub tokens: u32,
    /// What a model answered, where it was asked.
    pub answer: Option<String>,
    /// Which model that was.
    pub model: Option<String>,
}
