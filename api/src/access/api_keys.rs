//! `/api/v1/admin/api-keys`: keys of other systems.

use axum::{
    Json,
    extract::{Path, State},
};
use evolve_contract::{
    Code,
    access::{ApiKeyRequest, ApiKeyResponse, ApiKeysResponse},
};
use evolve_domain::access::{Permission, Permissions};
use evolve_store::access::ApiKey;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::{Actor, accounts::read};
use crate::{audit::Act, extract::JsonBody, openapi::problems, problem::ApiError, state::Api};

problems!(ListProblems: Forbidden, RateLimited, DatabaseUnavailable);
problems!(
    CreateProblems: InvalidBody, Forbidden, BodyTooLarge, UnsupportedMediaType, InvalidValue, RateLimited,
    DatabaseUnavailable,
);
problems!(RevokeProblems: Forbidden, AccessNotFound, RateLimited, DatabaseUnavailable);

/// Every key, those that do not work any more too.
#[utoipa::path(
    get, path = "/api/v1/admin/api-keys", tag = "access", security(("service_key" = [])),
    responses((status = 200, description = "Newest first", body = ApiKeysResponse), ListProblems),
)]
pub async fn list(State(api): State<Api>) -> Result<Json<ApiKeysResponse>, ApiError> {
    let keys = api.access.keys().await?.into_iter().map(|key| wire(key, None)).collect();
    Ok(Json(ApiKeysResponse { keys }))
}

/// Makes a key for another system. The answer shows it, once.
#[utoipa::path(
    post, path = "/api/v1/admin/api-keys", tag = "access", security(("service_key" = [])),
    request_body = ApiKeyRequest,
    responses((status = 200, description = "The key", body = ApiKeyResponse), CreateProblems),
)]
pub async fn create(
    State(api): State<Api>,
    actor: Actor,
    act: Act,
    JsonBody(wish): JsonBody<ApiKeyRequest>,
) -> Result<Json<ApiKeyResponse>, ApiError> {
    let ApiKeyRequest { name, scopes, expires_at } = wish;
    let scopes: Result<Permissions, String> = scopes.iter().map(|scope| scope.parse::<Permission>()).collect();
    let scopes = scopes.map_err(|_| {
        let names: Vec<&str> = Permission::ALL.iter().filter(|one| one.is_scope()).map(|one| one.as_str()).collect();
        ApiError::new(Code::InvalidValue).detail(format!("scopes: each of {}", names.join(", ")))
    })?;
    act.detail(json!({ "scopes": names(scopes), "expires_at": expires_at }));
    let (made, key) = api.access.create_key(&name, scopes, expires_at, &actor.name()).await?;
    act.detail(json!({ "api_key": made.id, "scopes": names(scopes), "expires_at": expires_at }));
    Ok(Json(wire(made, Some(&key))))
}

/// Revokes a key: it opens nothing any more.
#[utoipa::path(
    delete, path = "/api/v1/admin/api-keys/{api_key_id}", tag = "access", security(("service_key" = [])),
    params(("api_key_id" = String, Path, description = "Its id")),
    responses((status = 200, description = "As it is now", body = ApiKeyResponse), RevokeProblems),
)]
pub async fn revoke(State(api): State<Api>, _: Act, Path(id): Path<String>) -> Result<Json<ApiKeyResponse>, ApiError> {
    Ok(Json(wire(api.access.revoke_key(read(&id)?).await?, None)))
}

pub(crate) fn names(permissions: Permissions) -> Vec<String> {
    permissions.iter().map(|permission| permission.to_string()).collect()
}

fn wire(key: ApiKey, shown: Option<&SecretString>) -> ApiKeyResponse {
    ApiKeyResponse {
        id: key.id.to_string(),
        name: key.name,
        hint: key.hint,
        scopes: names(key.scopes),
        created_by: key.created_by,
        created_at: key.created_at,
        expires_at: key.expires_at,
        last_used_at: key.last_used_at,
        revoked_at: key.revoked_at,
        key: shown.map(|key| key.expose_secret().to_owned()),
    }
}
