//! The cookie of a session. Over HTTPS it has the `__Host-` prefix: then a browser takes it from this host alone, over HTTPS, and no
//! other name under ours can put one in its place. On this machine, where there is no HTTPS, it is called otherwise; nowhere else, and
//! never where people come over HTTPS or a proxy of ours, as it is configured ([`mark`]): there `Host` is what a stranger wrote.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use evolve_engine::access::LONGEST;
use secrecy::{ExposeSecret as _, SecretString};

use crate::{security, state::Api};

/// By this whoever has the headers of a request alone knows that people come to us over HTTPS. Who writes it themselves gets a cookie in
/// their own browser that asks for more.
const PUBLIC: HeaderName = HeaderName::from_static("x-evolve-public");

const SECURE: &str = "__Host-evolve_session";
const PLAIN: &str = "evolve_session";
/// What somebody keeps while they are at the issuer.
const OIDC_SECURE: &str = "__Host-evolve_oidc";
const OIDC_PLAIN: &str = "evolve_oidc";
/// What somebody keeps between the pages of signing in.
const DOOR_SECURE: &str = "__Host-evolve_door";
const DOOR_PLAIN: &str = "evolve_door";
/// For so long, seconds: what a one-time link leads to may be open for a while.
const DOOR_FOR: i64 = 3600;
/// What was done just now.
const DONE_SECURE: &str = "__Host-evolve_done";
const DONE_PLAIN: &str = "evolve_done";
/// For so long, seconds: the next page follows at once.
const DONE_FOR: i64 = 60;
/// For so long, seconds: as long as what is in it holds.
const OIDC_FOR: i64 = 600;

/// Marks every request where people come over HTTPS, or a proxy of ours.
pub async fn mark(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    if api.access.is_https() || api.proxy_hops > 0 {
        request.headers_mut().insert(PUBLIC, HeaderValue::from_static("1"));
    }
    next.run(request).await
}

/// Whether the browser is on this machine and speaks plain HTTP. By the name that it asked for: whoever is elsewhere can say so too,
/// and has a cookie without a prefix in their own browser from it.
#[must_use]
pub fn is_plain(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_public = headers.contains_key(PUBLIC) || security::came_by_https(headers);
    !is_public && matches!(name, "localhost" | "127.0.0.1" | "::1")
}

/// What the session's cookie holds, where there is one.
#[must_use]
pub fn session(headers: &HeaderMap) -> Option<SecretString> {
    find(headers, if is_plain(headers) { PLAIN } else { SECURE })
}

/// The header that gives a browser a session.
#[must_use]
pub fn give_session(headers: &HeaderMap, token: &SecretString) -> Option<HeaderValue> {
    let name = if is_plain(headers) { PLAIN } else { SECURE };
    give(headers, name, token.expose_secret(), LONGEST.num_seconds())
}

/// The header that takes it from them.
#[must_use]
pub fn take_session(headers: &HeaderMap) -> Option<HeaderValue> {
    give(headers, if is_plain(headers) { PLAIN } else { SECURE }, "", 0)
}

/// What somebody kept who comes back from the issuer.
#[must_use]
pub fn oidc(headers: &HeaderMap) -> Option<SecretString> {
    find(headers, if is_plain(headers) { OIDC_PLAIN } else { OIDC_SECURE })
}

/// The header that has them keep it. `Lax` lets it come along from the issuer's page.
#[must_use]
pub fn give_oidc(headers: &HeaderMap, kept: &SecretString) -> Option<HeaderValue> {
    let name = if is_plain(headers) { OIDC_PLAIN } else { OIDC_SECURE };
    give(headers, name, kept.expose_secret(), OIDC_FOR)
}

/// The header that takes it from them: it is for once.
#[must_use]
pub fn take_oidc(headers: &HeaderMap) -> Option<HeaderValue> {
    give(headers, if is_plain(headers) { OIDC_PLAIN } else { OIDC_SECURE }, "", 0)
}

/// What somebody keeps on their way through the door, between its pages.
#[must_use]
pub fn door(headers: &HeaderMap) -> Option<SecretString> {
    find(headers, if is_plain(headers) { DOOR_PLAIN } else { DOOR_SECURE })
}

