//! `/health`, `/ready` and `/metrics`.

use axum::{Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use evolve_runtime::metrics::{self, Metrics, process};
use evolve_store::pool::PoolFigures;
use serde_json::{Value, json};

use crate::bot::{Bot, ContactState};

/// The routes that operators look at.
pub(crate) fn router(bot: Bot, metrics: Metrics) -> Router {
    Router::new()
        .route("/ready", get(ready))
        .route("/health", get(health))
        .with_state(bot)
        .route("/metrics", get(metrics::endpoint).with_state(metrics))
}

/// Healthy means: the process runs and its event loop answers. It asks nobody else: who starts again what is not healthy would mend no
/// neighbour. What it knows of itself is told besides.
async fn health(State(bot): State<Bot>) -> Json<Value> {
    let PoolFigures { size, in_use, max, waiting } = bot.store.pool_figures();
    Json(json!({
        "status": "healthy",
        "uptime_seconds": process::uptime().as_secs(),
        "pool": { "size": size, "in_use": in_use, "max": max, "waiting": waiting },
        // Of all replicas together, or of this one alone while Redis is away.
        "rate_limiter": if bot.pace.is_shared() { "shared" } else { "local" },
    }))
}

/// Ready means: this replica is not about to stop, Postgres answers, and so did Telegram when it was last asked (or it was not asked yet). The API is no
/// part of it: while it is away, updates are still taken, and wait.
async fn ready(State(bot): State<Bot>) -> impl IntoResponse {
    let database = bot.store.ping().await.is_ok();
    let telegram = bot.contact.state();
    let name = |healthy: bool| if healthy { "healthy" } else { "unhealthy" };
    let telegram_name = match telegram {
        ContactState::NotTried => "not_tried",
        other => name(other == ContactState::Healthy),
    };
    let is_stopping = bot.tasks.is_leaving();
    let is_ready = !is_stopping && database && telegram != ContactState::Unhealthy;
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "status": if is_ready { "ready" } else { "not_ready" },
        "database": { "status": name(database) },
        "telegram": { "status": telegram_name },
    });
    (status, Json(body))
}
