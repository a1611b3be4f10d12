//! `/api/v1/admin/api-users`: who looks at the statistics with a name and a password.

use axum::{
    Json,
    extract::{Path, State},
};
use evolve_contract::access::{ApiUsersResponse, RegisterResponse};
use evolve_store::access::ApiUser;

use super::accounts::read;
use crate::{audit::Act, openapi::problems, problem::ApiError, state::Api};

problems!(ListProblems: Forbidden, RateLimited, DatabaseUnavailable);
problems!(RemoveProblems: Forbidden, AccessNotFound, RateLimited, DatabaseUnavailable);

/// Everybody who was registered.
#[utoipa::path(
    get, path = "/api/v1/admin/api-users", tag = "access", security(("service_key" = [])),
    responses((status = 200, description = "By name", body = ApiUsersResponse), ListProblems),
)]
pub async fn list(State(api): State<Api>) -> Result<Json<ApiUsersResponse>, ApiError> {
    Ok(Json(ApiUsersResponse { users: api.access.api_users().await?.into_iter().map(wire).collect() }))
}

/// Removes somebody who was registered. On other replicas their name and password may open for a minute more.
#[utoipa::path(
    delete, path = "/api/v1/admin/api-users/{api_user_id}", tag = "access", security(("service_key" = [])),
    params(("api_user_id" = String, Path, description = "Their id")),
    responses((status = 200, description = "Who it was", body = RegisterResponse), RemoveProblems),
)]
pub async fn remove(
    State(api): State<Api>,
    _: Act,
    Path(id): Path<String>,
) -> Result<Json<RegisterResponse>, ApiError> {
    Ok(Json(wire(api.access.remove_api_user(read(&id)?).await?)))
}

pub(super) fn wire(user: ApiUser) -> RegisterResponse {
    RegisterResponse { id: user.id.to_string(), username: user.username, created_at: user.created_at }
}
