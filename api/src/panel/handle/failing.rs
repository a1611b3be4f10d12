//! Problems of pages: what answers programs as `application/problem+json` is a page in a browser, in its language, with the menu
//! where it is known whose it is. Of the problem's details nothing is shown; they are in the logs, by the id that the page has.

use axum::{
    extract::Request,
    http::{HeaderMap, header},
    response::Response,
};
use evolve_contract::Code;

use super::reader::Reader;
use crate::{
    access::Actor,
    panel::{
        pages::problem::{Problem, Why},
        respond, shell,
        words::Words,
    },
    problem::{ApiError, title},
    request_id::RequestId,
    state::Api,
};

/// What is to be known of a request for a page, should it fail.
#[derive(Clone, Debug)]
pub struct Asked {
    headers: HeaderMap,
    request_id: String,
}

impl Asked {
    /// Of this request.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let id = request.extensions().get::<RequestId>();
        Self { headers: request.headers().clone(), request_id: id.map(|RequestId(id)| id.clone()).unwrap_or_default() }
    }

    /// The answer, as it is; a page, where it is a problem.
    #[must_use]
    pub fn shown(&self, api: &Api, actor: Option<&Actor>, mut response: Response) -> Response {
        let Some(error) = response.extensions_mut().remove::<ApiError>() else { return response };
        let status = response.status();
        let shell = actor
            .map(|actor| Reader::new(api, actor.clone(), &self.headers, self.request_id.clone()))
            .map(|reader| reader.shell());
        let words = shell.as_ref().map_or_else(|| words(api, &self.headers), |shell| shell.words);
        let said = is_for_people(error.code()).then(|| title(error.code(), words.language));
        let (request_id, waits) = (self.request_id.clone(), error.waits());
        let problem = Problem { status, request_id, why: Why::Status, said, waits, words };
        let mut page = respond::refused(shell.as_ref(), &problem);
        if let Some(wait) = response.headers().get(header::RETRY_AFTER) {
            page.headers_mut().insert(header::RETRY_AFTER, wait.clone());
        }
        page
    }

    /// A page for somebody whose form is too old, or was not ours.
    #[must_use]
    pub fn stale(&self, api: &Api, actor: &Actor) -> Response {
        let reader = Reader::new(api, actor.clone(), &self.headers, self.request_id.clone());
        respond::stale(&reader.shell(), &self.request_id)
    }

    /// A page for somebody whom another site led to `path`, which is shown to who means to see it.
    #[must_use]
    pub fn led(&self, api: &Api, actor: &Actor, path: &str) -> Response {
        let reader = Reader::new(api, actor.clone(), &self.headers, self.request_id.clone());
        respond::led(&reader.shell(), &self.request_id, path)
    }
}

/// Whether what a code is called says more than the page does, to somebody who knows nothing of requests.
const fn is_for_people(code: Code) -> bool {
    matches!(
        code,
        Code::AccessNotFound
            | Code::BroadcastNotFound
            | Code::BroadcastState
            | Code::ConversationNotFound
            | Code::FailureNotFound
            | Code::FlagNotFound
            | Code::LastOwner
            | Code::ModelBlocked
            | Code::ModelFailed
            | Code::ModelUnavailable
            | Code::NotForSale
            | Code::PaymentNotFound
            | Code::ProfileNotFound
            | Code::PromptNotFound
            | Code::WebhookNotFound
    )
}

/// In which language somebody reads of whom nothing else is known.
#[must_use]
pub fn words(api: &Api, headers: &HeaderMap) -> Words {
    Words { language: shell::language(None, headers), zone: api.reports.zone() }
}
