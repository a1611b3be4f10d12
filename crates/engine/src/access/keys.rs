//! Keys of other systems: `evk_` and 256 random bits, shown once.

use chrono::{DateTime, Utc};
use evolve_domain::access::Permissions;
use evolve_store::access::{ApiKey, NewApiKey, hash_of};
use secrecy::SecretString;
use uuid::Uuid;

use super::{Access, AccessError, random_token, sessions::SEEN_EVERY};

/// How every key begins, by which people and programs that look for lost keys know one.
pub const PREFIX: &str = "evk_";
/// Letters of a key that are shown in lists.
const HINT: usize = 8;
/// Most keys that work.
const MOST: u32 = 100;
/// Longest name, in characters.
const MAX_NAME: usize = 100;

impl Access {
    /// Makes a key; with it, the key itself.
    ///
    /// # Errors
    /// [`AccessError::Invalid`], and of the store.
    pub async fn create_key(
        &self,
        name: &str,
        scopes: Permissions,
        expires_at: Option<DateTime<Utc>>,
        by: &str,
    ) -> Result<(ApiKey, SecretString), AccessError> {
        let now = self.0.clock.now();
        let invalid = |field, reason: &str| AccessError::Invalid { field, reason: reason.to_owned() };
        let name = name.trim();
        if !(1..=MAX_NAME).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            return Err(invalid("name", "1 to 100 characters, by which you know what it is for"));
        }
        if scopes.is_empty() || scopes.iter().any(|scope| !scope.is_scope()) {
            return Err(invalid("scopes", "at least one permission, and not `access`, which no key has"));
        }
        if expires_at.is_some_and(|expires| expires <= now) {
            return Err(invalid("expires_at", "in the future"));
        }
        let key = format!("{PREFIX}{}", random_token());
        let hint: String = key.chars().take(HINT).collect();
        let new = NewApiKey {
            id: Uuid::now_v7(),
            name,
            key_hash: &hash_of(&key),
            hint: &hint,
            scopes,
            created_by: by,
            expires_at,
        };
        if !self.0.store.access().create_key(&new, MOST, now).await? {
            return Err(invalid("api_keys", "there are 100 that work already, which is the most; revoke one"));
        }
        let made = ApiKey {
            id: new.id,
            name: name.to_owned(),
            hint: hint.clone(),
            scopes,
            created_by: by.to_owned(),
            created_at: now,
            expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        Ok((made, key.into()))
    }

    /// All keys, newest first.
    ///
    /// # Errors
    /// Of the store.
    pub async fn keys(&self) -> Result<Vec<ApiKey>, AccessError> {
        Ok(self.0.store.access().keys().await?)
    }

    /// Revokes a key: what it is.
    ///
    /// # Errors
    /// [`AccessError::NotFound`], and of the store.
    pub async fn revoke_key(&self, id: Uuid) -> Result<ApiKey, AccessError> {
        let revoked = self.0.store.access().revoke_key(id, self.0.clock.now()).await?;
        revoked.ok_or(AccessError::NotFound)
    }

    /// The key that is shown, if it works.
    ///
    /// # Errors
    /// Of the store.
    pub async fn key(&self, shown: &str) -> Result<Option<ApiKey>, AccessError> {
        let (store, now) = (self.0.store.access(), self.0.clock.now());
        let found = store.key(&hash_of(shown), now).await?;
        if let Some(key) = &found
            && key.last_used_at.is_none_or(|last| now - last >= SEEN_EVERY)
        {
            store.key_used(key.id, now).await?;
        }
        Ok(found)
    }
}
