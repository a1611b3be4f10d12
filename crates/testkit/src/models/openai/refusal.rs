//! OpenAI's errors.

use std::time::Duration;

use axum::response::Response;
use serde_json::{Value, json};

use super::super::server::{json as json_response, with_headers};

/// An error of the API.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    status: u16,
    kind: &'static str,
    code: Option<&'static str>,
    param: Option<String>,
    message: String,
}

impl Refusal {
    /// 400.
    pub(super) fn invalid(message: &str, param: Option<&str>) -> Self {
        let param = param.map(str::to_owned);
        Self { status: 400, kind: "invalid_request_error", code: None, param, message: message.to_owned() }
    }

    pub(super) fn unknown_url(path: &str) -> Self {
        let message = format!("Invalid URL (POST {path})");
        Self { status: 404, kind: "invalid_request_error", code: None, param: None, message }
    }

    pub(super) fn wrong_key() -> Self {
        let message =
            "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.";
        let (kind, code) = ("invalid_request_error", Some("invalid_api_key"));
        Self { status: 401, kind, code, param: None, message: message.to_owned() }
    }

    pub(super) fn no_such_model(model: &str) -> Self {
        let message = format!("The model `{model}` does not exist or you do not have access to it.");
        let (kind, code) = ("invalid_request_error", Some("model_not_found"));
        Self { status: 404, kind, code, param: None, message }
    }

    /// The API's own error for a status.
    pub(super) fn of_status(status: u16) -> Self {
        let (kind, code, message) = match status {
            400 => ("invalid_request_error", None, "Invalid request."),
            402 => ("insufficient_credits", None, "This request requires more credits."),
            403 => ("invalid_request_error", Some("unsupported_country_region_territory"), "Country not supported"),
            429 => ("requests", Some("rate_limit_exceeded"), "Rate limit reached for requests."),
            503 => ("server_error", None, "The engine is currently overloaded, please try again later."),
            _ => ("server_error", None, "The server had an error while processing your request. Sorry about that!"),
        };
        Self { status, kind, code, param: None, message: message.to_owned() }
    }

    /// The error object.
    pub(super) fn body(&self) -> Value {
        json!({
            "error": { "message": self.message, "type": self.kind, "param": self.param, "code": self.code },
        })
    }

    pub(super) fn response(&self) -> Response {
        json_response(self.status, &self.body())
    }
}

/// A refusal as scripted.
pub(super) fn scripted(
    status: u16,
    headers: &[(String, String)],
    body: Option<Value>,
    retry_after: Option<Duration>,
) -> Response {
    let body = body.unwrap_or_else(|| Refusal::of_status(status).body());
    let mut all = headers.to_vec();
    all.extend(retry_after.map(|time| (String::from("retry-after"), time.as_secs().to_string())));
    with_headers(json_response(status, &body), &all)
}
