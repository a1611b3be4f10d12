//! `POST /auth`: a token for one person, to a caller that proves itself: our bot with its service key, or a Telegram Web
//! App with the `initData` that Telegram signed for it.

pub mod init_data;
pub mod token;

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use axum::{
    Json,
    extract::{ConnectInfo, FromRequest as _, Request, State},
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use evolve_contract::{
    Code,
    auth::{AuthRequest, AuthResponse, SERVICE_KEY_HEADER, USERNAME_HEADER},
};
use evolve_domain::language::Language;
use evolve_engine::{people::is_handle, profiles::ProfileError};
use evolve_runtime::secrets;
use secrecy::SecretString;
use subtle::{Choice, ConstantTimeEq as _};

use self::init_data::InitDataError;
use crate::{
    auth::token::Holder,
    extract::{AppLanguage, JsonBody},
    limits::{self, Rule},
    openapi::problems,
    problem::ApiError,
    proofs::{self, Proof},
    state::Api,
};

/// The highest Telegram id of a person: Telegram promises at most 52 significant bits.
const MAX_USER_ID: i64 = (1 << 52) - 1;
/// How long a token, or a first message, may wait for the language of its person to be written down.
const PATIENCE: Duration = Duration::from_secs(2);

problems!(AuthProblems: InvalidBody, Forbidden, BodyTooLarge, UnsupportedMediaType, InvalidValue, RateLimited);

/// A token for one person.
///
/// Give `user_id` together with the service key, or `init_data` alone. The token is good for one hour. Whoever comes by `init_data`
/// and has no settings yet is spoken to in the language of their app, as far as it is spoken here.
#[utoipa::path(
    post, path = "/auth", tag = "auth",
    request_body = AuthRequest,
    params(
        ("x-service-key" = Option<String>, Header, description = "The key that proves that the caller is our own bot"),
        ("x-telegram-username" = Option<String>, Header, description = "From our own bot: the person's @name, without the `@`, or nothing. A keyed hash of it is kept."),
    ),
    responses((status = 200, description = "The token", body = AuthResponse), AuthProblems),
)]
pub async fn auth(State(api): State<Api>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    let headers = request.headers().clone();
    let ConnectInfo(peer) = peer;
    let address = limits::caller(peer.ip(), &headers, api.proxy_hops);
    let shown = service_key(&headers, &api.service_key);
    if let Some(is_right) = shown
        && let Err(refused) = proofs::admit_key(&api, is_right, address)
    {
        return refused.into_response();
    }
    if shown == Some(false) {
        let wrong = forbidden("the service key is not valid");
        let refused = async { Err(proofs::failed(&api, Proof::ServiceKey, Some(address), wrong).await) };
        return limited(&api, &Rule::Auth.of_address(address), refused).await;
    }
    let is_bot = shown.is_some();
    let body = JsonBody::<AuthRequest>::from_request(request, &api).await.map(|JsonBody(body)| body);
    let key = match &body {
        Ok(AuthRequest { user_id: Some(user_id), .. }) if is_bot => Rule::Auth.of_person(*user_id),
        _ => Rule::Auth.of_address(address),
    };
    limited(&api, &key, async {
        let body = body?;
        let told = headers.get(USERNAME_HEADER).filter(|_| is_bot).and_then(|name| name.to_str().ok());
        issue(&api, is_bot, &body, told, address).await
    })
    .await
}

/// Runs `work` if the window of `key` lets it through; its answer tells of the window either way.
async fn limited(api: &Api, key: &str, work: impl Future<Output = Result<Response, ApiError>>) -> Response {
    let decision = api.redis.limits().take(key, api.limits.of(Rule::Auth), api.clock.now()).await;
    if !decision.allowed {
        return limits::refusal(&decision);
    }
    let mut response = work.await.unwrap_or_else(ApiError::into_response);
    limits::announce(&decision, response.headers_mut());
    response
}

async fn issue(
    api: &Api,
    is_bot: bool,
    body: &AuthRequest,
    told_name: Option<&str>,
    address: IpAddr,
) -> Result<Response, ApiError> {
    let (user_id, language_code, name) = match (&body.user_id, &body.init_data) {
        (Some(user_id), None) if is_bot => (*user_id, None, told_name.map(str::to_owned)),
        (Some(_), None) => return Err(forbidden("a token by user_id needs the X-Service-Key header")),
        (None, Some(init_data)) => {
            let bot_token = api
                .bot_token
                .as_ref()
                .ok_or_else(|| forbidden("this API knows no bot token to check init_data with"))?;
            let user = match init_data::verify(init_data, bot_token, api.clock.now()) {
                Ok(user) => user,
                Err(error @ InitDataError::BadSignature) => {
                    let wrong = forbidden(&error.to_string());
                    return Err(proofs::failed(api, Proof::InitData, Some(address), wrong).await);
                }
                Err(error) => return Err(forbidden(&error.to_string())),
            };
            // Telegram tells it of everybody who has one.
            (user.id, user.language_code, Some(user.username.unwrap_or_default()))
        }
        _ => return Err(ApiError::new(Code::InvalidValue).detail("give either user_id or init_data")),
    };
    if !(1..=MAX_USER_ID).contains(&user_id) {
        return Err(ApiError::new(Code::InvalidValue).detail("user_id is not a Telegram id of a person"));
    }
    let language = language_code.map(|code| Language::from_telegram(Some(&code)));
    if let Some(language) = language {
        told(api.profiles.meet(user_id, language)).await;
    }
    // The name itself goes no further.
    let hashed = |name: String| match name.as_str() {
        "" => Some(String::new()),
        name => Some(name).filter(|name| is_handle(name)).and_then(|name| api.store.people().handle(name)),
    };
    let by_bot = body.user_id.is_some();
    let holder = Holder { person: user_id, language, handle: name.and_then(hashed), by_bot };
    let access_token = api.tokens.issue(holder, api.clock.now()).map_err(|error| {
        tracing::error!(%error, "a token could not be signed");
        ApiError::new(Code::Internal)
    })?;
    let expires_in = u64::try_from(token::LIFETIME.num_seconds()).unwrap_or_default();
    Ok(Json(AuthResponse { access_token, token_type: "bearer".to_owned(), expires_in }).into_response())
}

/// Our bot gives whoever writes to it first the language of their app; whoever comes by the Web App first has it from their
/// token, when they first speak. To ask for a token is not to come: whoever was removed stays so until then.
pub(crate) async fn welcome(api: &Api, person: i64, AppLanguage(language): AppLanguage) {
    if let Some(language) = language {
        told(api.profiles.welcome(person, language)).await;
    }
}

/// Nobody is kept out because their language cannot be written down now: their next token, or message, does it.
async fn told(written: impl Future<Output = Result<(), ProfileError>>) {
    match tokio::time::timeout(PATIENCE, written).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the language of a Web App's person could not be written down"),
        Err(error) => tracing::warn!(%error, "the language of a Web App's person could not be written down in time"),
    }
}

fn forbidden(detail: &str) -> ApiError {
    ApiError::new(Code::Forbidden).detail(detail)
}

/// Whether a service key is there and right: any of those that `expected` holds. Compared in constant time; only lengths can be learnt.
pub(crate) fn service_key(headers: &HeaderMap, expected: &SecretString) -> Option<bool> {
    let mut values = headers.get_all(SERVICE_KEY_HEADER).iter();
    let given = values.next()?;
    let is_key = |key: &str| given.as_bytes().ct_eq(key.as_bytes());
    let equal = secrets::keys(expected).fold(Choice::from(0), |found, key| found | is_key(key));
    Some(bool::from(equal) && values.next().is_none())
}
