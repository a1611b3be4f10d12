//! What a form sent, where it has a field for each of something: languages, kinds of events. And what fields of many forms hold.

use std::str::FromStr;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    response::IntoResponse as _,
};
use evolve_contract::Code;
use url::form_urlencoded;

use crate::problem::ApiError;

/// Longest reason, in characters.
const MAX_WHY: usize = 500;

/// Names and values, as they were typed. A browser ends lines with two characters; here it is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            let is_long = rejection.into_response().status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE;
            ApiError::new(if is_long { Code::BodyTooLarge } else { Code::InvalidBody })
        })?;
        Ok(Self::read(&bytes))
    }
}

impl Fields {
    fn read(bytes: &[u8]) -> Self {
        let fields = form_urlencoded::parse(bytes);
        Self(fields.map(|(name, value)| (name.into_owned(), value.replace("\r\n", "\n"))).collect())
    }

    /// What was typed into a field; nothing, where it was not sent.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Whether a box was ticked.
    #[must_use]
    pub fn is_ticked(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    /// What follows a beginning in the names of the boxes that were ticked.
    #[must_use]
    pub fn ticked(&self, beginning: &str) -> Vec<String> {
        let named = self.0.iter().filter(|(_, value)| !value.is_empty());
        named.filter_map(|(name, _)| name.strip_prefix(beginning).map(str::to_owned)).collect()
    }
}

/// A number, or nothing where nothing was typed.
///
/// # Errors
/// Where something else was typed.
pub fn number<T: FromStr>(typed: &str) -> Result<Option<T>, T::Err> {
    let typed = typed.trim();
    if typed.is_empty() { Ok(None) } else { typed.parse().map(Some) }
}

/// The number of a person, or nothing where nothing was typed.
///
/// # Errors
/// What is to be said where something else was typed.
pub fn person(typed: &str) -> Result<Option<i64>, &'static str> {
    let read = number::<i64>(typed).ok().filter(|id| id.is_none_or(|id| id > 0));
    read.ok_or("panel-wrong-person")
}

/// The reason of an act, for the log.
///
/// # Errors
/// What is to be said where it is none.
pub fn why(typed: &str) -> Result<&str, &'static str> {
    let why = typed.trim();
    let is_sane = (1..=MAX_WHY).contains(&why.chars().count()) && !why.contains('\0');
    if is_sane { Ok(why) } else { Err("panel-wrong-why") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_a_number_and_a_reason_is_words() {
        assert_eq!((person(" 42 "), person(" ")), (Ok(Some(42)), Ok(None)));
        for nobody in ["anna", "-1", "0", "4.2"] {
            assert_eq!(person(nobody), Err("panel-wrong-person"), "{nobody}");
        }
        assert_eq!(why(" A slip "), Ok("A slip"));
        for none in [" ", "a\0", &"a".repeat(501)] {
            assert_eq!(why(none), Err("panel-wrong-why"), "{none}");
        }
    }

    #[test]
    fn what_was_typed_is_there_under_its_name() {
        let fields = Fields::read("text=a%0D%0Ab&to-ru=yes&to-en=&level=+7+".as_bytes());
        assert_eq!((fields.text("text"), fields.text("nothing")), ("a\nb", ""));
        assert_eq!((fields.is_ticked("to-ru"), fields.ticked("to-")), (true, vec!["ru".to_owned()]));
        assert_eq!(number::<u8>(fields.text("level")), Ok(Some(7)));
        assert_eq!(number::<u8>(" "), Ok(None));
        assert!(number::<u8>("many").is_err());
    }
}
