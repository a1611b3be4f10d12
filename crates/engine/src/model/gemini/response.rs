//! What Gemini answers: one object, or a stream of objects of the same shape.
//!
//! Every field may be missing and every name unknown: what cannot be read is an error, never a panic, and new fields and
//! finish reasons of the API break nothing.

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
#[serde(rename_all = "camelCase", default)]
struct Chunk {
    candidates: Vec<Candidate>,
    prompt_feedback: Option<PromptFeedback>,
    usage_metadata: Option<UsageMetadata>,
    error: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Candidate {
    content: Option<Content>,
    finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Content {
    parts: Vec<Part>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Part {
    text: Option<String>,
    thought: bool,
    inline_data: Option<Blob>,
    function_call: Option<FunctionCall>,
    thought_signature: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Blob {
    mime_type: String,
    data: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FunctionCall {
    id: Option<String>,
    name: String,
    args: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PromptFeedback {
    block_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct UsageMetadata {
    prompt_token_count: u32,
    cached_content_token_count: u32,
    candidates_token_count: u32,
    thoughts_token_count: u32,
    total_token_count: u32,
}

/// Reads an answer, object by object.
pub(super) struct Reading {
    /// For ids of calls that come without one.
    calls_before: usize,
    calls: usize,
    said_something: bool,
    finish: Option<FinishReason>,
}

impl Objects for Reading {
    fn object(&mut self, json: &[u8]) -> Result<Vec<Event>, ModelError> {
        self.read(json)
    }

    fn over(&mut self) -> Result<Vec<Event>, ModelError> {
        Ok(vec![self.end()?])
    }
}

impl Reading {
    pub(super) fn new(calls_before: usize) -> Self {
        Self { calls_before, calls: 0, said_something: false, finish: None }
    }

    /// Whether the model has said that it is done.
    pub(super) fn finished(&self) -> bool {
        self.finish.is_some()
    }

    /// Reads one object. `Finished` is not among its events: see [`Reading::end`].
    pub(super) fn read(&mut self, json: &[u8]) -> Result<Vec<Event>, ModelError> {
        let chunk: Chunk =
            serde_json::from_slice(json).map_err(|_| ModelError::malformed("it is not the JSON of the Gemini API"))?;
        if let Some(error) = chunk.error {
            return Err(refusal::from_stream(&error));
        }
        let mut events = Vec::new();
        if let Some(usage) = chunk.usage_metadata {
            events.push(Event::Usage(usage.into()));
        }
        // We ask for one candidate.
        let Some(candidate) = chunk.candidates.into_iter().next() else {
            let blocked = chunk.prompt_feedback.and_then(|feedback| feedback.block_reason);
            return blocked.map_or(Ok(events), |reason| Err(ModelError::Blocked { reason }));
        };
        for part in candidate.content.unwrap_or_default().parts {
            events.extend(self.part(part)?);
        }
        if let Some(reason) = candidate.finish_reason {
            self.finish = Some(finish_reason(&reason)?);
        }
        Ok(events)
    }

    /// The answer is over: its last event.
    pub(super) fn end(&self) -> Result<Event, ModelError> {
        match self.finish {
            None => Err(ModelError::malformed("the answer ended before it was finished")),
            Some(finish) if !self.said_something && self.calls == 0 => Err(ModelError::Empty { finish }),
            Some(FinishReason::Stop) if self.calls > 0 => Ok(Event::Finished(FinishReason::ToolCalls)),
            Some(finish) => Ok(Event::Finished(finish)),
        }
    }

    fn part(&mut self, part: Part) -> Result<Option<Event>, ModelError> {
        if let Some(call) = part.function_call {
            if call.name.is_empty() {
                return Err(ModelError::malformed("a tool call has no name"));
            }
            let args = match call.args {
                None | Some(Value::Null) => Value::Object(Map::new()),
                Some(args @ Value::Object(_)) => args,
                Some(_) => return Err(ModelError::malformed("the arguments of a tool call are not an object")),
            };
            self.calls += 1;
            if self.calls > MOST_TOOL_CALLS {
                return Err(ModelError::malformed(format!("it holds more than {MOST_TOOL_CALLS} tool calls")));
            }
            let number = self.calls_before + self.calls;
            let id = call.id.filter(|id| !id.is_empty()).unwrap_or_else(|| format!("call-{number}"));
            let signature = part.thought_signature;
            return Ok(Some(Event::ToolCall(ToolCall { id, name: call.name, args, signature })));
        }
        // What the model thought is not for the person to read, nor are its sketches for them to see.
        if let Some(blob) = part.inline_data.filter(|blob| !part.thought && blob.mime_type.starts_with("image/")) {
            let picture = Picture::usable(&blob.data);
            self.said_something |= picture.is_some();
            return Ok(picture.map(Event::Picture));
        }
        let text = part.text.filter(|text| !part.thought && !text.is_empty());
        self.said_something |= text.as_ref().is_some_and(|text| !text.trim().is_empty());
        Ok(text.map(Event::Text))
    }
}

impl From<UsageMetadata> for Usage {
    fn from(usage: UsageMetadata) -> Self {
        Self {
            prompt_tokens: usage.prompt_token_count,
            cached_tokens: usage.cached_content_token_count,
            output_tokens: usage.candidates_token_count,
            thinking_tokens: usage.thoughts_token_count,
            total_tokens: usage.total_token_count,
        }
    }
}

fn finish_reason(reason: &str) -> Result<FinishReason, ModelError> {
    match reason {
        "MAX_TOKENS" => Ok(FinishReason::Length),
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "MODEL_ARMOR" => Err(ModelError::Blocked { reason: reason.to_owned() }),
        "MALFORMED_FUNCTION_CALL"
        | "UNEXPECTED_TOOL_CALL"
        | "TOO_MANY_TOOL_CALLS"
        | "MISSING_THOUGHT_SIGNATURE"
        | "MALFORMED_RESPONSE" => Err(ModelError::malformed(format!("the model stopped with {reason}"))),
        // STOP, OTHER and whatever comes after this was written: what it has said so far is its answer.
        _ => Ok(FinishReason::Stop),
    }
}
