//! `GET /health` and `GET /metrics`, for those who run it.

use axum::{Json, extract::State, response::IntoResponse};
use evolve_contract::operation::PoolState;
use evolve_runtime::metrics::{self, process};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{admin::operation::pool, state::Api};

/// Whether the process runs, and what it knows of itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthResponse {
    /// Always `healthy`: a process that is not does not answer.
    pub status: &'static str,
    /// For how long the process has been running.
    pub uptime_seconds: u64,
    /// Its connections to Postgres. Whether Postgres answers, `/ready` tells.
    pub pool: PoolState,
}

/// Whether the process runs and its event loop answers. Asks nobody else: who starts again what is not healthy would mend no neighbour.
#[utoipa::path(
    get, path = "/health", tag = "operation",
    responses((status = 200, description = "It does", body = HealthResponse)),
)]
pub async fn health(State(api): State<Api>) -> Json<HealthResponse> {
    let uptime_seconds = process::uptime().as_secs();
    Json(HealthResponse { status: "healthy", uptime_seconds, pool: pool(&api) })
}

/// Metrics, as Prometheus reads them.
#[utoipa::path(
    get, path = "/metrics", tag = "operation",
    responses((status = 200, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text")),
)]
pub async fn metrics(State(api): State<Api>) -> impl IntoResponse {
    metrics::endpoint(State(api.metrics.clone())).await
}
