//! What a model server does with one request.

use std::time::Duration;

use serde_json::Value;

/// What a model server does with one request.
#[derive(Debug, Clone, PartialEq)]
pub enum Behaviour {
    /// Answers with these pieces, each a chunk of its own when streaming.
    Answer {
        /// What the answer consists of.
        pieces: Vec<Piece>,
        /// How it ends.
        end: End,
    },
    /// Refuses with a status.
    Refuse {
        /// The status.
        status: u16,
        /// More headers.
        headers: Vec<(String, String)>,
        /// The body; `None` is the API's own for this status.
        body: Option<Value>,
        /// When to come back, the way the API says it: in the details of the body, or in a header.
        retry_after: Option<Duration>,
    },
    /// 200 with these bytes.
    Raw {
        /// The content type.
        content_type: String,
        /// The body.
        bytes: Vec<u8>,
    },
    /// 200 with this object, as a body or as the only event of a stream.
    Object(Value),
    /// Answers nothing, not even a status, until [`ModelServer::release`](super::ModelServer::release); then as usual.
    Hang,
    /// Answers nothing, not even a status, for so long; then does that.
    After {
        /// How long.
        wait: Duration,
        /// What it does then.
        then: Box<Behaviour>,
    },
    /// Streams calls of this tool until the client hangs up; not streaming, one call.
    EndlessCalls {
        /// The tool's name.
        name: String,
    },
}

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// Words.
    Text(String),
    /// A picture that the model drew: a PNG.
    Picture(Vec<u8>),
    /// What the model thinks, where the API shows it.
    Thought(String),
    /// A tool call.
    Call {
        /// The tool's name.
        name: String,
        /// Its arguments.
        args: Value,
    },
}

/// How an answer ends.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// Well.
    Finished,
    /// With this finish reason, in the API's words.
    Reason(String),
    /// With an error of the API in the middle of the stream; not streaming, with that status.
    Error(u16),
    /// The connection breaks. Not streaming, it breaks in the middle of the JSON.
    Cut,
    /// The stream ends as if all were well, but the finish reason never came. Not streaming, half the JSON is missing.
    Truncated,
    /// Silence until released; then it ends well.
    Silence,
    /// All is said, but the connection stays open until released. Not streaming, as [`End::Finished`].
    Lingering,
}

impl Behaviour {
    /// Answers this.
    pub fn say(text: impl Into<String>) -> Self {
        Self::chunks([text])
    }

    /// Answers this, in these chunks.
    pub fn chunks<T: Into<String>>(chunks: impl IntoIterator<Item = T>) -> Self {
        Self::Answer { pieces: chunks.into_iter().map(|text| Piece::Text(text.into())).collect(), end: End::Finished }
    }

    /// Says this and draws that.
    pub fn draw(text: impl Into<String>, picture: impl Into<Vec<u8>>) -> Self {
        Self::Answer { pieces: vec![Piece::Text(text.into()), Piece::Picture(picture.into())], end: End::Finished }
    }

    /// Calls a tool.
    pub fn call(name: impl Into<String>, args: Value) -> Self {
        Self::Answer { pieces: vec![Piece::Call { name: name.into(), args }], end: End::Finished }
    }

    /// Answers nothing, with a finish reason in the API's words: `MAX_TOKENS`, `SAFETY`, `content_filter`.
    pub fn nothing_but(reason: impl Into<String>) -> Self {
        Self::Answer { pieces: Vec::new(), end: End::Reason(reason.into()) }
    }

    /// Answers these chunks, then ends like this.
    pub fn chunks_then<T: Into<String>>(chunks: impl IntoIterator<Item = T>, end: End) -> Self {
        match Self::chunks(chunks) {
            Self::Answer { pieces, .. } => Self::Answer { pieces, end },
            other => other,
        }
    }

    /// Refuses with a status and the API's own body for it.
    #[must_use]
    pub fn refuse(status: u16) -> Self {
        Self::Refuse { status, headers: Vec::new(), body: None, retry_after: None }
    }

    /// 429, and when to come back.
    #[must_use]
    pub fn rate_limited(retry_after: Duration) -> Self {
        Self::Refuse { status: 429, headers: Vec::new(), body: None, retry_after: Some(retry_after) }
    }

    /// Waits first.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self::After { wait, then: Box::new(self) }
    }

    /// 200 with bytes that are no answer.
    #[must_use]
    pub fn garbage() -> Self {
        let bytes = b"\xff\xfe<html>502 Bad Gateway</html>\x00".to_vec();
        Self::Raw { content_type: String::from("application/json"), bytes }
    }

    /// 200 with this body.
    pub fn raw(content_type: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::Raw { content_type: content_type.into(), bytes: bytes.into() }
    }
}

/// Words with the spaces after them: how an answer is cut into chunks by default.
pub(super) fn words(text: &str) -> Vec<Piece> {
    text.split_inclusive(' ').map(|word| Piece::Text(word.to_owned())).collect()
}

/// Whether a prompt asks for a tool: a word of the tool's name stands in it (`get_weather`: weather).
pub(super) fn asks_for(prompt: &str, tool: &str) -> bool {
    const TOO_COMMON: [&str; 6] = ["get", "set", "the", "add", "make", "current"];
    let prompt = prompt.to_lowercase();
    let mut words = tool.split('_').filter(|word| word.len() > 2 && !TOO_COMMON.contains(word));
    words.any(|word| prompt.contains(word))
}

/// Arguments that a tool's schema takes: a model that calls a tool at least gets their types right.
pub(super) fn arguments(schema: Option<&Value>, prompt: &str) -> Value {
    let properties = schema.and_then(|schema| schema.get("properties")).and_then(Value::as_object);
    let value = |schema: &Value| {
        if let Some(first) = schema.get("enum").and_then(|values| values.get(0)) {
            return first.clone();
        }
        match schema.get("type").and_then(Value::as_str).map(str::to_lowercase).as_deref() {
            Some("integer" | "number") => Value::from(1),
            Some("boolean") => Value::from(true),
            Some("array") => Value::Array(Vec::new()),
            Some("object") => Value::Object(serde_json::Map::new()),
            _ => Value::from(prompt),
        }
    };
    properties.into_iter().flatten().map(|(name, schema)| (name.clone(), value(schema))).collect()
}

/// About as many tokens as a real tokenizer would count.
pub(super) fn tokens(text: &str) -> u64 {
    u64::try_from(text.chars().count().div_ceil(4)).unwrap_or(u64::MAX)
}
