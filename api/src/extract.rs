//! What handlers take from a request, and what callers are told when it is not there.
//!
//! axum's own extractors answer in plain text, and serde's messages quote the offending value, which may be what a person
//! wrote. Ours answer with problems that say what is wrong and where, in our own words.

use std::convert::Infallible;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::IntoResponse as _,
};
use evolve_contract::{Code, object::Object};
use evolve_domain::language::Language;
use serde::de::DeserializeOwned;

use crate::{problem::ApiError, request_id::RequestId, state::Api};

/// The person whose token the request carries; put there by [`crate::guard`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person(pub i64);

impl<S: Sync> FromRequestParts<S> for Person {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // Missing only if a route was mounted without its guard: then nobody gets in.
        parts.extensions.get().copied().ok_or_else(|| Code::Unauthorized.into())
    }
}

/// The language that the token tells of the person's app, for whoever has no settings yet; put there by [`crate::guard`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppLanguage(pub Option<Language>);

impl<S: Sync> FromRequestParts<S> for AppLanguage {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or_default())
    }
}

/// The hash of the person's @name that the token tells, empty where they have none; put there by [`crate::guard`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handle(pub Option<String>);

impl<S: Sync> FromRequestParts<S> for Handle {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

/// The person in the path, who must be the token's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Own(pub i64);

impl<S: Send + Sync> FromRequestParts<S> for Own {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Person(person) = Person::from_request_parts(parts, state).await?;
        let Ok(Path(asked)) = Path::<i64>::from_request_parts(parts, state).await else {
            return Err(ApiError::new(Code::InvalidValue).detail("the user id in the path is not a number"));
        };
        own(person, asked).map(Self)
    }
}

/// The person asked for, if it is the token's own.
///
/// # Errors
/// `forbidden`.
pub fn own(person: i64, asked: i64) -> Result<i64, ApiError> {
    if person == asked {
        return Ok(person);
    }
    Err(ApiError::new(Code::Forbidden).detail("the token belongs to another person"))
}

/// A body about a person, who must be the token's own; `user_id` is whom it names.
///
/// # Errors
/// As [`JsonBody`], and `forbidden`.
pub async fn own_body<T: DeserializeOwned>(
    api: &Api,
    person: i64,
    request: Request,
    user_id: impl Fn(&T) -> i64,
) -> Result<T, ApiError> {
    let JsonBody(body) = JsonBody::<T>::from_request(request, api).await?;
    own(person, user_id(&body))?;
    Ok(body)
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get().cloned().ok_or_else(|| Code::Internal.into())
    }
}

/// A JSON body.
#[derive(Clone, Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(Code::UnsupportedMediaType.into());
        }
        if request.headers().get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
            return Err(ApiError::new(Code::UnsupportedMediaType).detail("compressed bodies are not taken"));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(body_error)?;
        parse(&bytes).map(Self).map_err(|detail| ApiError::new(Code::InvalidBody).detail(detail))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

fn body_error(rejection: BytesRejection) -> ApiError {
    if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Code::BodyTooLarge.into();
    }
    ApiError::new(Code::InvalidBody).detail("the body broke off")
}

/// Parses JSON; the error says what is wrong and where, without quoting the body.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let Object(value) = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        describe(&path, error.inner())
    })?;
    json.end().map_err(|error| describe(".", &error))?;
    Ok(value)
}

fn describe(path: &str, error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    let place = format!("line {}, column {}", error.line(), error.column());
    match error.classify() {
        Category::Eof => format!("the JSON ends too early, at {place}"),
        Category::Syntax | Category::Io => format!("not JSON, at {place}"),
        Category::Data => {
            let message = error.to_string();
            // What serde expected is in our words and stands last; what it found instead is the caller's.
            let expected = message.rsplit_once(", expected ").map(|(_, tail)| tail);
            let expected = expected.map(|tail| tail.split(" at line ").next().unwrap_or(tail));
            let what = match (expected, message.as_str()) {
                (Some(expected), m) if m.starts_with("unknown field") => format!("unknown field; expected {expected}"),
                (Some(expected), _) => format!("{}expected {expected}", at(path)),
                (None, m) if m.starts_with("missing field") || m.starts_with("duplicate field") => {
                    m.split(" at line ").next().unwrap_or(m).to_owned()
                }
                (None, m) if m.starts_with("unknown field") => "unknown field".to_owned(),
                (None, _) => format!("{}the value is not valid", at(path)),
            };
            format!("{what}, at {place}")
        }
    }
}

/// The path to a value, of field names that the type knows (serde fails on an unknown name before it goes into it).
fn at(path: &str) -> String {
    if path == "." { String::new() } else { format!("{path}: ") }
}

#[cfg(test)]
mod tests {
    use evolve_contract::{chat::ChatRequest, profile::ProfileUpdate};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#"{"message": "тайна""#, "the JSON ends too early, at line 1, column 24")]
    #[case(r#"{"message": тайна}"#, "not JSON, at line 1, column 13")]
    #[case(r#"{"message": "hi"} тайна"#, "not JSON, at line 1, column 19")]
    #[case(r#"{}"#, "missing field `message`, at line 1, column 2")]
    #[case(r#"["тайна"]"#, "expected an object, at line 1, column 0")]
    #[case("null", "expected an object, at line 1, column 4")]
    #[case(r#"{"message": {"тайна": 1}}"#, "message: expected a string, at line 1, column 12")]
    #[case(
        r#"{"message": "a", "тайна, expected b": 1}"#,
        "unknown field; expected one of `message`, `timestamp`, `image_data`, `image_ref`, `more_images`, `audio_data`, `audio_ref`, `audio_seconds`, `audio_forwarded`, `voice_later`, `reply_to`, `again`, at line 1, column 41"
    )]
    #[case(r#"{"message": "a", "timestamp": "тайна"}"#, "timestamp: the value is not valid, at line 1, column 42")]
    #[case(r#"{"message": "a", "message": "тайна"}"#, "duplicate field `message`, at line 1, column 26")]
    fn a_body_that_cannot_be_read_is_explained_without_quoting_it(#[case] body: &str, #[case] expected: &str) {
        let error = parse::<ChatRequest>(body.as_bytes()).unwrap_err();
        assert!(!error.contains("тайна"), "{error}");
        assert_eq!(error, expected);
    }

    #[test]
    fn a_field_deep_inside_is_named_with_its_path() {
        let error = parse::<ProfileUpdate>(r#"{"user_id": 1, "data": {"name": 7}}"#.as_bytes()).unwrap_err();
        assert_eq!(error, "data.name: expected a string, at line 1, column 33");
        let error = parse::<ProfileUpdate>(r#"{"user_id": 1, "data": ["тайна"]}"#.as_bytes()).unwrap_err();
        assert_eq!(error, "data: expected an object, at line 1, column 23");
        let error =
            parse::<ProfileUpdate>(r#"{"user_id": 1, "data": {"onboarding": "тайна"}}"#.as_bytes()).unwrap_err();
        assert_eq!(error, "data.onboarding: expected one of `new`, `language`, `name`, `done`, at line 1, column 50");
    }
}
