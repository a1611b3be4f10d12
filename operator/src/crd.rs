//! `EvolveBot`, API version `evolveai.dev/v1alpha1`: one bot, as a person declares it. Unknown fields are refused, so
//! that a typing mistake is an error with its path and not a setting that silently does nothing. Everything but the
//! name of the bot has a default; secrets are named, never held.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// The way to Telegram.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Telegram {
    /// The bot's token, from @BotFather. `evolve up` without it starts a Telegram simulator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_secret_ref: Option<SecretKeyRef>,
    /// How updates come in.
    pub mode: TelegramMode,
    /// In webhook mode: the public `https://` URL at which Telegram reaches the bot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
    /// Another Bot API server than Telegram's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_url: Option<String>,
}

/// How updates come in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TelegramMode {
    /// One replica asks Telegram; needs no public address.
    #[default]
    Polling,
    /// Telegram calls any replica.
    Webhook,
}

impl TelegramMode {
    /// As the bot's configuration says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::Webhook => "webhook",
        }
    }
}

/// Who answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Ai {
    /// Model providers in the order in which they are asked: the next answers when one fails.
    pub providers: Vec<Provider>,
    /// How many tokens a Gemini 2.5 model may think; 0 for none, -1 for as many as it likes.
    pub thinking_budget: i32,
    /// Most rounds of tool use in one turn.
    pub max_iterations: u32,
}

impl Default for Ai {
    fn default() -> Self {
        Self { providers: vec![Provider::default()], thinking_budget: 0, max_iterations: 3 }
    }
}

/// A model provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Provider {
    /// Which protocol it speaks.
    pub kind: ProviderKind,
    /// The model; Gemini has a default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Where it is, version included (`https://openrouter.ai/api/v1`). Gemini's own address when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Its key. For Gemini, `GOOGLE_API_KEY` when absent; for others, no key then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_secret_ref: Option<SecretKeyRef>,
    /// Its name in metrics and `/ready`; its kind when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Which protocol a provider speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ProviderKind {
    /// Google's Gemini API.
    #[default]
    Gemini,
    /// Any server that speaks OpenAI's chat completions: OpenRouter, Ollama, vLLM, and others.
    Openai,
    /// No model at all: a stand-in with prepared answers, for trying things out.
    Scripted,
}

impl ProviderKind {
    /// As the API's configuration says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gemini => "gemini",
            Self::Openai => "openai",
            Self::Scripted => "scripted",
        }
    }

    /// The variable that holds the key of a provider of this kind.
    #[must_use]
    pub const fn key_variable(self) -> &'static str {
        match self {
            Self::Gemini => "GOOGLE_API_KEY",
            Self::Openai => "OPENAI_API_KEY",
            Self::Scripted => "SCRIPTED_API_KEY",
        }
    }
}

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

/// Postgres.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Database {
    /// Its `postgres://` URL. `evolve up` without it starts a private Postgres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_secret_ref: Option<SecretKeyRef>,
    /// Most connections of one process.
    pub pool_size: u32,
}

impl Default for Database {
    fn default() -> Self {
        Self { url_secret_ref: None, pool_size: 16 }
    }
}

/// Redis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Redis {
    /// Its `redis://` URL. `evolve up` without it starts a private Redis; in a cluster there is none then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_secret_ref: Option<SecretKeyRef>,
}

/// Keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Security {
    /// Signs the API's tokens; 32 characters or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt_secret_ref: Option<SecretKeyRef>,
    /// Fernet keys, comma-separated: the first encrypts, all decrypt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption_key_secret_ref: Option<SecretKeyRef>,
}

/// The API's process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Api {
    /// Web origins that browsers may call it from.
    pub cors_origins: Vec<String>,
    /// Largest picture, MiB; 10 at most.
    pub max_image_size_mb: u32,
    /// How long cached rows live, seconds.
    pub cache_ttl_seconds: u32,
    /// Longest time for one request to a model, and of the bot to the API, seconds.
    pub http_timeout_seconds: u32,
    /// Longest time to connect for one, seconds.
    pub http_connect_timeout_seconds: u32,
}

impl Default for Api {
    fn default() -> Self {
        Self {
            cors_origins: Vec::new(),
            max_image_size_mb: 10,
            cache_ttl_seconds: 600,
            http_timeout_seconds: 180,
            http_connect_timeout_seconds: 10,
        }
    }
}

/// The bot's process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Bot {
    /// How many chats one replica answers at once.
    pub workers: u32,
}

impl Default for Bot {
    fn default() -> Self {
        Self { workers: 64 }
    }
}

/// Logs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Observability {
    /// A level (`INFO`), or a filter such as `info,evolve_store=debug`.
    pub log_level: String,
    /// How a line looks.
    pub log_format: LogFormat,
}

impl Default for Observability {
    fn default() -> Self {
        Self { log_level: "INFO".to_owned(), log_format: LogFormat::Json }
    }
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object per line.
    #[default]
    Json,
    /// For a terminal.
    Pretty,
}

impl LogFormat {
    /// As every process's configuration says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Pretty => "pretty",
        }
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
