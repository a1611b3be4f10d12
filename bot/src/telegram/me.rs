//! Who the bot is at Telegram. It is asked for once; @BotFather's changes are noticed at the next start.

use serde::Deserialize;
use serde_json::json;

use super::{Refusal, Telegram, TelegramError};

/// The bot, as `getMe` tells.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Me {
    /// Its Telegram id.
    pub(crate) id: i64,
    /// Its username, without the `@`.
    pub(crate) username: String,
    /// Whether Telegram shows it every message of its groups.
    #[serde(default)]
    pub(crate) can_read_all_group_messages: bool,
}

impl Telegram {
    /// Asks who the bot is.
    ///
    /// # Errors
    /// [`TelegramError`].
    pub(crate) async fn me(&self) -> Result<Me, TelegramError> {
        let me = self.call("getMe", &json!({})).await?;
        serde_json::from_value(me).map_err(|error| TelegramError::Refused {
            refusal: Refusal::Other,
            description: format!("getMe cannot be read: {error}"),
        })
    }
}
