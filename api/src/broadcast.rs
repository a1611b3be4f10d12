//! `/api/v1/admin/broadcast`: what is said to many. For whoever runs the bot: see `access::routes`. The path is seed 001's.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
};
use evolve_contract::{
    Code,
    broadcast::{
        BroadcastAudience, BroadcastPreviewRequest, BroadcastPreviewResponse, BroadcastProgress, BroadcastRequest,
        BroadcastResponse, BroadcastState, BroadcastsResponse, ShownEntity, ShownText,
    },
};
use evolve_domain::{broadcast::Audience, language::Language, markup::Shown, plan::Plan};
use evolve_engine::broadcasts::Speech;
use evolve_store::broadcasts::{Broadcast, State as Stands};
use serde::Deserialize;
use uuid::Uuid;

use crate::{access::Actor, extract::JsonBody, openapi::problems, problem::ApiError, state::Api};

problems!(ListProblems: Forbidden, InvalidValue, RateLimited, DatabaseUnavailable);
problems!(ReadProblems: Forbidden, BroadcastNotFound, RateLimited, DatabaseUnavailable);
problems!(ChangeProblems: Forbidden, BroadcastNotFound, BroadcastState, RateLimited, DatabaseUnavailable);
problems!(
    WriteProblems: InvalidBody, Forbidden, BodyTooLarge, UnsupportedMediaType, InvalidValue, IdempotencyKeyReused,
    RateLimited, DatabaseUnavailable,
);
problems!(
    PreviewProblems: InvalidBody, Forbidden, BodyTooLarge, UnsupportedMediaType, InvalidValue, RateLimited, DatabaseUnavailable,
);

const MAX_KEY_LENGTH: usize = 64;

/// Which page.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// The `next` of the page before.
    before: Option<Uuid>,
}

/// Says something to many, now or at a time.
///
/// It goes out behind everything that is owed to one person, at four fifths of what Telegram allows at most. Where an
/// answer of Telegram is lost, it is not sent again, and counts as failed; a person is written to twice only where a process or
/// Postgres dies between the sending of it and the writing down. It stops by itself when too many fail.
#[utoipa::path(
    post, path = "/api/v1/admin/broadcast", tag = "operation", security(("service_key" = [])),
    request_body = BroadcastRequest,
    responses((status = 200, description = "How it stands", body = BroadcastResponse), WriteProblems),
)]
pub async fn create(
    State(api): State<Api>,
    _: Actor,
    JsonBody(wish): JsonBody<BroadcastRequest>,
) -> Result<Json<BroadcastResponse>, ApiError> {
    let BroadcastRequest { key, text, translations, audience, send_at } = wish;
    if !is_key(&key) {
        return Err(invalid("key: 1 to 64 Latin letters, digits and signs"));
    }
    let speech = speech(text, translations, audience)?;
    let (broadcast, replayed) = api.broadcasts.create(&key, speech, send_at).await?;
    tracing::info!(broadcast = %broadcast.id, replayed, "an administrator asks for a broadcast");
    Ok(Json(BroadcastResponse { replayed, ..wire(broadcast) }))
}

/// What a broadcast would be: how many people it reaches now, and what they would see.
#[utoipa::path(
    post, path = "/api/v1/admin/broadcast/preview", tag = "operation", security(("service_key" = [])),
    request_body = BroadcastPreviewRequest,
    responses((status = 200, description = "What it would be", body = BroadcastPreviewResponse), PreviewProblems),
)]
pub async fn preview(
    State(api): State<Api>,
    _: Actor,
    JsonBody(wish): JsonBody<BroadcastPreviewRequest>,
) -> Result<Json<BroadcastPreviewResponse>, ApiError> {
    let BroadcastPreviewRequest { text, translations, audience, send_to } = wish;
    if send_to == Some(0) {
        return Err(invalid("send_to: a chat's Telegram id"));
    }
    let preview = api.broadcasts.preview(&speech(text, translations, audience)?, send_to).await?;
    let translations = preview.translations.into_iter().map(|(language, text)| (language.to_string(), shown(text)));
    Ok(Json(BroadcastPreviewResponse {
        people: preview.people,
        text: shown(preview.text),
        translations: translations.collect(),
    }))
}

/// The broadcasts, newest first.
#[utoipa::path(
    get, path = "/api/v1/admin/broadcast", tag = "operation", security(("service_key" = [])), params(Page),
    responses((status = 200, description = "How they stand", body = BroadcastsResponse), ListProblems),
)]
pub async fn list(
    State(api): State<Api>,
    _: Actor,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<BroadcastsResponse>, ApiError> {
    let Query(Page { before }) = page.map_err(|_| invalid("before is the `next` of the page before"))?;
    let (broadcasts, next) = api.broadcasts.list(before).await?;
    let broadcasts = broadcasts.into_iter().map(wire).collect();
    Ok(Json(BroadcastsResponse { broadcasts, next: next.map(|id| id.to_string()) }))
}

/// A broadcast, and how far it has come.
#[utoipa::path(
    get, path = "/api/v1/admin/broadcast/{broadcast_id}", tag = "operation", security(("service_key" = [])),
    params(("broadcast_id" = String, Path, description = "Its id")),
    responses((status = 200, description = "How it stands", body = BroadcastResponse), ReadProblems),
)]
pub async fn get(
    State(api): State<Api>,
    _: Actor,
    Path(id): Path<String>,
) -> Result<Json<BroadcastResponse>, ApiError> {
    Ok(Json(wire(api.broadcasts.get(read(&id)?).await?)))
}

