//! The outermost middleware: names the request, so that what a caller sees, what we log and what they send us in a bug
//! report are one thing; and writes the body of errors.

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use evolve_runtime::{metrics::known_method, traces};
use tracing::{Instrument as _, Span, field};
use uuid::Uuid;

use crate::{auth, guard, language, problem, state::Api};

/// The header that carries the id, both ways.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The header that carries where in a trace the caller is, as the W3C writes it.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Longest id that is taken from a caller.
const MAX_LENGTH: usize = 64;

/// Routes that are asked every few seconds; of these only failures are worth a line.
const PROBES: [&str; 3] = ["/health", "/ready", "/metrics"];

/// The id of a request, in its extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Takes the caller's id where it is sane (it goes into logs), otherwise makes one.
pub async fn identify(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|id| is_sane(id));
    let id = given.map_or_else(|| Uuid::now_v7().simple().to_string(), str::to_owned);
    request.extensions_mut().insert(RequestId(id.clone()));
    let language = language::preferred(request.headers());
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let is_probe = PROBES.contains(&route.as_str());
    let span = span_of(&api, &request, &id, &route, is_probe);
    let response = answer(request, next, is_probe).instrument(span).await;
    let mut response = problem::render(response, &id, language);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// What everything that is done for a request belongs to. Our bot may have begun the trace, when Telegram told it something.
fn span_of(api: &Api, request: &Request, id: &str, route: &str, is_probe: bool) -> Span {
    let method = known_method(request.method());
    if is_probe {
        return tracing::info_span!(traces::PROBE, request_id = %id, http.request.method = method, http.route = %route);
    }
    let span = tracing::info_span!(
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = field::Empty,
        request_id = %id,
        http.request.method = method,
        http.route = %route,
        http.response.status_code = field::Empty,
    );
    let trace = request.headers().get(TRACEPARENT).filter(|_| is_bot(api, request.headers()));
    traces::follow(&span, trace.and_then(|value| value.to_str().ok()));
    span
}

/// Whether it is the bot, with its key or a token that it asked for. Anybody else, a person with a Web App's token too, would have us
/// keep every trace, or none of what they do, or put requests of theirs into another's trace.
fn is_bot(api: &Api, headers: &HeaderMap) -> bool {
    auth::service_key(headers, &api.service_key) == Some(true)
        || guard::authenticate(api, headers).is_ok_and(|holder| holder.by_bot)
}

async fn answer(request: Request, next: Next, is_probe: bool) -> Response {
    let started = std::time::Instant::now();
    let response = next.run(request).await;
    let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = response.status();
    let span = Span::current();
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    if is_probe && status.is_success() {
        tracing::debug!(status = status.as_u16(), millis, "answered");
    } else {
        tracing::info!(status = status.as_u16(), millis, "answered");
    }
    response
}

fn is_sane(id: &str) -> bool {
    (1..=MAX_LENGTH).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_could_forge_a_log_line_is_not_taken() {
        assert!(is_sane("0197f3c2-7a31_b.9"));
        for bad in ["", "a b", "a\"b", "a{b}", "é", &"a".repeat(65)] {
            assert!(!is_sane(bad), "{bad:?}");
        }
    }
}
