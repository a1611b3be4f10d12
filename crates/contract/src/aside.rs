//! `POST /chat/aside`: a message outside the private chat, in a group or from another chat. For our own bot alone, since only it
//! knows who is in a group.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::chat::Quoted;

/// A message that others read, and whose answer others read. It counts as a message of the person's day, is answered without
/// anything that is remembered of them, and leaves nothing there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AsideRequest {
    /// Who wrote it: the token's own person.
    pub user_id: i64,
    /// What they wrote.
    #[schema(example = "Кто прав?", max_length = 16_384)]
    pub message: String,
    /// Their first name, as the others see it.
    #[schema(example = "Анна", max_length = 256)]
    pub name: String,
    /// The language of the group, or the one that they chose, or that of their app; without, the bot's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "ru")]
    pub language: Option<String>,
    /// The group, by its Telegram id: what was said with the companion there within a day is the context. Without, the answer
    /// is a short one that stands by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = -1_001_234_567_890_i64)]
    pub room: Option<i64>,
    /// The topic of the group, by its number: what was said in another is no context. Without, it has none, or it is the general
    /// one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 12)]
    pub thread: Option<i64>,
    /// What the message answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Quoted>,
}
