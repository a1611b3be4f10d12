//! What stands before a person's routes: the token, then the limit, before a byte of the body is read.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use evolve_contract::Code;

use crate::{
    auth::token::{Holder, TokenError},
    chat,
    extract::{AppLanguage, Handle, Person},
    limits::{self, Rule},
    problem::ApiError,
    proofs::{self, Proof},
    state::Api,
};

/// A rule, and what is needed to apply it.
#[derive(Clone, Debug)]
pub struct Guard {
    /// The API.
    pub api: Api,
    /// What this route counts as.
    pub rule: Rule,
}

/// Lets a request through that has a valid token and is within its person's limit.
pub async fn guard(State(Guard { api, rule }): State<Guard>, mut request: Request, next: Next) -> Response {
    let Holder { person, language, handle, by_bot: _ } = match authenticate(&api, request.headers()) {
        Ok(holder) => holder,
        Err((error, is_guess)) => {
            let (parts, _) = request.into_parts();
            let address = proofs::address(&api, &parts);
            let error = if is_guess { proofs::failed(&api, Proof::Token, address, error).await } else { error };
            return error.into_response();
        }
    };
    let (window, limit, now) = (rule.of_person(person), api.limits.of(rule), api.clock.now());
    let decision = match rule {
        Rule::Chat | Rule::Aside => {
            // A key that is not valid makes no repeat; the handler refuses it.
            let key = chat::idempotency_key(request.headers()).ok().flatten();
            api.redis.limits().take_message(&window, limit, key.as_deref(), now).await
        }
        _ => api.redis.limits().take(&window, limit, now).await,
    };
    if !decision.allowed {
        return limits::refusal(&decision);
    }
    request.extensions_mut().insert(Person(person));
    request.extensions_mut().insert(AppLanguage(language));
    request.extensions_mut().insert(Handle(handle));
    let mut response = next.run(request).await;
    limits::announce(&decision, response.headers_mut());
    response
}

/// Whose token is shown, or why there is none, and whether something was shown that is wrong.
pub(crate) fn authenticate(api: &Api, headers: &HeaderMap) -> Result<Holder, (ApiError, bool)> {
    let unauthorized = |detail: String| ApiError::new(Code::Unauthorized).detail(detail);
    let refuse = |detail: String| (unauthorized(detail), false);
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(refuse("one Authorization header with a bearer token is needed".to_owned()));
    };
    let (scheme, token) = value.to_str().ok().and_then(|value| value.split_once(' ')).unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refuse("the Authorization header must hold a bearer token".to_owned()));
    }
    let verified = api.tokens.verify(token.trim(), api.clock.now());
    verified.map_err(|error| (unauthorized(error.to_string()), error == TokenError::Invalid))
}
