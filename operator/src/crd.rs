//! `EvolveBot`, API version `evolveai.dev/v1alpha1`: one bot, as a person declares it. Unknown fields are refused, so
//! that a typing mistake is an error with its path and not a setting that silently does nothing. Everything but the
//! name of the bot has a default; secrets are named, never held.

mod ai;
mod companion;
mod processes;
mod telegram;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use ai::{Ai, Provider, ProviderKind};
pub use companion::{FreePlan, Language, Persona, Plans, PremiumPlan};
pub use processes::{Api, Bot, Database, LogFormat, Observability, Redis, Security};
pub use telegram::{Telegram, TelegramMode};

/// `apiVersion` of the resource.
pub const API_VERSION: &str = "evolveai.dev/v1alpha1";
/// `kind` of the resource.
pub const KIND: &str = "EvolveBot";

/// One companion bot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EvolveBot {
    /// `evolveai.dev/v1alpha1`.
    pub api_version: String,
    /// `EvolveBot`.
    pub kind: String,
    /// Its name, and what else Kubernetes keeps about any object.
    pub metadata: Metadata,
    /// What is wanted.
    #[serde(default)]
    pub spec: EvolveBotSpec,
}

/// The part of an object's metadata that a person writes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metadata {
    /// A DNS label: the names of everything made for the bot begin with it.
    pub name: String,
    /// Where it lives in a cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// What is wanted of a bot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct EvolveBotSpec {
    /// The container image of API, bot and migration. In a cluster, the operator's own version when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The way to Telegram.
    pub telegram: Telegram,
    /// Who answers.
    pub ai: Ai,
    /// Who the companion is.
    pub persona: Persona,
    /// What people get, paying or not.
    pub plans: Plans,
    /// Postgres.
    pub database: Database,
    /// Redis, for caches and for limits that hold across replicas.
    pub redis: Redis,
    /// Keys. Made once and kept where they are not given.
    pub security: Security,
    /// The API's process.
    pub api: Api,
    /// The bot's process.
    pub bot: Bot,
    /// Logs.
    pub observability: Observability,
}

/// One entry of a Secret in the bot's namespace. `evolve up` reads the environment variable named like `key`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretKeyRef {
    /// The Secret's name.
    pub name: String,
    /// The entry in it.
    pub key: String,
}

impl SecretKeyRef {
    /// The entry `key` of the Secret `name`.
    pub fn new(name: impl Into<String>, key: impl Into<String>) -> Self {
        Self { name: name.into(), key: key.into() }
    }
}

/// Why a file is not an `EvolveBot`.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// Not YAML, or not the fields of an `EvolveBot`; the message has the path and the line.
    #[error("not an EvolveBot: {0}")]
    Shape(#[from] serde_yaml_ng::Error),
    /// The fields are there and contradict each other or their bounds.
    #[error("{} problem(s):\n{}", .0.len(), .0.iter().map(|problem| format!("  - {problem}")).collect::<Vec<_>>().join("\n"))]
    Invalid(Vec<String>),
}

impl EvolveBot {
    /// Reads a bot from YAML (or JSON, which is YAML) and validates it.
    ///
    /// # Errors
    /// [`ParseError`], with every problem that validation finds.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let bot: Self = serde_yaml_ng::from_str(text)?;
        let problems = crate::validate::problems(&bot);
        if problems.is_empty() { Ok(bot) } else { Err(ParseError::Invalid(problems)) }
    }
}

/// The resource's JSON Schema.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(EvolveBot).to_value()
}
