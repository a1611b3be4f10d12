//! Who runs the bot, as whoever runs it asks: with the service key. And registering, with the token for it.

use reqwest::Method;
use secrecy::SecretString;

use super::{Client, ClientError, json};
use crate::access::{
    AccountRequest, AccountResponse, AccountUpdate, AccountsResponse, ApiKeyRequest, ApiKeyResponse, ApiKeysResponse,
    ApiUsersResponse, RegisterRequest, RegisterResponse, SessionEnded, SessionsResponse,
};

const ACCOUNTS: &str = "api/v1/admin/accounts";
const SESSIONS: &str = "api/v1/admin/sessions";
const KEYS: &str = "api/v1/admin/api-keys";
const USERS: &str = "api/v1/admin/api-users";

impl Client {
    /// `POST /api/v1/auth/register`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn register(&self, body: &RegisterRequest) -> Result<RegisterResponse, ClientError> {
        json(self.request(Method::POST, "api/v1/auth/register").json(body)).await
    }

    /// `GET /api/v1/admin/accounts`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn accounts(&self, key: &SecretString) -> Result<AccountsResponse, ClientError> {
        json(self.admin(key, Method::GET, ACCOUNTS)).await
    }

    /// `POST /api/v1/admin/accounts`: with its one-time link.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn create_account(
        &self,
        key: &SecretString,
        body: &AccountRequest,
    ) -> Result<AccountResponse, ClientError> {
        json(self.admin(key, Method::POST, ACCOUNTS).json(body)).await
    }

    /// `PATCH /api/v1/admin/accounts/{account_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn update_account(
        &self,
        key: &SecretString,
        id: &str,
        body: &AccountUpdate,
    ) -> Result<AccountResponse, ClientError> {
        json(self.admin(key, Method::PATCH, &format!("{ACCOUNTS}/{id}")).json(body)).await
    }

    /// `POST /api/v1/admin/accounts/{account_id}/reset`: with a new one-time link.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn reset_account(&self, key: &SecretString, id: &str) -> Result<AccountResponse, ClientError> {
        json(self.admin(key, Method::POST, &format!("{ACCOUNTS}/{id}/reset"))).await
    }

    /// `GET /api/v1/admin/sessions`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn sessions(&self, key: &SecretString) -> Result<SessionsResponse, ClientError> {
        json(self.admin(key, Method::GET, SESSIONS)).await
    }

    /// `DELETE /api/v1/admin/sessions/{session_id}`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn end_session(&self, key: &SecretString, id: &str) -> Result<SessionEnded, ClientError> {
        json(self.admin(key, Method::DELETE, &format!("{SESSIONS}/{id}"))).await
    }

    /// `GET /api/v1/admin/api-keys`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn api_keys(&self, key: &SecretString) -> Result<ApiKeysResponse, ClientError> {
        json(self.admin(key, Method::GET, KEYS)).await
    }

    /// `POST /api/v1/admin/api-keys`: with the key itself.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn create_api_key(
        &self,
        key: &SecretString,
        body: &ApiKeyRequest,
    ) -> Result<ApiKeyResponse, ClientError> {
        json(self.admin(key, Method::POST, KEYS).json(body)).await
    }

    /// `DELETE /api/v1/admin/api-keys/{api_key_id}`: as it is now.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn revoke_api_key(&self, key: &SecretString, id: &str) -> Result<ApiKeyResponse, ClientError> {
        json(self.admin(key, Method::DELETE, &format!("{KEYS}/{id}"))).await
    }

    /// `GET /api/v1/admin/api-users`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn api_users(&self, key: &SecretString) -> Result<ApiUsersResponse, ClientError> {
        json(self.admin(key, Method::GET, USERS)).await
    }

    /// `DELETE /api/v1/admin/api-users/{api_user_id}`: who it was.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn remove_api_user(&self, key: &SecretString, id: &str) -> Result<RegisterResponse, ClientError> {
        json(self.admin(key, Method::DELETE, &format!("{USERS}/{id}"))).await
    }
}
