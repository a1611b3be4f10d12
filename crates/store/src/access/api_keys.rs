//! Keys of other systems.

use chrono::{DateTime, Utc};
use evolve_domain::access::{Permission, Permissions};
use sqlx::FromRow;
use uuid::Uuid;

use super::Access;
use crate::StoreError;

/// A key to be.
#[derive(Clone, Debug)]
pub struct NewApiKey<'a> {
    /// Its id.
    pub id: Uuid,
    /// What it is for.
    pub name: &'a str,
    /// The hash of it: see [`super::hash_of`].
    pub key_hash: &'a [u8],
    /// How it begins.
    pub hint: &'a str,
    /// What it may do.
    pub scopes: Permissions,
    /// Who makes it, as in the log.
    pub created_by: &'a str,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key, without itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: Uuid,
    /// What it is for.
    pub name: String,
    /// How it begins.
    pub hint: String,
    /// What it may do.
    pub scopes: Permissions,
    /// Who made it, as in the log.
    pub created_by: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops working; nothing for never.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was used last; nothing for never.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked; nothing for one that was not.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// $8 is now, $9 the most that there may be that work.
const CREATE: &str = "
    INSERT INTO api_keys (id, name, key_hash, hint, scopes, created_by, expires_at, created_at)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8
    WHERE (SELECT count(*) FROM api_keys WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $8)) < $9";

macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT id, name, hint, scopes, created_by, created_at, expires_at, last_used_at, revoked_at FROM api_keys ",
            $which
        )
    };
}

const LIST: &str = select!("ORDER BY created_at DESC, id LIMIT 1000");
const FIND: &str = select!("WHERE key_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)");
const BY_ID: &str = select!("WHERE id = $1");

const USED: &str =
    "UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";

const REVOKE: &str = "UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";

#[derive(FromRow)]
struct Row {
    id: Uuid,
    name: String,
    hint: String,
    scopes: Vec<String>,
    created_by: String,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl From<Row> for ApiKey {
    fn from(row: Row) -> Self {
        // One that only a version to come knows allows nothing here.
        let scopes = row.scopes.iter().filter_map(|name| name.parse::<Permission>().ok()).collect();
        Self {
            id: row.id,
            name: row.name,
            hint: row.hint,
            scopes,
            created_by: row.created_by,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
        }
    }
}

impl Access<'_> {
    /// Makes a key, unless there are `most` that work. False where there are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create_key(&self, new: &NewApiKey<'_>, most: u32, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let scopes: Vec<String> = new.scopes.iter().map(|scope| scope.to_string()).collect();
        let done = sqlx::query(CREATE)
            .bind(new.id)
            .bind(new.name)
            .bind(new.key_hash)
            .bind(new.hint)
            .bind(&scopes)
            .bind(new.created_by)
            .bind(new.expires_at)
            .bind(now)
            .bind(i64::from(most))
            .execute(&self.0.pool)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// All keys, those that do not work any more too, newest first; at most 1,000.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(LIST).fetch_all(&self.0.pool).await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// The key of this hash, if it works.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn key(&self, hash: &[u8], now: DateTime<Utc>) -> Result<Option<ApiKey>, StoreError> {
        let row: Option<Row> = sqlx::query_as(FIND).bind(hash).bind(now).fetch_optional(&self.0.pool).await?;
        Ok(row.map(Into::into))
    }

    /// Writes down that a key is used now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn key_used(&self, id: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query(USED).bind(id).bind(now).execute(&self.0.pool).await?;
        Ok(())
    }

    /// Revokes a key; one that is revoked stays as it is. What it is; nothing where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke_key(&self, id: Uuid, now: DateTime<Utc>) -> Result<Option<ApiKey>, StoreError> {
        sqlx::query(REVOKE).bind(id).bind(now).execute(&self.0.pool).await?;
        let row: Option<Row> = sqlx::query_as(BY_ID).bind(id).fetch_optional(&self.0.pool).await?;
        Ok(row.map(Into::into))
    }
}
