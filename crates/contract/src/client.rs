//! A typed client of the API, as our bot and tests use it.

mod access;
mod admin;
mod analytics;
mod aside;
mod data;
mod flags;
mod memory;
mod payments;
mod people;
mod webhooks;

use std::time::Duration;

use futures::{Stream, StreamExt as _};
use reqwest::{Method, RequestBuilder, Response, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use sse_stream::{Sse, SseByteStream};
use url::Url;

pub use self::{admin::BroadcastAct, payments::Bot};

use crate::{
    Code, Problem,
    auth::{AuthRequest, AuthResponse, SERVICE_KEY_HEADER, USERNAME_HEADER},
    chat::{
        ChatEvent, ChatRequest, ChatResponse, Delta, FeedbackRequest, FeedbackResponse, IDEMPOTENCY_KEY_HEADER,
        ResetResponse, StopRequest, StopResponse,
    },
    profile::{DeletedResponse, ProfileResponse, ProfileUpdate, ReferrerRequest, ReferrerResponse, StatusResponse},
    relationship::RelationshipResponse,
    voice::{VoiceResponse, VoiceUpdate},
};

/// Why a call gave no result.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The API answered with a problem.
    #[error("the API answered {} ({:?}): {}", .0.status, .0.code, .0.detail.as_deref().unwrap_or(&.0.title))]
    Problem(Box<Problem>),
    /// The API could not be reached, or the answer broke off.
    #[error("the API could not be reached: {0}")]
    Transport(#[from] reqwest::Error),
    /// The API answered something that is not in the contract (a proxy's page, an older version).
    #[error("the API answered {status} with something unexpected: {reason}")]
    Unexpected {
        /// HTTP status.
        status: u16,
        /// What was not understood, without its content.
        reason: String,
    },
}

impl ClientError {
    /// The problem's code, where there is one.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Problem(problem) => Some(problem.code),
            _ => None,
        }
    }

    /// How long the API asks to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Problem(problem) => problem.retry_after.map(Duration::from_secs),
            _ => None,
        }
    }
}

/// The API at one base URL. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    trace: Option<fn() -> Option<String>>,
}

/// The header of the W3C that carries on a trace.
const TRACEPARENT: &str = "traceparent";

impl Client {
    /// A client of the API at `base` (`http://host:8000/`), over the given HTTP client and its time-outs.
    #[must_use]
    pub fn new(http: reqwest::Client, mut base: Url) -> Self {
        if !base.path().ends_with('/') {
            let path = format!("{}/", base.path());
            base.set_path(&path);
        }
        Self { http, base, trace: None }
    }

    /// Has each request carry on the trace that `trace` tells of, as the W3C writes it (`traceparent`).
    #[must_use]
    pub fn traced(self, trace: fn() -> Option<String>) -> Self {
        Self { trace: Some(trace), ..self }
    }

