//! What somebody keeps on their way through the door: by which forms of it are known to be ours though nobody is signed in, how far
//! they have come, and where they wanted to go. It is in a cookie; what matters in it is sealed by the use case.

use axum::{
    extract::{Form, FromRequest, Request},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use evolve_contract::Code;
use evolve_engine::access::Entered;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use super::{failing, reader::append};
use crate::{
    access::{cookies, csrf},
    panel::{
        forms::own_path,
        pages::entry::{Refusal, SignIn, Step},
        respond,
    },
    problem::ApiError,
    proofs,
    state::Api,
};

/// Longest address that is remembered, in bytes: a cookie has room for four thousand.
const LONGEST: usize = 1000;

/// What is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Door {
    /// Random; forms hold a hash of it.
    key: String,
    /// What the use case gave after the password, and takes with the second factor.
    pub pending: Option<String>,
    /// Where to go on to.
    pub next: String,
}

impl Door {
    /// What a browser keeps, or a beginning.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        Self::kept(headers).unwrap_or_else(|| Self {
            key: BASE64.encode(rand::random::<[u8; 16]>()),
            pending: None,
            next: String::new(),
        })
    }

    /// What the browser keeps that sends this form; nothing where the form is too old, or another page's.
    #[must_use]
    pub fn behind(headers: &HeaderMap, csrf: &SecretString) -> Option<Self> {
        // The cookie is random, and the hash tells nothing of it, so there is nothing to find by how long comparing takes.
        let is_ours = |door: &Self| door.csrf() == csrf.expose_secret();
        Self::kept(headers).filter(is_ours).filter(|_| csrf::is_from_here(headers))
    }

    fn kept(headers: &HeaderMap) -> Option<Self> {
        let bytes = BASE64.decode(cookies::door(headers)?.expose_secret()).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// What forms hold.
    #[must_use]
    pub fn csrf(&self) -> String {
        BASE64.encode(Sha256::digest(format!("form:{}", self.key)))
    }

    /// Remembers where to go on to.
    pub fn leads_to(&mut self, asked: &str) {
        let path = own_path(asked);
        path.clone_into(&mut self.next);
        if self.next.len() > LONGEST {
            "/admin".clone_into(&mut self.next);
        }
    }

    /// The answer, with all of it kept.
    #[must_use]
    pub fn keep(&self, headers: &HeaderMap, mut response: Response) -> Response {
        let kept = BASE64.encode(serde_json::to_vec(self).unwrap_or_default());
        append(&mut response, cookies::give_door(headers, &kept.into()));
        response
    }

    /// The page of a step, with why the last try failed.
    #[must_use]
    pub fn page(&self, api: &Api, headers: &HeaderMap, step: Step, refusal: Option<(Refusal, StatusCode)>) -> Response {
        self.page_for(api, headers, step, refusal, "")
    }

    /// The same, with the name that was typed.
    #[must_use]
    pub fn page_for(
        &self,
        api: &Api,
        headers: &HeaderMap,
        step: Step,
        refusal: Option<(Refusal, StatusCode)>,
        name: &str,
    ) -> Response {
        let words = failing::words(api, headers);
        let page = SignIn {
            step,
            csrf: self.csrf(),
            name: name.to_owned(),
            next: self.next.clone(),
            refusal: refusal.map(|(refusal, _)| refusal),
            elsewhere: api.access.issuer().filter(|_| step == Step::Password),
            words,
        };
        let status = refusal.map_or(StatusCode::OK, |(_, status)| status);
        let response = respond::at_door(words, &page, status);
        self.keep(headers, response)
    }
}

/// The page to begin again from, with why.
#[must_use]
pub fn begin_again(api: &Api, headers: &HeaderMap, refusal: Refusal, status: StatusCode) -> Response {
    let mut door = Door::of(headers);
    door.pending = None;
    door.page(api, headers, Step::Password, Some((refusal, status)))
}

/// The answer to somebody who is in now: a session, and no more of the door.
#[must_use]
pub fn inside(api: &Api, headers: &HeaderMap, entered: &Entered, mut response: Response) -> Response {
    proofs::entered(api, entered.token.expose_secret());
    append(&mut response, cookies::give_session(headers, &entered.token));
    append(&mut response, cookies::take_door(headers));
    response
}

/// What a form sends.
#[derive(Clone, Debug)]
pub struct Filled<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Api> for Filled<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        let form = Form::<T>::from_request(request, api).await;
        form.map(|Form(form)| Self(form)).map_err(|_| ApiError::new(Code::InvalidBody))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_known_by_what_its_own_browser_keeps() {
        let plain = |cookie: &str| {
            [("host", "localhost"), ("cookie", cookie)]
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .into_iter()
                .collect::<HeaderMap>()
        };
        let mut door = Door::of(&plain("other=1"));
        door.leads_to("/admin/panel/people?q=1");
        let response = door.keep(&plain("other=1"), respond::go_to("/admin"));
        let given = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let back = Door::behind(&plain(&given), &door.csrf().into()).unwrap();
        assert_eq!(back.next, "/admin/panel/people?q=1");
        let another = Door::of(&plain("other=1"));
        assert!(Door::behind(&plain(&given), &another.csrf().into()).is_none());
        assert!(Door::behind(&plain("other=1"), &door.csrf().into()).is_none());
    }
}
