//! `spec.persona` and `spec.plans`: who the companion is, and what people get of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who the companion is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Persona {
    /// What it is called.
    pub name: String,
    /// Its character, in its own words; the built-in one when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Its language with people who have not chosen one: `ru` or `en`.
    pub language: Language,
    /// The IANA time zone of people who have not named theirs.
    pub time_zone: String,
}

impl Default for Persona {
    fn default() -> Self {
        Self {
            name: "Мария".to_owned(), prompt: None, language: Language::Ru, time_zone: "Europe/Moscow".to_owned()
        }
    }
}

/// A language that the product speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Russian.
    #[default]
    Ru,
    /// English.
    En,
}

/// What each plan allows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Plans {
    /// Without paying.
    pub free: FreePlan,
    /// With the subscription.
    pub premium: PremiumPlan,
}

/// What people get without paying. `null` lifts a limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct FreePlan {
    /// Messages a day, in the person's own time zone.
    pub messages_per_day: Option<u32>,
    /// How many messages back the companion looks.
    pub history_messages: Option<u32>,
    /// Facts remembered about a person.
    pub facts: Option<u32>,
    /// Whether pictures may be sent.
    pub images: bool,
}

impl Default for FreePlan {
    fn default() -> Self {
        Self { messages_per_day: Some(50), history_messages: Some(10), facts: Some(50), images: false }
    }
}

/// What people get with the subscription. Absent or `null` is no limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct PremiumPlan {
    /// Messages a day, in the person's own time zone.
    pub messages_per_day: Option<u32>,
    /// How many messages back the companion looks.
    pub history_messages: Option<u32>,
    /// Facts remembered about a person.
    pub facts: Option<u32>,
    /// Whether pictures may be sent.
    pub images: bool,
}

impl Default for PremiumPlan {
    fn default() -> Self {
        Self { messages_per_day: None, history_messages: None, facts: None, images: true }
    }
}
