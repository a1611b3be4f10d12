//! `/api/v1/admin/webhooks`: which other systems are told what happens. For whoever runs the bot: see `access::routes`.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
};
use chrono::TimeDelta;
use evolve_contract::{
    Code,
    webhook::{
        WebhookDeliveriesResponse, WebhookDelivery, WebhookDeliveryState, WebhookDisabled, WebhookKind,
        WebhookReplayRequest, WebhookReplayResponse, WebhookRequest, WebhookResponse, WebhookTestResponse,
        WebhookUpdate, WebhooksResponse,
    },
};
use evolve_domain::access::Permission;
use evolve_engine::webhooks::Wish;
use evolve_store::webhooks::{Delivery, Kind, Webhook};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;
use url::Url;
use uuid::Uuid;

use crate::{access::Actor, audit::Act, extract::JsonBody, openapi::problems, problem::ApiError, state::Api};

problems!(ListProblems: Forbidden, RateLimited, DatabaseUnavailable);
problems!(
    CreateProblems: InvalidBody, Forbidden, BodyTooLarge, UnsupportedMediaType, InvalidValue, WebhookUrlRefused,
    RateLimited, DatabaseUnavailable,
);
problems!(
    ChangeProblems: InvalidBody, Forbidden, BodyTooLarge, UnsupportedMediaType, InvalidValue, WebhookUrlRefused,
    WebhookNotFound, RateLimited, DatabaseUnavailable,
);
problems!(OneProblems: Forbidden, WebhookNotFound, RateLimited, DatabaseUnavailable);
problems!(PageProblems: Forbidden, InvalidValue, WebhookNotFound, RateLimited, DatabaseUnavailable);
problems!(TestProblems: Forbidden, InvalidValue, WebhookNotFound, RateLimited, DatabaseUnavailable);
problems!(
    ReplayProblems: InvalidBody, Forbidden, BodyTooLarge, UnsupportedMediaType, InvalidValue, WebhookNotFound,
    RateLimited, DatabaseUnavailable,
);

/// So long what happened is kept.
const KEPT: TimeDelta = TimeDelta::days(30);

/// Which page.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// The `next` of the page before.
    before: Option<i64>,
}

/// Which other systems are told what happens.
#[utoipa::path(
    get, path = "/api/v1/admin/webhooks", tag = "operation", security(("service_key" = [])),
    responses((status = 200, description = "All of them", body = WebhooksResponse), ListProblems),
)]
pub async fn list(State(api): State<Api>, actor: Actor) -> Result<Json<WebhooksResponse>, ApiError> {
    let webhooks = api.webhooks.all().await?.into_iter().map(|webhook| seen_by(&actor, wire(webhook, None)));
    Ok(Json(WebhooksResponse { webhooks: webhooks.collect() }))
}

/// Has another system told what happens from now on.
///
/// The answer shows the secret by which it verifies what it is told: once.
#[utoipa::path(
    post, path = "/api/v1/admin/webhooks", tag = "operation", security(("service_key" = [])),
    request_body = WebhookRequest,
    responses((status = 200, description = "How it stands, with its secret", body = WebhookResponse), CreateProblems),
)]
pub async fn create(
    State(api): State<Api>,
    _: Actor,
    act: Act,
    JsonBody(wish): JsonBody<WebhookRequest>,
) -> Result<Json<WebhookResponse>, ApiError> {
    let kind = match wish.kind {
        WebhookKind::Generic => Kind::Generic,
        WebhookKind::Slack => Kind::Slack,
    };
    let (webhook, secret) = api.webhooks.create(kind, &wish.url, wish.events).await?;
    act.detail(json!({ "webhook": webhook.id, "kind": kind.as_str() }));
    tracing::info!(webhook = %webhook.id, kind = kind.as_str(), "an administrator makes a webhook");
    Ok(Json(wire(webhook, Some(&secret))))
}

