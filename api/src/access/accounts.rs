//! `/api/v1/admin/accounts`: who runs the bot.

use axum::{
    Json,
    extract::{Path, State},
};
use evolve_contract::{
    Code,
    access::{AccountRequest, AccountResponse, AccountUpdate, AccountsResponse},
};
use evolve_domain::access::Role;
use evolve_store::access::{Account, Change};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use uuid::Uuid;

use crate::{audit::Act, extract::JsonBody, openapi::problems, problem::ApiError, state::Api};

problems!(ListProblems: Forbidden, RateLimited, DatabaseUnavailable);
problems!(
    CreateProblems: InvalidBody, NameTaken, Forbidden, BodyTooLarge, UnsupportedMediaType, InvalidValue, RateLimited,
    DatabaseUnavailable,
);
problems!(
    ChangeProblems: InvalidBody, Forbidden, AccessNotFound, LastOwner, BodyTooLarge, UnsupportedMediaType, InvalidValue,
    RateLimited, DatabaseUnavailable,
);
problems!(ResetProblems: Forbidden, AccessNotFound, InvalidValue, RateLimited, DatabaseUnavailable);

/// The page of one-time links.
pub(crate) const WELCOME: &str = "/admin/panel/welcome?token=";

/// Who runs the bot.
#[utoipa::path(
    get, path = "/api/v1/admin/accounts", tag = "access", security(("service_key" = [])),
    responses((status = 200, description = "All of them", body = AccountsResponse), ListProblems),
)]
pub async fn list(State(api): State<Api>) -> Result<Json<AccountsResponse>, ApiError> {
    let accounts = api.access.accounts().await?.into_iter().map(|account| wire(account, None)).collect();
    Ok(Json(AccountsResponse { accounts }))
}

/// Makes an account. The answer has the link by which a password and a second factor are chosen, once, within an hour.
#[utoipa::path(
    post, path = "/api/v1/admin/accounts", tag = "access", security(("service_key" = [])),
    request_body = AccountRequest,
    responses((status = 200, description = "The account, with its link", body = AccountResponse), CreateProblems),
)]
pub async fn create(
    State(api): State<Api>,
    act: Act,
    JsonBody(wish): JsonBody<AccountRequest>,
) -> Result<Json<AccountResponse>, ApiError> {
    let role = role(&wish.role)?;
    act.detail(json!({ "role": role.as_str() }));
    let (account, token) = api.access.create(&wish.name, role).await?;
    act.detail(json!({ "account": account.id, "role": role.as_str() }));
    Ok(Json(wire(account, Some(&token))))
}

/// Changes what somebody may do, whether they can come in, and whose bearer tokens are theirs.
#[utoipa::path(
    patch, path = "/api/v1/admin/accounts/{account_id}", tag = "access", security(("service_key" = [])),
    params(("account_id" = String, Path, description = "Its id")), request_body = AccountUpdate,
    responses((status = 200, description = "How it stands", body = AccountResponse), ChangeProblems),
)]
pub async fn update(
    State(api): State<Api>,
    act: Act,
    Path(id): Path<String>,
    JsonBody(wish): JsonBody<AccountUpdate>,
) -> Result<Json<AccountResponse>, ApiError> {
    let AccountUpdate { role: wished, enabled, telegram_id } = wish;
    let wished = wished.as_deref().map(role).transpose()?;
    let linked = telegram_id.map(|id| id != 0);
    act.detail(json!({ "role": wished.map(Role::as_str), "enabled": enabled, "linked": linked }));
    let telegram_id = telegram_id.map(|id| (id != 0).then_some(id));
    let account = api.access.change(read(&id)?, Change { role: wished, enabled, telegram_id }).await?;
    Ok(Json(wire(account, None)))
}

/// Lets somebody in again who lost their password or their second factor: with a new link. Nothing of before holds any more, and nobody's
/// bearer tokens are theirs. Who comes by an issuer is let in again there.
#[utoipa::path(
    post, path = "/api/v1/admin/accounts/{account_id}/reset", tag = "access", security(("service_key" = [])),
    params(("account_id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The account, with its link", body = AccountResponse), ResetProblems),
)]
pub async fn reset(State(api): State<Api>, _: Act, Path(id): Path<String>) -> Result<Json<AccountResponse>, ApiError> {
    let (account, token) = api.access.reset(read(&id)?).await?;
    Ok(Json(wire(account, Some(&token))))
}

/// What an id of the path names.
pub(super) fn read(id: &str) -> Result<Uuid, ApiError> {
    id.parse().map_err(|_| ApiError::new(Code::AccessNotFound))
}

fn role(name: &str) -> Result<Role, ApiError> {
    name.parse().map_err(|_| ApiError::new(Code::InvalidValue).detail("role: owner, admin, analyst or support"))
}

fn wire(account: Account, link: Option<&SecretString>) -> AccountResponse {
    AccountResponse {
        id: account.id.to_string(),
        name: account.name,
        role: account.role.to_string(),
        enabled: account.disabled_at.is_none(),
        has_password: account.has_password,
        has_second_factor: account.has_second_factor,
        is_external: account.is_external,
        telegram_id: account.telegram_id,
        created_at: account.created_at,
        seen_at: account.seen_at,
        link: link.map(|token| format!("{WELCOME}{}", token.expose_secret())),
    }
}
