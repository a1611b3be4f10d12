//! Webhooks, as whoever runs the bot asks for them: with the service key.

use chrono::{DateTime, Utc};
use reqwest::Method;
use secrecy::SecretString;

use super::{Client, ClientError, json};
use crate::webhook::{
    WebhookDeliveriesResponse, WebhookReplayRequest, WebhookReplayResponse, WebhookRequest, WebhookResponse,
    WebhookTestResponse, WebhookUpdate, WebhooksResponse,
};

const PATH: &str = "api/v1/admin/webhooks";

impl Client {
    /// `GET /api/v1/admin/webhooks`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn webhooks(&self, key: &SecretString) -> Result<WebhooksResponse, ClientError> {
        json(self.admin(key, Method::GET, PATH)).await
    }

    /// `POST /api/v1/admin/webhooks`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn create_webhook(
        &self,
        key: &SecretString,
        body: &WebhookRequest,
    ) -> Result<WebhookResponse, ClientError> {
        json(self.admin(key, Method::POST, PATH).json(body)).await
    }

    /// `PATCH /api/v1/admin/webhooks/{webhook_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn update_webhook(
        &self,
        key: &SecretString,
        id: &str,
        body: &WebhookUpdate,
    ) -> Result<WebhookResponse, ClientError> {
        json(self.admin(key, Method::PATCH, &format!("{PATH}/{id}")).json(body)).await
    }

    /// `DELETE /api/v1/admin/webhooks/{webhook_id}`: what it was.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn delete_webhook(&self, key: &SecretString, id: &str) -> Result<WebhookResponse, ClientError> {
        json(self.admin(key, Method::DELETE, &format!("{PATH}/{id}"))).await
    }

    /// `POST /api/v1/admin/webhooks/{webhook_id}/rotate`: with another secret.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn rotate_webhook(&self, key: &SecretString, id: &str) -> Result<WebhookResponse, ClientError> {
        json(self.admin(key, Method::POST, &format!("{PATH}/{id}/rotate"))).await
    }

    /// `GET /api/v1/admin/webhooks/{webhook_id}/deliveries`; `before` is the `next` of the page before.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn webhook_deliveries(
        &self,
        key: &SecretString,
        id: &str,
        before: Option<i64>,
    ) -> Result<WebhookDeliveriesResponse, ClientError> {
        let request = self.admin(key, Method::GET, &format!("{PATH}/{id}/deliveries"));
        let before: Vec<_> = before.map(|before| ("before", before)).into_iter().collect();
        json(request.query(&before)).await
    }

    /// `POST /api/v1/admin/webhooks/{webhook_id}/replay`: everything that happened since.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn replay_webhook_since(
        &self,
        key: &SecretString,
        id: &str,
        since: DateTime<Utc>,
    ) -> Result<WebhookReplayResponse, ClientError> {
        self.replay_webhook(key, id, WebhookReplayRequest { since: Some(since), failed: false }).await
    }

    /// `POST /api/v1/admin/webhooks/{webhook_id}/replay`: what was given up.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn replay_webhook_failed(
        &self,
        key: &SecretString,
        id: &str,
    ) -> Result<WebhookReplayResponse, ClientError> {
        self.replay_webhook(key, id, WebhookReplayRequest { since: None, failed: true }).await
    }

    async fn replay_webhook(
        &self,
        key: &SecretString,
        id: &str,
        body: WebhookReplayRequest,
    ) -> Result<WebhookReplayResponse, ClientError> {
        json(self.admin(key, Method::POST, &format!("{PATH}/{id}/replay")).json(&body)).await
    }

    /// `POST /api/v1/admin/webhooks/{webhook_id}/test`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn test_webhook(&self, key: &SecretString, id: &str) -> Result<WebhookTestResponse, ClientError> {
        json(self.admin(key, Method::POST, &format!("{PATH}/{id}/test"))).await
    }
}
