//! What a model answered, whole or event by event.

use std::fmt;

use super::error::ModelError;
use super::picture::Picture;
use super::request::ToolCall;

/// A piece of an answer as it is made.
#[derive(Clone, PartialEq)]
pub enum Event {
    /// The chain has found a provider that answers. It comes before everything else, and comes *again* if that
    /// provider failed after it had given something out: then all that came before is void. A single provider's own
    /// stream does not hold it.
    Started {
        /// The provider's name.
        provider: String,
        /// Its model.
        model: String,
    },
    /// More text; pieces follow each other without separators.
    Text(String),
    /// A picture that the model drew, complete.
    Picture(Picture),
    /// A tool call, complete.
    ToolCall(ToolCall),
    /// What the answer has cost so far. Each replaces the one before it.
    Usage(Usage),
    /// The answer is complete: the last event.
    Finished(FinishReason),
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { provider, model } => write!(f, "Started({provider}, {model})"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Picture(picture) => picture.fmt(f),
            Self::ToolCall(call) => call.fmt(f),
            Self::Usage(usage) => usage.fmt(f),
            Self::Finished(reason) => write!(f, "Finished({reason:?})"),
        }
    }
}

/// Why a model stopped, where it stopped well. Blocked, empty and malformed answers are a [`ModelError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishReason {
    /// It had said all.
    Stop,
    /// It ran into the token limit: the text ends in the middle.
    Length,
    /// It waits for the results of its tool calls.
    ToolCalls,
}

/// What an answer cost, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// All of the input, cached or not.
    pub prompt_tokens: u32,
    /// The part of the input that came from the provider's cache.
    pub cached_tokens: u32,
    /// The answer, thinking not included.
    pub output_tokens: u32,
    /// The thinking.
    pub thinking_tokens: u32,
    /// What is billed, as the provider adds it up.
    pub total_tokens: u32,
}

impl Usage {
    /// The sum of two: a turn with tools asks more than once.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            prompt_tokens: self.prompt_tokens.saturating_add(other.prompt_tokens),
            cached_tokens: self.cached_tokens.saturating_add(other.cached_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            thinking_tokens: self.thinking_tokens.saturating_add(other.thinking_tokens),
            total_tokens: self.total_tokens.saturating_add(other.total_tokens),
        }
    }
}

/// A whole answer: text, pictures, tool calls, or several of them.
#[derive(Clone, PartialEq)]
pub struct Answer {
    /// What to say. May be empty when there are tool calls or a picture.
    pub text: String,
    /// What to show: the last picture that the model drew, since it may draw sketches first.
    pub picture: Option<Picture>,
    /// What to call, in the model's order.
    pub tool_calls: Vec<ToolCall>,
    /// What it cost; zeros where the server does not say.
    pub usage: Usage,
    /// Why it stopped.
    pub finish: FinishReason,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("text_bytes", &self.text.len())
            .field("picture", &self.picture)
            .field("tool_calls", &self.tool_calls)
            .field("usage", &self.usage)
            .field("finish", &self.finish)
            .finish()
    }
}

/// Puts an [`Answer`] together from events, for whoever streams and still needs the whole.
#[derive(Default, Clone)]
pub struct AnswerBuilder {
    text: String,
    picture: Option<Picture>,
    tool_calls: Vec<ToolCall>,
    usage: Usage,
    finish: Option<FinishReason>,
}

impl AnswerBuilder {
    /// Takes one event in. [`Event::Started`] forgets what came before.
    pub fn push(&mut self, event: &Event) {
        match event {
            Event::Started { .. } => *self = Self::default(),
            Event::Text(text) => self.text.push_str(text),
            Event::Picture(picture) => self.picture = Some(picture.clone()),
            Event::ToolCall(call) => self.tool_calls.push(call.clone()),
            Event::Usage(usage) => self.usage = *usage,
            Event::Finished(reason) => self.finish = Some(*reason),
        }
    }

    /// The text so far.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it has cost so far, as the provider says.
    #[must_use]
    pub const fn usage(&self) -> Usage {
        self.usage
    }

    /// The answer.
    ///
    /// # Errors
    /// [`ModelError::Malformed`] if [`Event::Finished`] never came: the answer was cut off.
    pub fn finish(self) -> Result<Answer, ModelError> {
        let finish = self.finish.ok_or_else(|| ModelError::malformed("the answer ended before it was finished"))?;
        let Self { text, picture, tool_calls, usage, finish: _ } = self;
        Ok(Answer { text, picture, tool_calls, usage, finish })
    }
}
