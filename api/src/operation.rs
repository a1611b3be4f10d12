//! `GET /health` and `GET /metrics`, for those who run it.

use axum::{Json, extract::State, response::IntoResponse};
use evolve_runtime::metrics;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::Api;

/// Whether the process runs.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthResponse {
    /// Always `healthy`: a process that is not does not answer.
    pub status: &'static str,
}

/// Whether the process runs and its event loop answers. Asks nobody else.
#[utoipa::path(
    get, path = "/health", tag = "operation",
    responses((status = 200, description = "It does", body = HealthResponse)),
)]
pub async fn health() -> Json<HealthResponse> {
    Json(HealthResponse { status: "healthy" })
}

/// Metrics, as Prometheus reads them.
#[utoipa::path(
    get, path = "/metrics", tag = "operation",
    responses((status = 200, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text")),
)]
pub async fn metrics(State(api): State<Api>) -> impl IntoResponse {
    metrics::endpoint(State(api.metrics.clone())).await
}
