//! What a form sent, where it has a field for each of something: languages, kinds of events.

use std::str::FromStr;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    response::IntoResponse as _,
};
use evolve_contract::Code;
use url::form_urlencoded;

use crate::problem::ApiError;

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

#[cfg(test)]
mod tests {
    use super::*;

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
