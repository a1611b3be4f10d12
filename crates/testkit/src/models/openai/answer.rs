//! What a chat completion answers, well and badly.

use std::sync::Arc;

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::{Value, json};

use super::super::behaviour::{Behaviour, End, Piece, arguments, asks_for, tokens, words};
use super::super::server::{Shared, cut, json as json_response, streamed};
use super::refusal::{self, Refusal};
use super::{Call, messages, text};

/// The server's own answer to a request.
pub(super) fn improvise(body: &Value, prompt: &str) -> Behaviour {
    let Some(last) = messages(body).last() else { return Behaviour::say("Hello.") };
    if last.get("role").is_some_and(|role| role == "tool") {
        return answer(&format!("The tool says {prompt}."));
    }
    let forbidden = body.get("tool_choice").is_some_and(|choice| choice == "none");
    if let Some(call) = asked_tool(body, prompt).filter(|_| !forbidden) {
        return call;
    }
    let parts = last.get("content").and_then(Value::as_array);
    if parts.is_some_and(|parts| parts.iter().any(|part| part.get("image_url").is_some())) {
        return answer(&format!("I see a picture. You said: {prompt}"));
    }
    answer(&format!("You said: {prompt}"))
}

fn answer(text: &str) -> Behaviour {
    Behaviour::Answer { pieces: words(text), end: End::Finished }
}

/// A call of the tool that a prompt asks for.
fn asked_tool(body: &Value, prompt: &str) -> Option<Behaviour> {
    body.get("tools")?.as_array()?.iter().find_map(|tool| {
        let name = tool.pointer("/function/name")?.as_str().filter(|name| asks_for(prompt, name))?;
        Some(Behaviour::call(name, arguments(tool.pointer("/function/parameters"), prompt)))
    })
}

/// Does with a call what is to be done.
pub(super) fn respond(call: Call, behaviour: Behaviour) -> Response {
    match behaviour {
        Behaviour::Refuse { status, headers, body, retry_after } => {
            refusal::scripted(status, &headers, body, retry_after)
        }
        Behaviour::Raw { content_type, bytes } => streamed(&content_type, futures::stream::iter([Ok(bytes)])),
        Behaviour::Object(object) if call.record.stream => {
            streamed("text/event-stream", futures::stream::iter([Ok(sse(&object)), Ok(b"data: [DONE]\n\n".to_vec())]))
        }
        Behaviour::Object(object) => json_response(200, &object),
        Behaviour::EndlessCalls { name } if call.record.stream => {
            let writer = Writer::new(&call);
            let piece = Piece::Call { name, args: json!({}) };
            let chunks = futures::stream::iter(0_usize..)
                .flat_map(move |index| futures::stream::iter(writer.deltas(&piece, index)).map(Ok));
            streamed("text/event-stream", chunks)
        }
        Behaviour::EndlessCalls { name } => respond(call, Behaviour::call(name, json!({}))),
        // Whoever decided has waited already.
        Behaviour::Hang => respond(call, Behaviour::say("I am back.")),
        Behaviour::After { then, .. } => respond(call, *then),
        Behaviour::Answer { pieces, end } if call.record.stream => stream(&call, &pieces, end),
        Behaviour::Answer { pieces, end } => whole(&call, &pieces, end),
    }
}

fn whole(call: &Call, pieces: &[Piece], end: End) -> Response {
    let writer = Writer::new(call);
    let reason = match &end {
        End::Error(status) => return Refusal::of_status(*status).response(),
        End::Reason(reason) => reason,
        _ => natural_reason(pieces),
    };
    let object = writer.message(pieces, reason);
    let bytes = object.to_string().into_bytes();
    let half = bytes[..bytes.len() / 2].to_vec();
    match end {
        End::Cut => streamed("application/json", futures::stream::iter([Ok(half)]).chain(cut())),
        End::Truncated => streamed("application/json", futures::stream::iter([Ok(half)])),
        End::Silence => {
            let (shared, rest) = (Arc::clone(&call.shared), bytes[half.len()..].to_vec());
            let rest = futures::stream::once(async move {
                shared.released().await;
                Ok(rest)
            });
            streamed("application/json", futures::stream::iter([Ok(half)]).chain(rest))
        }
        End::Finished | End::Lingering | End::Reason(_) | End::Error(_) => json_response(200, &object),
    }
}

fn stream(call: &Call, pieces: &[Piece], end: End) -> Response {
    let writer = Writer::new(call);
    // OpenRouter keeps the connection warm with comments.
    let mut chunks =
        vec![b": PROCESSING\n\n".to_vec(), writer.delta(json!({ "role": "assistant", "content": "" }), None)];
    let mut calls = 0;
    for piece in pieces {
        chunks.extend(writer.deltas(piece, calls));
        calls += usize::from(matches!(piece, Piece::Call { .. }));
    }
    let natural = natural_reason(pieces);
    let tail: BoxStream<'static, std::io::Result<Vec<u8>>> = match end {
        End::Finished => futures::stream::iter(writer.farewell(pieces, natural).into_iter().map(Ok)).boxed(),
        End::Reason(reason) => futures::stream::iter(writer.farewell(pieces, &reason).into_iter().map(Ok)).boxed(),
        End::Error(status) => {
            let mut error = Refusal::of_status(status).body();
            error["error"]["code"] = json!(status);
            futures::stream::iter([Ok(sse(&error))]).boxed()
        }
        End::Cut => cut(),
        End::Truncated => futures::stream::empty().boxed(),
        End::Silence => silence(&call.shared, writer.farewell(pieces, natural).concat()),
        End::Lingering => {
            let end = futures::stream::iter([Ok(writer.delta(json!({}), Some(natural)))]);
            end.chain(silence(&call.shared, Vec::new())).boxed()
        }
    };
    streamed("text/event-stream", futures::stream::iter(chunks.into_iter().map(Ok)).chain(tail))
}