    /// `POST /auth` as our bot, with its service key.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn auth_as_service(&self, key: &SecretString, user_id: i64) -> Result<AuthResponse, ClientError> {
        self.auth_of(key, user_id, None).await
    }

    /// As [`Client::auth_as_service`], telling the person's @name, where it is known; empty where they have none.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn auth_of(
        &self,
        key: &SecretString,
        user_id: i64,
        username: Option<&str>,
    ) -> Result<AuthResponse, ClientError> {
        let body = AuthRequest { user_id: Some(user_id), init_data: None };
        let request = self.request(Method::POST, "auth").header(SERVICE_KEY_HEADER, key.expose_secret()).json(&body);
        json(match username {
            Some(username) => request.header(USERNAME_HEADER, username),
            None => request,
        })
        .await
    }

    /// `POST /auth` as a Telegram Web App.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn auth_as_web_app(&self, init_data: &str) -> Result<AuthResponse, ClientError> {
        let body = AuthRequest { user_id: None, init_data: Some(init_data.to_owned()) };
        json(self.request(Method::POST, "auth").json(&body)).await
    }

    /// `POST /chat`, the whole answer at once.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn chat(&self, token: &str, key: Option<&str>, body: &ChatRequest) -> Result<ChatResponse, ClientError> {
        json(self.chat_request(token, key, body)).await
    }

    /// `POST /chat` as a stream of events, which ends with [`ChatEvent::Done`] or [`ChatEvent::Error`].
    ///
    /// # Errors
    /// [`ClientError`], for what fails before the stream begins; later in the stream, transport errors.
    pub async fn chat_stream(
        &self,
        token: &str,
        key: Option<&str>,
        body: &ChatRequest,
    ) -> Result<impl Stream<Item = Result<ChatEvent, ClientError>> + use<>, ClientError> {
        let request = self.chat_request(token, key, body).header(header::ACCEPT, "text/event-stream");
        let response = checked(request.send().await?).await?;
        let status = response.status().as_u16();
        let unexpected = move |reason: String| ClientError::Unexpected { status, reason };
        Ok(SseByteStream::new(response.bytes_stream()).filter_map(move |event| async move {
            match event {
                Ok(Sse { event: Some(name), data, .. }) => {
                    parse_event(status, &name, &data.unwrap_or_default()).transpose()
                }
                // What keeps the connection alive.
                Ok(_) => None,
                Err(sse_stream::Error::Body(error)) => Some(Err(match error.downcast::<reqwest::Error>() {
                    Ok(error) => (*error).into(),
                    Err(error) => unexpected(error.to_string()),
                })),
                Err(error) => Some(Err(unexpected(error.to_string()))),
            }
        }))
    }

    /// `POST /chat/reset`: ends the open conversation; memory stays.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn reset(&self, token: &str) -> Result<ResetResponse, ClientError> {
        json(self.request(Method::POST, "chat/reset").bearer_auth(token)).await
    }

    /// `POST /chat/stop`: ends answers that are being made, or are to be.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn stop(&self, token: &str, body: &StopRequest) -> Result<StopResponse, ClientError> {
        json(self.request(Method::POST, "chat/stop").bearer_auth(token).json(body)).await
    }

    /// `POST /chat/feedback`: what the person thinks of an answer.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn feedback(&self, token: &str, body: &FeedbackRequest) -> Result<FeedbackResponse, ClientError> {
        json(self.request(Method::POST, "chat/feedback").bearer_auth(token).json(body)).await
    }

    /// `POST /profile/referrer`: by whose link the person came.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn referrer(&self, token: &str, body: &ReferrerRequest) -> Result<ReferrerResponse, ClientError> {
        json(self.request(Method::POST, "profile/referrer").bearer_auth(token).json(body)).await
    }

    /// `GET /profile/{user_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn profile(&self, token: &str, user_id: i64) -> Result<ProfileResponse, ClientError> {
        json(self.request(Method::GET, &format!("profile/{user_id}")).bearer_auth(token)).await
    }

    /// `POST /profile`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn update_profile(&self, token: &str, body: &ProfileUpdate) -> Result<ProfileResponse, ClientError> {
        json(self.request(Method::POST, "profile").bearer_auth(token).json(body)).await
    }

    /// `DELETE /profile/{user_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn delete_profile(&self, token: &str, user_id: i64) -> Result<DeletedResponse, ClientError> {
        json(self.request(Method::DELETE, &format!("profile/{user_id}")).bearer_auth(token)).await
    }

    /// `GET /profile/status/{user_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn status(&self, token: &str, user_id: i64) -> Result<StatusResponse, ClientError> {
        json(self.request(Method::GET, &format!("profile/status/{user_id}")).bearer_auth(token)).await
    }

    /// `GET /relationship/{user_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn relationship(&self, token: &str, user_id: i64) -> Result<RelationshipResponse, ClientError> {
        json(self.request(Method::GET, &format!("relationship/{user_id}")).bearer_auth(token)).await
    }

    /// `GET /voice/{user_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn voice(&self, token: &str, user_id: i64) -> Result<VoiceResponse, ClientError> {
        json(self.request(Method::GET, &format!("voice/{user_id}")).bearer_auth(token)).await
    }

    /// `POST /voice/{user_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn update_voice(
        &self,
        token: &str,
        user_id: i64,
        body: &VoiceUpdate,
    ) -> Result<VoiceResponse, ClientError> {
        json(self.request(Method::POST, &format!("voice/{user_id}")).bearer_auth(token).json(body)).await
    }

    fn chat_request(&self, token: &str, key: Option<&str>, body: &ChatRequest) -> RequestBuilder {
        let request = self.request(Method::POST, "chat").bearer_auth(token).json(body);
        match key {
            Some(key) => request.header(IDEMPOTENCY_KEY_HEADER, key),
            None => request,
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut url = self.base.clone();
        let path = format!("{}{path}", url.path());
        url.set_path(&path);
        let request = self.http.request(method, url);
        match self.trace.and_then(|trace| trace()) {
            Some(trace) => request.header(TRACEPARENT, trace),
            None => request,
        }
    }
}

async fn json<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, ClientError> {
    let response = checked(request.send().await?).await?;
    let status = response.status().as_u16();
    let body = response.bytes().await?;
    serde_json::from_slice(&body).map_err(|error| not_understood(status, &error))
}

/// Without what serde says of it, which may quote what a person wrote or was answered: callers put errors into their logs.
fn not_understood(status: u16, error: &serde_json::Error) -> ClientError {
    let (what, line, column) = (error.classify(), error.line(), error.column());
    ClientError::Unexpected { status, reason: format!("{what:?} error at line {line}, column {column}") }
}

async fn checked(response: Response) -> Result<Response, ClientError> {
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status().as_u16();
    let body = response.bytes().await?;
    match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => Err(ClientError::Problem(Box::new(problem))),
        Err(error) => Err(not_understood(status, &error)),
    }
}

fn parse_event(status: u16, name: &str, data: &str) -> Result<Option<ChatEvent>, ClientError> {
    let unexpected = |error: serde_json::Error| not_understood(status, &error);
    Ok(match name {
        "delta" => Some(ChatEvent::Delta(serde_json::from_str::<Delta>(data).map_err(unexpected)?.text)),
        "heard" => Some(ChatEvent::Heard(serde_json::from_str::<Delta>(data).map_err(unexpected)?.text)),
        "restart" => Some(ChatEvent::Restart),
        "done" => Some(ChatEvent::Done(serde_json::from_str(data).map_err(unexpected)?)),
        "error" => Some(ChatEvent::Error(Box::new(serde_json::from_str(data).map_err(unexpected)?))),
        // A newer API may send events that we do not know yet.
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_said_without_a_word_of_it() {
        for (name, data) in
            [("done", r#""I am so tired""#), ("delta", r#"{"text": ["I am so tired"]}"#), ("error", r#""tired""#)]
        {
            let error = parse_event(200, name, data).unwrap_err();
            let said = format!("{error} {error:?}");
            assert!(said.contains("Data error at line 1, column ") && !said.contains("tired"), "{name}: {said}");
        }
        let error = parse_event(200, "delta", r#"{"text": "I am so ti"#).unwrap_err();
        assert!(error.to_string().contains("Eof error at line 1"), "{error}");
    }
}
