//! Whether what a session is asked to change was asked by a page of ours. A browser sends the cookie along with whatever any page has
//! it send; what it does not know is the token that our pages hold: in the header `X-CSRF-Token`, or in the field `csrf` of a form.
//! `Origin` and `Sec-Fetch-Site`, which no page can write, are looked at besides. Every request of a session goes through here, so no
//! handler can forget it.
//!
//! A link of another site changes nothing, but what it leads to may be in the log as a look of whoever followed it. So what is shown to who
//! means to see it alone ([`Named::is_meant`](super::routes::Named::is_meant)) is not shown to who was led there ([`is_led`]).

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderName, header},
};
use evolve_contract::Code;
use url::{Url, form_urlencoded};
use uuid::Uuid;

use crate::{
    problem::ApiError,
    router::{MAX_PROMPT_BODY, REQUEST_LIMIT},
    state::Api,
};

/// The header.
pub const HEADER: HeaderName = HeaderName::from_static("x-csrf-token");
/// The field of a form.
pub const FIELD: &str = "csrf";
/// By this a browser says whose page asks.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The request again, if it changes nothing, or a page of this session asks for it.
///
/// # Errors
/// `forbidden`, and what is wrong with the body of a form.
pub async fn check(api: &Api, session: Uuid, request: Request) -> Result<Request, ApiError> {
    if request.method().is_safe() {
        return Ok(request);
    }
    if !is_from_here(request.headers()) {
        return Err(ApiError::new(Code::Forbidden).detail("another site's page asks"));
    }
    let shown = request.headers().get(&HEADER).and_then(|token| token.to_str().ok()).map(str::to_owned);
    let (shown, request) = match shown {
        Some(token) => (Some(token), request),
        None if is_form(request.headers()) => of_form(request).await?,
        None => (None, request),
    };
    if shown.is_some_and(|shown| api.access.is_csrf(session, &shown)) {
        return Ok(request);
    }
    Err(ApiError::new(Code::Forbidden).detail("the page's token is missing or not this session's: load the page again"))
}

/// Whether a link of another site led here. What a browser does not say that is too old to say it, nobody knows.
#[must_use]
pub fn is_led(headers: &HeaderMap) -> bool {
    headers.get(&SEC_FETCH_SITE).is_some_and(|site| site == "cross-site")
}

/// What a form's field says, and the request as it was.
async fn of_form(request: Request) -> Result<(Option<String>, Request), ApiError> {
    let (parts, body) = request.into_parts();
    // The guard stands outside of the limit of handlers.
    let read = tokio::time::timeout(REQUEST_LIMIT, to_bytes(body, MAX_PROMPT_BODY)).await;
    let bytes = read.map_err(|_| ApiError::new(Code::Timeout))?.map_err(|_| ApiError::new(Code::BodyTooLarge))?;
    let token = form_urlencoded::parse(&bytes).find(|(name, _)| name == FIELD).map(|(_, token)| token.into_owned());
    Ok((token, Request::from_parts(parts, Body::from(bytes))))
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// As far as the browser says. TLS may end before us, so of the origin host and port are compared, and not the scheme.
pub(crate) fn is_from_here(headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let is_same_site = text(&SEC_FETCH_SITE).is_none_or(|site| matches!(site, "same-origin" | "none"));
    let host = text(&header::HOST).unwrap_or_default();
    let is_same_origin = text(&header::ORIGIN).is_none_or(|origin| {
        Url::parse(origin).ok().is_some_and(|origin| {
            let authority = origin.host_str().map(|name| match origin.port() {
                Some(port) => format!("{name}:{port}"),
                None => name.to_owned(),
            });
            authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
        })
    });
    is_same_site && is_same_origin
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[], true)]
    #[case(&[("origin", "https://bot.example.org")], true)]
    #[case(&[("origin", "https://bot.example.org"), ("sec-fetch-site", "same-origin")], true)]
    #[case(&[("origin", "https://bot.example.org:8443")], false)]
    #[case(&[("origin", "https://evil.example.org")], false)]
    #[case(&[("origin", "https://bot.example.org.evil.org")], false)]
    #[case(&[("origin", "null")], false)]
    #[case(&[("sec-fetch-site", "cross-site")], false)]
    #[case(&[("sec-fetch-site", "same-site")], false)]
    fn another_sites_page_is_known(#[case] shown: &[(&'static str, &str)], #[case] expected: bool) {
        let all = shown.iter().chain(&[("host", "bot.example.org")]);
        let headers = all.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        assert_eq!(is_from_here(&headers), expected);
    }
}
