//! `/deletion`: removal after a time to think. At once, it is `DELETE /profile/{user_id}`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /deletion`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeletionRequest {
    /// Who is to be removed; must be the token's own person.
    pub user_id: i64,
    /// In how many days, from 1 to 30.
    #[schema(minimum = 1, maximum = 30)]
    pub days: u32,
}

/// Whether and when a person is to be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeletionResponse {
    /// The person's Telegram id.
    pub user_id: i64,
    /// When; nothing where they did not ask for it.
    pub due_at: Option<DateTime<Utc>>,
}

/// `DELETE /deletion/{user_id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeletionCancelled {
    /// The person's Telegram id.
    pub user_id: i64,
    /// Whether there was something to cancel.
    pub cancelled: bool,
}
