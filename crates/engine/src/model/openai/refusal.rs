//! Errors of chat completions: `{"error": {"message", "type", "code", "param"}}` with variations, as a whole body or
//! within a stream.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value;

use super::super::error::ModelError;
use super::super::http::{hint, rejected_hint, retry_after};

/// What an answer with a status other than 2xx means.
pub(crate) fn from_http(status: u16, headers: &HeaderMap, body: &[u8]) -> ModelError {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    into_error(status, body.get("error").unwrap_or(&body), retry_after(headers))
}

/// What an error object in a 200 means. OpenRouter's code is the status that it could no longer send.
pub(super) fn from_stream(error: &Value) -> ModelError {
    let status = match error.get("code") {
        Some(Value::Number(code)) => code.as_u64().and_then(|code| u16::try_from(code).ok()),
        Some(Value::String(code)) => code.parse().ok(),
        _ => None,
    };
    into_error(status.filter(|status| *status >= 400).unwrap_or(500), error, None)
}

fn into_error(status: u16, error: &Value, retry_after: Option<Duration>) -> ModelError {
    let code = code(error);
    let moderated = error.pointer("/metadata/reasons").is_some_and(Value::is_array);
    if moderated || matches!(code.as_str(), "content_filter" | "content_policy_violation") {
        return ModelError::Blocked { reason: if moderated { String::from("moderation") } else { code } };
    }
    match status {
        429 => ModelError::RateLimited { retry_after },
        408 | 499 | 500.. => {
            let reason = if code.is_empty() { format!("HTTP {status}") } else { format!("HTTP {status} {code}") };
            ModelError::Unavailable { status: Some(status), reason, retry_after }
        }
        _ => {
            let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
            let hint = match error.get("param").and_then(Value::as_str) {
                Some(field) => hint(&format!("this field is wrong: {field}")),
                None => rejected_hint(status, message),
            };
            ModelError::Rejected { status, code, hint }
        }
    }
}

/// The code, or the type where the code is missing or only repeats the status.
fn code(error: &Value) -> String {
    let text = |field: &str| error.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    hint(text("code").or_else(|| text("type")).unwrap_or_default())
}
