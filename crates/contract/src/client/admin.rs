//! What whoever runs the bot asks for: with the service key, which opens `/admin`.

use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};

use super::{Client, ClientError, json};
use crate::{
    auth::SERVICE_KEY_HEADER,
    broadcast::{
        BroadcastPreviewRequest, BroadcastPreviewResponse, BroadcastRequest, BroadcastResponse, BroadcastsResponse,
    },
    failures::{FailureKind, FailuresQuery, FailuresResponse, ReplayRequest, ReplayResponse},
    operation::{CacheStatsResponse, CleanupResponse, DbMetricsResponse},
    scheduler::SchedulerStatusResponse,
};

const BROADCASTS: &str = "api/v1/admin/broadcast";

/// What is to become of a broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BroadcastAct {
    /// It rests.
    Pause,
    /// It goes on.
    Resume,
    /// It ends for good.
    Cancel,
}

impl BroadcastAct {
    const fn path(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Cancel => "cancel",
        }
    }
}

impl Client {
    /// `POST /api/v1/admin/broadcast`. Of one `key`, the same broadcast however often it is asked for.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn broadcast(
        &self,
        key: &SecretString,
        body: &BroadcastRequest,
    ) -> Result<BroadcastResponse, ClientError> {
        json(self.admin(key, Method::POST, BROADCASTS).json(body)).await
    }

    /// `POST /api/v1/admin/broadcast/preview`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn preview_broadcast(
        &self,
        key: &SecretString,
        body: &BroadcastPreviewRequest,
    ) -> Result<BroadcastPreviewResponse, ClientError> {
        json(self.admin(key, Method::POST, &format!("{BROADCASTS}/preview")).json(body)).await
    }

    /// `GET /api/v1/admin/broadcast`, newest first; `before` is the `next` of the page before.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn broadcasts(
        &self,
        key: &SecretString,
        before: Option<&str>,
    ) -> Result<BroadcastsResponse, ClientError> {
        json(self.admin(key, Method::GET, BROADCASTS).query(&[("before", before)])).await
    }

    /// `GET /api/v1/admin/broadcast/{id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn broadcast_status(&self, key: &SecretString, id: &str) -> Result<BroadcastResponse, ClientError> {
        json(self.admin(key, Method::GET, &format!("{BROADCASTS}/{id}"))).await
    }

    /// `POST /api/v1/admin/broadcast/{id}/pause`, `resume` or `cancel`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn change_broadcast(
        &self,
        key: &SecretString,
        id: &str,
        act: BroadcastAct,
    ) -> Result<BroadcastResponse, ClientError> {
        json(self.admin(key, Method::POST, &format!("{BROADCASTS}/{id}/{}", act.path()))).await
    }

    /// `GET /admin/failures`, newest first.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn failures(&self, key: &SecretString, query: &FailuresQuery) -> Result<FailuresResponse, ClientError> {
        json(self.admin(key, Method::GET, "admin/failures").query(query)).await
    }

    /// `POST /admin/failures/inbox/{id}/replay`, or of the outbox for [`FailureKind::Outbox`].
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn replay(&self, key: &SecretString, kind: FailureKind, id: i64) -> Result<ReplayResponse, ClientError> {
        let queue = match kind {
            FailureKind::Inbox | FailureKind::Apart => "inbox",
            FailureKind::Outbox => "outbox",
        };
        json(self.admin(key, Method::POST, &format!("admin/failures/{queue}/{id}/replay"))).await
    }

    /// `POST /admin/failures/replay`: everything of one reason, as much as goes at once.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn replay_all(&self, key: &SecretString, body: &ReplayRequest) -> Result<ReplayResponse, ClientError> {
        json(self.admin(key, Method::POST, "admin/failures/replay").json(body)).await
    }

    /// `GET /admin/scheduler_status`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn scheduler_status(&self, key: &SecretString) -> Result<SchedulerStatusResponse, ClientError> {
        json(self.admin(key, Method::GET, "admin/scheduler_status")).await
    }

    /// `GET /admin/db_metrics`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn db_metrics(&self, key: &SecretString) -> Result<DbMetricsResponse, ClientError> {
        json(self.admin(key, Method::GET, "admin/db_metrics")).await
    }

    /// `GET /admin/cache_stats`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn cache_stats(&self, key: &SecretString) -> Result<CacheStatsResponse, ClientError> {
        json(self.admin(key, Method::GET, "admin/cache_stats")).await
    }

    /// `POST /admin/cleanup_chat_history`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn cleanup_chat_history(&self, key: &SecretString) -> Result<CleanupResponse, ClientError> {
        json(self.admin(key, Method::POST, "admin/cleanup_chat_history")).await
    }

    pub(super) fn admin(&self, key: &SecretString, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path).header(SERVICE_KEY_HEADER, key.expose_secret())
    }
}
