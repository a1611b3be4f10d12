//! What somebody shows, and who they are by it. Exactly one proof: of two it would be for us to choose whose act it is.

use axum::{
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use evolve_contract::{
    Code,
    auth::{API_KEY_HEADER, SERVICE_KEY_HEADER},
};
use evolve_domain::access::{Permission, Permissions};
use evolve_engine::access::{AccessError, KEY_PREFIX};
use evolve_store::access::{Account, ApiKey};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use super::{Actor, Who, cookies, routes::Named, tried};
use crate::{
    auth::{self, token::TokenError},
    limits,
    problem::ApiError,
    proofs::{self, Proof},
    router::REQUEST_LIMIT,
    state::Api,
};

/// What Basic is asked with, where it opens.
const BASIC: &str = "Basic realm=\"evolve\", charset=\"UTF-8\"";

/// Why nobody was found.
#[derive(Debug)]
pub enum Refused {
    /// Nothing was shown.
    Nothing,
    /// What was shown does not hold.
    Invalid(ApiError),
    /// It holds, and opens nothing here; or it could not be found out.
    Other(ApiError),
}

impl Refused {
    /// Whether it is not known who asks.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Nothing | Self::Invalid(_))
    }

    /// The answer; a browser asks for a name and a password where those open something.
    #[must_use]
    pub fn into_response(self, takes_basic: bool) -> Response {
        let error = match self {
            Self::Nothing if takes_basic => ApiError::new(Code::Unauthorized),
            Self::Nothing => ApiError::new(Code::Forbidden).detail(
                "this needs the X-Service-Key header, a key in X-API-Key, a session, or a linked person's token",
            ),
            Self::Invalid(error) | Self::Other(error) => error,
        };
        let mut response = error.into_response();
        if takes_basic && response.headers().contains_key(header::WWW_AUTHENTICATE) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(BASIC));
        }
        response
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self::Other(error)
    }
}

/// One proof, as it was shown.
enum Shown {
    ServiceKey(bool),
    ApiKey(SecretString),
    Token(SecretString),
    Basic(String, SecretString),
    Session(SecretString),
}

/// Who shows what these parts show. It takes no longer than a handler may: this is done outside of their limit.
///
/// # Errors
/// [`Refused`].
pub async fn find(api: &Api, named: &Named, parts: &Parts) -> Result<Actor, Refused> {
    let found = tokio::time::timeout(REQUEST_LIMIT, found(api, named, parts)).await;
    found.unwrap_or_else(|_| Err(ApiError::new(Code::Timeout).into()))
}

async fn found(api: &Api, named: &Named, parts: &Parts) -> Result<Actor, Refused> {
    let mut shown = shown(api, &parts.headers)?;
    let one = match (shown.pop(), shown.pop()) {
        (Some(one), None) => one,
        (None, _) => return Err(Refused::Nothing),
        (Some(_), Some(_)) => {
            let detail = "show one proof: a key, a token or a session, not two of them";
            return Err(Refused::Invalid(unauthorized(detail)));
        }
    };
    match one {
        Shown::ServiceKey(is_right) => service_key(api, is_right, parts).await,
        Shown::ApiKey(key) => api_key(api, &key, parts).await,
        Shown::Token(token) => token_of_person(api, &token, parts).await,
        Shown::Basic(name, password) if named.takes_basic => basic(api, &name, &password, parts).await,
        Shown::Basic(..) => {
            Err(ApiError::new(Code::Forbidden).detail("a name and a password open the statistics alone").into())
        }
        Shown::Session(token) => session(api, named, &token, parts).await,
    }
}

/// Whether whom these headers were found to be of would be found by them again, and may do the same. To ask is no use of a session.
///
/// # Errors
/// Of the store.
pub async fn holds(api: &Api, headers: &HeaderMap, actor: &Actor) -> Result<bool, AccessError> {
    if let Some(live) = actor.session() {
        return api.access.holds(live).await;
    }
    let shown = shown(api, headers).ok().and_then(|mut shown| shown.pop());
    let found = match shown {
        // It is the same for as long as the process lives.
        Some(Shown::ServiceKey(is_right)) => return Ok(is_right),
        Some(Shown::ApiKey(key)) => api.access.key(key.expose_secret()).await?.map(of_key),
        Some(Shown::Token(token)) => match api.tokens.verify(token.expose_secret(), api.clock.now()) {
            Ok(holder) => api.access.account_of_person(holder.person).await?.map(of_account),
            Err(_) => None,
        },
        Some(Shown::Basic(..) | Shown::Session(_)) | None => None,
    };
    Ok(found.as_ref() == Some(actor))
}

/// Everything that is shown.
fn shown(api: &Api, headers: &HeaderMap) -> Result<Vec<Shown>, Refused> {
    let mut shown = Vec::new();
    shown.extend(auth::service_key(headers, &api.service_key).map(Shown::ServiceKey));
    for value in headers.get_all(API_KEY_HEADER) {
        let key = value.to_str().map_err(|_| Refused::Invalid(unauthorized("the key is not valid")))?;
        shown.push(Shown::ApiKey(key.trim().into()));
    }
    for value in headers.get_all(header::AUTHORIZATION) {
        shown.push(authorization(value)?);
    }
    shown.extend(cookies::session(headers).map(Shown::Session));
    Ok(shown)
}