fn silence(shared: &Arc<Shared>, then: Vec<u8>) -> BoxStream<'static, std::io::Result<Vec<u8>>> {
    let shared = Arc::clone(shared);
    let wait = async move {
        shared.released().await;
        Ok(then)
    };
    futures::stream::once(wait).boxed()
}

fn natural_reason(pieces: &[Piece]) -> &'static str {
    if pieces.iter().any(|piece| matches!(piece, Piece::Call { .. })) { "tool_calls" } else { "stop" }
}

fn sse(object: &Value) -> Vec<u8> {
    format!("data: {object}\n\n").into_bytes()
}

/// Writes answers of one call.
struct Writer {
    model: String,
    prompt_tokens: u64,
    with_usage: bool,
}

impl Writer {
    fn new(call: &Call) -> Self {
        let with_usage = call.body.pointer("/stream_options/include_usage").and_then(Value::as_bool).unwrap_or(false);
        let prompt_tokens = messages(&call.body).iter().map(|message| tokens(&text(message))).sum();
        Self { model: call.record.model.clone(), prompt_tokens, with_usage }
    }

    fn message(&self, pieces: &[Piece], reason: &str) -> Value {
        let said: String = pieces.iter().filter_map(said).collect();
        let calls: Vec<Value> = pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Call { name, args } => Some((name, args)),
                _ => None,
            })
            .enumerate()
            .map(|(index, (name, args))| {
                json!({
                    "id": format!("call_{index}"),
                    "type": "function",
                    "function": { "name": name, "arguments": args.to_string() },
                })
            })
            .collect();
        let content = if said.is_empty() { Value::Null } else { json!(said) };
        let mut message = json!({ "role": "assistant", "content": content, "refusal": null });
        let pictures: Vec<Value> = pieces.iter().filter_map(drawn).collect();
        if !pictures.is_empty() {
            message["images"] = Value::Array(pictures);
        }
        if !calls.is_empty() {
            message["tool_calls"] = Value::Array(calls);
        }
        json!({
            "id": "chatcmpl-testkit",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": self.model,
            "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": reason }],
            "usage": self.usage(pieces),
        })
    }

    /// The chunks of a piece. The arguments of a call come in two, as the real ones come in many.
    fn deltas(&self, piece: &Piece, index: usize) -> Vec<Vec<u8>> {
        match piece {
            Piece::Text(text) => vec![self.delta(json!({ "content": text }), None)],
            Piece::Picture(_) => {
                let images: Vec<Value> = drawn(piece).into_iter().collect();
                vec![self.delta(json!({ "content": "", "images": images }), None)]
            }
            Piece::Thought(text) => vec![self.delta(json!({ "reasoning_content": text }), None)],
            Piece::Call { name, args } => {
                let args = args.to_string();
                let (first, second) = args.split_at(args.char_indices().nth(1).map_or(args.len(), |(at, _)| at));
                let begin = json!({
                    "index": index,
                    "id": format!("call_{index}"),
                    "type": "function",
                    "function": { "name": name, "arguments": first },
                });
                let go_on = json!({ "index": index, "function": { "arguments": second } });
                [begin, go_on].map(|call| self.delta(json!({ "tool_calls": [call] }), None)).to_vec()
            }
        }
    }

    fn farewell(&self, pieces: &[Piece], reason: &str) -> Vec<Vec<u8>> {
        let mut chunks = vec![self.delta(json!({}), Some(reason))];
        if self.with_usage {
            let mut object = self.chunk(json!([]));
            object["usage"] = self.usage(pieces);
            chunks.push(sse(&object));
        }
        chunks.push(b"data: [DONE]\n\n".to_vec());
        chunks
    }

    fn delta(&self, delta: Value, reason: Option<&str>) -> Vec<u8> {
        sse(&self.chunk(json!([{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": reason }])))
    }

    fn chunk(&self, choices: Value) -> Value {
        json!({
            "id": "chatcmpl-testkit",
            "object": "chat.completion.chunk",
            "created": 1_700_000_000,
            "model": self.model,
            "choices": choices,
        })
    }

    fn usage(&self, pieces: &[Piece]) -> Value {
        let said: u64 = pieces.iter().filter_map(said).map(|text| tokens(&text)).sum();
        json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": said,
            "total_tokens": self.prompt_tokens + said,
            "prompt_tokens_details": { "cached_tokens": 0 },
            "completion_tokens_details": { "reasoning_tokens": 0 },
        })
    }
}

/// A picture as OpenRouter gives it out.
fn drawn(piece: &Piece) -> Option<Value> {
    let Piece::Picture(png) = piece else { return None };
    let url = format!("data:image/png;base64,{}", STANDARD.encode(png));
    Some(json!({ "type": "image_url", "image_url": { "url": url } }))
}

fn said(piece: &Piece) -> Option<String> {
    if let Piece::Text(text) = piece { Some(text.clone()) } else { None }
}
