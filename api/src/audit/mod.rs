//! The log of what is done by those who run the bot: who, from where, what, to what, and how it went.
//!
//! It is written around every request under `/admin` that may change something, so that no handler can forget it: whoever adds a
//! route gives it a name in [`ACTS`], and a test fails where that is missing (such a route is logged all the same, under its method
//! and path). What shows words of people is listed in [`LOOKS`]: there each look is written down before anything is shown. What a handler alone knows it adds by its [`Act`].
//!
//! An act that is one transaction of ours ([`Named::is_atomic`]) writes its entry in that transaction: its handler hands
//! [`Act::entry`] to the store. Every other one is written down before it is tried, and again when it is over; so at no moment
//! something is done that the log does not know of, and where the log cannot be written nothing is done.
//!
//! Requests without the service key change nothing and are not in it: otherwise anybody could fill it.

pub mod list;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    RequestExt as _,
    extract::{ConnectInfo, FromRequestParts, MatchedPath, RawPathParams, Request, State},
    http::{Method, StatusCode, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use evolve_contract::Code;
use evolve_store::{
    Store,
    audit::{Entry, Outcome},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{auth, limits, problem::ApiError, request_id::RequestId, state::Api};

/// Where administrators act.
const ADMIN: [&str; 2] = ["/admin/", "/api/v1/admin/"];

/// Longest name that is kept of what is known by a name.
const MAX_NAME: usize = 64;

/// A route by which an administrator acts, or looks.
#[derive(Clone, Debug)]
pub struct Named {
    /// The method.
    pub method: Method,
    /// The route.
    pub route: &'static str,
    /// The name of the act: never changed, since people look for it.
    pub act: &'static str,
    /// Whether it writes its entry in the one transaction that it is.
    pub is_atomic: bool,
}

impl Named {
    fn is_of(&self, method: &Method, route: &str) -> bool {
        self.method == *method && self.route == route
    }
}

const fn named(route: &'static str, act: &'static str, is_atomic: bool) -> Named {
    Named { method: Method::POST, route, act, is_atomic }
}

const fn by(method: Method, route: &'static str, act: &'static str) -> Named {
    Named { method, route, act, is_atomic: false }
}

const fn atomic(method: Method, route: &'static str, act: &'static str) -> Named {
    Named { method, route, act, is_atomic: true }
}

/// Every route by which an administrator reads what people said: a look is an act too, though it changes nothing.
pub static LOOKS: [Named; 4] = [
    by(Method::GET, "/api/v1/admin/people/{user_id}/facts", "person.look_facts"),
    by(Method::GET, "/api/v1/admin/people/{user_id}/conversations", "person.look_conversations"),
    by(Method::GET, "/api/v1/conversations/{conversation_id}", "conversation.look"),
    by(Method::GET, "/api/v1/admin/conversations", "conversation.search"),
];

/// Every route by which an administrator changes something.
pub static ACTS: [Named; 27] = [
    named("/admin/payments/{payment_id}/refund", "payment.refund", true),
    named("/admin/payments/{payment_id}/returned", "payment.returned", true),
    named("/admin/payments/{payment_id}/decline", "payment.decline", true),
    named("/admin/people/{user_id}/premium", "person.grant_premium", true),
    atomic(Method::DELETE, "/admin/people/{user_id}/premium", "person.end_premium"),
    named("/api/v1/admin/people/{user_id}/ban", "person.ban", true),
    atomic(Method::DELETE, "/api/v1/admin/people/{user_id}/ban", "person.lift_ban"),
    named("/api/v1/admin/people/{user_id}/forget", "person.forget", false),
    atomic(Method::PUT, "/api/v1/admin/flags/{flag}", "flag.turn"),
    named("/api/v1/admin/prompts/{prompt}", "prompt.write", true),
    named("/api/v1/admin/prompts/{prompt}/current", "prompt.choose", true),
    named("/api/v1/admin/prompts/{prompt}/preview", "prompt.preview", false),
    named("/api/v1/admin/broadcast", "broadcast.create", false),
    named("/api/v1/admin/broadcast/preview", "broadcast.preview", false),
    named("/api/v1/admin/broadcast/{broadcast_id}/pause", "broadcast.pause", false),
    named("/api/v1/admin/broadcast/{broadcast_id}/resume", "broadcast.resume", false),
    named("/api/v1/admin/broadcast/{broadcast_id}/cancel", "broadcast.cancel", false),
    named("/admin/cleanup_chat_history", "job.clean_up", false),
    named("/admin/failures/replay", "failure.replay_all", false),
    named("/admin/failures/inbox/{update_id}/replay", "failure.replay_update", false),
    named("/admin/failures/outbox/{id}/replay", "failure.replay_message", false),
    named("/api/v1/admin/webhooks", "webhook.create", false),
    by(Method::PATCH, "/api/v1/admin/webhooks/{webhook_id}", "webhook.change"),
    by(Method::DELETE, "/api/v1/admin/webhooks/{webhook_id}", "webhook.remove"),
    named("/api/v1/admin/webhooks/{webhook_id}/rotate", "webhook.rotate", false),
    named("/api/v1/admin/webhooks/{webhook_id}/replay", "webhook.replay", false),
    named("/api/v1/admin/webhooks/{webhook_id}/test", "webhook.test", false),
];

/// The entry of the request that is being answered.
#[derive(Clone, Debug)]
pub struct Act(Arc<Mutex<Entry>>);

impl Act {
    /// The entry, for the transaction that does what it says.
    #[must_use]
    pub fn entry(&self) -> Entry {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says to whom it is done, where the path does not.
    pub fn to_person(&self, store: &Store, user_id: i64) {
        let name = store.audit().names("person", user_id).into_iter().next();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).subject = name;
    }

    /// Adds what exactly is done: numbers and states, never an id of a person, nor what anybody wrote.
    pub fn detail(&self, detail: Value) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).detail = detail;
    }
}

