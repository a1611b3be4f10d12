//! `spec.telegram`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SecretKeyRef;

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
