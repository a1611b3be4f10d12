//! `/export`: a copy of everything that is kept of a person.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /export`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportRequest {
    /// Who wants it; must be the token's own person.
    pub user_id: i64,
}

/// That it can be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExportResponse {
    /// The person's Telegram id.
    pub user_id: i64,
    /// Until then it can be had from `GET /export/{user_id}`.
    pub until: DateTime<Utc>,
}
