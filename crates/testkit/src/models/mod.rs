//! Model servers on loopback: they speak the wire formats of Gemini and of chat completions, refusals included, and
//! misbehave on demand.
//!
//! Without instructions a server answers sensibly: it echoes, calls a tool that the prompt asks for, looks at pictures,
//! speaks. [`ModelServer::next`] queues what it does with the next requests, [`ModelServer::answer_with`] decides by
//! the request. Requests are checked as the real services check them (unknown fields, thinking settings, signatures,
//! the order of tool calls and results), so a client that they would refuse is refused here.

mod behaviour;
mod gemini;
mod openai;
mod server;
mod space;

pub use self::behaviour::{Behaviour, End, Piece};
pub use self::gemini::GeminiApi;
pub use self::openai::OpenAiApi;
pub use self::server::{Api, ModelServer, Recorded};

/// A server that speaks the Gemini API: `/v1beta/models/…:generateContent` and its relatives.
pub type GeminiServer = ModelServer<GeminiApi>;

/// A server that speaks chat completions: `/v1/chat/completions` and `/v1/models`.
pub type OpenAiServer = ModelServer<OpenAiApi>;