/// Changes where a webhook is, what it is told, and whether.
#[utoipa::path(
    patch, path = "/api/v1/admin/webhooks/{webhook_id}", tag = "operation", security(("service_key" = [])),
    params(("webhook_id" = String, Path, description = "Its id")), request_body = WebhookUpdate,
    responses((status = 200, description = "How it stands", body = WebhookResponse), ChangeProblems),
)]
pub async fn update(
    State(api): State<Api>,
    _: Actor,
    act: Act,
    Path(id): Path<String>,
    JsonBody(wish): JsonBody<WebhookUpdate>,
) -> Result<Json<WebhookResponse>, ApiError> {
    let WebhookUpdate { url, events, enabled } = wish;
    act.detail(json!({ "url": url.is_some(), "events": events.is_some(), "enabled": enabled }));
    let webhook = api.webhooks.change(read(&id)?, Wish { url, events, enabled }).await?;
    tracing::info!(webhook = %webhook.id, enabled = webhook.enabled, "an administrator changes a webhook");
    Ok(Json(wire(webhook, None)))
}

/// Removes a webhook, with what waits for it.
#[utoipa::path(
    delete, path = "/api/v1/admin/webhooks/{webhook_id}", tag = "operation", security(("service_key" = [])),
    params(("webhook_id" = String, Path, description = "Its id")),
    responses((status = 200, description = "What it was", body = WebhookResponse), OneProblems),
)]
pub async fn delete(
    State(api): State<Api>,
    _: Actor,
    Path(id): Path<String>,
) -> Result<Json<WebhookResponse>, ApiError> {
    let webhook = api.webhooks.remove(read(&id)?).await?;
    tracing::info!(webhook = %webhook.id, "an administrator removes a webhook");
    Ok(Json(wire(webhook, None)))
}

/// Gives a webhook another secret, which the answer shows once. For a day everything is signed by the one before as well.
///
/// Asked again within the day, it is the one from before the first time that goes on signing; the one that was shown in between is void.
#[utoipa::path(
    post, path = "/api/v1/admin/webhooks/{webhook_id}/rotate", tag = "operation", security(("service_key" = [])),
    params(("webhook_id" = String, Path, description = "Its id")),
    responses((status = 200, description = "How it stands, with its secret", body = WebhookResponse), OneProblems),
)]
pub async fn rotate(
    State(api): State<Api>,
    _: Actor,
    Path(id): Path<String>,
) -> Result<Json<WebhookResponse>, ApiError> {
    let (webhook, secret) = api.webhooks.rotate(read(&id)?).await?;
    tracing::info!(webhook = %webhook.id, "an administrator rotates a webhook's secret");
    Ok(Json(wire(webhook, Some(&secret))))
}

/// What a webhook was told and is owed, newest first.
#[utoipa::path(
    get, path = "/api/v1/admin/webhooks/{webhook_id}/deliveries", tag = "operation", security(("service_key" = [])),
    params(("webhook_id" = String, Path, description = "Its id"), Page),
    responses((status = 200, description = "How it went", body = WebhookDeliveriesResponse), PageProblems),
)]
pub async fn deliveries(
    State(api): State<Api>,
    _: Actor,
    Path(id): Path<String>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<WebhookDeliveriesResponse>, ApiError> {
    let Query(Page { before }) = page.map_err(|_| invalid("before is the `next` of the page before"))?;
    let (deliveries, next) = api.webhooks.deliveries(read(&id)?, before).await?;
    Ok(Json(WebhookDeliveriesResponse { deliveries: deliveries.into_iter().map(delivery).collect(), next }))
}

/// Tells a webhook again what happened since a time, after what waits for it; or what was given up, before what came after it.
///
/// What it is told again has the `webhook-id` that it had.
#[utoipa::path(
    post, path = "/api/v1/admin/webhooks/{webhook_id}/replay", tag = "operation", security(("service_key" = [])),
    params(("webhook_id" = String, Path, description = "Its id")), request_body = WebhookReplayRequest,
    responses((status = 200, description = "How much is told again", body = WebhookReplayResponse), ReplayProblems),
)]
pub async fn replay(
    State(api): State<Api>,
    _: Actor,
    act: Act,
    Path(id): Path<String>,
    JsonBody(wish): JsonBody<WebhookReplayRequest>,
) -> Result<Json<WebhookReplayResponse>, ApiError> {
    let id = read(&id)?;
    act.detail(json!({ "since": wish.since, "failed": wish.failed }));
    let (replayed, next) = match (wish.since, wish.failed) {
        (Some(since), false) if since >= api.clock.now() - KEPT => api.webhooks.replay(id, since).await?,
        (None, true) => (api.webhooks.replay_failed(id).await?, None),
        _ => return Err(invalid("either since, at most 30 days ago, or failed")),
    };
    tracing::info!(webhook = %id, count = replayed.count, "an administrator has a webhook told again");
    Ok(Json(WebhookReplayResponse { replayed: replayed.count, next }))
}

