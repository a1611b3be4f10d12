//! Who looks at the statistics with a name and a password.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use sqlx::FromRow;
use uuid::Uuid;

use super::Access;
use crate::StoreError;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct ApiUser {
    /// Their id.
    pub id: Uuid,
    /// Their name.
    pub username: String,
    /// When they registered.
    pub created_at: DateTime<Utc>,
}

const CREATE: &str = "
    INSERT INTO api_users (id, username, password_hash, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
const FIND: &str = "SELECT id, password_hash FROM api_users WHERE username = $1";
const UPGRADE: &str = "UPDATE api_users SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
const LIST: &str = "SELECT id, username, created_at FROM api_users ORDER BY username LIMIT 1000";
const REMOVE: &str = "DELETE FROM api_users WHERE id = $1 RETURNING id, username, created_at";

impl Access<'_> {
    /// Makes one. False where the name is taken.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create_api_user(
        &self,
        id: Uuid,
        username: &str,
        password_hash: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let query = sqlx::query(CREATE).bind(id).bind(username).bind(password_hash).bind(now);
        Ok(query.execute(&self.0.pool).await?.rows_affected() > 0)
    }

    /// The id and the password's hash of a name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn api_user(&self, username: &str) -> Result<Option<(Uuid, SecretString)>, StoreError> {
        let row: Option<(Uuid, String)> = sqlx::query_as(FIND).bind(username).fetch_optional(&self.0.pool).await?;
        Ok(row.map(|(id, hash)| (id, hash.into())))
    }

    /// Keeps the same password by another hash, unless it was changed since `before` was read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn upgrade_api_user(&self, id: Uuid, before: &str, after: &str) -> Result<(), StoreError> {
        sqlx::query(UPGRADE).bind(id).bind(before).bind(after).execute(&self.0.pool).await?;
        Ok(())
    }

    /// All of them, by name; at most 1,000.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn api_users(&self) -> Result<Vec<ApiUser>, StoreError> {
        Ok(sqlx::query_as(LIST).fetch_all(&self.0.pool).await?)
    }

    /// Removes one. Who it was; nothing where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_api_user(&self, id: Uuid) -> Result<Option<ApiUser>, StoreError> {
        Ok(sqlx::query_as(REMOVE).bind(id).fetch_optional(&self.0.pool).await?)
    }
}