fn authorization(value: &HeaderValue) -> Result<Shown, Refused> {
    let invalid =
        || Refused::Invalid(unauthorized("the Authorization header must hold a bearer token, a key, or Basic"));
    let (scheme, value) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(invalid)?;
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        let secret = SecretString::from(value);
        return Ok(if value.starts_with(KEY_PREFIX) { Shown::ApiKey(secret) } else { Shown::Token(secret) });
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(invalid());
    }
    let pair = BASE64.decode(value).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(invalid)?;
    let (name, password) = pair.split_once(':').ok_or_else(invalid)?;
    Ok(Shown::Basic(name.to_owned(), password.into()))
}

async fn service_key(api: &Api, is_right: bool, parts: &Parts) -> Result<Actor, Refused> {
    let address = proofs::address(api, parts);
    if let Some(address) = address {
        proofs::admit_key(api, is_right, address)?;
    }
    if !is_right {
        let error = ApiError::new(Code::Forbidden).detail("the service key is not valid");
        return Err(proofs::failed(api, Proof::ServiceKey, address, error).await.into());
    }
    // Of the keys that open, the one that was shown: while one takes the place of another, each is called as ever.
    let shown = parts.headers.get(SERVICE_KEY_HEADER).map(HeaderValue::as_bytes).unwrap_or_default();
    Ok(Actor { who: Who::ServiceKey(hash_of(shown)), permissions: Permissions::all() })
}

/// Of the key, which has at least 32 letters, nobody gets anything back from these eight digits; but two keys are told apart.
fn hash_of(service_key: &[u8]) -> String {
    let hash = Sha256::new().chain_update("audit-actor:").chain_update(service_key).finalize();
    hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

async fn api_key(api: &Api, shown: &SecretString, parts: &Parts) -> Result<Actor, Refused> {
    let (shown, address) = (shown.expose_secret(), proofs::address(api, parts));
    let Some(key) = proofs::look_up(api, (Proof::ApiKey, shown), address, api.access.key(shown)).await? else {
        let error = unauthorized("the key is not valid, was revoked, or is over");
        return Err(Refused::Invalid(proofs::failed(api, Proof::ApiKey, address, error).await));
    };
    Ok(of_key(key))
}

fn of_key(key: ApiKey) -> Actor {
    Actor { who: Who::ApiKey(key.id), permissions: key.scopes }
}

async fn token_of_person(api: &Api, shown: &SecretString, parts: &Parts) -> Result<Actor, Refused> {
    let holder = match api.tokens.verify(shown.expose_secret(), api.clock.now()) {
        Ok(holder) => holder,
        Err(error) => {
            let answer = unauthorized(&error.to_string());
            let answer = match error {
                TokenError::Invalid => proofs::failed(api, Proof::Token, proofs::address(api, parts), answer).await,
                TokenError::Expired => answer,
            };
            return Err(Refused::Invalid(answer));
        }
    };
    // Whoever talks with the bot has such a token, and most of them run nothing.
    let (person, address) = (holder.person.to_string(), proofs::address(api, parts));
    let look = api.access.account_of_person(holder.person);
    let Some(account) = proofs::look_up(api, (Proof::Token, &person), address, look).await? else {
        return Err(ApiError::new(Code::Forbidden).detail("no account is linked to this person").into());
    };
    Ok(of_account(account))
}

fn of_account(account: Account) -> Actor {
    let permissions = account.role.permissions();
    Actor { who: Who::Account { id: account.id, name: account.name, role: account.role, session: None }, permissions }
}

async fn basic(api: &Api, name: &str, password: &SecretString, parts: &Parts) -> Result<Actor, Refused> {
    let address = proofs::address(api, parts).map(limits::block);
    let (access, address) = (&api.access, address.as_deref());
    let mut found = tried(api, parts, (Proof::Basic, None), access.api_user(name, password, address)).await;
    // Others from there guess: who was right a moment ago is served.
    if let Err(error) = &found
        && error.code() == Code::RateLimited
        && let Some(id) = access.remembered_api_user(name, password, address).await
    {
        found = Ok(id);
    }
    match found {
        Ok(id) => Ok(Actor { who: Who::ApiUser(id), permissions: [Permission::Numbers].into_iter().collect() }),
        Err(error) if error.code() == Code::Unauthorized => Err(Refused::Invalid(error)),
        Err(error) => Err(error.into()),
    }
}

async fn session(api: &Api, named: &Named, token: &SecretString, parts: &Parts) -> Result<Actor, Refused> {
    let (token, address) = (token.expose_secret(), proofs::address(api, parts));
    let look = async {
        if named.is_live() { api.access.session_unused(token).await } else { api.access.session(token).await }
    };
    let Some(live) = proofs::look_up(api, (Proof::Session, token), address, look).await? else {
        // It was right, most likely, and is no guess.
        return Err(Refused::Invalid(unauthorized("the session is over: sign in again")));
    };
    let permissions = live.role.permissions();
    Ok(Actor {
        who: Who::Account { id: live.account, name: live.name.clone(), role: live.role, session: Some(live) },
        permissions,
    })
}

fn unauthorized(detail: &str) -> ApiError {
    ApiError::new(Code::Unauthorized).detail(detail)
}
