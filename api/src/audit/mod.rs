//! The log of what is done by those who run the bot: who, from where, what, to what, and how it went.
//!
//! It is written around every request of an administrator that may change something, so that no handler can forget it: whoever adds a
//! route gives it a name in [`ROUTES`](crate::access::routes::ROUTES), and what is not there is refused. A route that only shows
//! something may have a name too: then each look is in the log. What a handler alone knows it adds by its [`Act`].
//!
//! An act that is one transaction of ours (`is_atomic`) writes its entry in that transaction: its handler hands
//! [`Act::entry`] to the store. Every other one is written down before it is tried, and again when it is over; so at no moment
//! something is done that the log does not know of, and where the log cannot be written nothing is done.
//!
//! Requests of who is not known change nothing and are not in it: otherwise anybody could fill it. Of who is known and may not there is
//! an entry, at most one a minute for each route ([`refusals`]). Sign-ins and registrations are written by [`evolve_engine::access`].

pub mod list;
pub mod refusals;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    RequestExt as _,
    extract::{ConnectInfo, FromRequestParts, RawPathParams, Request, State},
    http::{StatusCode, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use evolve_contract::Code;
use evolve_store::{
    Store,
    audit::{Entry, Outcome},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    access::{Actor, routes::Named},
    limits,
    problem::ApiError,
    request_id::RequestId,
    state::Api,
};

/// Longest name that is kept of what is known by a name.
const MAX_NAME: usize = 64;

/// The entry of the request that is being answered.
#[derive(Clone, Debug)]
pub struct Act(Arc<Mutex<Known>>);

/// What is known of an act so far.
#[derive(Debug)]
struct Known {
    entry: Entry,
    is_unchanged: bool,
}

impl Act {
    fn of(entry: Entry) -> Self {
        Self(Arc::new(Mutex::new(Known { entry, is_unchanged: false })))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The entry, for the transaction that does what it says.
    #[must_use]
    pub fn entry(&self) -> Entry {
        self.known().entry.clone()
    }

    /// Says to whom it is done, where the path does not.
    pub fn to_person(&self, store: &Store, user_id: i64) {
        let name = store.audit().names("person", user_id).into_iter().next();
        self.known().entry.subject = name;
    }

    /// Adds what exactly is done: numbers and states, and why, as whoever does it says; never an id of a person, nor what people wrote.
    pub fn detail(&self, detail: Value) {
        self.known().entry.detail = detail;
    }

    /// Says that it changed nothing: of what is one transaction that is known without saying so.
    pub fn unchanged(&self) {
        self.known().is_unchanged = true;
    }
}

impl<S: Sync> FromRequestParts<S> for Act {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // Missing of a route that has no name in the list.
        parts.extensions.get().cloned().ok_or_else(|| Code::Forbidden.into())
    }
}

/// Writes the log around a request that may change something, or whose every look is to be in it.
pub async fn record(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    // Whoever may not has not come as far as here.
    let (Some(named), Some(actor)) =
        (request.extensions().get::<&'static Named>().copied(), request.extensions().get::<Actor>().map(Actor::name))
    else {
        return next.run(request).await;
    };
    let (Some(act), is_atomic) = (named.act, named.is_atomic) else { return next.run(request).await };
    let begun = begin(&api, &mut request, actor, act).await;
    // Ids grow with time, and entries of one time are shown in their order.
    let entry = Entry { id: Uuid::now_v7(), ..begun.clone() };
    if !is_atomic && let Err(error) = api.store.audit().write(&begun, Outcome::Begun).await {
        return ApiError::from(error).into_response();
    }
    let act = Act::of(entry);
    request.extensions_mut().insert(act.clone());
    let response = next.run(request).await;
    // Had what is one transaction changed anything, that had written so.
    let is_unchanged = is_atomic || act.known().is_unchanged;
    let (entry, outcome) = (act.entry(), outcome(response.status(), is_unchanged));
    // Of an act that was done in a transaction the entry is there, and stays as it is.
    if let Err(error) = api.store.audit().write(&entry, outcome).await {
        // What was done is in the log already, as done or as begun.
        tracing::error!(%error, act = %entry.act, ?outcome, "how an act of an administrator went could not be written down");
    }
    response
}

async fn begin(api: &Api, request: &mut Request, actor: String, act: &str) -> Entry {
    let subject = request.extract_parts::<RawPathParams>().await.ok().and_then(|params| {
        let (name, value) = params.iter().next()?;
        subject(&api.store, name, value)
    });
    Entry { subject, ..entry(api, request, actor, act) }
}

/// An entry of a request, without what it is about.
fn entry(api: &Api, request: &Request, actor: String, act: &str) -> Entry {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let address = peer.map(|ConnectInfo(peer)| limits::caller(peer.ip(), request.headers(), api.proxy_hops));
    let request_id = request.extensions().get::<RequestId>().map(|RequestId(id)| id.clone());
    Entry {
        id: Uuid::now_v7(),
        at: api.clock.now(),
        actor,
        address: address.map(|address| address.to_string()),
        request_id: request_id.unwrap_or_default(),
        act: act.to_owned(),
        subject: None,
        detail: json!({}),
    }
}

/// What the path names. A number may be somebody's id, even in a place where none belongs; anything else is an id of ours, a plain
/// name, or a slip that nobody needs.
fn subject(store: &Store, parameter: &str, value: &str) -> Option<String> {
    let kind = match parameter.strip_suffix("_id").unwrap_or(parameter) {
        "user" => "person",
        kind => kind,
    };
    if let Ok(id) = value.parse() {
        return store.audit().names(kind, id).into_iter().next();
    }
    // However it was written, it is found by the one way in which we write it.
    if let Ok(id) = Uuid::try_parse(value) {
        return Some(format!("{kind}:{id}"));
    }
    let is_name = value.len() <= MAX_NAME && value.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    is_name.then(|| format!("{kind}:{value}"))
}

fn outcome(status: StatusCode, is_unchanged: bool) -> Outcome {
    match status {
        _ if status.is_server_error() => Outcome::Failed,
        _ if status.is_client_error() => Outcome::Refused,
        _ if is_unchanged => Outcome::Unchanged,
        _ => Outcome::Done,
    }
}
