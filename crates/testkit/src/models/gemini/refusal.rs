//! Gemini's errors, worded as the real ones are: clients read these words.

use std::time::Duration;

use axum::response::Response;
use serde_json::{Value, json};

use super::super::server::json as json_response;

/// An error of the API.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    code: u16,
    status: &'static str,
    message: String,
    details: Vec<Value>,
}

impl Refusal {
    fn new(code: u16, status: &'static str, message: impl Into<String>) -> Self {
        Self { code, status, message: message.into(), details: Vec::new() }
    }

    /// 400.
    pub(super) fn invalid(message: &str) -> Self {
        Self::new(400, "INVALID_ARGUMENT", message)
    }

    /// 404.
    pub(super) fn not_found(message: &str) -> Self {
        Self::new(404, "NOT_FOUND", message)
    }

    pub(super) fn no_such_model(name: &str, version: &str, method: &str) -> Self {
        Self::not_found(&format!(
            "models/{name} is not found for API version {version}, or is not supported for {method}. Call ModelService.\
             ListModels to see the list of available models and their supported methods."
        ))
    }

    pub(super) fn no_key() -> Self {
        let message = "Method doesn't allow unregistered callers (callers without established identity). Please use API \
                       Key or other form of API consumer identity to call this API.";
        Self::new(403, "PERMISSION_DENIED", message)
    }

    pub(super) fn wrong_key() -> Self {
        let mut refusal = Self::invalid("API key not valid. Please pass a valid API key.");
        refusal.details = vec![
            json!({
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
                "metadata": { "service": "generativelanguage.googleapis.com" },
            }),
            json!({
                "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
                "locale": "en-US",
                "message": "API key not valid. Please pass a valid API key.",
            }),
        ];
        refusal
    }

    pub(super) fn unknown_field(name: &str, path: &str) -> Self {
        let place = if path.is_empty() { String::new() } else { format!(" at '{path}'") };
        let message = format!("Invalid JSON payload received. Unknown name \"{name}\"{place}: Cannot find field.");
        let mut refusal = Self::invalid(&message);
        refusal.details = vec![json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{ "field": path, "description": message }],
        })];
        refusal
    }

    /// The API's own error for a status, with the time to come back where there is one.
    pub(super) fn of_status(code: u16, retry_after: Option<Duration>) -> Self {
        match code {
            400 => Self::invalid("Request contains an invalid argument."),
            403 => Self::new(403, "PERMISSION_DENIED", "The caller does not have permission"),
            404 => Self::not_found("Requested entity was not found."),
            429 => Self::rate_limited(retry_after),
            503 => Self::new(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
            504 => Self::new(504, "DEADLINE_EXCEEDED", "The request timed out. Please try again."),
            _ => Self::new(
                code,
                "INTERNAL",
                "An internal error has occurred. Please retry or report in \
                                              https://developers.generativeai.google/guide/troubleshooting",
            ),
        }
    }

    fn rate_limited(retry_after: Option<Duration>) -> Self {
        let mut message = String::from(
            "You exceeded your current quota, please check your plan and billing details. For more information on this \
             error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.\n* Quota exceeded for metric: \
             generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 10",
        );
        let mut details = vec![
            json!({
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [{
                    "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
                    "quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
                    "quotaValue": "10",
                }],
            }),
            json!({
                "@type": "type.googleapis.com/google.rpc.Help",
                "links": [{
                    "description": "Learn more about Gemini API quotas",
                    "url": "https://ai.google.dev/gemini-api/docs/rate-limits",
                }],
            }),
        ];
        if let Some(time) = retry_after {
            message.push_str(&format!("\nPlease retry in {}s.", time.as_secs_f64()));
            details.push(json!({
                "@type": "type.googleapis.com/google.rpc.RetryInfo",
                "retryDelay": format!("{}s", time.as_secs()),
            }));
        }
        let mut refusal = Self::new(429, "RESOURCE_EXHAUSTED", message);
        refusal.details = details;
        refusal
    }

    /// The body.
    pub(super) fn body(&self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message, "status": self.status });
        if !self.details.is_empty() {
            error["details"] = Value::Array(self.details.clone());
        }
        json!({ "error": error })
    }

    pub(super) fn response(&self) -> Response {
        json_response(self.code, &self.body())
    }
}
