//! What OpenAI refuses of a request.

use std::collections::BTreeSet;

use serde_json::Value;

use super::messages;
use super::refusal::Refusal;

const FIELDS: &[&str] = &[
    "model",
    "messages",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "n",
    "stop",
    "stream",
    "stream_options",
    "seed",
    "user",
    "reasoning_effort",
    "response_format",
    "presence_penalty",
    "frequency_penalty",
    "metadata",
    "modalities",
    "store",
    "logprobs",
    "top_logprobs",
];

/// Checks a request for a completion.
pub(super) fn completion(body: &Value) -> Result<(), Refusal> {
    let names = body.as_object().map(|object| object.keys().collect::<Vec<_>>()).unwrap_or_default();
    if let Some(name) = names.iter().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(Refusal::invalid(&format!("Unrecognized request argument supplied: {name}"), None));
    }
    if body.get("max_tokens").is_some() && body.get("max_completion_tokens").is_some() {
        let message = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.";
        return Err(Refusal::invalid(message, Some("max_tokens")));
    }
    if body.get("stream_options").is_some() && body.get("stream") != Some(&Value::Bool(true)) {
        let message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
        return Err(Refusal::invalid(message, Some("stream_options")));
    }
    if messages(body).is_empty() {
        let message = "Invalid 'messages': empty array. Expected an array with minimum length 1.";
        return Err(Refusal::invalid(message, Some("messages")));
    }
    conversation(messages(body))
}

/// Every call is answered before anything else is said, and nothing is answered that was not called.
fn conversation(messages: &[Value]) -> Result<(), Refusal> {
    let mut open: BTreeSet<&str> = BTreeSet::new();
    for (index, message) in messages.iter().enumerate() {
        let role = message.get("role").and_then(Value::as_str).unwrap_or_default();
        let place = format!("messages.[{index}].role");
        if !matches!(role, "system" | "developer" | "user" | "assistant" | "tool") {
            return Err(Refusal::invalid(&format!("Invalid value: '{role}'."), Some(&place)));
        }
        let id = message.get("tool_call_id").and_then(Value::as_str).unwrap_or_default();
        if role == "tool" && !open.remove(id) {
            let message = "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with \
                           'tool_calls'.";
            return Err(Refusal::invalid(message, Some(&place)));
        }
        if role != "tool" && !open.is_empty() {
            return Err(unanswered(&open));
        }
        let calls = message.get("tool_calls").and_then(Value::as_array);
        open.extend(calls.into_iter().flatten().filter_map(|call| call.get("id")?.as_str()));
    }
    if open.is_empty() { Ok(()) } else { Err(unanswered(&open)) }
}

fn unanswered(open: &BTreeSet<&str>) -> Refusal {
    let ids = open.iter().copied().collect::<Vec<_>>().join(", ");
    let message = format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The \
         following tool_call_ids did not have response messages: {ids}"
    );
    Refusal::invalid(&message, Some("messages"))
}
