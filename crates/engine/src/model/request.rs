//! What a model is asked, in no provider's words.
//!
//! `Debug` of everything here shows sizes, never content: requests are made of what people wrote, and a stray `?request`
//! in a log line must not publish it.

use std::fmt;
use std::sync::Arc;

use evolve_domain::language::Language;
use serde_json::Value;

/// One question to a model.
#[derive(Clone, PartialEq)]
pub struct Request {
    /// The system instruction. What never changes stands first, so that the providers' implicit caching can work.
    pub system: String,
    /// The conversation, oldest first; the last message is what is to be answered.
    pub context: Vec<Message>,
    /// Tools that the model may call.
    pub tools: Arc<[ToolSpec]>,
    /// Whether it may call them. The last round of a turn sets [`ToolChoice::None`] to get an answer in words.
    pub tool_choice: ToolChoice,
    /// How much the model may think before it answers.
    pub thinking: Thinking,
    /// The longest answer, in tokens; on most models thinking counts too.
    pub max_output_tokens: u32,
    /// Sampling temperature; `None` leaves the model's own default, which Gemini 3 recommends.
    pub temperature: Option<f32>,
    /// The person's language. A hint: real models read it from the conversation.
    pub language: Language,
}

impl Request {
    /// A request with a system instruction and a conversation, everything else at its default.
    pub fn new(system: impl Into<String>, context: Vec<Message>) -> Self {
        Self {
            system: system.into(),
            context,
            tools: Arc::default(),
            tool_choice: ToolChoice::Auto,
            thinking: Thinking::default(),
            max_output_tokens: 4096,
            temperature: None,
            language: Language::default(),
        }
    }

    /// How many tool calls the conversation holds already. Providers number the calls of a server that gives no ids
    /// from here, so that ids stay unique within a turn without randomness.
    pub(crate) fn tool_calls_so_far(&self) -> usize {
        self.context.iter().flat_map(|message| &message.parts).filter(|part| matches!(part, Part::ToolCall(_))).count()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("system_bytes", &self.system.len())
            .field("context", &self.context)
            .field("tools", &self.tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>())
            .field("tool_choice", &self.tool_choice)
            .field("thinking", &self.thinking)
            .field("max_output_tokens", &self.max_output_tokens)
            .field("temperature", &self.temperature)
            .field("language", &self.language)
            .finish()
    }
}

/// One message of the conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Who said it.
    pub role: Role,
    /// What it consists of, in order.
    pub parts: Vec<Part>,
}

impl Message {
    /// What the person wrote.
    pub fn user(text: impl Into<String>) -> Self {
        Self { role: Role::User, parts: vec![Part::Text(text.into())] }
    }

    /// What the companion answered.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self { role: Role::Assistant, parts: vec![Part::Text(text.into())] }
    }

    /// The calls that a model made, in its order, to be sent back with their results in a [`Message::tool_results`].
    #[must_use]
    pub fn tool_calls(calls: Vec<ToolCall>) -> Self {
        Self { role: Role::Assistant, parts: calls.into_iter().map(Part::ToolCall).collect() }
    }

    /// What the tools returned: each a call and its value.
    #[must_use]
    pub fn tool_results(results: Vec<(&ToolCall, Value)>) -> Self {
        let parts = results
            .into_iter()
            .map(|(call, value)| Part::ToolResult { id: call.id.clone(), name: call.name.clone(), value })
            .collect();
        Self { role: Role::Tool, parts }
    }

    /// All text of the message, parts joined by line breaks.
    #[must_use]
    pub fn text(&self) -> String {
        let texts: Vec<&str> = self
            .parts
            .iter()
            .filter_map(|part| match part {
                Part::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        texts.join("\n")
    }
}

/// Who said a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The person.
    User,
    /// The model.
    Assistant,
    /// Our tools, in answer to the model's calls.
    Tool,
}

/// A piece of a message.
#[derive(Clone, PartialEq)]
pub enum Part {
    /// Words.
    Text(String),
    /// A picture.
    Image {
        /// Its media type: `image/jpeg`, `image/png`, `image/webp`.
        mime: String,
        /// The file, undecoded. Shared, so that a request is cheap to clone.
        bytes: Arc<[u8]>,
    },
    /// A recording. Models that cannot hear are not given it.
    Audio {
        /// Its media type: `audio/ogg`, `audio/mpeg`, …
        mime: String,
        /// The file, undecoded.
        bytes: Arc<[u8]>,
    },
    /// A tool call that the model made earlier.
    ToolCall(ToolCall),
    /// What that call returned.
    ToolResult {
        /// The [`ToolCall::id`] that it answers.
        id: String,
        /// The tool's name.
        name: String,
        /// Its result, as JSON.
        value: Value,
    },
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Image { mime, bytes } => write!(f, "Image({mime}, {} bytes)", bytes.len()),
            Self::Audio { mime, bytes } => write!(f, "Audio({mime}, {} bytes)", bytes.len()),
            Self::ToolCall(call) => call.fmt(f),
            Self::ToolResult { id, name, .. } => write!(f, "ToolResult({name}, {id})"),
        }
    }
}

/// A tool as it is offered to a model.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolSpec {
    /// Letters, digits and underscores, at most 64.
    pub name: String,
    /// What it does and when to use it, for the model to read.
    pub description: String,
    /// The JSON schema of its arguments: an object, or `null` where it takes none.
    pub parameters: Value,
}

/// A model's wish to call a tool. Its arguments are the model's invention: check them before use.
#[derive(Clone, PartialEq)]
pub struct ToolCall {
    /// Ties the result to the call; made up by us where the server gives none.
    pub id: String,
    /// The tool's name, as the model wrote it: it may not exist.
    pub name: String,
    /// The arguments: always a JSON object, though not always the one that the schema asks for.
    pub args: Value,
    /// What Gemini 3 wants back unchanged with the call (`thoughtSignature`).
    pub signature: Option<String>,
}

impl fmt::Debug for ToolCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ToolCall({}, {})", self.name, self.id)
    }
}

/// Whether a model may call tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    /// It may not, although it sees them (so that the cached prefix stays the same).
    None,
}

/// How much a model may think. Each provider makes of it what its model accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thinking {
    /// A budget in tokens, as `AI_THINKING_BUDGET` gives it: 0 is as little as the model allows, -1 is the model's
    /// own choice. Models that know levels only get the nearest.
    Budget(i32),
    /// A level. Models that know budgets only get the nearest.
    Level(ThinkingLevel),
}

impl Default for Thinking {
    fn default() -> Self {
        Self::Budget(0)
    }
}

/// The thinking levels of current models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ThinkingLevel {
    /// Next to nothing.
    Minimal,
    /// A little.
    Low,
    /// Some.
    Medium,
    /// As much as the model likes.
    High,
}
