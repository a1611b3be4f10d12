//! `/healthz`: no watch is stuck. `/readyz`: the caches are filled. `/metrics`.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use evolve_runtime::metrics::{Metrics, endpoint};
use serde_json::json;
use tokio::sync::watch::Receiver;

use super::metrics::OperatorMetrics;

#[derive(Clone)]
struct Health {
    all: Metrics,
    metrics: OperatorMetrics,
    synced: Receiver<bool>,
    stuck: Duration,
}

/// The routes. A watch that shows no sign of life for longer than `stuck` is stuck.
pub fn router(all: Metrics, metrics: OperatorMetrics, synced: Receiver<bool>, stuck: Duration) -> Router {
    let health = Health { all, metrics, synced, stuck };
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(show_metrics))
        .with_state(health)
}

async fn healthz(State(health): State<Health>) -> impl IntoResponse {
    let stuck = health.metrics.progress().stuck(health.stuck);
    let status = if stuck.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "healthy": stuck.is_empty(), "stuckWatches": stuck })))
}

async fn readyz(State(health): State<Health>) -> impl IntoResponse {
    let ready = *health.synced.borrow();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": ready })))
}

async fn show_metrics(State(health): State<Health>) -> impl IntoResponse {
    health.metrics.measure_silence();
    endpoint(State(health.all)).await
}
