//! The numbers of the bot.

use reqwest::Method;
use secrecy::SecretString;
use serde::{Serialize, de::DeserializeOwned};

use super::{Client, ClientError, json};
use crate::{
    analytics::{
        ActivityResponse, AnalyticsQuery, CohortQuery, CohortResponse, FeaturesResponse, FunnelResponse,
        MessagesResponse, OverviewResponse, RevenueResponse, ToolsResponse, UsersResponse,
    },
    dialog_stats::{DialogStats, StatsPeriod},
};

impl Client {
    /// `GET /admin/analytics/overview`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn overview(&self, key: &SecretString, query: &AnalyticsQuery) -> Result<OverviewResponse, ClientError> {
        self.report(key, "overview", query).await
    }

    /// `GET /admin/analytics/users`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn users(&self, key: &SecretString, query: &AnalyticsQuery) -> Result<UsersResponse, ClientError> {
        self.report(key, "users", query).await
    }

    /// `GET /admin/analytics/messages`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn messages(&self, key: &SecretString, query: &AnalyticsQuery) -> Result<MessagesResponse, ClientError> {
        self.report(key, "messages", query).await
    }

    /// `GET /admin/analytics/revenue`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn revenue(&self, key: &SecretString, query: &AnalyticsQuery) -> Result<RevenueResponse, ClientError> {
        self.report(key, "revenue", query).await
    }

    /// `GET /admin/analytics/features`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn features(&self, key: &SecretString, query: &AnalyticsQuery) -> Result<FeaturesResponse, ClientError> {
        self.report(key, "features", query).await
    }

    /// `GET /admin/analytics/cohort`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn cohort(&self, key: &SecretString, query: &CohortQuery) -> Result<CohortResponse, ClientError> {
        self.report(key, "cohort", query).await
    }

    /// `GET /admin/analytics/funnel`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn funnel(&self, key: &SecretString) -> Result<FunnelResponse, ClientError> {
        self.report(key, "funnel", &AnalyticsQuery::default()).await
    }

    /// `GET /admin/analytics/activity`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn activity(&self, key: &SecretString, query: &AnalyticsQuery) -> Result<ActivityResponse, ClientError> {
        self.report(key, "activity", query).await
    }

    /// `GET /admin/analytics/tools`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn tools(&self, key: &SecretString, query: &AnalyticsQuery) -> Result<ToolsResponse, ClientError> {
        self.report(key, "tools", query).await
    }

    /// `GET /api/v1/stats`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn dialog_stats(&self, key: &SecretString, period: StatsPeriod) -> Result<DialogStats, ClientError> {
        json(self.admin(key, Method::GET, "api/v1/stats").query(&[("period", period)])).await
    }

    async fn report<T: DeserializeOwned>(
        &self,
        key: &SecretString,
        name: &str,
        query: &impl Serialize,
    ) -> Result<T, ClientError> {
        json(self.admin(key, Method::GET, &format!("admin/analytics/{name}")).query(query)).await
    }
}
