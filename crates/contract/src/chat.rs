//! `POST /chat`: one message in, one answer out, as JSON or as a stream of server-sent events.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
    /// More images of the same kinds, where several are shown at once; not without `image_data`. At most nine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 9)]
    pub more_images: Vec<String>,
    /// A recording of the person in base64: OGG, MP3, WAV, FLAC, M4A, AAC or WebM. What they say in it is their message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_data: Option<String>,
    /// How long the recording is, for formats that do not say it themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_seconds: Option<u32>,
}

/// The companion's answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChatResponse {
    /// The answer, in Markdown.
    pub response_text: String,
    /// What was heard in the recording, with what was written beside it: the person's message as it was answered.
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
    /// `heard`: what the person said in their recording, `{"text": "…"}`. It comes before anything is answered.
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
