//! Which other systems are told what happens.

use axum::{
    Router,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use evolve_contract::{Code, webhook::WebhookResponse};
use evolve_domain::{access::Permission, webhook::EventKind};
use evolve_engine::webhooks::{WebhookError, Wish};
use evolve_runtime::outside::Refused;
use evolve_store::webhooks::Kind;
use serde::Deserialize;
use serde_json::json;

use super::{Reader, fields::Fields};
use crate::{
    audit::Act,
    panel::{
        download,
        pages::webhooks::{Entered, PATH, Webhook, Webhooks},
        parts::{Listing, Table},
        words::Words,
    },
    problem::ApiError,
    state::Api,
    webhooks::{delivery, read, seen_by, wire},
};

/// What one was told.
const TABLE: &str = "deliveries";

/// The routes.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/admin/panel/webhooks", get(list).post(make))
        .route("/admin/panel/webhooks.csv", get(csv))
        .route("/admin/panel/webhooks/{webhook_id}", get(one))
        .route("/admin/panel/webhooks/{webhook_id}/test", post(test))
        .route("/admin/panel/webhooks/{webhook_id}/replay", post(replay))
        .route("/admin/panel/webhooks/{webhook_id}/rotate", post(rotate))
        .route("/admin/panel/webhooks/{webhook_id}/enable", post(enable))
        .route("/admin/panel/webhooks/{webhook_id}/disable", post(disable))
        .route("/admin/panel/webhooks/{webhook_id}/remove", post(remove))
}

async fn list(State(api): State<Api>, reader: Reader) -> Result<Response, ApiError> {
    Ok(reader.page(&all(&api, &reader, Entered::default()).await?))
}

async fn csv(State(api): State<Api>, reader: Reader) -> Result<Response, ApiError> {
    Ok(download::download(&all(&api, &reader, Entered::default()).await?.table(), "webhooks"))
}

async fn all(api: &Api, reader: &Reader, entered: Entered) -> Result<Webhooks, ApiError> {
    let webhooks = api.webhooks.all().await?.into_iter();
    let kinds = EventKind::ALL.iter().filter(|kind| kind.is_chosen()).map(|kind| kind.as_str());
    Ok(Webhooks {
        webhooks: webhooks.map(|webhook| seen_by(&reader.actor, wire(webhook, None))).collect(),
        kinds: kinds.collect(),
        entered,
        may_change: reader.may(Permission::ManageOperations),
        listing: Listing { path: PATH.to_owned(), exports: true, ..Listing::default() },
        csrf: reader.csrf.clone(),
        view: reader.view.clone(),
        words: reader.words,
    })
}

async fn make(State(api): State<Api>, reader: Reader, act: Act, fields: Fields) -> Result<Response, ApiError> {
    let mut entered = Entered {
        url: fields.text("url").trim().to_owned(),
        kind: fields.text("kind").to_owned(),
        events: fields.ticked("event-"),
        error: None,
    };
    let kind = if entered.kind == "slack" { Kind::Slack } else { Kind::Generic };
    match api.webhooks.create(kind, &entered.url, entered.events.clone()).await {
        Ok((webhook, secret)) => {
            act.detail(json!({ "webhook": webhook.id, "kind": kind.as_str() }));
            tracing::info!(webhook = %webhook.id, kind = kind.as_str(), "an administrator makes a webhook");
            // Not on to another page: the secret is shown here, once.
            page(&api, &reader, wire(webhook, Some(&secret)), None).await
        }
        Err(error) => {
            entered.error = Some(refused(reader.words, error)?);
            Ok(reader.page_with(&all(&api, &reader, entered).await?, StatusCode::UNPROCESSABLE_ENTITY))
        }
    }
}

#[derive(Debug, Deserialize)]
struct Asked {
    after: Option<i64>,
}

async fn one(
    State(api): State<Api>,
    reader: Reader,
    Path(id): Path<String>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(Asked { after }) = asked.map_err(|_| Code::InvalidValue)?;
    let id = read(&id)?;
    let found = api.webhooks.all().await?.into_iter().find(|webhook| webhook.id == id);
    let one = seen_by(&reader.actor, wire(found.ok_or(Code::WebhookNotFound)?, None));
    if reader.view.is_file(TABLE) {
        let by = api.clone();
        return api.downloads.send(TABLE, move |after| of_file(by.clone(), reader.clone(), one.clone(), after)).await;
    }
    page(&api, &reader, one, after).await
}

