//! What is said outside the private chat.

use reqwest::Method;

use super::{Bot, Client, ClientError, json};
use crate::{
    aside::AsideRequest,
    chat::{ChatResponse, IDEMPOTENCY_KEY_HEADER},
};

impl Client {
    /// `POST /chat/aside`. The same key gets the same answer.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn aside(&self, bot: Bot<'_>, key: &str, body: &AsideRequest) -> Result<ChatResponse, ClientError> {
        let request = bot.signed(self.request(Method::POST, "chat/aside"));
        json(request.header(IDEMPOTENCY_KEY_HEADER, key).json(body)).await
    }
}
