//! What people set, and what they may do with what is kept about them.

use reqwest::Method;

use super::{Client, ClientError, checked, json};
use crate::{
    consent::{ConsentResponse, ConsentUpdate},
    deletion::{DeletionCancelled, DeletionRequest, DeletionResponse},
    export::{ExportRequest, ExportResponse},
    history::{ConversationsQuery, ConversationsResponse, HistoryQuery, HistoryResponse, PrivacyResponse},
    settings::{SettingsResponse, SettingsUpdate},
    stats::StatsResponse,
};

impl Client {
    /// `GET /settings/{user_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn settings(&self, token: &str, user_id: i64) -> Result<SettingsResponse, ClientError> {
        json(self.request(Method::GET, &format!("settings/{user_id}")).bearer_auth(token)).await
    }

    /// `POST /settings`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn update_settings(&self, token: &str, body: &SettingsUpdate) -> Result<SettingsResponse, ClientError> {
        json(self.request(Method::POST, "settings").bearer_auth(token).json(body)).await
    }

    /// `GET /consent/{user_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn consent(&self, token: &str, user_id: i64) -> Result<ConsentResponse, ClientError> {
        json(self.request(Method::GET, &format!("consent/{user_id}")).bearer_auth(token)).await
    }

    /// `POST /consent/{user_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn update_consent(
        &self,
        token: &str,
        user_id: i64,
        body: ConsentUpdate,
    ) -> Result<ConsentResponse, ClientError> {
        json(self.request(Method::POST, &format!("consent/{user_id}")).bearer_auth(token).json(&body)).await
    }

    /// `GET /deletion/{user_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn deletion(&self, token: &str, user_id: i64) -> Result<DeletionResponse, ClientError> {
        json(self.request(Method::GET, &format!("deletion/{user_id}")).bearer_auth(token)).await
    }

    /// `POST /deletion`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn ask_deletion(&self, token: &str, body: &DeletionRequest) -> Result<DeletionResponse, ClientError> {
        json(self.request(Method::POST, "deletion").bearer_auth(token).json(body)).await
    }

    /// `DELETE /deletion/{user_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn cancel_deletion(&self, token: &str, user_id: i64) -> Result<DeletionCancelled, ClientError> {
        json(self.request(Method::DELETE, &format!("deletion/{user_id}")).bearer_auth(token)).await
    }

    /// `GET /history/{user_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn history(
        &self,
        token: &str,
        user_id: i64,
        query: &HistoryQuery,
    ) -> Result<HistoryResponse, ClientError> {
        json(self.request(Method::GET, &format!("history/{user_id}")).query(query).bearer_auth(token)).await
    }

    /// `GET /conversations/{user_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn conversations(
        &self,
        token: &str,
        user_id: i64,
        query: &ConversationsQuery,
    ) -> Result<ConversationsResponse, ClientError> {
        json(self.request(Method::GET, &format!("conversations/{user_id}")).query(query).bearer_auth(token)).await
    }

    /// `POST /export`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn ask_export(&self, token: &str, user_id: i64) -> Result<ExportResponse, ClientError> {
        json(self.request(Method::POST, "export").bearer_auth(token).json(&ExportRequest { user_id })).await
    }

    /// `GET /export/{user_id}`: the bytes of a zip.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn export(&self, token: &str, user_id: i64) -> Result<Vec<u8>, ClientError> {
        let request = self.request(Method::GET, &format!("export/{user_id}")).bearer_auth(token);
        Ok(checked(request.send().await?).await?.bytes().await?.into())
    }

    /// `GET /stats/{user_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn stats(&self, token: &str, user_id: i64) -> Result<StatsResponse, ClientError> {
        json(self.request(Method::GET, &format!("stats/{user_id}")).bearer_auth(token)).await
    }

    /// `GET /privacy`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn privacy(&self, token: &str) -> Result<PrivacyResponse, ClientError> {
        json(self.request(Method::GET, "privacy").bearer_auth(token)).await
    }
}
