//! The first visit, by a one-time link: a password and a second factor are chosen, and recovery codes shown, once.

use axum::{
    Router,
    extract::{Query, State, rejection::QueryRejection},
    http::{StatusCode, request::Parts},
    response::Response,
    routing::get,
};
use evolve_contract::Code;
use evolve_engine::access::{AccessError, FactorOffer, Welcomed};
use evolve_store::access::Account;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::{
    door::{self, Door, Filled},
    failing,
};
use crate::{
    access::{cookies, origin, tried},
    panel::{
        forms::{WelcomeForm, own_path},
        pages::entry::{RecoveryCodes, Refusal, Welcome},
        respond,
        words::Words,
    },
    problem::ApiError,
    proofs::Proof,
    state::Api,
};

/// Under which name apps keep the second factor.
pub const ISSUER: &str = "EvolveAI";

/// The routes.
pub fn routes() -> Router<Api> {
    Router::new().route("/admin/panel/welcome", get(show).post(send))
}

#[derive(Debug, Default, Deserialize)]
struct Link {
    #[serde(default)]
    token: SecretString,
}

/// What is wrong with what was typed.
#[derive(Debug, Default)]
struct Wrong {
    password: Option<String>,
    code: Option<String>,
}

async fn show(
    State(api): State<Api>,
    parts: Parts,
    link: Result<Query<Link>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(Link { token }) = link.unwrap_or_default();
    let Some(account) = account(&api, &token).await? else { return Ok(over(&api, &parts)) };
    let offer = api.access.offer_factor(ISSUER, &account)?;
    Ok(page(&api, &parts, (&account, &token), &offer, (Wrong::default(), StatusCode::OK)))
}

/// Whose link it is, while it holds. Nobody finds 256 bits by trying, so none is counted.
async fn account(api: &Api, token: &SecretString) -> Result<Option<Account>, ApiError> {
    match api.access.linked(token.expose_secret()).await {
        Ok(account) => Ok(Some(account)),
        Err(AccessError::Expired) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn over(api: &Api, parts: &Parts) -> Response {
    door::begin_again(api, &parts.headers, Refusal::Link, StatusCode::UNAUTHORIZED)
}

fn page(
    api: &Api,
    parts: &Parts,
    (account, token): (&Account, &SecretString),
    offer: &FactorOffer,
    (wrong, status): (Wrong, StatusCode),
) -> Response {
    let (door, words) = (Door::of(&parts.headers), failing::words(api, &parts.headers));
    let page = Welcome {
        token: token.expose_secret().to_owned(),
        csrf: door.csrf(),
        name: account.name.clone(),
        factor: offer.sealed.expose_secret().to_owned(),
        otpauth: offer.uri.expose_secret().to_owned(),
        secret: offer.secret.expose_secret().to_owned(),
        is_factor_required: api.access.must_have_second_factor(account) && !account.has_second_factor,
        password_error: wrong.password,
        code_error: wrong.code,
        words,
    };
    door.keep(&parts.headers, respond::at_door(words, &page, status))
}

async fn send(State(api): State<Api>, parts: Parts, Filled(form): Filled<WelcomeForm>) -> Result<Response, ApiError> {
    let words = failing::words(&api, &parts.headers);
    let Some(account) = account(&api, &form.token).await? else { return Ok(over(&api, &parts)) };
    let wrong = match Door::behind(&parts.headers, &form.csrf) {
        None if cookies::is_door_lost(&parts.headers) => {
            Wrong { code: Some(words.say("panel-refused-https")), ..Wrong::default() }
        }
        None => Wrong { code: Some(words.say("panel-refused-stale")), ..Wrong::default() },
        Some(_) if form.password.expose_secret() != form.again.expose_secret() => {
            Wrong { password: Some(words.say("panel-password-differs")), ..Wrong::default() }
        }
        Some(door) => match choose(&api, &parts, &form).await {
            Ok(Ok(welcomed)) => return Ok(welcome(&api, &parts, words, &door, &welcomed)),
            Ok(Err(error)) => wrong_of(error, words)?,
            Err(error) => wrong_code(error, words)?,
        },
    };
    let offer = api.access.offer_again(ISSUER, &account, form.factor.expose_secret())?;
    Ok(page(&api, &parts, (&account, &form.token), &offer, (wrong, StatusCode::UNPROCESSABLE_ENTITY)))
}

/// Uses the link up. Inside is what is no guess.
async fn choose(api: &Api, parts: &Parts, form: &WelcomeForm) -> Result<Result<Welcomed, AccessError>, ApiError> {
    let (origin, code) = (origin(api, parts), form.code.expose_secret().trim());
    let factor = (!code.is_empty()).then(|| (form.factor.expose_secret(), code));
    tried(api, parts, (Proof::Password, None), async {
        match api.access.welcome(form.token.expose_secret(), &form.password, factor, &origin).await {
            Err(error @ (AccessError::Wrong | AccessError::Refused(_))) => Err(error),
            done => Ok(done),
        }
    })
    .await
}

fn wrong_of(error: AccessError, words: Words) -> Result<Wrong, ApiError> {
    let code = |key: &str| Wrong { code: Some(words.say(key)), ..Wrong::default() };
    Ok(match error {
        // The link holds, or nobody had come so far: so it is the picture that is too old.
        AccessError::Expired => code("panel-refused-stale"),
        AccessError::SecondFactorNeeded => code("panel-factor-needed"),
        AccessError::Invalid { .. } => Wrong { password: Some(words.say("panel-password-weak")), ..Wrong::default() },
        error => return Err(error.into()),
    })
}

fn wrong_code(error: ApiError, words: Words) -> Result<Wrong, ApiError> {
    let said = match error.code() {
        Code::Unauthorized => words.say("panel-refused-code"),
        Code::RateLimited => words.count("panel-refused-wait", error.waits().unwrap_or(1)),
        _ => return Err(error),
    };
    Ok(Wrong { code: Some(said), ..Wrong::default() })
}

fn welcome(api: &Api, parts: &Parts, words: Words, door: &Door, welcomed: &Welcomed) -> Response {
    let next = own_path(&door.next).to_owned();
    let response = if welcomed.recovery_codes.is_empty() {
        respond::go_to(&next)
    } else {
        let codes = welcomed.recovery_codes.iter().map(|code| code.expose_secret().to_owned()).collect();
        respond::at_door(words, &RecoveryCodes { codes, next, words }, StatusCode::OK)
    };
    door::inside(api, &parts.headers, &welcomed.entered, response)
}
