//! Playing the people who talk to the bot, from another process: what `evolve chat` does with the simulator.
//!
//! HTTP and JSON, on the listener of the Bot API:
//!
//! | request | body | answer |
//! | --- | --- | --- |
//! | `POST /simulator/users` | [`User`] | the person as they are known now |
//! | `POST /simulator/users/{id}/blocked` | [`Blocked`] | 204 |
//! | `POST /simulator/messages` | [`Write`] | [`Posted`] |
//! | `POST /simulator/photos` | [`SendPhoto`] | [`Posted`] |
//! | `POST /simulator/voices` | [`SendVoice`] | [`Posted`] |
//! | `POST /simulator/callbacks` | [`Press`] | [`Pressed`] |
//! | `POST /simulator/payments` | [`Pay`] | [`Posted`] |
//! | `POST /simulator/updates` | an `Update` of any form | [`Posted`] |
//! | `GET /simulator/chats/{id}/events?after=N&timeout=S` | | [`Events`] |
//! | `GET /simulator/files/{path}` | | the bytes of a file |
//! | `POST /simulator/faults` | [`Fault`](super::Fault) | 204 |
//! | `DELETE /simulator/faults` | | 204 |
//! | `POST /simulator/down` | [`Down`] | 204 |
//! | `GET /simulator/state` | | [`State`] |
//!
//! A person who is named and not known yet is created. Errors are a status of 4xx with a sentence as text.

mod client;
mod routes;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{BotEvent, Fault, Sent, User};
pub use client::{ControlClient, ControlError};
pub(super) use routes::{dump, lane_of, routes};

/// A person writes to the bot.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// Who.
    pub from: User,
    /// In which chat; their private one when absent.
    #[serde(default)]
    pub chat_id: Option<i64>,
    /// What.
    pub text: String,
    /// Which message they answer.
    #[serde(default)]
    pub reply_to: Option<i64>,
}

/// A person sends a photo.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendPhoto {
    /// Who.
    pub from: User,
    /// The picture, base64.
    pub data: String,
    /// What they write under it.
    #[serde(default)]
    pub caption: Option<String>,
}

/// A person sends a voice message.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendVoice {
    /// Who.
    pub from: User,
    /// The sound, OGG with Opus, base64.
    pub data: String,
    /// How long it is.
    pub seconds: u32,
}

/// A person presses an inline button.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Press {
    /// Who.
    pub from: User,
    /// In which chat; their private one when absent.
    #[serde(default)]
    pub chat_id: Option<i64>,
    /// The message that the button is on.
    pub message_id: i64,
    /// The `callback_data` of the button.
    pub data: String,
}

/// A person pays: an invoice in their private chat, or one behind a link.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pay {
    /// Who.
    pub from: User,
    /// The message with the invoice.
    #[serde(default)]
    pub message_id: Option<i64>,
    /// The link to one.
    #[serde(default)]
    pub link: Option<String>,
}

/// What became of a message or an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// The update that tells the bot; none when the bot did not ask for this kind.
    pub update_id: Option<i64>,
    /// The message, if it is about one.
    pub message_id: Option<i64>,
}

/// What became of a press.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pressed {
    /// The update that tells the bot; none when the bot did not ask for this kind.
    pub update_id: Option<i64>,
    /// The id that [`Doing::CallbackAnswered`](super::Doing::CallbackAnswered) will have.
    pub callback_query_id: String,
}

/// Whether a person has blocked the bot.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blocked {
    /// Blocked, or not any more.
    pub blocked: bool,
}

/// Whether Telegram is down: every call of the bot loses its connection.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Down {
    /// Down, or up again.
    pub down: bool,
}

/// What the bot did in a chat.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Events {
    /// In order; empty when nothing happened in the time that was waited.
    pub events: Vec<BotEvent>,
    /// What to pass as `after` next time.
    pub next: u64,
}

/// Everything, for a look at what is going on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    /// The bot as a `User` object.
    pub bot: Value,
    /// Where updates are pushed to, if anywhere.
    pub webhook_url: Option<String>,
    /// Updates that the bot has not confirmed.
    pub pending_updates: Vec<Value>,
    /// Everybody known.
    pub people: Vec<User>,
    /// Chats, and what the bot sent to them.
    pub chats: Vec<ChatState>,
    /// Faults that are still to happen.
    pub faults: Vec<Fault>,
    /// Whether Telegram is down.
    pub down: bool,
}

/// A chat.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChatState {
    /// Its id.
    pub id: i64,
    /// What the bot sent, oldest first.
    pub messages: Vec<Sent>,
}
