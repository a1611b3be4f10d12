//! The client's side of the control API.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{RequestBuilder, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::{Fault, User};
use super::{Blocked, Down, Events, Pay, Posted, Press, Pressed, SendPhoto, SendVoice, State, Write};

/// Why a request to the simulator failed.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// No answer.
    #[error("the Telegram simulator at {base} does not answer; start it with `evolve up`")]
    Unreachable {
        /// Where it was looked for.
        base: String,
        /// What the HTTP client says.
        #[source]
        source: reqwest::Error,
    },
    /// An answer that is not of the control API.
    #[error("what answers at {base} is not this version's Telegram simulator; stop it, and start `evolve up` again")]
    Foreign {
        /// Where it was looked for.
        base: String,
        /// What the HTTP client says.
        #[source]
        source: reqwest::Error,
    },
    /// The simulator refused.
    #[error("the Telegram simulator refused ({status}): {message}")]
    Refused {
        /// HTTP status.
        status: StatusCode,
        /// What is wrong, in a sentence.
        message: String,
    },
}

/// Plays people in a simulator.
#[derive(Clone, Debug)]
pub struct ControlClient {
    base: String,
    http: reqwest::Client,
}

/// How much longer than the simulator waits for events the client waits for the answer.
const MARGIN: Duration = Duration::from_secs(10);

impl ControlClient {
    /// A client of the simulator at this base, which is the bot's `TELEGRAM_API_URL`: `http://127.0.0.1:8081`.
    ///
    /// # Errors
    ///
    /// When no HTTP client can be made on this machine.
    pub fn new(base: impl Into<String>) -> Result<Self, ControlError> {
        let base = base.into().trim_end_matches('/').to_owned();
        match reqwest::Client::builder().no_proxy().build() {
            Ok(http) => Ok(Self { base, http }),
            Err(source) => Err(ControlError::Unreachable { base, source }),
        }
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}/simulator/{path}", self.base))
    }

    fn post(&self, path: &str, body: &impl Serialize) -> RequestBuilder {
        self.http.post(format!("{}/simulator/{path}", self.base)).json(body)
    }

    async fn send(&self, request: RequestBuilder) -> Result<reqwest::Response, ControlError> {
        let unreachable = |source| ControlError::Unreachable { base: self.base.clone(), source };
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let message = response.text().await.map_err(unreachable)?;
        Err(ControlError::Refused { status, message })
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ControlError> {
        let response = self.send(request).await?;
        response.json().await.map_err(|source| ControlError::Foreign { base: self.base.clone(), source })
    }

    /// Creates or changes a person.
    ///
    /// # Errors
    ///
    /// See [`ControlError`].
    pub async fn user(&self, user: &User) -> Result<User, ControlError> {
        self.ask(self.post("users", user)).await
    }

    /// A person writes to the bot in their private chat.
    ///
    /// # Errors
    ///
    /// See [`ControlError`].
    pub async fn send_text(&self, from: &User, text: &str) -> Result<Posted, ControlError> {
        let body = Write { from: from.clone(), chat_id: None, text: text.to_owned(), reply_to: None };
        self.write(&body).await
    }

    /// A person writes to the bot: in any chat, perhaps as an answer.
    ///
    /// # Errors
    ///
    /// See [`ControlError`].
    pub async fn write(&self, message: &Write) -> Result<Posted, ControlError> {
        self.ask(self.post("messages", message)).await
    }

    /// A person sends a photo.
    ///
    /// # Errors
    ///
    /// See [`ControlError`].
    pub async fn send_photo(&self, from: &User, bytes: &[u8], caption: Option<&str>) -> Result<Posted, ControlError> {
        let data = STANDARD.encode(bytes);
        let body = SendPhoto { from: from.clone(), data, caption: caption.map(str::to_owned) };
        self.ask(self.post("photos", &body)).await
    }

    /// A person sends a voice message: OGG with Opus.
    ///
    /// # Errors
    ///
    /// See [`ControlError`].
    pub async fn send_voice(&self, from: &User, bytes: &[u8], seconds: u32) -> Result<Posted, ControlError> {
        let body = SendVoice { from: from.clone(), data: STANDARD.encode(bytes), seconds };
        self.ask(self.post("voices", &body)).await
    }

    /// A person presses an inline button in their private chat.
    ///
    /// # Errors
    ///
    /// See [`ControlError`].
    pub async fn press(&self, from: &User, message_id: i64, data: &str) -> Result<Pressed, ControlError> {
        let body = Press { from: from.clone(), chat_id: None, message_id, data: data.to_owned() };
        self.ask(self.post("callbacks", &body)).await
    }

    /// A person pays the invoice of a message, or behind a link.
    ///
    /// # Errors
    ///
    /// See [`ControlError`].
    pub async fn pay(&self, payment: &Pay) -> Result<Posted, ControlError> {
        self.ask(self.post("payments", payment)).await
    }

    /// A person blocks the bot, or unblocks it.
    ///
    /// # Errors
    ///
    /// See [`ControlError`].
    pub async fn set_blocked(&self, user_id: i64, blocked: bool) -> Result<(), ControlError> {
        self.send(self.post(&format!("users/{user_id}/blocked"), &Blocked { blocked })).await.map(drop)
    }

    /// What the bot did in a chat after event `after` (0 for all), waiting for something up to `wait`.
    ///
    /// # Errors
    ///
    /// See [`ControlError`].
    pub async fn events(&self, chat_id: i64, after: u64, wait: Duration) -> Result<Events, ControlError> {
        let request = self.get(&format!("chats/{chat_id}/events"));
        let request = request.query(&[("after", after), ("timeout", wait.as_secs())]).timeout(wait + MARGIN);
        self.ask(request).await
    }

    /// The bytes of a file, by [`SentFile::path`](super::super::SentFile::path).
    ///
    /// # Errors
    ///
    /// See [`ControlError`].
    pub async fn file(&self, path: &str) -> Result<Vec<u8>, ControlError> {
        let response = self.send(self.get(&format!("files/{path}"))).await?;
        let bytes = response.bytes().await;
        let bytes = bytes.map_err(|source| ControlError::Unreachable { base: self.base.clone(), source })?;
        Ok(bytes.into())
    }

    /// Makes calls of the bot fail.
    ///
    /// # Errors
    ///
    /// See [`ControlError`].
    pub async fn fault(&self, fault: &Fault) -> Result<(), ControlError> {
        self.send(self.post("faults", fault)).await.map(drop)
    }

    /// Forgets faults that have not happened.
    ///
    /// # Errors
    ///
    /// See [`ControlError`].
    pub async fn clear_faults(&self) -> Result<(), ControlError> {
        self.send(self.http.delete(format!("{}/simulator/faults", self.base))).await.map(drop)
    }

    /// Takes Telegram down, or up again. The control API stays.
    ///
    /// # Errors
    ///
    /// See [`ControlError`].
    pub async fn set_down(&self, down: bool) -> Result<(), ControlError> {
        self.send(self.post("down", &Down { down })).await.map(drop)
    }

    /// Everything, as it stands.
    ///
    /// # Errors
    ///
    /// See [`ControlError`].
    pub async fn state(&self) -> Result<State, ControlError> {
        self.ask(self.get("state")).await
    }
}
