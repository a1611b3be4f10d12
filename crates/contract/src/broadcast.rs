//! `/api/v1/admin/broadcast`: what is said to many, for whoever runs the bot.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// To whom: everybody who is all of this. What is absent asks for nothing. Nobody is written to who has blocked the bot, or
/// asked to be removed, or has only spoken in a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BroadcastAudience {
    /// The plan in force: `free` or `premium`.
    #[schema(example = "premium")]
    pub plan: Option<String>,
    /// The lowest level of the relationship, from 1.
    pub level_from: Option<u8>,
    /// The highest level.
    pub level_to: Option<u8>,
    /// Language codes; all languages, where it is empty.
    pub languages: Vec<String>,
    /// Who was here within so many days, 1 to 3650.
    pub active_within_days: Option<u32>,
    /// Who was not here for so many days, 1 to 3650.
    pub silent_for_days: Option<u32>,
}

/// `POST /api/v1/admin/broadcast`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BroadcastRequest {
    /// Chosen by the caller, 1 to 64 Latin letters, digits and signs: asked again under the same key, one broadcast is made.
    #[schema(example = "new-year")]
    pub key: String,
    /// What is said, in Telegram's HTML, to everybody for whose language there is no translation.
    #[schema(example = "<b>New:</b> voices")]
    pub text: String,
    /// What is said instead, in Telegram's HTML, by language code.
    #[serde(default)]
    pub translations: BTreeMap<String, String>,
    /// To whom.
    #[serde(default)]
    pub audience: BroadcastAudience,
    /// When it begins, UTC, within a year; at once, where it is absent or past.
    #[serde(default)]
    pub send_at: Option<DateTime<Utc>>,
}

/// `POST /api/v1/admin/broadcast/preview`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BroadcastPreviewRequest {
    /// As with `POST /api/v1/admin/broadcast`.
    pub text: String,
    /// As with `POST /api/v1/admin/broadcast`.
    #[serde(default)]
    pub translations: BTreeMap<String, String>,
    /// To whom.
    #[serde(default)]
    pub audience: BroadcastAudience,
    /// The chat to which the messages are sent, to be looked at; none, where it is absent.
    #[serde(default)]
    pub send_to: Option<i64>,
}

/// A text as Telegram shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShownText {
    /// Without markup.
    pub text: String,
    /// What it looks like.
    pub entities: Vec<ShownEntity>,
}

/// A piece of a text, as Telegram's `MessageEntity`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShownEntity {
    /// Telegram's name for it.
    #[serde(rename = "type")]
    #[schema(example = "bold")]
    pub kind: String,
    /// Where it begins, in UTF-16 code units.
    pub offset: u32,
    /// How long it is, in UTF-16 code units.
    pub length: u32,
    /// The link, the language of code, or the id of an emoji.
    pub value: Option<String>,
}

/// What a broadcast would be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BroadcastPreviewResponse {
    /// How many people it reaches now.
    pub people: u64,
    /// The text.
    pub text: ShownText,
    /// The translations, by language code.
    pub translations: BTreeMap<String, ShownText>,
}

/// What a broadcast is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BroadcastState {
    /// It waits for its time.
    Scheduled,
    /// People are being written to.
    Running,
    /// Somebody has it rest.
    Paused,
    /// It rests by itself: more than a fifth of the last 200 failed. It can be resumed.
    Stopped,
    /// Somebody has ended it.
    Cancelled,
    /// Everybody was written to.
    Done,
}

/// A broadcast, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BroadcastResponse {
    /// Its id.
    pub id: String,
    /// The key under which it was asked for.
    pub key: String,
    /// Whether this request asked for it again, and nothing was made. Elsewhere false.
    #[serde(default)]
    pub replayed: bool,
    /// What it is at.
    pub state: BroadcastState,
    /// What is said.
    pub text: String,
    /// What is said instead, by language code.
    pub translations: BTreeMap<String, String>,
    /// To whom.
    pub audience: BroadcastAudience,
    /// When it is to begin.
    pub send_at: DateTime<Utc>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it began.
    pub began_at: Option<DateTime<Utc>>,
    /// When it was paused or stopped last.
    pub halted_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub ended_at: Option<DateTime<Utc>>,
    /// How far it has come.
    pub progress: BroadcastProgress,
}

/// How far a broadcast has come. People who were removed since are in `chosen` alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BroadcastProgress {
    /// People to whom it was owed so far.
    pub chosen: u64,
    /// Whether there is nobody else.
    pub all_chosen: bool,
    /// Of those: Telegram took it.
    pub sent: u64,
    /// Of those: who has blocked the bot, or is gone.
    pub blocked: u64,
    /// Of those: Telegram refuses it for another reason, was away for a day, or nobody knows whether it took it.
    pub failed: u64,
    /// Of those: it waits, or is on its way.
    pub waiting: u64,
}

/// `GET /api/v1/admin/broadcast`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BroadcastsResponse {
    /// Newest first.
    pub broadcasts: Vec<BroadcastResponse>,
    /// Of the next page, as `before`; nothing on the last.
    pub next: Option<String>,
}
