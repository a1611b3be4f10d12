//! `/api/v1/auth`: registering to see the statistics, as seed 004 has it, and who one is.

use std::net::IpAddr;

use axum::{
    Json,
    extract::{FromRequest as _, Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use evolve_contract::{
    Code,
    access::{MeResponse, RegisterRequest, RegisterResponse},
};
use evolve_engine::access::{AccessError, Origin};
use secrecy::SecretString;

use super::{Actor, Who, api_keys::names, api_users::wire, origin};
use crate::{
    extract::JsonBody,
    limits::{self, Rule},
    openapi::problems,
    problem::ApiError,
    proofs::{self, Proof},
    state::Api,
};

problems!(
    RegisterProblems: InvalidBody, NameTaken, Forbidden, BodyTooLarge, UnsupportedMediaType, InvalidValue, RateLimited,
    DatabaseUnavailable,
);
problems!(MeProblems: Unauthorized, Forbidden, RateLimited, DatabaseUnavailable);

/// Registers somebody who has the token for it: with the name and the password they see the statistics, by HTTP Basic.
#[utoipa::path(
    post, path = "/api/v1/auth/register", tag = "auth", request_body = RegisterRequest,
    responses((status = 201, description = "They are registered", body = RegisterResponse), RegisterProblems),
)]
pub async fn register(State(api): State<Api>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let address = proofs::address(&api, &parts);
    let origin = origin(&api, &parts);
    if let Some(address) = address {
        let window = Rule::Auth.of_address(address);
        let decision = api.redis.limits().take(&window, api.limits.of(Rule::Auth), api.clock.now()).await;
        if !decision.allowed {
            return limits::refusal(&decision);
        }
        if let Err(refused) = proofs::admit(&api, Proof::Registration, address) {
            return refused.into_response();
        }
    }
    let registered = registered(&api, Request::from_parts(parts, body), address, &origin).await;
    registered.unwrap_or_else(ApiError::into_response)
}

async fn registered(
    api: &Api,
    request: Request,
    address: Option<IpAddr>,
    origin: &Origin,
) -> Result<Response, ApiError> {
    let JsonBody(wish) = JsonBody::<RegisterRequest>::from_request(request, api).await?;
    let (token, password) = (SecretString::from(wish.admin_token), SecretString::from(wish.password));
    match api.access.register(&token, &wish.username, &password, origin).await {
        Ok(user) => Ok((StatusCode::CREATED, Json(wire(user))).into_response()),
        Err(AccessError::Wrong) => {
            let error = ApiError::new(Code::Forbidden).detail("the admin_token is not valid");
            Err(proofs::failed(api, Proof::Registration, address, error).await)
        }
        Err(error) => Err(error.into()),
    }
}

/// Who asks, and what they may do.
#[utoipa::path(
    get, path = "/api/v1/auth/me", tag = "auth", security(("basic" = [])),
    responses((status = 200, description = "Who", body = MeResponse), MeProblems),
)]
pub async fn me(State(api): State<Api>, actor: Actor) -> Json<MeResponse> {
    let csrf_token = actor.session().map(|session| api.access.csrf(session.id));
    let (name, role) = match &actor.who {
        Who::Account { name, role, .. } => (Some(name.clone()), Some(role.to_string())),
        _ => (None, None),
    };
    Json(MeResponse { actor: actor.name(), name, role, permissions: names(actor.permissions), csrf_token })
}
