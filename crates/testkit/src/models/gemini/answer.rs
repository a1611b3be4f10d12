//! What Gemini answers, well and badly.

use std::sync::Arc;

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::{Value, json};

use super::super::behaviour::{Behaviour, End, Piece, arguments, asks_for, tokens, words};
use super::super::server::{Shared, cut, json as json_response, streamed, with_headers};
use super::check::parts;
use super::models::Model;
use super::refusal::Refusal;
use super::{Call, fields};

/// What Google documents for calls that the model did not sign.
const UNSIGNED: [&str; 2] = ["skip_thought_signature_validator", "context_engineering_is_the_way_to_go"];
const SIGNED: &str = "testkit signed ";

/// Whether a signature is one of ours, or one of those that stand for none.
pub(super) fn is_signature(signature: &str) -> bool {
    let ours = STANDARD.decode(signature).is_ok_and(|bytes| bytes.starts_with(SIGNED.as_bytes()));
    ours || UNSIGNED.contains(&signature)
}

/// The server's own answer to a request.
pub(super) fn improvise(body: &Value) -> Behaviour {
    let contents = body.get("contents").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let Some(last) = contents.last() else { return Behaviour::say("Hello.") };
    if let Some(result) = parts(last).iter().find_map(|part| part.get("functionResponse")) {
        let name = result.get("name").and_then(Value::as_str).unwrap_or_default();
        let response = result.get("response").cloned().unwrap_or_default();
        return answer(&format!("The tool {name} says {response}."));
    }
    let prompt = fields::part_texts(last).join("\n");
    let forbidden = body.pointer("/toolConfig/functionCallingConfig/mode").is_some_and(|mode| mode == "NONE");
    if let Some(call) = asked_tool(body, &prompt).filter(|_| !forbidden) {
        return call;
    }
    if let Some(blob) = parts(last).iter().find_map(|part| part.get("inlineData")) {
        let mime = blob.get("mimeType").and_then(Value::as_str).unwrap_or_default();
        if mime.starts_with("audio/") {
            return answer(&format!("Words of an {mime} recording."));
        }
        return answer(&format!("I see an {mime} picture. You said: {prompt}"));
    }
    answer(&format!("You said: {prompt}"))
}

fn answer(text: &str) -> Behaviour {
    Behaviour::Answer { pieces: words(text), end: End::Finished }
}

/// A call of the declared tool that a prompt asks for.
fn asked_tool(body: &Value, prompt: &str) -> Option<Behaviour> {
    let tools = body.get("tools")?.as_array()?;
    let mut declared = tools.iter().filter_map(|tool| tool.get("functionDeclarations")?.as_array()).flatten();
    declared.find_map(|declaration| {
        let name = declaration.get("name")?.as_str().filter(|name| asks_for(prompt, name))?;
        let schema = declaration.get("parametersJsonSchema").or_else(|| declaration.get("parameters"));
        Some(Behaviour::call(name, arguments(schema, prompt)))
    })
}

/// Does with a call what is to be done.
pub(super) fn respond(call: Call, behaviour: Behaviour) -> Response {
    match behaviour {
        Behaviour::Refuse { status, headers, body, retry_after } => {
            let body = body.unwrap_or_else(|| Refusal::of_status(status, retry_after).body());
            with_headers(json_response(status, &body), &headers)
        }
        Behaviour::Raw { content_type, bytes } => streamed(&content_type, futures::stream::iter([Ok(bytes)])),
        Behaviour::Object(object) => call.whole(&object),
        Behaviour::EndlessCalls { name } if call.record.stream => {
            let writer = Writer::new(&call);
            let piece = Piece::Call { name, args: json!({}) };
            let piece = std::slice::from_ref(&piece);
            let chunk = writer.frame(&writer.object(piece, piece, None), false);
            streamed(writer.content_type(), futures::stream::repeat_with(move || Ok(chunk.clone())))
        }
        Behaviour::EndlessCalls { name } => respond(call, Behaviour::call(name, json!({}))),
        // Whoever decided has waited already.
        Behaviour::Hang => respond(call, Behaviour::say("I am back.")),
        Behaviour::After { then, .. } => respond(call, *then),
        Behaviour::Answer { pieces, end } if call.record.stream => stream(&call, pieces, end),
        Behaviour::Answer { pieces, end } => whole(call, pieces, end),
    }
}

