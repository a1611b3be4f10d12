//! Google's errors: `{"error": {"code", "message", "status", "details"}}`, as a whole body or within a stream.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use super::super::error::ModelError;
use super::super::http::{hint, rejected_hint, retry_after};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal {
    code: u16,
    message: String,
    status: String,
    details: Vec<Value>,
}

/// What an answer with a status other than 2xx means.
pub(crate) fn from_http(status: u16, headers: &HeaderMap, body: &[u8]) -> ModelError {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    // The stream without `alt=sse`, and some proxies, wrap the object in an array.
    let error = body.get("error").or_else(|| body.get(0).and_then(|first| first.get("error")));
    let refusal = error.map(read).unwrap_or_default();
    refusal.into_error(status, retry_after(headers))
}

/// What an error object in the middle of an answer means.
pub(super) fn from_stream(error: &Value) -> ModelError {
    let refusal = read(error);
    let status = if refusal.code == 0 { 500 } else { refusal.code };
    refusal.into_error(status, None)
}

fn read(error: &Value) -> Refusal {
    Refusal::deserialize(error).unwrap_or_default()
}

impl Refusal {
    fn into_error(self, status: u16, header: Option<Duration>) -> ModelError {
        let retry_after = header.or_else(|| self.retry_info()).or_else(|| retry_in_words(&self.message));
        let code = self.code();
        match status {
            429 => ModelError::RateLimited { retry_after },
            408 | 499 | 500.. => {
                let reason = if code.is_empty() { format!("HTTP {status}") } else { format!("HTTP {status} {code}") };
                ModelError::Unavailable { status: Some(status), reason, retry_after }
            }
            _ => {
                let hint = self.hint(status, &code);
                ModelError::Rejected { status, code, hint }
            }
        }
    }

    /// The most precise code there is: `API_KEY_INVALID` says more than `INVALID_ARGUMENT`.
    fn code(&self) -> String {
        let reason = self.detail("ErrorInfo").and_then(|info| info.get("reason")).and_then(Value::as_str);
        hint(reason.unwrap_or(&self.status))
    }

    /// Fields that Google names in a 400 are ours to mend; its message may quote the person, so it is not kept.
    fn hint(&self, status: u16, code: &str) -> String {
        let violations = self.detail("BadRequest").and_then(|bad| bad.get("fieldViolations")).and_then(Value::as_array);
        let fields: Vec<&str> =
            violations.into_iter().flatten().filter_map(|violation| violation.get("field")?.as_str()).collect();
        if !fields.is_empty() {
            return hint(&format!("these fields are wrong: {}", fields.join(", ")));
        }
        if status == 400 && code.contains("API_KEY") {
            return String::from("GOOGLE_API_KEY is not a valid key");
        }
        rejected_hint(status, &self.message)
    }

    /// `google.rpc.RetryInfo` in the details: `{"retryDelay": "7s"}`.
    fn retry_info(&self) -> Option<Duration> {
        seconds(self.detail("RetryInfo")?.get("retryDelay")?.as_str()?)
    }

    fn detail(&self, name: &str) -> Option<&Value> {
        let is = |detail: &&Value| detail.get("@type").and_then(Value::as_str).is_some_and(|kind| kind.ends_with(name));
        self.details.iter().find(is)
    }
}

/// "Please retry in 7.5s." in a message: for days on which the details are missing.
fn retry_in_words(message: &str) -> Option<Duration> {
    let (_, rest) = message.split_once("retry in ")?;
    let time = rest.split_whitespace().next()?.trim_end_matches(['.', ',']);
    time.strip_suffix("ms").map_or_else(
        || seconds(time),
        |milliseconds| milliseconds.parse::<f64>().ok().and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok()),
    )
}

/// A protobuf duration in JSON: decimal seconds and an `s`.
fn seconds(duration: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(duration.strip_suffix('s')?.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Quota exceeded.\nPlease retry in 47.434392449s.", Some(47_434))]
    #[case("Please retry in 250ms.", Some(250))]
    #[case("Please retry in a while", None)]
    #[case("Please retry in -3s", None)]
    #[case("Please retry in ", None)]
    #[case("", None)]
    fn the_time_to_retry_is_read_from_words(#[case] message: &str, #[case] milliseconds: Option<u128>) {
        assert_eq!(retry_in_words(message).map(|time| time.as_millis()), milliseconds);
    }
}
