//! Answers: a page with what browsers must know about it.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Redirect, Response},
};

use super::{
    pages::{
        Page,
        problem::{Problem, Why},
    },
    shell::{self, Shell},
    words::Words,
};

/// Our own files alone; nothing inline, nothing framed. Pictures of `data:` are those that a style sheet draws.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Not `no-referrer`, with which browsers say `Origin: null` as they send a form: then nobody could tell whose form it was.
const REFERRER: &str = "same-origin";

/// A page for somebody who is signed in.
#[must_use]
pub fn page(shell: &Shell, page: &impl Page) -> Response {
    answer(StatusCode::OK, shell::document(shell, page))
}

/// A page before the door. The status is that of what came before it: 401 where somebody was refused.
#[must_use]
pub fn at_door(words: Words, page: &impl Page, status: StatusCode) -> Response {
    answer(status, shell::door(words, page))
}

/// A page that cannot be shown. With a shell there is a menu to go on from.
#[must_use]
pub fn problem(shell: Option<&Shell>, words: Words, status: StatusCode, request_id: &str) -> Response {
    let request_id = request_id.to_owned();
    refused(shell, &Problem { status, request_id, why: Why::Status, said: None, waits: None, words })
}

/// The same, with all that is known of it.
#[must_use]
pub fn refused(shell: Option<&Shell>, page: &Problem) -> Response {
    let document = match shell {
        Some(shell) => shell::document(shell, page),
        None => shell::door(page.words, page),
    };
    answer(page.status, document)
}

/// Where a form is too old, or was not ours, and nothing was done.
#[must_use]
pub fn stale(shell: &Shell, request_id: &str) -> Response {
    forbidden(shell, request_id, Why::Stale)
}

/// Where another site led somebody to what is shown to who means to see it: from here a link of ours leads there.
#[must_use]
pub fn led(shell: &Shell, request_id: &str, path: &str) -> Response {
    forbidden(shell, request_id, Why::Led(path.to_owned()))
}

fn forbidden(shell: &Shell, request_id: &str, why: Why) -> Response {
    let (words, status) = (shell.words, StatusCode::FORBIDDEN);
    let page = Problem { status, request_id: request_id.to_owned(), why, said: None, waits: None, words };
    answer(status, shell::document(shell, &page))
}

/// After a form: on to a page, so that going back and reloading send nothing twice.
#[must_use]
pub fn go_to(path: &str) -> Response {
    private(Redirect::to(path).into_response())
}

fn answer(status: StatusCode, document: askama::Result<String>) -> Response {
    let response = match document {
        Ok(document) => (status, Html(document)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    };
    private(response)
}

/// Whatever the panel answers is for one reader, now, and under its own policy.
pub(crate) fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static(REFERRER));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("cookie, accept-language"));
    response
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use evolve_domain::language::Language;

    use super::*;

    #[test]
    fn a_page_is_kept_by_nobody_and_runs_nothing_of_others() {
        let words = Words { language: Language::Ru, zone: Tz::UTC };
        let response = problem(None, words, StatusCode::NOT_FOUND, "0197");
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        let headers = response.headers();
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(headers[header::REFERRER_POLICY], "same-origin");
    }
}
