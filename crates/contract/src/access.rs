//! `/api/v1/admin/accounts`, `…/sessions`, `…/api-keys`, `…/api-users` and `/api/v1/auth`: who runs the bot, and how they prove it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /api/v1/auth/register`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterRequest {
    /// The name, of Latin letters, digits and `.-_@+`; case does not matter.
    #[schema(example = "anna")]
    pub username: String,
    /// The password: 8 characters or more.
    pub password: String,
    /// What `ADMIN_REGISTRATION_TOKEN` says.
    pub admin_token: String,
}

impl std::fmt::Debug for RegisterRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RegisterRequest(…)")
    }
}

/// Who was registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegisterResponse {
    /// Their id.
    pub id: String,
    /// Their name, as it is kept.
    pub username: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// `GET /api/v1/auth/me`: who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MeResponse {
    /// As the log of acts calls them.
    #[schema(example = "account:0199a1b2-5c3d-7e4f-8a9b-0c1d2e3f4a5b")]
    pub actor: String,
    /// The name of the account, where it is one.
    pub name: Option<String>,
    /// The role of the account, where it is one.
    pub role: Option<String>,
    /// What they may do.
    #[schema(example = json!(["numbers", "operations"]))]
    pub permissions: Vec<String>,
    /// What goes into `X-CSRF-Token` with whatever changes something; for sessions of the panel alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csrf_token: Option<String>,
}

/// `POST /api/v1/admin/accounts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountRequest {
    /// What they sign in with, of Latin letters, digits and `.-_@+`; case does not matter.
    #[schema(example = "anna")]
    pub name: String,
    /// `owner`, `admin`, `analyst` or `support`.
    #[schema(example = "support")]
    pub role: String,
}

/// `PATCH /api/v1/admin/accounts/{account_id}`: what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccountUpdate {
    /// `owner`, `admin`, `analyst` or `support`. Another one ends their sessions.
    pub role: Option<String>,
    /// Whether they can come in. Without it their sessions end.
    pub enabled: Option<bool>,
    /// The person whose bearer tokens are theirs, by Telegram id; 0 for nobody.
    pub telegram_id: Option<i64>,
}

/// An account of somebody who runs the bot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountResponse {
    /// Its id.
    pub id: String,
    /// What they sign in with.
    pub name: String,
    /// What they may do.
    pub role: String,
    /// Whether they can come in.
    pub enabled: bool,
    /// Whether they have chosen a password.
    pub has_password: bool,
    /// Whether they have a second factor.
    pub has_second_factor: bool,
    /// Whether they come by OpenID Connect, which also says what they may do.
    pub is_external: bool,
    /// The person whose bearer tokens are theirs, by Telegram id.
    pub telegram_id: Option<i64>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When they were seen last, as far as that is kept.
    pub seen_at: Option<DateTime<Utc>>,
    /// Where they choose a password and a second factor, once, within an hour. Shown where it is made, and never again: a path of the
    /// panel, under wherever people find the API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "/admin/panel/welcome?token=…")]
    pub link: Option<String>,
}

/// All accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountsResponse {
    /// By name.
    pub accounts: Vec<AccountResponse>,
}

/// A session of the panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionResponse {
    /// Its id.
    pub id: String,
    /// Whose.
    pub account_id: String,
    /// What they are called.
    pub name: String,
    /// How they signed in: `password`, `link` or `oidc`.
    pub way: String,
    /// From which address; of IPv6 the first 64 bits.
    pub address: Option<String>,
    /// What the browser calls itself.
    pub agent: Option<String>,
    /// When they signed in.
    pub created_at: DateTime<Utc>,
    /// When it was used last.
    pub seen_at: DateTime<Utc>,
    /// When it ends, however much it is used.
    pub expires_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Sessions that hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionsResponse {
    /// The one that was used last first.
    pub sessions: Vec<SessionResponse>,
}

/// A session that was ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionEnded {
    /// Its id.
    pub id: String,
}

/// `POST /api/v1/admin/api-keys`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyRequest {
    /// What it is for, in your words: 1 to 100 characters.
    #[schema(example = "Numbers for the warehouse")]
    pub name: String,
    /// What it may do.
    #[schema(example = json!(["numbers"]))]
    pub scopes: Vec<String>,
    /// When it stops working; never, where it is absent.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key of another system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiKeyResponse {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// How it begins.
    #[schema(example = "evk_a1B2")]
    pub hint: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Who made it, as the log of acts calls them.
    pub created_by: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops working; nothing for never.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was used last; nothing for never.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked; nothing for one that was not.
    pub revoked_at: Option<DateTime<Utc>>,
    /// The key. Shown where it is made, and never again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// All keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiKeysResponse {
    /// Newest first, those that do not work any more too.
    pub keys: Vec<ApiKeyResponse>,
}

/// Everybody who was registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiUsersResponse {
    /// By name.
    pub users: Vec<RegisterResponse>,
}
