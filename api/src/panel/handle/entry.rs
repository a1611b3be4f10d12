//! Signing in: name and password, the second factor, the issuer; and signing out.

use axum::{
    Router,
    extract::{Query, State, rejection::QueryRejection},
    http::{StatusCode, request::Parts},
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use evolve_contract::Code;
use evolve_engine::access::{AccessError, Entered, SignedIn};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use super::{
    Reader,
    door::{self, Door, Filled},
    reader::append,
};
use crate::{
    access::{SIGN_IN, cookies, origin, tried},
    panel::{
        forms::{SignInForm, own_path},
        pages::entry::{Refusal, Step},
        respond,
    },
    problem::ApiError,
    proofs::Proof,
    state::Api,
};

/// The routes.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/admin/panel/sign-in", get(show).post(send))
        .route("/admin/panel/sign-in/elsewhere", get(elsewhere))
        .route("/admin/panel/oidc/callback", get(callback))
        .route("/admin/panel/sign-out", post(sign_out))
}

#[derive(Debug, Default, Deserialize)]
struct Way {
    #[serde(default)]
    step: String,
    next: Option<String>,
}

async fn show(State(api): State<Api>, parts: Parts, way: Result<Query<Way>, QueryRejection>) -> Response {
    let Query(way) = way.unwrap_or_default();
    let mut door = Door::of(&parts.headers);
    if let Some(next) = &way.next {
        door.leads_to(next);
    }
    // The other steps are for who has come so far.
    let step = if door.pending.is_some() { Step::named(&way.step) } else { Step::Password };
    door.page(&api, &parts.headers, step, None)
}

async fn send(State(api): State<Api>, parts: Parts, Filled(form): Filled<SignInForm>) -> Result<Response, ApiError> {
    let Some(mut door) = Door::behind(&parts.headers, &form.csrf) else {
        let refusal = if cookies::is_door_lost(&parts.headers) { Refusal::Https } else { Refusal::Stale };
        return Ok(door::begin_again(&api, &parts.headers, refusal, StatusCode::FORBIDDEN));
    };
    door.leads_to(&form.next);
    match (Step::named(&form.step), door.pending.clone()) {
        (Step::Password, _) => password(&api, &parts, door, &form).await,
        (step, Some(pending)) => second_factor(&api, &parts, door, (step, &pending), &form).await,
        (_, None) => Ok(door::begin_again(&api, &parts.headers, Refusal::Stale, StatusCode::UNAUTHORIZED)),
    }
}

async fn password(api: &Api, parts: &Parts, mut door: Door, form: &SignInForm) -> Result<Response, ApiError> {
    let origin = origin(api, parts);
    let known = api.access.at_home(&form.name, &origin).await?;
    let sign_in = api.access.sign_in(&form.name, &form.password, &origin);
    let signed_in = match tried(api, parts, (Proof::Password, known), sign_in).await {
        Ok(signed_in) => signed_in,
        Err(error) => {
            let refusal = refused(&error, Refusal::Wrong).ok_or(error)?;
            return Ok(door.page_for(api, &parts.headers, Step::Password, Some(refusal), &form.name));
        }
    };
    Ok(match signed_in {
        SignedIn::Entered(entered) => go_in(api, parts, &door.next, &entered),
        SignedIn::NeedsCode(pending) => {
            door.pending = Some(pending.expose_secret().to_owned());
            let next = utf8_percent_encode(&door.next, NON_ALPHANUMERIC);
            let step = Step::SecondFactor.as_str();
            door.keep(&parts.headers, respond::go_to(&format!("{SIGN_IN}?step={step}&next={next}")))
        }
        SignedIn::MustEnrol(token) => {
            let token = utf8_percent_encode(token.expose_secret(), NON_ALPHANUMERIC);
            door.keep(&parts.headers, respond::go_to(&format!("/admin/panel/welcome?token={token}")))
        }
    })
}

