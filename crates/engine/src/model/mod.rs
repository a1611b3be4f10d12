//! Model providers: one question to a language model, whichever one answers it.
//!
//! A turn builds a [`Request`] and gives it to a [`Chain`]; the chain asks its providers in order until one answers,
//! each behind a breaker. Providers translate between our types and a wire format and know nothing of each other:
//! [`Gemini`], [`OpenAi`] (any compatible server) and [`Scripted`] (no network at all). What can go wrong is one enum,
//! [`ModelError`], which also says what the chain should make of it: that is the only knowledge providers share.

mod answer;
mod chain;
mod error;
pub(crate) mod gemini;
pub(crate) mod http;
mod observer;
pub(crate) mod openai;
mod picture;
mod reading;
mod request;
mod scripted;
mod sse;

use async_trait::async_trait;
use futures::stream::BoxStream;

pub use self::answer::{Answer, AnswerBuilder, Event, FinishReason, Usage};
pub use self::chain::{Answered, Chain, ChainConfig, ChainError, Failure, LinkStatus, Skipped};
pub use self::error::{ModelError, Waited};
pub use self::gemini::{Gemini, GeminiConfig, SafetyThreshold};
pub use self::http::{HttpLimits, SetupError};
pub use self::observer::{Attempt, Observer, Outcome, TracingObserver};
pub use self::openai::{OpenAi, OpenAiConfig};
pub use self::picture::Picture;
pub use self::request::{Message, Part, Request, Role, Thinking, ThinkingLevel, ToolCall, ToolChoice, ToolSpec};
pub use self::scripted::{Script, Scripted, Step};

/// More tool calls at once than any turn makes: an answer that goes on with them is broken, and endless for all we know.
const MOST_TOOL_CALLS: usize = 64;

/// What one provider makes of a request, event by event.
///
/// A stream that ends well ends with [`Event::Finished`]; an `Err` is always the last item. A stream that just ends is
/// an answer that was cut off, and providers report it as an error.
pub type EventStream = BoxStream<'static, Result<Event, ModelError>>;

/// Something that answers requests: a model behind a wire format.
#[async_trait]
pub trait ModelProvider: Send + Sync {
    /// A short, stable name for metrics, logs and `GET /ready`: `gemini`, `openai`, `scripted`.
    fn name(&self) -> &str;

    /// The model that is asked, as its maker names it.
    fn model(&self) -> &str;

    /// Asks and waits for the whole answer.
    ///
    /// # Errors
    /// Any [`ModelError`]; an answer without text and without tool calls is an error too.
    async fn generate(&self, request: &Request) -> Result<Answer, ModelError>;

    /// Asks and hands the answer out as it is made.
    ///
    /// # Errors
    /// What is known before the first event: refused, rate-limited, unreachable. Later failures come in the stream.
    async fn stream(&self, request: &Request) -> Result<EventStream, ModelError>;
}
