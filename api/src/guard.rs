//! What stands before a person's routes: the token, then the limit, before a byte of the body is read.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use evolve_contract::Code;

use crate::{
    auth::token::Holder,
    chat,
    extract::{AppLanguage, Person},
    limits::{self, Rule},
    problem::ApiError,
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
    let Holder { person, language } = match authenticate(&api, request.headers()) {
        Ok(holder) => holder,
        Err(error) => return error.into_response(),
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
    let mut response = next.run(request).await;
    limits::announce(&decision, response.headers_mut());
    response
}

fn authenticate(api: &Api, headers: &HeaderMap) -> Result<Holder, ApiError> {
    let refuse = |detail: String| ApiError::new(Code::Unauthorized).detail(detail);
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(refuse("one Authorization header with a bearer token is needed".to_owned()));
    };
    let (scheme, token) = value.to_str().ok().and_then(|value| value.split_once(' ')).unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refuse("the Authorization header must hold a bearer token".to_owned()));
    }
    api.tokens.verify(token.trim(), api.clock.now()).map_err(|error| refuse(error.to_string()))
}