fn whole(call: Call, pieces: Vec<Piece>, end: End) -> Response {
    let writer = Writer::new(&call);
    let object = match &end {
        End::Error(status) => return Refusal::of_status(*status, None).response(),
        End::Reason(reason) => writer.ended(&pieces, &pieces, reason),
        _ => writer.object(&pieces, &pieces, Some("STOP")),
    };
    let bytes = object.to_string().into_bytes();
    let half = bytes[..bytes.len() / 2].to_vec();
    let shared = Arc::clone(&call.shared);
    match end {
        End::Cut => streamed("application/json", futures::stream::iter([Ok(half)]).chain(cut())),
        End::Truncated => streamed("application/json", futures::stream::iter([Ok(half)])),
        End::Silence => {
            let rest = bytes[half.len()..].to_vec();
            let rest = futures::stream::once(async move {
                shared.released().await;
                Ok(rest)
            });
            streamed("application/json", futures::stream::iter([Ok(half)]).chain(rest))
        }
        End::Finished | End::Lingering | End::Reason(_) | End::Error(_) => json_response(200, &object),
    }
}

fn stream(call: &Call, pieces: Vec<Piece>, end: End) -> Response {
    let writer = Writer::new(call);
    let last = pieces.len().saturating_sub(1);
    let reason = match &end {
        End::Finished => Some("STOP"),
        End::Reason(_) | End::Error(_) | End::Cut | End::Truncated | End::Silence | End::Lingering => None,
    };
    let mut chunks: Vec<Vec<u8>> = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        // The real one puts the finish reason into the last chunk that has content.
        let reason = reason.filter(|_| index == last);
        let object = writer.object(std::slice::from_ref(piece), &pieces[..=index], reason);
        chunks.push(writer.frame(&object, index == 0));
    }
    let first = chunks.is_empty();
    let chunks = futures::stream::iter(chunks.into_iter().map(Ok));
    let tail: BoxStream<'static, std::io::Result<Vec<u8>>> = match end {
        End::Finished if !first => futures::stream::empty().boxed(),
        End::Finished => one(writer.frame(&writer.object(&[], &pieces, Some("STOP")), true)),
        End::Reason(reason) => one(writer.frame(&writer.ended(&[], &pieces, &reason), first)),
        End::Error(status) => one(writer.frame(&Refusal::of_status(status, None).body(), first)),
        End::Cut => cut(),
        End::Truncated => futures::stream::empty().boxed(),
        End::Lingering => {
            let end = one(writer.frame(&writer.object(&[], &pieces, Some("STOP")), first));
            end.chain(silence(&call.shared, Vec::new())).boxed()
        }
        End::Silence => silence(&call.shared, writer.frame(&writer.object(&[], &pieces, Some("STOP")), first)),
    };
    streamed(writer.content_type(), chunks.chain(tail).chain(writer.farewell()))
}

fn one(chunk: Vec<u8>) -> BoxStream<'static, std::io::Result<Vec<u8>>> {
    futures::stream::iter([Ok(chunk)]).boxed()
}

fn silence(shared: &Arc<Shared>, then: Vec<u8>) -> BoxStream<'static, std::io::Result<Vec<u8>>> {
    let shared = Arc::clone(shared);
    let wait = async move {
        shared.released().await;
        Ok(then)
    };
    futures::stream::once(wait).boxed()
}

/// An object as one server-sent event.
pub(super) fn sse(object: &Value) -> Vec<u8> {
    format!("data: {object}\r\n\r\n").into_bytes()
}

/// Writes answers of one call.
struct Writer {
    model: &'static Model,
    prompt_tokens: u64,
    sse: bool,
}

