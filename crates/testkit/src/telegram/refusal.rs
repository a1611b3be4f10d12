//! Errors as the Bot API reports them.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A refused call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// HTTP status and `error_code`.
    pub(super) code: u16,
    /// `description`.
    pub(super) description: String,
    /// `parameters.retry_after`, seconds.
    pub(super) retry_after: Option<u64>,
    /// `parameters.migrate_to_chat_id`.
    pub(super) migrate_to: Option<i64>,
}

impl Refusal {
    pub(super) fn new(code: u16, description: impl Into<String>) -> Self {
        Self { code, description: description.into(), retry_after: None, migrate_to: None }
    }

    /// 400. Telegram begins such a text with a small letter, unless it is a constant such as `BUTTON_DATA_INVALID`.
    pub(super) fn bad(message: impl AsRef<str>) -> Self {
        let message = message.as_ref();
        let is_constant = message.chars().nth(1).is_some_and(|c| c == '_' || c.is_ascii_uppercase());
        let mut chars = message.chars();
        let text = match chars.next() {
            Some(first) if !is_constant => format!("{}{}", first.to_lowercase(), chars.as_str()),
            _ => message.to_owned(),
        };
        Self::new(400, format!("Bad Request: {text}"))
    }

    pub(super) fn forbidden(message: &str) -> Self {
        Self::new(403, format!("Forbidden: {message}"))
    }

    pub(super) fn too_many(retry_after: u64) -> Self {
        let mut refusal = Self::new(429, format!("Too Many Requests: retry after {retry_after}"));
        refusal.retry_after = Some(retry_after);
        refusal
    }

    pub(super) fn migrated(to: i64) -> Self {
        let mut refusal = Self::bad("group chat was upgraded to a supergroup chat");
        refusal.migrate_to = Some(to);
        refusal
    }
}

/// What a method yields.
pub(super) type Outcome = Result<Value, Refusal>;

/// The HTTP answer to a call.
pub(super) fn answer(outcome: Outcome) -> Response {
    match outcome {
        Ok(result) => body(StatusCode::OK, json!({"ok": true, "result": result})),
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut text = json!({"ok": false, "error_code": refusal.code, "description": refusal.description});
            if let Some(seconds) = refusal.retry_after {
                text["parameters"]["retry_after"] = seconds.into();
            }
            if let Some(chat_id) = refusal.migrate_to {
                text["parameters"]["migrate_to_chat_id"] = chat_id.into();
            }
            let mut response = body(status, text);
            if let Some(seconds) = refusal.retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
    }
}

fn body(status: StatusCode, json: Value) -> Response {
    (status, axum::Json(json)).into_response()
}