/// Whether the browser cannot keep that: it is for HTTPS, and plain HTTP is spoken with another name than this machine's. By `Origin`
/// a browser says how it came, also where whoever ends TLS in front of us does not.
#[must_use]
pub fn is_door_lost(headers: &HeaderMap) -> bool {
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or_default();
    let is_https = headers.contains_key(PUBLIC) || security::came_by_https(headers) || origin.starts_with("https://");
    door(headers).is_none() && !is_plain(headers) && !is_https
}

/// The header that has them keep it.
#[must_use]
pub fn give_door(headers: &HeaderMap, kept: &SecretString) -> Option<HeaderValue> {
    give(headers, if is_plain(headers) { DOOR_PLAIN } else { DOOR_SECURE }, kept.expose_secret(), DOOR_FOR)
}

/// The header that takes it from them, once they are in.
#[must_use]
pub fn take_door(headers: &HeaderMap) -> Option<HeaderValue> {
    give(headers, if is_plain(headers) { DOOR_PLAIN } else { DOOR_SECURE }, "", 0)
}

/// What was done just now, which the next page tells. Whoever writes such a cookie tells themselves alone.
#[must_use]
pub fn done(headers: &HeaderMap) -> Option<String> {
    find(headers, if is_plain(headers) { DONE_PLAIN } else { DONE_SECURE }).map(|code| code.expose_secret().to_owned())
}

/// The header that has the next page tell it: a code of small letters, digits and `-`.
#[must_use]
pub fn give_done(headers: &HeaderMap, code: &str) -> Option<HeaderValue> {
    give(headers, if is_plain(headers) { DONE_PLAIN } else { DONE_SECURE }, code, DONE_FOR)
}

/// The header that has it told no more.
#[must_use]
pub fn take_done(headers: &HeaderMap) -> Option<HeaderValue> {
    give(headers, if is_plain(headers) { DONE_PLAIN } else { DONE_SECURE }, "", 0)
}

fn find(headers: &HeaderMap, name: &str) -> Option<SecretString> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(key, value)| *key == name && !value.is_empty()).map(|(_, value)| value);
    values.next().map(Into::into)
}

fn give(headers: &HeaderMap, name: &str, value: &str, seconds: i64) -> Option<HeaderValue> {
    let secure = if is_plain(headers) { "" } else { "; Secure" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    let mut header = HeaderValue::try_from(text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[rstest]
    #[case("localhost:8000", "", true)]
    #[case("127.0.0.1:8000", "", true)]
    #[case("[::1]:8000", "", true)]
    #[case("localhost", "https", false)]
    #[case("bot.example.org", "", false)]
    #[case("127.0.0.1.example.org", "", false)]
    fn only_on_this_machine_a_cookie_is_given_without_https(
        #[case] host: &str,
        #[case] proto: &str,
        #[case] expected: bool,
    ) {
        let headers = headers(&[("host", host), ("x-forwarded-proto", proto)]);
        assert_eq!(is_plain(&headers), expected);
        let given = give_session(&headers, &"token".into()).unwrap();
        let given = given.to_str().unwrap();
        assert_eq!(given.starts_with("__Host-") && given.ends_with("; Secure"), !expected, "{given}");
        assert!(given.contains("; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800"), "{given}");
    }

    #[test]
    fn where_people_come_over_https_no_name_makes_a_cookie_plain() {
        let headers = headers(&[("host", "localhost"), ("x-evolve-public", "1"), ("cookie", "evolve_session=it")]);
        assert!(!is_plain(&headers) && session(&headers).is_none());
    }

    #[test]
    fn a_session_is_read_from_its_own_cookie_alone() {
        let shown = |cookie| session(&headers(&[("host", "bot.example.org"), ("cookie", cookie)]));
        assert_eq!(shown("a=b; __Host-evolve_session=it; c=d").unwrap().expose_secret(), "it");
        for none in ["", "evolve_session=it", "x__Host-evolve_session=it", "__Host-evolve_session="] {
            assert!(shown(none).is_none(), "{none}");
        }
    }
}