/// A page of the file of what it was told.
async fn of_file(
    api: Api,
    reader: Reader,
    one: WebhookResponse,
    after: Option<i64>,
) -> Result<(Table, Option<i64>), ApiError> {
    let (page, next) = filled(&api, &reader, one, after).await?;
    Ok((page.table(), next))
}

async fn page(api: &Api, reader: &Reader, one: WebhookResponse, after: Option<i64>) -> Result<Response, ApiError> {
    let (page, _) = filled(api, reader, one, after).await?;
    Ok(reader.page(&page))
}

/// The page of one, and where what it was told goes on.
async fn filled(
    api: &Api,
    reader: &Reader,
    one: WebhookResponse,
    after: Option<i64>,
) -> Result<(Webhook, Option<i64>), ApiError> {
    let (deliveries, next) = api.webhooks.deliveries(read(&one.id)?, after).await?;
    let listing = Listing {
        is_later: after.is_some(),
        next: next.map(|next| next.to_string()),
        ..Listing::within(format!("{PATH}/{}", one.id), TABLE)
    };
    let page = Webhook {
        one,
        deliveries: deliveries.into_iter().map(delivery).collect(),
        listing,
        may_change: reader.may(Permission::ManageOperations),
        csrf: reader.csrf.clone(),
        view: reader.view.clone(),
        words: reader.words,
    };
    Ok((page, next))
}

async fn test(State(api): State<Api>, reader: Reader, Path(id): Path<String>) -> Result<Response, ApiError> {
    let id = read(&id)?;
    api.webhooks.test(id).await?;
    Ok(reader.done(&format!("{PATH}/{id}"), "panel-done-webhook-test"))
}

/// Tells it again what was given up.
async fn replay(
    State(api): State<Api>,
    reader: Reader,
    act: Act,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let id = read(&id)?;
    act.detail(json!({ "failed": true }));
    let replayed = api.webhooks.replay_failed(id).await?;
    tracing::info!(webhook = %id, count = replayed.count, "an administrator has a webhook told again");
    let done = if replayed.count == 0 { "panel-done-webhook-nothing" } else { "panel-done-webhook-replay" };
    Ok(reader.done(&format!("{PATH}/{id}"), done))
}

async fn rotate(State(api): State<Api>, reader: Reader, Path(id): Path<String>) -> Result<Response, ApiError> {
    let (webhook, secret) = api.webhooks.rotate(read(&id)?).await?;
    tracing::info!(webhook = %webhook.id, "an administrator rotates a webhook's secret");
    page(&api, &reader, wire(webhook, Some(&secret)), None).await
}

async fn enable(
    State(api): State<Api>,
    reader: Reader,
    act: Act,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    switch(&api, &reader, &act, &id, true).await
}

async fn disable(
    State(api): State<Api>,
    reader: Reader,
    act: Act,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    switch(&api, &reader, &act, &id, false).await
}

async fn switch(api: &Api, reader: &Reader, act: &Act, id: &str, enabled: bool) -> Result<Response, ApiError> {
    act.detail(json!({ "enabled": enabled }));
    let wish = Wish { enabled: Some(enabled), ..Wish::default() };
    let webhook = api.webhooks.change(read(id)?, wish).await?;
    tracing::info!(webhook = %webhook.id, enabled, "an administrator changes a webhook");
    let done = if enabled { "panel-done-webhook-on" } else { "panel-done-webhook-off" };
    Ok(reader.done(&format!("{PATH}/{}", webhook.id), done))
}

async fn remove(State(api): State<Api>, reader: Reader, Path(id): Path<String>) -> Result<Response, ApiError> {
    let webhook = api.webhooks.remove(read(&id)?).await?;
    tracing::info!(webhook = %webhook.id, "an administrator removes a webhook");
    Ok(reader.done(PATH, "panel-done-webhook-removed"))
}

/// Why none was made, in words; the error itself where it is none of what was entered.
fn refused(words: Words, error: WebhookError) -> Result<String, ApiError> {
    let key = match &error {
        WebhookError::UrlRefused(Refused::NotPlain) => "panel-webhook-wrong-url",
        WebhookError::UrlRefused(Refused::NotEncrypted(_)) => "panel-webhook-wrong-plain",
        WebhookError::UrlRefused(Refused::NotPublic(_)) => "panel-webhook-wrong-inside",
        WebhookError::UrlRefused(Refused::Unknown(_)) => "panel-webhook-wrong-unknown",
        WebhookError::Invalid { field: "webhooks", .. } => "panel-webhook-wrong-many",
        _ => return Err(error.into()),
    };
    Ok(words.say(key))
}
