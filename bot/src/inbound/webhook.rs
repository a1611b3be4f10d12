//! The webhook: Telegram delivers an update to whichever replica it reaches.
//!
//! Telegram takes 200 as "forget it" and anything else as "again later". So 200 is said when the inbox has the update, and
//! while Postgres is away 503, which leaves the update with Telegram. Who does not know the secret gets 403 and nothing
//! is read of what they sent. While too much waits in the inbox, it is 503 as well.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::post,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use subtle::ConstantTimeEq as _;
use tracing::Instrument as _;

use super::{is_seen_to, new_update, receiving, store};
use crate::{
    bot::Bot,
    checkout,
    config::{SEEDS_WEBHOOK_PATH, WEBHOOK_PATH},
};

const SECRET_HEADER: &str = "x-telegram-bot-api-secret-token";
/// Updates are a few kilobytes.
const MAX_BODY: usize = 1024 * 1024;
/// Seconds after which Telegram may try again.
const RETRY_AFTER: &str = "5";

/// The routes of the webhook: the path that we give out by default, and anything below it; and the seed's.
pub(crate) fn router(bot: Bot, secret: SecretString) -> Router {
    Router::new()
        .route(WEBHOOK_PATH, post(receive))
        .route(&format!("{WEBHOOK_PATH}/{{*any}}"), post(receive))
        .route(SEEDS_WEBHOOK_PATH, post(receive))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state((bot.clone(), secret), only_telegram))
        .with_state(bot)
}

async fn only_telegram(State((bot, secret)): State<(Bot, SecretString)>, request: Request, next: Next) -> Response {
    let given = request.headers().get(SECRET_HEADER).map(|value| value.as_bytes()).unwrap_or_default();
    if bool::from(given.ct_eq(secret.expose_secret().as_bytes())) {
        return next.run(request).await;
    }
    bot.metrics.inbox_failure("wrong_secret");
    StatusCode::FORBIDDEN.into_response()
}

async fn receive(State(bot): State<Bot>, body: Bytes) -> Response {
    let span = receiving("server");
    span.record("http.request.method", "POST");
    span.record("http.route", WEBHOOK_PATH);
    let response = take(&bot, &body).instrument(span.clone()).await;
    span.record("http.response.status_code", response.status().as_u16());
    if response.status().is_success() {
        bot.contact.delivered(bot.clock.now());
    }
    response
}

async fn take(bot: &Bot, body: &[u8]) -> Response {
    let update = serde_json::from_slice::<Value>(body).ok();
    if let Some(update) = &update
        && let Some(answer) = checkout::answer_to(bot, update).await
    {
        return Json(answer).into_response();
    }
    if let Some(update) = &update
        && is_seen_to(bot, update).await
    {
        return StatusCode::OK.into_response();
    }
    let Some(update) = update.and_then(new_update) else {
        bot.metrics.inbox_failure("malformed");
        return StatusCode::BAD_REQUEST.into_response();
    };
    if bot.pressure.is_full() && !update.urgent {
        bot.metrics.inbox_failure("full");
        return later();
    }
    let update_id = update.update_id;
    match store(bot, &[update]).await {
        Ok(_) => StatusCode::OK.into_response(),
        Err(error) => {
            tracing::warn!(%error, update_id, "cannot store an update; Telegram keeps it");
            bot.metrics.inbox_failure("not_stored");
            later()
        }
    }
}

/// Leaves the update with Telegram.
fn later() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, RETRY_AFTER)]).into_response()
}
