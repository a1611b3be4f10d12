//! The parts of the spec that are about processes and what they stand on, not about the companion.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SecretKeyRef;

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