/// Tells a webhook that this is a test, after what waits for it. Whether it arrived is seen among its deliveries.
///
/// One that is disabled is told nothing: it has to be enabled first.
#[utoipa::path(
    post, path = "/api/v1/admin/webhooks/{webhook_id}/test", tag = "operation", security(("service_key" = [])),
    params(("webhook_id" = String, Path, description = "Its id")),
    responses((status = 200, description = "It is on its way", body = WebhookTestResponse), TestProblems),
)]
pub async fn send_test(
    State(api): State<Api>,
    _: Actor,
    Path(id): Path<String>,
) -> Result<Json<WebhookTestResponse>, ApiError> {
    let event_id = api.webhooks.test(read(&id)?).await?.to_string();
    Ok(Json(WebhookTestResponse { event_id }))
}

pub(crate) fn read(id: &str) -> Result<Uuid, ApiError> {
    id.parse().map_err(|_| ApiError::new(Code::WebhookNotFound))
}

/// Who may change none, sees at which host it is, and no more: with many systems whoever knows the path can write there.
pub(crate) fn seen_by(actor: &Actor, webhook: WebhookResponse) -> WebhookResponse {
    if actor.may(Permission::ManageOperations) {
        return webhook;
    }
    let url = Url::parse(&webhook.url).map(|url| host(url).into()).unwrap_or_default();
    WebhookResponse { url, ..webhook }
}

pub(crate) fn wire(webhook: Webhook, secret: Option<&SecretString>) -> WebhookResponse {
    WebhookResponse {
        id: webhook.id.to_string(),
        url: shown(&webhook),
        kind: match webhook.kind {
            Kind::Generic => WebhookKind::Generic,
            Kind::Slack => WebhookKind::Slack,
        },
        events: webhook.events,
        enabled: webhook.enabled,
        disabled: match webhook.disabled_reason.as_deref() {
            Some("failing") => Some(WebhookDisabled::Failing),
            Some("gone") => Some(WebhookDisabled::Gone),
            _ => None,
        },
        failing_since: webhook.failing_since,
        waiting: webhook.waiting,
        created_at: webhook.created_at,
        secret: secret.map(|secret| secret.expose_secret().to_owned()),
    }
}

/// The URL without what may be a secret.
fn shown(webhook: &Webhook) -> String {
    let Ok(mut url) = Url::parse(webhook.url.expose_secret()) else { return String::new() };
    url.set_query(None);
    if webhook.kind == Kind::Slack { host(url).into() } else { url.into() }
}

/// The host alone, and how it is asked.
fn host(mut url: Url) -> Url {
    url.set_path("/");
    url.set_query(None);
    url
}

pub(crate) fn delivery(delivery: Delivery) -> WebhookDelivery {
    let state = match delivery.state.as_str() {
        "delivered" => WebhookDeliveryState::Delivered,
        "failed" => WebhookDeliveryState::Failed,
        _ => WebhookDeliveryState::Waiting,
    };
    WebhookDelivery {
        id: delivery.id,
        event_id: delivery.event_id.to_string(),
        event: delivery.event,
        at: delivery.at,
        state,
        attempts: u32::try_from(delivery.attempts).unwrap_or_default(),
        next_attempt_at: (state == WebhookDeliveryState::Waiting).then_some(delivery.ready_at),
        finished_at: delivery.finished_at,
        status: delivery.status.and_then(|status| u16::try_from(status).ok()),
        error: delivery.error,
    }
}

fn invalid(detail: &str) -> ApiError {
    ApiError::new(Code::InvalidValue).detail(detail)
}