/// Has a broadcast rest. What waits is taken back, what is on its way arrives.
#[utoipa::path(
    post, path = "/api/v1/admin/broadcast/{broadcast_id}/pause", tag = "operation", security(("service_key" = [])),
    params(("broadcast_id" = String, Path, description = "Its id")),
    responses((status = 200, description = "How it stands", body = BroadcastResponse), ChangeProblems),
)]
pub async fn pause(
    State(api): State<Api>,
    _: Actor,
    Path(id): Path<String>,
) -> Result<Json<BroadcastResponse>, ApiError> {
    Ok(changed(api.broadcasts.pause(read(&id)?).await?))
}

/// Has a broadcast go on that is paused, or stopped by itself, within two months.
#[utoipa::path(
    post, path = "/api/v1/admin/broadcast/{broadcast_id}/resume", tag = "operation", security(("service_key" = [])),
    params(("broadcast_id" = String, Path, description = "Its id")),
    responses((status = 200, description = "How it stands", body = BroadcastResponse), ChangeProblems),
)]
pub async fn resume(
    State(api): State<Api>,
    _: Actor,
    Path(id): Path<String>,
) -> Result<Json<BroadcastResponse>, ApiError> {
    Ok(changed(api.broadcasts.resume(read(&id)?).await?))
}

/// Ends a broadcast for good. What waits is taken back, what is on its way arrives.
#[utoipa::path(
    post, path = "/api/v1/admin/broadcast/{broadcast_id}/cancel", tag = "operation", security(("service_key" = [])),
    params(("broadcast_id" = String, Path, description = "Its id")),
    responses((status = 200, description = "How it stands", body = BroadcastResponse), ChangeProblems),
)]
pub async fn cancel(
    State(api): State<Api>,
    _: Actor,
    Path(id): Path<String>,
) -> Result<Json<BroadcastResponse>, ApiError> {
    Ok(changed(api.broadcasts.cancel(read(&id)?).await?))
}

fn changed(broadcast: Broadcast) -> Json<BroadcastResponse> {
    tracing::info!(broadcast = %broadcast.id, state = broadcast.state.as_str(), "an administrator changes a broadcast");
    Json(wire(broadcast))
}

/// Whether one may be asked for under this key.
pub(crate) fn is_key(key: &str) -> bool {
    (1..=MAX_KEY_LENGTH).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

pub(crate) fn read(id: &str) -> Result<Uuid, ApiError> {
    id.parse().map_err(|_| ApiError::new(Code::BroadcastNotFound))
}

fn language(field: &str, code: &str) -> Result<Language, ApiError> {
    code.parse().map_err(|_| invalid(&format!("{field}: use {}", Language::codes())))
}

fn speech(
    text: String,
    translations: BTreeMap<String, String>,
    audience: BroadcastAudience,
) -> Result<Speech, ApiError> {
    let BroadcastAudience { plan, level_from, level_to, languages, active_within_days, silent_for_days } = audience;
    let plan = plan.map(|plan| plan.parse::<Plan>()).transpose();
    let languages: Result<Vec<Language>, ApiError> =
        languages.iter().map(|code| language("audience.languages", code)).collect();
    let translations: Result<BTreeMap<Language, String>, ApiError> = translations
        .into_iter()
        .map(|(code, text)| language("translations", &code).map(|language| (language, text)))
        .collect();
    let audience = Audience {
        plan: plan.map_err(|_| invalid("audience.plan: use free or premium"))?,
        level_from,
        level_to,
        languages: languages?,
        active_within_days,
        silent_for_days,
    };
    Ok(Speech { text, translations: translations?, audience })
}

pub(crate) fn shown(shown: Shown) -> ShownText {
    let entities = shown.entities.into_iter().map(|entity| ShownEntity {
        kind: entity.kind.to_owned(),
        offset: entity.offset,
        length: entity.length,
        value: entity.value,
    });
    ShownText { text: shown.text, entities: entities.collect() }
}

pub(crate) fn wire(broadcast: Broadcast) -> BroadcastResponse {
    let Audience { plan, level_from, level_to, languages, active_within_days, silent_for_days } = broadcast.audience;
    let translations = broadcast.translations.into_iter().map(|(language, text)| (language.to_string(), text));
    BroadcastResponse {
        id: broadcast.id.to_string(),
        key: broadcast.key,
        replayed: false,
        state: match broadcast.state {
            Stands::Scheduled => BroadcastState::Scheduled,
            Stands::Running => BroadcastState::Running,
            Stands::Paused => BroadcastState::Paused,
            Stands::Stopped => BroadcastState::Stopped,
            Stands::Cancelled => BroadcastState::Cancelled,
            Stands::Done => BroadcastState::Done,
        },
        text: broadcast.text,
        translations: translations.collect(),
        audience: BroadcastAudience {
            plan: plan.map(|plan| plan.as_str().to_owned()),
            level_from,
            level_to,
            languages: languages.into_iter().map(|language| language.to_string()).collect(),
            active_within_days,
            silent_for_days,
        },
        send_at: broadcast.send_at,
        created_at: broadcast.created_at,
        began_at: broadcast.began_at,
        halted_at: broadcast.halted_at,
        ended_at: broadcast.ended_at,
        progress: BroadcastProgress {
            chosen: broadcast.chosen,
            all_chosen: broadcast.all_chosen,
            sent: broadcast.sent,
            blocked: broadcast.blocked,
            failed: broadcast.failed,
            waiting: broadcast.waiting,
        },
    }
}

fn invalid(detail: &str) -> ApiError {
    ApiError::new(Code::InvalidValue).detail(detail)
}
