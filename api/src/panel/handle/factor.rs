//! Another second factor for one's own account: offered as a picture, and taken with the first code of it and one's password.

use axum::{
    Router,
    extract::State,
    http::{StatusCode, request::Parts},
    response::Response,
    routing::get,
};
use evolve_contract::Code;
use evolve_engine::access::{AccessError, FactorOffer};
use evolve_store::access::Account;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::{Reader, account, door::Filled, welcome::ISSUER};
use crate::{
    access::{origin, tried},
    panel::pages::{entry::RecoveryCodes, factor::Factor},
    problem::ApiError,
    proofs::Proof,
    state::Api,
};

/// Its routes.
pub fn routes() -> Router<Api> {
    Router::new().route("/admin/panel/account/factor", get(show).post(take))
}

async fn show(State(api): State<Api>, reader: Reader) -> Result<Response, ApiError> {
    let account = whose(&api, &reader).await?;
    let offer = api.access.offer_factor(ISSUER, &account)?;
    Ok(page(&reader, &offer, (None, StatusCode::OK)))
}

/// Whose it is. Who comes by an issuer has theirs there.
async fn whose(api: &Api, reader: &Reader) -> Result<Account, ApiError> {
    let account = api.access.account(account::own(reader)?).await?;
    if account.has_password { Ok(account) } else { Err(Code::Forbidden.into()) }
}

fn page(reader: &Reader, offer: &FactorOffer, (wrong, status): (Option<String>, StatusCode)) -> Response {
    let page = Factor {
        factor: offer.sealed.expose_secret().to_owned(),
        otpauth: offer.uri.expose_secret().to_owned(),
        secret: offer.secret.expose_secret().to_owned(),
        wrong,
        csrf: reader.csrf.clone(),
        words: reader.words,
    };
    reader.page_with(&page, status)
}

#[derive(Debug, Deserialize)]
struct FactorForm {
    /// What was offered, sealed.
    factor: SecretString,
    current: SecretString,
    code: SecretString,
}

/// The recovery codes that come with it are on the page that answers, and nowhere else.
async fn take(
    State(api): State<Api>,
    reader: Reader,
    parts: Parts,
    Filled(form): Filled<FactorForm>,
) -> Result<Response, ApiError> {
    let account = whose(&api, &reader).await?;
    let (origin, words) = (origin(&api, &parts), reader.words);
    let offered = (form.factor.expose_secret(), form.code.expose_secret().trim());
    let change = tried(&api, &parts, (Proof::Password, Some(account.id)), async {
        match api.access.change_factor(account.id, &form.current, offered, &origin).await {
            // The picture is too old, which is no guess.
            Err(AccessError::Expired) => Ok(None),
            done => done.map(Some),
        }
    });
    let wrong = match change.await {
        Ok(Some(codes)) => {
            let codes = codes.iter().map(|code| code.expose_secret().to_owned()).collect();
            return Ok(reader.page(&RecoveryCodes { codes, next: account::PATH.to_owned(), words }));
        }
        Ok(None) => words.say("panel-refused-stale"),
        Err(error) => match error.code() {
            Code::Unauthorized => words.say("panel-factor-wrong"),
            Code::RateLimited => words.count("panel-refused-wait", error.waits().unwrap_or(1)),
            _ => return Err(error),
        },
    };
    let offer = api.access.offer_again(ISSUER, &account, form.factor.expose_secret())?;
    Ok(page(&reader, &offer, (Some(wrong), StatusCode::UNPROCESSABLE_ENTITY)))
}
