//! `/api/v1/admin/flags`: what is switched off, or given to some people first, while everything runs.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
};
use evolve_contract::flags::{FlagChange, FlagData, FlagHistoryResponse, FlagUpdate, FlagsQuery, FlagsResponse};
use evolve_domain::{flags::Rollout, plan::Plan};
use evolve_engine::steering::{FlagState, Turning};
use evolve_store::flags::Change;
use serde_json::json;

use super::invalid;
use crate::{access::Actor, audit::Act, extract::JsonBody, openapi::problems, problem::ApiError, state::Api};

problems!(ListProblems: Forbidden, InvalidValue, RateLimited, DatabaseUnavailable);
problems!(HistoryProblems: Forbidden, FlagNotFound, RateLimited, DatabaseUnavailable);
problems!(
    TurnProblems: InvalidBody, Forbidden, FlagNotFound, BodyTooLarge, UnsupportedMediaType, InvalidValue, RateLimited,
    DatabaseUnavailable,
);

/// Every flag, and for whom it is on.
#[utoipa::path(
    get, path = "/api/v1/admin/flags", tag = "operation", security(("service_key" = [])), params(FlagsQuery),
    responses((status = 200, description = "The flags", body = FlagsResponse), ListProblems),
)]
pub async fn list(
    State(api): State<Api>,
    _: Actor,
    query: Result<Query<FlagsQuery>, QueryRejection>,
) -> Result<Json<FlagsResponse>, ApiError> {
    let Query(FlagsQuery { person }) = query.map_err(|_| invalid("person is a Telegram id"))?;
    let plan = match person {
        Some(person) => api.store.people().by_id(person, api.clock.now()).await?.map(|listed| listed.plan),
        None => None,
    };
    let states = api.engine.flags().await.map_err(|error| ApiError::of_steering(error, api.clock.now()))?;
    let flags = states.into_iter().map(|state| {
        let has = person.map(|person| {
            // Where it is asked for, somebody's plan may not be known.
            let plan = plan.filter(|_| state.flag.knows_plan());
            api.engine.has_flag(&state, person, plan)
        });
        FlagData { has, ..flag(state) }
    });
    Ok(Json(FlagsResponse { flags: flags.collect() }))
}

/// Turns a flag: in force at once in the replica that answers, and in a moment in all.
#[utoipa::path(
    put, path = "/api/v1/admin/flags/{flag}", tag = "operation", security(("service_key" = [])),
    params(("flag" = String, Path, description = "Its name")),
    request_body = FlagUpdate,
    responses((status = 200, description = "How it stands", body = FlagData), TurnProblems),
)]
pub async fn turn(
    State(api): State<Api>,
    actor: Actor,
    act: Act,
    Path(name): Path<String>,
    JsonBody(update): JsonBody<FlagUpdate>,
) -> Result<Json<FlagData>, ApiError> {
    let FlagUpdate { percent, plan, people, note } = update;
    let plan: Option<Plan> =
        plan.map(|plan| plan.parse().map_err(|_| invalid("plan: must be free or premium"))).transpose()?;
    let named = people.as_ref().map(Vec::len);
    act.detail(json!({ "percent": percent, "plan": plan.map(Plan::as_str), "people": named }));
    let turning = Turning { percent, plan, people: people.as_deref(), note: &note, by: &actor.name() };
    let turned = api.engine.turn_flag(&name, turning, &act.entry()).await;
    let state = turned.map_err(|error| ApiError::of_steering(error, api.clock.now()))?;
    tracing::info!(flag = %state.flag, percent, "an administrator turns a flag");
    Ok(Json(flag(state)))
}

/// How a flag was turned, newest first.
#[utoipa::path(
    get, path = "/api/v1/admin/flags/{flag}/history", tag = "operation", security(("service_key" = [])),
    params(("flag" = String, Path, description = "Its name")),
    responses((status = 200, description = "The changes", body = FlagHistoryResponse), HistoryProblems),
)]
pub async fn history(
    State(api): State<Api>,
    _: Actor,
    Path(name): Path<String>,
) -> Result<Json<FlagHistoryResponse>, ApiError> {
    let changes = api.engine.flag_history(&name).await;
    let changes = changes.map_err(|error| ApiError::of_steering(error, api.clock.now()))?;
    Ok(Json(FlagHistoryResponse { changes: changes.into_iter().map(change).collect() }))
}

fn flag(FlagState { flag, turned }: FlagState) -> FlagData {
    let Rollout { percent, plan } = turned.as_ref().map(|turned| turned.rollout).unwrap_or_default();
    FlagData {
        name: flag.as_str().to_owned(),
        description: flag.description().to_owned(),
        percent,
        plan: plan.map(|plan| plan.as_str().to_owned()),
        knows_plan: flag.knows_plan(),
        people: turned.as_ref().and_then(|turned| u32::try_from(turned.people.len()).ok()).unwrap_or_default(),
        updated_at: turned.as_ref().map(|turned| turned.updated_at),
        updated_by: turned.map(|turned| turned.updated_by),
        has: None,
    }
}

pub(crate) fn change(change: Change) -> FlagChange {
    let Change { id: _, percent, plan, people, note, changed_at, changed_by } = change;
    FlagChange {
        percent: u8::try_from(percent).unwrap_or_default(),
        plan,
        people: u32::try_from(people).unwrap_or_default(),
        note,
        changed_at,
        changed_by,
    }
}
