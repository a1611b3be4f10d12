//! What the bot did, as a test or the terminal chat reads it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::entities::Entity;

/// A message that the bot sent, as the person sees it now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// Increasing per chat.
    pub message_id: i64,
    /// The chat it is in.
    pub chat_id: i64,
    /// Text or which kind of file.
    pub kind: SentKind,
    /// The text or the caption, after parsing: without any markup.
    pub text: String,
    /// How the text is formatted; offsets count UTF-16 code units.
    #[serde(default)]
    pub entities: Vec<Entity>,
    /// Inline buttons, row by row.
    #[serde(default)]
    pub buttons: Vec<Vec<Button>>,
    /// Buttons of the reply keyboard that this message shows, row by row.
    #[serde(default)]
    pub keyboard: Vec<Vec<String>>,
    /// The message that it answers.
    #[serde(default)]
    pub reply_to: Option<i64>,
    /// The file that came with it.
    #[serde(default)]
    pub file: Option<SentFile>,
    /// What is to be paid, if it is an invoice.
    #[serde(default)]
    pub invoice: Option<SentInvoice>,
    /// How many times the bot has edited it.
    #[serde(default)]
    pub edits: u32,
    /// Whether the bot has deleted it since; then the person no longer sees it.
    #[serde(default)]
    pub deleted: bool,
}

impl Sent {
    /// The `callback_data` of the inline button with this label.
    pub fn callback_data(&self, label: &str) -> Option<&str> {
        self.buttons.iter().flatten().find(|button| button.text == label)?.callback_data.as_deref()
    }
}

/// What a message consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentKind {
    /// Text alone.
    Text,
    /// A photo, perhaps with a caption.
    Photo,
    /// A voice message (OGG with Opus).
    Voice,
    /// Any other file.
    Document,
    /// Something to be paid.
    Invoice,
}

/// What is to be paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentInvoice {
    /// What it is for.
    pub title: String,
    /// What that is.
    pub description: String,
    /// `XTR` for Stars.
    pub currency: String,
    /// In the currency's smallest unit.
    pub total_amount: i64,
}

/// An inline button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// Its label.
    pub text: String,
    /// What the bot gets back when it is pressed, if it is a callback button.
    #[serde(default)]
    pub callback_data: Option<String>,
    /// What it opens, if it is a link.
    #[serde(default)]
    pub url: Option<String>,
}

/// A file in a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentFile {
    /// The id under which the Bot API knows it.
    pub file_id: String,
    /// Path to download it: `/simulator/files/{path}`.
    pub path: String,
    /// Name, if it was sent with one.
    #[serde(default)]
    pub name: Option<String>,
    /// MIME type, as far as it is known.
    #[serde(default)]
    pub mime_type: Option<String>,
    /// Bytes.
    pub size: u64,
}

/// One thing that the bot did in a chat, in the order in which it did them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BotEvent {
    /// Increasing per chat, from 1.
    pub seq: u64,
    /// What it did.
    #[serde(flatten)]
    pub doing: Doing,
}

/// What the bot did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Doing {
    /// Sent a message.
    Message {
        /// The message as it was sent.
        message: Sent,
    },
    /// Edited one of its messages.
    Edited {
        /// The message as it is now.
        message: Sent,
    },
    /// Deleted a message.
    Deleted {
        /// Which.
        message_id: i64,
    },
    /// Showed a chat action such as `typing`.
    Action {
        /// Its name in the Bot API.
        action: String,
    },
    /// Showed a part of a message that is being made.
    Draft {
        /// Drafts with the same id replace each other.
        draft_id: i64,
        /// What is shown; empty means "thinking…".
        text: String,
        /// How the text is formatted.
        #[serde(default)]
        entities: Vec<Entity>,
    },
    /// Answered the press of a button.
    CallbackAnswered {
        /// Which press.
        callback_query_id: String,
        /// A notice for the person, if any.
        #[serde(default)]
        text: Option<String>,
        /// Whether the notice is a window to be closed.
        #[serde(default)]
        show_alert: bool,
    },
    /// Said whether a payment may be made.
    CheckoutAnswered {
        /// Which.
        pre_checkout_query_id: String,
        /// Whether it may.
        ok: bool,
        /// Why not.
        #[serde(default)]
        error: Option<String>,
    },
    /// Put reactions on a message.
    Reaction {
        /// Which message.
        message_id: i64,
        /// The emoji; none when reactions were taken away.
        emoji: Vec<String>,
    },
}

/// A call of a Bot API method, as it arrived.
#[derive(Clone, Debug)]
pub struct RecordedCall {
    /// Canonical name, such as `sendMessage`.
    pub method: String,
    /// Its arguments. Values that came as JSON text in a form are text here too.
    pub params: Map<String, Value>,
    /// Names of the arguments that came as files.
    pub files: Vec<String>,
    /// The name under which the caller came: `/via/NAME` before the path.
    pub via: Option<String>,
    /// When it arrived.
    pub at: tokio::time::Instant,
    /// How it ended.
    pub outcome: CallOutcome,
    /// The message that it sent or changed, where it took effect and is about one.
    pub message_id: Option<i64>,
}

impl RecordedCall {
    /// The chat it was for, if any.
    pub fn chat_id(&self) -> Option<i64> {
        match self.params.get("chat_id")? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallOutcome {
    /// Not answered yet, or the client went away first.
    Pending,
    /// It took effect and was answered.
    Ok,
    /// It was refused.
    Refused {
        /// `error_code`, which is also the HTTP status.
        code: u16,
        /// `description`.
        description: String,
    },
    /// The connection was cut before the call took effect.
    CutBefore,
    /// It took effect, but the connection was cut before the answer.
    CutAfter,
    /// It was left unanswered on purpose.
    Hung,
}
