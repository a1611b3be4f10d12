//! `GET /ready`: can this replica serve, and which neighbours are well.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether the replica can serve, and the state of what it needs.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReadyResponse {
    /// `ready` (HTTP 200) or `not_ready` (HTTP 503; Postgres is away). Redis and models away are not a reason: the
    /// replica serves, slower or with kind excuses.
    pub status: String,
    /// Postgres.
    pub database: Component,
    /// Redis.
    pub redis: Component,
    /// Each model provider, by its name (`gemini`, …).
    #[serde(flatten)]
    pub providers: std::collections::BTreeMap<String, Component>,
}

/// One neighbour.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Component {
    /// `healthy`, `degraded` (its breaker is open or probing, or it asked to be left alone), `unhealthy`, or `disabled`
    /// where it is not configured.
    pub status: String,
    /// Its breaker, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circuit_breaker: Option<BreakerState>,
}

/// A breaker as the seed shows it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BreakerState {
    /// `CLOSED`, `OPEN` or `HALF_OPEN`.
    pub state: String,
    /// Failures in a row.
    pub failure_count: u32,
}