async fn second_factor(
    api: &Api,
    parts: &Parts,
    door: Door,
    (step, pending): (Step, &str),
    form: &SignInForm,
) -> Result<Response, ApiError> {
    let origin = origin(api, parts);
    let code = form.code.expose_secret();
    // Their password was right.
    let known = api.access.pending(pending);
    let tried = tried(api, parts, (Proof::Password, known), async {
        match api.access.second_factor(pending, code, &origin).await {
            // What has run out is no guess.
            Err(AccessError::Expired) => Ok(None),
            done => done.map(Some),
        }
    });
    match tried.await {
        Ok(Some(entered)) => Ok(go_in(api, parts, &door.next, &entered)),
        Ok(None) => Ok(door::begin_again(api, &parts.headers, Refusal::Stale, StatusCode::UNAUTHORIZED)),
        Err(error) => {
            let refusal = refused(&error, Refusal::WrongCode).ok_or(error)?;
            Ok(door.page(api, &parts.headers, step, Some(refusal)))
        }
    }
}

/// Why they were not let in, with the status that says so; nothing for what is no refusal.
fn refused(error: &ApiError, wrong: Refusal) -> Option<(Refusal, StatusCode)> {
    match error.code() {
        Code::Unauthorized => Some((wrong, StatusCode::UNAUTHORIZED)),
        Code::RateLimited => Some((Refusal::Wait(error.waits().unwrap_or(1)), StatusCode::TOO_MANY_REQUESTS)),
        _ => None,
    }
}

fn go_in(api: &Api, parts: &Parts, next: &str, entered: &Entered) -> Response {
    door::inside(api, &parts.headers, entered, respond::go_to(own_path(next)))
}

/// Sends somebody to the issuer.
async fn elsewhere(State(api): State<Api>, parts: Parts) -> Result<Response, ApiError> {
    let start = match api.access.begin_oidc().await {
        Ok(start) => start,
        Err(AccessError::Issuer(reason)) => return Ok(not_there(&api, &parts, &reason)),
        Err(error) => return Err(error.into()),
    };
    let mut response = respond::private(Redirect::to(start.url.as_str()).into_response());
    append(&mut response, cookies::give_oidc(&parts.headers, &start.kept));
    Ok(response)
}

#[derive(Debug, Default, Deserialize)]
struct Back {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
}

/// Somebody comes back from the issuer.
async fn callback(
    State(api): State<Api>,
    parts: Parts,
    back: Result<Query<Back>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(back) = back.unwrap_or_default();
    let kept = cookies::oidc(&parts.headers).unwrap_or_default();
    let done = if back.code.is_empty() {
        Err(AccessError::Issuer("it sent somebody back without a code".to_owned()))
    } else {
        api.access.finish_oidc(kept.expose_secret(), &back.state, &back.code, &origin(&api, &parts)).await
    };
    let turned = |refusal, status| door::begin_again(&api, &parts.headers, refusal, status);
    let mut response = match done {
        Ok(entered) => go_in(&api, &parts, &Door::of(&parts.headers).next, &entered),
        Err(AccessError::Wrong | AccessError::Expired) => turned(Refusal::Stale, StatusCode::UNAUTHORIZED),
        Err(AccessError::NoRole) => turned(Refusal::NotMapped, StatusCode::FORBIDDEN),
        Err(AccessError::Issuer(reason)) => not_there(&api, &parts, &reason),
        Err(error) => return Err(error.into()),
    };
    append(&mut response, cookies::take_oidc(&parts.headers));
    Ok(response)
}

fn not_there(api: &Api, parts: &Parts, reason: &str) -> Response {
    tracing::warn!(reason, "somebody could not be let in by the issuer");
    door::begin_again(api, &parts.headers, Refusal::Elsewhere, StatusCode::FORBIDDEN)
}

async fn sign_out(State(api): State<Api>, reader: Reader, parts: Parts) -> Result<Response, ApiError> {
    if let Some(session) = reader.actor.session() {
        api.access.sign_out(session, &origin(&api, &parts)).await?;
    }
    let mut response = respond::go_to(SIGN_IN);
    append(&mut response, cookies::take_session(&parts.headers));
    Ok(response)
}
