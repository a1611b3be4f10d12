//! What a chat completion answers: one object with a `message`, or a stream of objects with a `delta` each.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::MOST_TOOL_CALLS;
use super::super::answer::{Event, FinishReason, Usage};
use super::super::error::ModelError;
use super::super::picture::Picture;
use super::super::reading::Objects;
use super::super::request::ToolCall;
use super::refusal;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    usage: Option<WireUsage>,
    error: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Choice {
    delta: Option<WireMessage>,
    message: Option<WireMessage>,
    finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireMessage {
    content: Option<Value>,
    refusal: Option<String>,
    images: Option<Vec<WireImage>>,
    tool_calls: Option<Vec<WireCall>>,
}

/// As OpenRouter gives out what was drawn: `{"type": "image_url", "image_url": {"url": "data:image/png;base64,…"}}`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireImage {
    image_url: ImageUrl,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ImageUrl {
    url: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireCall {
    index: Option<usize>,
    id: Option<String>,
    function: Option<WireFunction>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireFunction {
    name: Option<String>,
    arguments: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireUsage {
    prompt_tokens: u32,
    completion_tokens: u32,
    total_tokens: u32,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PromptDetails {
    cached_tokens: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CompletionDetails {
    reasoning_tokens: Option<u32>,
}

/// A tool call as its pieces come in.
#[derive(Default)]
struct Gathered {
    index: usize,
    id: String,
    name: String,
    arguments: String,
}

/// Reads an answer, object by object.
pub(super) struct Reading {
    /// For ids of calls that come without one.
    calls_before: usize,
    calls: Vec<Gathered>,
    said_something: bool,
    refused: bool,
    finish: Option<FinishReason>,
    done: bool,
}

impl Objects for Reading {
    fn object(&mut self, json: &[u8]) -> Result<Vec<Event>, ModelError> {
        self.read(json)
    }

    fn over(&mut self) -> Result<Vec<Event>, ModelError> {
        self.end()
    }
}

impl Reading {
    pub(super) fn new(calls_before: usize) -> Self {
        Self { calls_before, calls: Vec::new(), said_something: false, refused: false, finish: None, done: false }
    }

    /// Whether the model has said that it is done. Its usage may still come.
    pub(super) fn finished(&self) -> bool {
        self.finish.is_some()
    }

    /// Whether the stream has said that nothing more comes.
    pub(super) fn done(&self) -> bool {
        self.done
    }

    /// Reads one object, or the `[DONE]` of a stream. Tool calls and `Finished` come with [`Reading::end`].
    pub(super) fn read(&mut self, json: &[u8]) -> Result<Vec<Event>, ModelError> {
        if json.trim_ascii() == b"[DONE]" {
            self.done = true;
            return Ok(Vec::new());
        }
        let chunk: Chunk = serde_json::from_slice(json)
            .map_err(|_| ModelError::malformed("it is not the JSON of a chat completion"))?;
        if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
            return Err(refusal::from_stream(&error));
        }
        let mut events = Vec::new();
        if let Some(usage) = chunk.usage {
            events.push(Event::Usage(usage.into()));
        }
        let Some(choice) = chunk.choices.unwrap_or_default().into_iter().next() else { return Ok(events) };
        let message = choice.delta.or(choice.message).unwrap_or_default();
        self.refused |= message.refusal.is_some_and(|refusal| !refusal.is_empty());
        let text = message.content.map(text).unwrap_or_default();
        if !text.is_empty() {
            self.said_something |= !text.trim().is_empty();
            events.push(Event::Text(text));
        }
        for image in message.images.unwrap_or_default() {
            // An address is not followed: it could be anybody's.
            let data = image.image_url.url.strip_prefix("data:image/").and_then(|rest| rest.split_once(";base64,"));
            let picture = data.and_then(|(_, base64)| Picture::usable(base64));
            self.said_something |= picture.is_some();
            events.extend(picture.map(Event::Picture));
        }
        for call in message.tool_calls.unwrap_or_default() {
            self.gather(call)?;
        }
        if let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) {
            self.finish = Some(finish_reason(&reason)?);
        }
        Ok(events)
    }

    /// The answer is over: its tool calls, and its last event.
    pub(super) fn end(&mut self) -> Result<Vec<Event>, ModelError> {
        // `[DONE]` without a finish reason is how some servers end.
        let finish = match self.finish {
            Some(finish) => finish,
            None if self.done => FinishReason::Stop,
            None => return Err(ModelError::malformed("the answer ended before it was finished")),
        };
        let calls = std::mem::take(&mut self.calls);
        if !self.said_something && calls.is_empty() {
            return Err(match self.refused {
                true => ModelError::Blocked { reason: String::from("refusal") },
                false => ModelError::Empty { finish },
            });
        }
        let finish = if calls.is_empty() || finish == FinishReason::Length { finish } else { FinishReason::ToolCalls };
        let calls = calls.into_iter().enumerate().map(|(number, call)| call.complete(self.calls_before + number + 1));
        let mut events: Vec<Event> = calls.collect::<Result<_, _>>()?;
        events.push(Event::Finished(finish));
        Ok(events)
    }

    /// Adds a piece to the call that it belongs to: by index, or the id's change where a server gives no index.
    fn gather(&mut self, piece: WireCall) -> Result<(), ModelError> {
        let id = piece.id.unwrap_or_default();
        let last = self.calls.last();
        let index = piece.index.unwrap_or_else(|| match last {
            Some(last) if id.is_empty() || id == last.id => last.index,
            Some(last) => last.index.saturating_add(1),
            None => 0,
        });
        let position = self.calls.iter().position(|call| call.index == index);
        if position.is_none() && self.calls.len() >= MOST_TOOL_CALLS {
            return Err(ModelError::malformed(format!("it holds more than {MOST_TOOL_CALLS} tool calls")));
        }
        let position = position.unwrap_or_else(|| {
            self.calls.push(Gathered { index, ..Gathered::default() });
            self.calls.len() - 1
        });
        let call = &mut self.calls[position];
        if call.id.is_empty() {
            call.id = id;
        }
        let function = piece.function.unwrap_or_default();
        if call.name.is_empty() {
            call.name = function.name.unwrap_or_default();
        }
        match function.arguments {
            Some(Value::String(arguments)) => call.arguments.push_str(&arguments),
            Some(Value::Null) | None => {}
            // Ollama has sent them as an object.
            Some(arguments) => call.arguments.push_str(&arguments.to_string()),
        }
        Ok(())
    }
}

impl Gathered {
    fn complete(self, number: usize) -> Result<Event, ModelError> {
        if self.name.is_empty() {
            return Err(ModelError::malformed("a tool call has no name"));
        }
        let args = match self.arguments.trim() {
            "" => Value::Object(Map::new()),
            arguments => serde_json::from_str(arguments)
                .ok()
                .filter(Value::is_object)
                .ok_or_else(|| ModelError::malformed("the arguments of a tool call are not a JSON object"))?,
        };
        let id = if self.id.is_empty() { format!("call-{number}") } else { self.id };
        Ok(Event::ToolCall(ToolCall { id, name: self.name, args, signature: None }))
    }
}

impl From<WireUsage> for Usage {
    fn from(usage: WireUsage) -> Self {
        let thinking = usage.completion_tokens_details.and_then(|details| details.reasoning_tokens).unwrap_or(0);
        Self {
            prompt_tokens: usage.prompt_tokens,
            cached_tokens: usage.prompt_tokens_details.and_then(|details| details.cached_tokens).unwrap_or(0),
            // Theirs includes the reasoning, ours does not.
            output_tokens: usage.completion_tokens.saturating_sub(thinking),
            thinking_tokens: thinking,
            total_tokens: usage.total_tokens,
        }
    }
}

/// The words of a content: a string, or a list of parts.
fn text(content: Value) -> String {
    match content {
        Value::String(text) => text,
        Value::Array(parts) => parts.iter().filter_map(|part| part.get("text")?.as_str()).collect(),
        _ => String::new(),
    }
}

fn finish_reason(reason: &str) -> Result<FinishReason, ModelError> {
    match reason {
        "length" | "max_tokens" => Ok(FinishReason::Length),
        "content_filter" => Err(ModelError::Blocked { reason: reason.to_owned() }),
        "error" => Err(ModelError::malformed("the server broke the answer off with an error")),
        "tool_calls" | "function_call" => Ok(FinishReason::ToolCalls),
        _ => Ok(FinishReason::Stop),
    }
}