impl<S: Sync> FromRequestParts<S> for Act {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // Missing without the service key, and of a route that is not under `/admin`.
        parts.extensions.get().cloned().ok_or_else(|| Code::Forbidden.into())
    }
}

/// Writes the log around a request that may change something, or shows what people said.
pub async fn record(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let Some(route) = acts_by(&request) else { return next.run(request).await };
    if auth::service_key(request.headers(), &api.service_key) != Some(true) {
        return next.run(request).await;
    }
    let named = ACTS.iter().chain(&LOOKS).find(|named| named.is_of(request.method(), &route));
    let is_atomic = named.is_some_and(|named| named.is_atomic);
    let act = named.map_or_else(|| format!("{} {route}", request.method()), |named| named.act.to_owned());
    let begun = begin(&api, &mut request, act).await;
    // Ids grow with time, and entries of one time are shown in their order.
    let entry = Entry { id: Uuid::now_v7(), ..begun.clone() };
    if !is_atomic && let Err(error) = api.store.audit().write(&begun, Outcome::Begun).await {
        return ApiError::from(error).into_response();
    }
    let act = Act(Arc::new(Mutex::new(entry)));
    request.extensions_mut().insert(act.clone());
    let response = next.run(request).await;
    let (entry, outcome) = (act.entry(), outcome(response.status(), is_atomic));
    // Of an act that was done in a transaction the entry is there, and stays as it is.
    if let Err(error) = api.store.audit().write(&entry, outcome).await {
        // What was done is in the log already, as done or as begun.
        tracing::error!(%error, act = %entry.act, ?outcome, "how an act of an administrator went could not be written down");
    }
    response
}

/// The route of a request of an administrator that may change something, or shows what people said.
fn acts_by(request: &Request) -> Option<String> {
    let route = request.extensions().get::<MatchedPath>()?.as_str();
    let is_act = ADMIN.iter().any(|admin| route.starts_with(admin)) && !request.method().is_safe();
    let is_look = LOOKS.iter().any(|look| look.is_of(request.method(), route));
    (is_act || is_look).then(|| route.to_owned())
}

async fn begin(api: &Api, request: &mut Request, act: String) -> Entry {
    let subject = request.extract_parts::<RawPathParams>().await.ok().and_then(|params| {
        let (name, value) = params.iter().next()?;
        subject(&api.store, name, value)
    });
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let address = peer.map(|ConnectInfo(peer)| limits::caller(peer.ip(), request.headers(), api.proxy_hops));
    let request_id = request.extensions().get::<RequestId>().map(|RequestId(id)| id.clone());
    Entry {
        id: Uuid::now_v7(),
        at: api.clock.now(),
        actor: actor(&api.service_key),
        address: address.map(|address| address.to_string()),
        request_id: request_id.unwrap_or_default(),
        act,
        subject,
        detail: json!({}),
    }
}

/// Of the key, which has at least 32 letters, nobody gets anything back from these eight digits; but two keys are told apart.
pub(crate) fn actor(service_key: &SecretString) -> String {
    let hash = Sha256::digest(format!("audit-actor:{}", service_key.expose_secret()));
    let hash: String = hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("service-key:{hash}")
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
    let is_name = value.len() <= MAX_NAME && value.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    (is_name || Uuid::try_parse(value).is_ok()).then(|| format!("{kind}:{value}"))
}

fn outcome(status: StatusCode, is_atomic: bool) -> Outcome {
    match status {
        _ if status.is_server_error() => Outcome::Failed,
        _ if status.is_client_error() => Outcome::Refused,
        // Had it changed anything, its transaction had written so.
        _ if is_atomic => Outcome::Unchanged,
        _ => Outcome::Done,
    }
}
