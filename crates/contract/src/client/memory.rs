//! What is remembered of a person.

use reqwest::Method;
use uuid::Uuid;

use super::{Client, ClientError, json};
use crate::memory::{FactCorrection, FactData, FactResponse, ForgottenResponse, MemoryQuery, MemoryResponse};

impl Client {
    /// `GET /memory/{user_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn memory(&self, token: &str, user_id: i64, query: &MemoryQuery) -> Result<MemoryResponse, ClientError> {
        json(self.request(Method::GET, &format!("memory/{user_id}")).query(query).bearer_auth(token)).await
    }

    /// `GET /memory/{user_id}/{fact_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn fact(&self, token: &str, user_id: i64, fact: Uuid) -> Result<FactResponse, ClientError> {
        json(self.request(Method::GET, &format!("memory/{user_id}/{fact}")).bearer_auth(token)).await
    }

    /// `PATCH /memory/{user_id}/{fact_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn correct_fact(
        &self,
        token: &str,
        user_id: i64,
        fact: Uuid,
        body: &FactCorrection,
    ) -> Result<FactData, ClientError> {
        json(self.request(Method::PATCH, &format!("memory/{user_id}/{fact}")).bearer_auth(token).json(body)).await
    }

    /// `DELETE /memory/{user_id}/{fact_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn forget_fact(&self, token: &str, user_id: i64, fact: Uuid) -> Result<ForgottenResponse, ClientError> {
        json(self.request(Method::DELETE, &format!("memory/{user_id}/{fact}")).bearer_auth(token)).await
    }

    /// `DELETE /memory/{user_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn forget_all(&self, token: &str, user_id: i64) -> Result<ForgottenResponse, ClientError> {
        json(self.request(Method::DELETE, &format!("memory/{user_id}")).bearer_auth(token)).await
    }
}
