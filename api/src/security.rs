//! Headers that keep browsers from making more of our answers than we mean, and who may call from a browser at all.

use std::time::Duration;

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};
use evolve_contract::chat::IDEMPOTENCY_KEY_HEADER;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::{limits, request_id::REQUEST_ID};

/// Answers are data: nothing in them may be run, framed or loaded from.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// The documentation is a page: its own scripts and styles, its own pictures, and calls to this API.
const DOCS: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                    font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// Adds the headers.
pub async fn headers(request: Request, next: Next) -> Response {
    let is_docs = request.uri().path().starts_with("/docs");
    let mut response = next.run(request).await;
    let set = response.headers_mut();
    set.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    set.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    set.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    set.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(if is_docs { DOCS } else { NOTHING }));
    // Answers are about one person, or about this moment.
    set.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Answers browsers of these origins, and no others; without any, there is nothing to answer.
pub fn cors(origins: &[HeaderValue]) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.iter().cloned()))
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static(IDEMPOTENCY_KEY_HEADER),
            REQUEST_ID,
        ])
        .expose_headers([
            header::RETRY_AFTER,
            limits::RATELIMIT_LIMIT,
            limits::RATELIMIT_REMAINING,
            limits::RATELIMIT_RESET,
            REQUEST_ID,
        ])
        .max_age(Duration::from_secs(3600))
}
