//! `/voice`: how a person wants answers spoken.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// When answers are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Never.
    Never,
    /// When the person has spoken themselves.
    OnVoice,
    /// Always.
    Always,
}

/// A voice, in words that mean the same whoever speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Voice {
    /// A woman's, warm.
    Warm,
    /// A woman's, bright and lively.
    Bright,
    /// A woman's, soft and quiet.
    Soft,
    /// A man's, calm.
    Calm,
    /// A man's, deep.
    Deep,
    /// A man's, cheerful.
    Cheerful,
}

/// `POST /voice/{user_id}`: what is to be changed; what is left out stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoiceUpdate {
    /// When answers are spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// In which voice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<Voice>,
}

/// How a person wants answers spoken, and whether they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VoiceResponse {
    /// When answers are spoken.
    pub mode: Mode,
    /// In which voice; nothing for the bot's own.
    pub voice: Option<Voice>,
    /// Whether this bot speaks at all.
    pub available: bool,
    /// Whether the person's plan has it.
    pub allowed: bool,
}
