//! `/deletion`: removal after a time to think.

use axum::{
    Json,
    extract::{Request, State},
};
use evolve_contract::deletion::{DeletionCancelled, DeletionRequest, DeletionResponse};

use crate::{
    extract::{Own, Person, own_body},
    openapi::problems,
    problem::ApiError,
    state::Api,
};

problems!(
    ReadProblems: Unauthorized, Forbidden, InvalidValue, RateLimited, DatabaseUnavailable,
);
problems!(
    WriteProblems: InvalidBody, Unauthorized, Forbidden, ProfileNotFound, BodyTooLarge, UnsupportedMediaType,
    InvalidValue, RateLimited, DatabaseUnavailable,
);

/// Whether and when a person is to be removed.
#[utoipa::path(
    get, path = "/deletion/{user_id}", tag = "profile", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "The token's own person")),
    responses((status = 200, description = "When, if at all", body = DeletionResponse), ReadProblems),
)]
pub async fn get(State(api): State<Api>, Own(person): Own) -> Result<Json<DeletionResponse>, ApiError> {
    Ok(Json(DeletionResponse { user_id: person, due_at: api.deletions.pending(person).await? }))
}

/// Asks for a removal in some days, instead of one that was asked for before.
#[utoipa::path(
    post, path = "/deletion", tag = "profile", security(("bearer" = [])),
    request_body = DeletionRequest,
    responses((status = 200, description = "When it will be", body = DeletionResponse), WriteProblems),
)]
pub async fn ask(
    State(api): State<Api>,
    Person(person): Person,
    request: Request,
) -> Result<Json<DeletionResponse>, ApiError> {
    let DeletionRequest { days, .. } = own_body(&api, person, request, |body: &DeletionRequest| body.user_id).await?;
    Ok(Json(DeletionResponse { user_id: person, due_at: Some(api.deletions.ask(person, days).await?) }))
}

/// Cancels it.
#[utoipa::path(
    delete, path = "/deletion/{user_id}", tag = "profile", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "The token's own person")),
    responses((status = 200, description = "Whether there was one", body = DeletionCancelled), ReadProblems),
)]
pub async fn cancel(State(api): State<Api>, Own(person): Own) -> Result<Json<DeletionCancelled>, ApiError> {
    Ok(Json(DeletionCancelled { user_id: person, cancelled: api.deletions.cancel(person).await? }))
}
