//! Headers that keep browsers from making more of our answers than we mean, and who may call from a browser at all.

use std::time::Duration;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};
use evolve_contract::{auth::API_KEY_HEADER, chat::IDEMPOTENCY_KEY_HEADER};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::{limits, request_id::REQUEST_ID};

/// Nobody's page embeds what we answer, or keeps a hand on a page of ours. CORS is asked besides, and first.
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
/// Answers are data: nothing in them may be run, framed or loaded from.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// The documentation is a page: its own scripts and styles, its own pictures, and calls to this API.
const DOCS: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                    font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// A year, as is usual. Not for other names under ours: what runs there is not for us to say.
const HTTPS_ALONE: &str = "max-age=31536000";
/// By this, whoever ends TLS in front of us says that it was there. Where the caller wrote it, they speak of themselves alone.
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Adds the headers.
pub async fn headers(request: Request, next: Next) -> Response {
    let is_docs = request.uri().path().starts_with("/docs");
    let is_https = came_by_https(request.headers());
    let mut response = next.run(request).await;
    let set = response.headers_mut();
    set.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    set.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // The panel's pages bring their own.
    set.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    let policy = HeaderValue::from_static(if is_docs { DOCS } else { NOTHING });
    set.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    set.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    set.insert(CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin"));
    set.insert(PERMISSIONS_POLICY, HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=()"));
    if is_https {
        set.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HTTPS_ALONE));
    }
    // Answers are about one person, or about this moment.
    set.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Whether TLS was ended in front of us; of several proxies, the nearest one writes last.
pub(crate) fn came_by_https(headers: &HeaderMap) -> bool {
    let last = headers.get_all(FORWARDED_PROTO).iter().next_back().and_then(|value| value.to_str().ok());
    last.and_then(|list| list.rsplit(',').next()).is_some_and(|proto| proto.trim().eq_ignore_ascii_case("https"))
}

/// Answers browsers of these origins, and no others; without any, there is nothing to answer.
pub fn cors(origins: &[HeaderValue]) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.iter().cloned()))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static(API_KEY_HEADER),
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
