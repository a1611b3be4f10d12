//! Telegram's Bot API, as one raw call.
//!
//! teloxide gives us the types of what comes in and the parsing of commands. What goes out does not go through it: an
//! owed call is a method's name and JSON parameters in the outbox, and [`Telegram::call`] makes it. Methods that are
//! newer than the library are therefore no special case, and each way in which a call can fail has a type that says
//! what to do about it.
//!
//! The token is part of every URL, so that no error of the HTTP client is passed on with its URL.

mod error;
mod files;
mod me;
mod upload;

pub(crate) use error::{Refusal, TelegramError, unreadable};
pub(crate) use files::FileError;
pub(crate) use me::Me;

use std::{sync::Arc, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tracing::{Instrument as _, Span, field};
use url::Url;

/// For calls that Telegram answers at once.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// For a document, which may be 50 MB.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(75);

/// The Bot API for one bot. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Telegram {
    http: reqwest::Client,
    base: Arc<str>,
    token: SecretString,
}

#[derive(Deserialize)]
struct Envelope {
    ok: bool,
    #[serde(default)]
    result: Value,
    #[serde(default)]
    error_code: u16,
    #[serde(default)]
    description: String,
    #[serde(default)]
    parameters: Parameters,
}

#[derive(Default, Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
    migrate_to_chat_id: Option<i64>,
}

impl Telegram {
    /// The Bot API at `base` for the bot with this token.
    #[must_use]
    pub(crate) fn new(http: reqwest::Client, base: &Url, token: SecretString) -> Self {
        Self { http, base: base.as_str().trim_end_matches('/').into(), token }
    }

    /// Calls a method.
    ///
    /// # Errors
    /// [`TelegramError`].
    pub(crate) async fn call(&self, method: &str, params: &Value) -> Result<Value, TelegramError> {
        let limit = if method == "sendDocument" { UPLOAD_TIMEOUT } else { CALL_TIMEOUT };
        self.call_within(limit, method, params).await
    }

    /// Calls a method that may take longer, such as `getUpdates`.
    ///
    /// # Errors
    /// [`TelegramError`].
    pub(crate) async fn call_within(
        &self,
        limit: Duration,
        method: &str,
        params: &Value,
    ) -> Result<Value, TelegramError> {
        // Of what no update has asked for, such as the next updates, there is no trace.
        let span = if Span::current().is_none() { Span::none() } else { span_of(method) };
        let done = self.exchange(limit, method, params).instrument(span.clone()).await;
        if let Err(error) = &done {
            span.record("error.type", error.kind());
        }
        done
    }

    async fn exchange(&self, limit: Duration, method: &str, params: &Value) -> Result<Value, TelegramError> {
        let url = format!("{}/bot{}/{method}", self.base, self.token.expose_secret());
        let call = self.http.post(url).timeout(limit);
        let call = match upload::form(params) {
            Some(form) => call.multipart(form),
            None => call.json(params),
        };
        let sent = call.send().await;
        let response = sent.map_err(TelegramError::from_http)?;
        let status = response.status();
        Span::current().record("http.response.status_code", status.as_u16());
        let body = response.bytes().await.map_err(TelegramError::from_http)?;
        let Ok(envelope) = serde_json::from_slice::<Envelope>(&body) else {
            let reason = format!("HTTP {} with something that is not of the Bot API", status.as_u16());
            return Err(TelegramError::Unavailable { reason, may_have_happened: true });
        };
        if envelope.ok {
            return Ok(envelope.result);
        }
        let code = if envelope.error_code == 0 { status.as_u16() } else { envelope.error_code };
        let Parameters { retry_after, migrate_to_chat_id } = envelope.parameters;
        Err(TelegramError::from_answer(code, envelope.description, retry_after, migrate_to_chat_id))
    }
}

/// Without the token, which is part of the URL.
fn span_of(method: &str) -> Span {
    tracing::info_span!(
        "call Telegram",
        otel.name = format!("POST {method}"),
        otel.kind = "client",
        http.request.method = "POST",
        url.template = format!("/bot{{token}}/{method}"),
        http.response.status_code = field::Empty,
        "error.type" = field::Empty,
    )
}
