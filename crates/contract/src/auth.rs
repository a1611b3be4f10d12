//! `POST /auth`: a token for one person, to a caller that proves itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Header with the key that proves that the caller is our own bot.
pub const SERVICE_KEY_HEADER: &str = "x-service-key";

/// Header with the key of another system; it may stand in `Authorization: Bearer` as well.
pub const API_KEY_HEADER: &str = "x-api-key";
/// Header in which our own bot tells the @name of the person for whom it asks, without the `@`; empty where they have none. Of it only
/// a keyed hash is kept, by which those who run the bot find the person.
pub const USERNAME_HEADER: &str = "x-telegram-username";

/// Exactly one of the two must be given: `user_id` together with the `X-Service-Key` header, or `init_data`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthRequest {
    /// The Telegram id of the person for whom our bot asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 123_456_789)]
    pub user_id: Option<i64>,
    /// `Telegram.WebApp.initData` as the Web App received it, signature included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init_data: Option<String>,
}

/// A bearer token.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuthResponse {
    /// JWT (HS256) for the `Authorization` header.
    pub access_token: String,
    /// Always `bearer`.
    pub token_type: String,
    /// Seconds until it expires.
    pub expires_in: u64,
}
