//! `POST /chat`: one message in, one answer out, as JSON or as a stream of server-sent events.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::helplines::Helplines;

/// Header that makes a repeated request return the first one's answer.
pub const IDEMPOTENCY_KEY_HEADER: &str = "idempotency-key";

/// Largest body of a request, in bytes: a picture of 10 MiB in base64, and a message.
pub const MAX_BODY: usize = 14 * 1024 * 1024;
/// Largest file, or all files together, that fit into a body in base64, which makes four bytes of three, beside the longest
/// message.
pub const MAX_FILE_BYTES: u64 = (MAX_BODY as u64 - 256 * 1024) / 4 * 3;

/// A message from a person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatRequest {
    /// What the person wrote; may be empty where there is an image or a recording.
    #[schema(example = "Привет!", max_length = 16_384)]
    pub message: String,
    /// When the person wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<DateTime<Utc>>,
    /// A JPEG, PNG or WebP image in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_data: Option<String>,
    /// How the caller can have that image again. It is kept with the message, which the image is not, until the message is
    /// forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    pub image_ref: Option<String>,
    /// More images of the same kinds, where several are shown at once; not without `image_data`. At most nine. Of several
    /// images, those that cannot be read are left out, unless none can.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 9)]
    pub more_images: Vec<String>,
    /// A recording of the person in base64: OGG with Opus, MP3, WAV, FLAC, M4A or AAC. What they say in it is their message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_data: Option<String>,
    /// How the caller can have that recording again. It is kept until what was said in it is forgotten; the recording is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    pub audio_ref: Option<String>,
    /// How long the recording is, of older callers: what it lasts is measured.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub audio_seconds: Option<u32>,
    /// Whether the person only passes the recording on. What is said in it is then somebody else's, and not their message: the model
    /// is shown it, after what `reply_to` holds (the words beside the recording), as what the message answers. `message` is what
    /// they say to it themselves, and may not be empty. Of no meaning without `audio_data`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub audio_forwarded: bool,
    /// Whether a spoken answer may come later, as a message of its own in the person's chat with the bot, so that the written
    /// one does not wait for it. Not without an Idempotency-Key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub voice_later: bool,
    /// What the message answers: the model is shown it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Quoted>,
    /// Asks for an answer that takes the place of an earlier one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Again>,
}

/// What a message answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Quoted {
    /// Whose words they are.
    pub author: Author,
    /// The words: a message, or the part of it that is meant.
    #[schema(example = "Завтра экзамен", max_length = 4096)]
    pub text: String,
}

/// Whose words are quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The person who is writing.
    Person,
    /// The companion.
    Companion,
    /// Somebody else, whose words were passed on.
    Other,
}

/// Which message is to be answered anew. The answer takes the place of the old one; it counts as one message, and no points are
/// given twice. What the message answers is known; `image_data` is its image, where it had one. Of a recording, `message` is what
/// is written beside it: what was heard stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Again {
    /// The last one in the open conversation. `message` is empty.
    Last,
    /// The one that was sent under this Idempotency-Key, which now says `message`. Unless it is the last one, it is
    /// corrected without an answer. `message` may be empty where it has an image.
    Edited(String),
    /// As `edited`, but it is corrected without an answer even if it is the last one.
    Corrected(String),
}

/// The companion's answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChatResponse {
    /// The answer, in Markdown.
    pub response_text: String,
    /// What was heard in the recording, with what was written beside it: the person's message as it was answered, unless they
    /// only passed it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<String>,
    /// The answer, or the beginning of a long one, spoken: OGG/Opus in base64. For people who want that and whose plan has it.
    pub voice_message: Option<String>,
    /// How long the spoken answer is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice_seconds: Option<u32>,
    /// A picture that belongs to the answer, where the model drew one: PNG, JPEG or WebP in base64. `response_text` may then be
    /// empty.
    pub image_base64: Option<String>,
    /// The level of the relationship that this answer reached; left out where it reached none. The same request again is
    /// told the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level_up: Option<LevelUp>,
    /// Whether it was stopped before its first word; left out where it was not. An answer that was stopped later is what
    /// was said until then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
    /// Whether there is no answer, since an earlier message was corrected and nothing more; left out otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub corrected: bool,
    /// Whether the person is to be asked, once, whether they are 18 or older and agree to adult matters (`/consent`): this
    /// companion may speak of them, and they have not decided. Left out otherwise. The answer is decent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks_consent: bool,
    /// Whether the person had agreed to adult matters, which counts no more, since they said that they are under 18: they are to
    /// be told. Left out otherwise. The same request again is not told it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub consent_withdrawn: bool,
    /// Whom the person can call, where their message speaks of ending their life or hurting themselves; left out otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helplines: Option<Helplines>,
    /// How many images were left out, since they cannot be read; left out itself where all were looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images_left_out: Option<u32>,
}

/// A level of the relationship that was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LevelUp {
    /// Its number, from 1.
    pub level: u8,
    /// What it is called, in the person's language.
    #[schema(example = "Друг")]
    pub name: String,
}

/// One event of the stream. On the wire, the event's name is the variant's name in snake case, its data the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatEvent {
    /// `heard`: what was said in the recording, `{"text": "…"}`. It comes before anything is answered.
    Heard(String),
    /// `delta`: more text, `{"text": "…"}`.
    Delta(String),
    /// `restart`: what was streamed so far is void; another model starts over.
    Restart,
    /// `done`: the whole answer, the same JSON as without streaming. The stream ends here.
    Done(ChatResponse),
    /// `error`: a problem document. The stream ends here.
    Error(Box<crate::Problem>),
}

/// Data of a `delta` or a `heard` event.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Delta {
    /// The text, to append to what came before; or what was heard.
    pub text: String,
}

/// Answer of `POST /chat/reset`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResetResponse {
    /// Whether a conversation was open.
    pub ended: bool,
}

/// `POST /chat/stop`: which answers are to be stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StopRequest {
    /// Idempotency-Keys of their messages. One that is not there yet is stopped when it comes. Without any, the answer that is
    /// being made is meant.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub keys: Vec<String>,
}

/// Answer of `POST /chat/stop`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StopResponse {
    /// Whether an answer was being made, or was to be. It ends with what was said so far.
    pub stopping: bool,
}

/// `POST /chat/feedback`: what the person thinks of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackRequest {
    /// The Idempotency-Key of the message that was answered.
    #[schema(max_length = 255)]
    pub key: String,
    /// Their reaction, an emoji as a rule; nothing takes it back.
    #[schema(example = "👍", max_length = 64)]
    pub reaction: Option<String>,
}

/// Answer of `POST /chat/feedback`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FeedbackResponse {
    /// Whether there is such an answer.
    pub kept: bool,
}
