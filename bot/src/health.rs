//! `/health`, `/ready` and `/metrics`.

use axum::{Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use evolve_runtime::metrics::{self, Metrics};
use serde_json::json;

use crate::bot::{Bot, ContactState};

/// The routes that operators look at.
pub(crate) fn router(bot: Bot, metrics: Metrics) -> Router {
    Router::new()
        .route("/ready", get(ready))
        .with_state(bot)
        .route("/health", get(metrics::health))
        .route("/metrics", get(metrics::endpoint).with_state(metrics))
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
