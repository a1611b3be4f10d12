//! One's own account: language, password, recovery codes, sessions.

use axum::{
    Router,
    extract::State,
    http::{StatusCode, request::Parts},
    response::Response,
    routing::{get, post},
};
use evolve_contract::Code;
use evolve_domain::language::Language;
use evolve_engine::access::AccessError;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use uuid::Uuid;

use super::{Reader, access_lines::session_line, door::Filled};
use crate::{
    access::{origin, tried},
    panel::pages::{
        account::{Account, Wrong},
        entry::RecoveryCodes,
    },
    problem::ApiError,
    proofs::Proof,
    state::Api,
};

/// Its address.
pub(super) const PATH: &str = "/admin/panel/account";

/// The routes.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/admin/panel/account", get(show))
        .route("/admin/panel/account/language", post(language))
        .route("/admin/panel/account/password", post(password))
        .route("/admin/panel/account/codes", post(codes))
}

async fn show(State(api): State<Api>, reader: Reader) -> Result<Response, ApiError> {
    page(&api, &reader, (Wrong::default(), StatusCode::OK)).await
}

async fn page(api: &Api, reader: &Reader, (wrong, status): (Wrong, StatusCode)) -> Result<Response, ApiError> {
    let id = own(reader)?;
    let account = api.access.account(id).await?;
    let codes_left = if account.has_second_factor { Some(api.access.recovery_codes_left(id).await?) } else { None };
    let sessions = api.access.sessions(Some(id)).await?;
    let chosen = reader.actor.session().and_then(|session| session.language);
    let page = Account {
        language: chosen.map(|language| language.as_str().to_owned()).unwrap_or_default(),
        languages: Language::ALL.map(|one| (one.as_str().to_owned(), one.name().to_owned())).to_vec(),
        has_password: account.has_password,
        sessions: sessions.into_iter().map(|session| session_line(session, reader.session())).collect(),
        wrong,
        codes_left,
        may_change_factor: account.has_password,
        csrf: reader.csrf.clone(),
        view: reader.view.clone(),
        words: reader.words,
    };
    Ok(reader.page_with(&page, status))
}

/// Whose account it is. A key of another system has none.
pub(super) fn own(reader: &Reader) -> Result<Uuid, ApiError> {
    reader.actor.account().ok_or_else(|| Code::Forbidden.into())
}

#[derive(Debug, Deserialize)]
struct LanguageForm {
    language: String,
}

async fn language(
    State(api): State<Api>,
    reader: Reader,
    Filled(form): Filled<LanguageForm>,
) -> Result<Response, ApiError> {
    let language = match form.language.as_str() {
        "" => None,
        code => Some(code.parse::<Language>().map_err(|_| ApiError::new(Code::InvalidValue))?),
    };
    api.access.speak(own(&reader)?, language).await?;
    Ok(reader.done(PATH, "panel-done-saved"))
}

#[derive(Debug, Deserialize)]
struct PasswordForm {
    current: SecretString,
    password: SecretString,
    again: SecretString,
}

async fn password(
    State(api): State<Api>,
    reader: Reader,
    parts: Parts,
    Filled(form): Filled<PasswordForm>,
) -> Result<Response, ApiError> {
    let (id, words) = (own(&reader)?, reader.words);
    let session = reader.session().ok_or_else(|| ApiError::new(Code::Forbidden))?;
    let of_password = |key: &str| Wrong { password: Some(words.say(key)), ..Wrong::default() };
    let wrong = if form.password.expose_secret() == form.again.expose_secret() {
        let origin = origin(&api, &parts);
        let change = tried(&api, &parts, (Proof::Password, Some(id)), async {
            match api.access.change_password((id, session), &form.current, &form.password, &origin).await {
                Err(AccessError::Invalid { .. }) => Ok(false),
                done => done.map(|()| true),
            }
        });
        match change.await {
            Ok(true) => return Ok(reader.done(PATH, "panel-done-password")),
            Ok(false) => of_password("panel-password-weak"),
            Err(error) => Wrong { current: Some(guessed(error, &reader)?), ..Wrong::default() },
        }
    } else {
        of_password("panel-password-differs")
    };
    page(&api, &reader, (wrong, StatusCode::UNPROCESSABLE_ENTITY)).await
}

#[derive(Debug, Deserialize)]
struct CodesForm {
    current: SecretString,
}

/// The codes are on the page that answers, and nowhere else.
async fn codes(
    State(api): State<Api>,
    reader: Reader,
    parts: Parts,
    Filled(form): Filled<CodesForm>,
) -> Result<Response, ApiError> {
    let (id, origin) = (own(&reader)?, origin(&api, &parts));
    let change = api.access.change_recovery_codes(id, &form.current, &origin);
    match tried(&api, &parts, (Proof::Password, Some(id)), change).await {
        Ok(codes) => {
            let codes = codes.iter().map(|code| code.expose_secret().to_owned()).collect();
            Ok(reader.page(&RecoveryCodes { codes, next: PATH.to_owned(), words: reader.words }))
        }
        Err(error) => {
            let wrong = Wrong { codes: Some(guessed(error, &reader)?), ..Wrong::default() };
            page(&api, &reader, (wrong, StatusCode::UNPROCESSABLE_ENTITY)).await
        }
    }
}

/// What is said of a password that was not the right one.
fn guessed(error: ApiError, reader: &Reader) -> Result<String, ApiError> {
    match error.code() {
        Code::Unauthorized => Ok(reader.words.say("panel-password-wrong")),
        Code::RateLimited => Ok(reader.words.count("panel-refused-wait", error.waits().unwrap_or(1))),
        _ => Err(error),
    }
}
