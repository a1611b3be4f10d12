//! What is said outside the private chat.

use evolve_contract::{ClientError, aside::AsideRequest, chat::ChatResponse};
use tracing::Instrument as _;

use super::{Api, asking};

impl Api {
    /// Asks for an answer that others read. The same key gets the same answer.
    ///
    /// # Errors
    /// [`ClientError`].
    pub(crate) async fn aside(&self, key: &str, body: &AsideRequest) -> Result<ChatResponse, ClientError> {
        self.authorised(body.user_id, |token| async move { self.client.aside(self.sign(&token), key, body).await })
            .instrument(asking("/chat/aside"))
            .await
    }
}
