//! `/api/v1/admin/prompts`: who the companion is and how it speaks, written while everything runs, seen before it is used, and taken
//! back.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
};
use evolve_contract::prompts::{
    PromptChoice, PromptChosen, PromptData, PromptPreviewRequest, PromptPreviewResponse, PromptQuery, PromptRequest,
    PromptResponse, PromptVersion, PromptsResponse,
};
use evolve_domain::{language::Language, relationship::Level};
use evolve_engine::{
    prompt::overrides::Named,
    steering::{Preview, PromptState, Sample, Shown, SteeringError},
};
use evolve_store::prompts::Version;
use serde_json::json;

use super::invalid;
use crate::{access::Actor, audit::Act, extract::JsonBody, openapi::problems, problem::ApiError, state::Api};

problems!(ListProblems: Forbidden, RateLimited, DatabaseUnavailable);
problems!(OneProblems: Forbidden, PromptNotFound, InvalidValue, RateLimited, DatabaseUnavailable);
problems!(
    WriteProblems: InvalidBody, Forbidden, PromptNotFound, BodyTooLarge, UnsupportedMediaType, InvalidValue, RateLimited,
    DatabaseUnavailable,
);
problems!(
    PreviewProblems: InvalidBody, Forbidden, PromptNotFound, BodyTooLarge, UnsupportedMediaType, InvalidValue, ModelBlocked,
    RateLimited, ModelFailed, ModelUnavailable, DatabaseUnavailable,
);

/// Highest level of a relationship.
const MAX_LEVEL: u8 = 10;

/// Every prompt that can be written, and which version of it is used.
#[utoipa::path(
    get, path = "/api/v1/admin/prompts", tag = "operation", security(("service_key" = [])),
    responses((status = 200, description = "The prompts", body = PromptsResponse), ListProblems),
)]
pub async fn list(State(api): State<Api>, _: Actor) -> Result<Json<PromptsResponse>, ApiError> {
    let prompts = api.engine.prompts().await.map_err(|error| problem(&api, error))?;
    Ok(Json(PromptsResponse { prompts: prompts.into_iter().map(data).collect() }))
}

/// A prompt, with its versions.
#[utoipa::path(
    get, path = "/api/v1/admin/prompts/{prompt}", tag = "operation", security(("service_key" = [])),
    params(("prompt" = String, Path, description = "Its name"), PromptQuery),
    responses((status = 200, description = "The prompt", body = PromptResponse), OneProblems),
)]
pub async fn get(
    State(api): State<Api>,
    _: Actor,
    Path(name): Path<String>,
    query: Result<Query<PromptQuery>, QueryRejection>,
) -> Result<Json<PromptResponse>, ApiError> {
    let Query(PromptQuery { before }) = query.map_err(|_| invalid("before is the `older` of another page"))?;
    let Shown { state, content, configured, versions, older } =
        api.engine.prompt(&name, before).await.map_err(|error| problem(&api, error))?;
    let versions = versions.into_iter().map(version).collect();
    Ok(Json(PromptResponse { prompt: data(state), content, configured, versions, older }))
}

/// Writes a version of a prompt, which is used from now on: at once by the replica that answers, and in a moment by all.
#[utoipa::path(
    post, path = "/api/v1/admin/prompts/{prompt}", tag = "operation", security(("service_key" = [])),
    params(("prompt" = String, Path, description = "Its name")),
    request_body = PromptRequest,
    responses((status = 200, description = "The version", body = PromptChosen), WriteProblems),
)]
pub async fn write(
    State(api): State<Api>,
    actor: Actor,
    act: Act,
    Path(name): Path<String>,
    JsonBody(PromptRequest { content, note }): JsonBody<PromptRequest>,
) -> Result<Json<PromptChosen>, ApiError> {
    act.detail(json!({ "prompt": known(&name), "characters": content.chars().count() }));
    let written = api.engine.write_prompt(&name, &content, &note, &actor.name(), &act.entry()).await;
    let version = written.map_err(|error| problem(&api, error))?;
    tracing::info!(prompt = name, version, "an administrator writes a prompt");
    Ok(Json(PromptChosen { name, version: Some(version) }))
}

/// Has a version used that was written before; or what is configured.
#[utoipa::path(
    post, path = "/api/v1/admin/prompts/{prompt}/current", tag = "operation", security(("service_key" = [])),
    params(("prompt" = String, Path, description = "Its name")),
    request_body = PromptChoice,
    responses((status = 200, description = "The version", body = PromptChosen), WriteProblems),
)]
pub async fn choose(
    State(api): State<Api>,
    actor: Actor,
    act: Act,
    Path(name): Path<String>,
    JsonBody(PromptChoice { version }): JsonBody<PromptChoice>,
) -> Result<Json<PromptChosen>, ApiError> {
    act.detail(json!({ "prompt": known(&name), "version": version }));
    let chosen = api.engine.choose_prompt(&name, version, &actor.name(), &act.entry()).await;
    chosen.map_err(|error| problem(&api, error))?;
    tracing::info!(prompt = name, version, "an administrator chooses a version of a prompt");
    Ok(Json(PromptChosen { name, version }))
}

/// What a model would be told of a sample person; and, with `message`, what one answers to it. Nothing is kept.
#[utoipa::path(
    post, path = "/api/v1/admin/prompts/{prompt}/preview", tag = "operation", security(("service_key" = [])),
    params(("prompt" = String, Path, description = "Its name")),
    request_body = PromptPreviewRequest,
    responses((status = 200, description = "What it would be", body = PromptPreviewResponse), PreviewProblems),
)]
pub async fn preview(
    State(api): State<Api>,
    _: Actor,
    Path(name): Path<String>,
    JsonBody(request): JsonBody<PromptPreviewRequest>,
) -> Result<Json<PromptPreviewResponse>, ApiError> {
    let PromptPreviewRequest { content, language, level, message } = request;
    let language: Option<Language> =
        language.map(|code| code.parse().map_err(|_| invalid("language: is not one that is spoken"))).transpose()?;
    let level = level.unwrap_or(1);
    if !(1..=MAX_LEVEL).contains(&level) {
        return Err(invalid("level: must be 1 to 10"));
    }
    let sample = Sample { content: content.as_deref(), language, level: Level::at(level), message: message.as_deref() };
    let Preview { system, tokens, answer, model } =
        api.engine.preview_prompt(&name, sample).await.map_err(|error| problem(&api, error))?;
    Ok(Json(PromptPreviewResponse { system, tokens, answer, model }))
}

fn problem(api: &Api, error: SteeringError) -> ApiError {
    ApiError::of_steering(error, api.clock.now())
}

/// A name for the log, which holds nothing that anybody made up.
fn known(name: &str) -> Option<&str> {
    evolve_engine::prompt::overrides::is_known(name).then_some(name)
}

fn data(PromptState { named, version }: PromptState) -> PromptData {
    let Named { name, description } = named;
    PromptData { name, description, version }
}

fn version(version: Version) -> PromptVersion {
    let Version { version, content, note, author, created_at } = version;
    PromptVersion { version, content, note, author, created_at }
}