impl Writer {
    fn new(call: &Call) -> Self {
        let prompt_tokens = fields::texts(&call.body).iter().map(|text| tokens(text)).sum();
        Self { model: call.model, prompt_tokens, sse: call.sse }
    }

    fn content_type(&self) -> &'static str {
        if self.sse { "text/event-stream" } else { "application/json; charset=UTF-8" }
    }

    /// A chunk of a stream: an event, or an element of a JSON array.
    fn frame(&self, object: &Value, first: bool) -> Vec<u8> {
        if self.sse {
            return sse(object);
        }
        let before = if first { "[" } else { ",\r\n" };
        format!("{before}{object}").into_bytes()
    }

    fn farewell(&self) -> BoxStream<'static, std::io::Result<Vec<u8>>> {
        if self.sse { futures::stream::empty().boxed() } else { one(b"\r\n]\r\n".to_vec()) }
    }

    /// These pieces, with the usage of all so far: in a stream it adds up.
    fn object(&self, pieces: &[Piece], so_far: &[Piece], reason: Option<&str>) -> Value {
        let mut first_call = true;
        let parts: Vec<Value> = pieces.iter().map(|piece| self.part(piece, &mut first_call)).collect();
        let text: u64 = so_far.iter().map(spoken).sum();
        let thoughts: u64 = so_far.iter().map(thought).sum();
        let mut candidate = json!({ "content": { "parts": parts, "role": "model" }, "index": 0 });
        if let Some(reason) = reason {
            candidate["finishReason"] = json!(reason);
        }
        let mut usage = self.usage(text);
        if thoughts > 0 {
            usage["thoughtsTokenCount"] = json!(thoughts);
            usage["totalTokenCount"] = json!(self.prompt_tokens + text + thoughts);
        }
        json!({
            "candidates": [candidate],
            "usageMetadata": usage,
            "modelVersion": self.model.name,
            "responseId": "testkit",
        })
    }

    /// An answer that ends badly. Codes of the prompt's filter come without a candidate, finish reasons with an empty
    /// one.
    fn ended(&self, pieces: &[Piece], so_far: &[Piece], reason: &str) -> Value {
        match reason.strip_prefix("prompt:") {
            Some(reason) => json!({
                "promptFeedback": { "blockReason": reason },
                "usageMetadata": self.usage(0),
                "modelVersion": self.model.name,
                "responseId": "testkit",
            }),
            None if pieces.is_empty() => {
                let mut object = self.object(&[], so_far, Some(reason));
                object["candidates"][0]["content"] = json!({ "role": "model" });
                object
            }
            None => self.object(pieces, so_far, Some(reason)),
        }
    }

    fn usage(&self, text: u64) -> Value {
        json!({
            "promptTokenCount": self.prompt_tokens,
            "candidatesTokenCount": text,
            "totalTokenCount": self.prompt_tokens + text,
            "promptTokensDetails": [{ "modality": "TEXT", "tokenCount": self.prompt_tokens }],
        })
    }

    fn part(&self, piece: &Piece, first_call: &mut bool) -> Value {
        match piece {
            Piece::Text(text) => json!({ "text": text }),
            Piece::Picture(png) => json!({ "inlineData": { "mimeType": "image/png", "data": STANDARD.encode(png) } }),
            Piece::Thought(text) => json!({ "text": text, "thought": true }),
            Piece::Call { name, args } => {
                let mut part = json!({ "functionCall": { "name": name, "args": args } });
                if self.model.signs() && std::mem::take(first_call) {
                    part["thoughtSignature"] = json!(STANDARD.encode(format!("{SIGNED}{name}")));
                }
                part
            }
        }
    }
}

fn spoken(piece: &Piece) -> u64 {
    match piece {
        Piece::Text(text) => tokens(text),
        // As Google bills one of a megapixel.
        Piece::Picture(_) => 1290,
        Piece::Thought(_) => 0,
        Piece::Call { args, .. } => tokens(&args.to_string()),
    }
}

fn thought(piece: &Piece) -> u64 {
    if let Piece::Thought(text) = piece { tokens(text) } else { 0 }
}
