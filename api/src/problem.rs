//! Errors on their way out: every one becomes `application/problem+json`.
//!
//! A handler returns an [`ApiError`]. Its response carries the problem as an extension, and the outermost middleware
//! ([`crate::request_id`]) writes the body, since only there the request's id is known to all, timeouts and panics
//! included. So is the caller's language: the title is in it, while the detail is English, for engineers.

use std::time::Duration;

use axum::{
    Json,
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use evolve_contract::{Code, Problem, helplines::Helplines, problem::PROBLEM_JSON};
use evolve_domain::language::Language;

/// A problem that answers a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError(Box<Problem>);

impl ApiError {
    /// A problem of this code.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self(Box::new(Problem::new(code)))
    }

    /// Adds what exactly was wrong. Never what a person wrote.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds how long to wait, in whole seconds, rounded up; at least one.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(seconds_up(wait).max(1));
        self
    }

    /// Adds whom the person can call, where they may be in danger.
    #[must_use]
    pub fn helplines(mut self, helplines: Option<Helplines>) -> Self {
        self.0.helplines = helplines;
        self
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// How many seconds to wait, where that is known.
    #[must_use]
    pub fn waits(&self) -> Option<u64> {
        self.0.retry_after
    }

    /// The document, for where it is not a response of its own: the end of a stream.
    #[must_use]
    pub fn into_problem(self, request_id: &str, language: Language) -> Problem {
        let mut problem = *self.0;
        problem.title = title(problem.code, language);
        problem.request_id = Some(request_id.to_owned());
        problem
    }
}

impl From<Code> for ApiError {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.0.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"evolve\""));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the body of a response that is an [`ApiError`].
#[must_use]
pub fn render(mut response: Response, request_id: &str, language: Language) -> Response {
    let Some(error) = response.extensions_mut().remove::<ApiError>() else { return response };
    let (_, body) = Json(error.into_problem(request_id, language)).into_response().into_parts();
    let (mut parts, _) = response.into_parts();
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    parts.headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.as_str()));
    // Not in place of what it varies by already: browsers' origins.
    parts.headers.append(header::VARY, HeaderValue::from_static("accept-language"));
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::new(body))
}

/// What a code means, in a language.
pub(crate) fn title(code: Code, language: Language) -> String {
    let (text, problems) = evolve_texts::format(language, &title_key(code), None);
    // A test looks for each in every language, so that this is a fault that no release has.
    if problems.is_empty() { text } else { code.title().to_owned() }
}

/// The key of a code's title in `locales/`.
fn title_key(code: Code) -> String {
    format!("problem-{}", code_name(code).replace('_', "-"))
}

/// Whole seconds, rounded up.
#[must_use]
pub fn seconds_up(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// A code's name as it stands in the document.
#[must_use]
pub fn code_name(code: Code) -> String {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(name)) => name,
        _ => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_has_a_title_in_every_language_and_english_says_what_the_document_says() {
        let named: BTreeSet<String> = Code::ALL.iter().map(|code| title_key(*code)).collect();
        for language in Language::ALL {
            let keys = evolve_texts::keys(language).filter(|key| key.starts_with("problem-")).map(str::to_owned);
            assert_eq!(keys.collect::<BTreeSet<_>>(), named, "{language}");
            for code in Code::ALL {
                let (text, problems) = evolve_texts::format(language, &title_key(*code), None);
                assert_eq!(problems, Vec::<String>::new(), "{language} {code:?}");
                let is_english = text == code.title();
                // Whoever translates begins with a copy of the English file.
                assert!(is_english || language != Language::En, "{code:?}: {text}");
                assert!(!is_english || language != Language::Ru, "{code:?}: {text}");
            }
        }
    }
}
