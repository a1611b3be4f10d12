//! The server's side of the control API.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};

use super::super::http::file;
use super::super::methods::download;
use super::super::people::{Attachment, Posted as PersonPosted};
use super::super::shared::Shared;
use super::super::world::World;
use super::super::{Fault, User};
use super::{Blocked, ChatState, Down, Events, Pay, Posted, Press, Pressed, SendPhoto, SendVoice, Write};

/// The longest that a request for events waits, seconds.
const LONGEST_WAIT: u64 = 60;

type Sharing = State<Arc<Shared>>;

/// A body that is JSON of this type; anything else is refused with a sentence.
#[derive(FromRequest)]
#[from_request(via(Json), rejection(Refused))]
struct Body<T>(T);

/// A refusal: what is wrong, in a sentence.
#[derive(Debug)]
struct Refused(StatusCode, String);

impl From<JsonRejection> for Refused {
    fn from(rejection: JsonRejection) -> Self {
        Self(StatusCode::BAD_REQUEST, rejection.body_text())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, self.1).into_response()
    }
}

pub(in super::super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/users", post(add_user))
        .route("/users/{id}/blocked", post(set_blocked))
        .route("/messages", post(write))
        .route("/photos", post(send_photo))
        .route("/voices", post(send_voice))
        .route("/callbacks", post(press))
        .route("/payments", post(pay))
        .route("/updates", post(push_update))
        .route("/chats/{id}/events", get(events))
        .route("/files/{*path}", get(get_file))
        .route("/faults", post(add_fault).delete(clear_faults))
        .route("/down", post(set_down))
        .route("/state", get(state))
}

async fn add_user(State(shared): Sharing, Body(user): Body<User>) -> Result<Json<User>, Refused> {
    let user = real(user)?;
    Ok(Json(shared.change(|world| world.remember(user))))
}

/// A person's id is positive; what is not is a group.
fn real(user: User) -> Result<User, Refused> {
    if user.id > 0 {
        Ok(user)
    } else {
        Err(Refused(StatusCode::BAD_REQUEST, "the id of a person must be a positive number".to_owned()))
    }
}

async fn set_blocked(State(shared): Sharing, Path(id): Path<i64>, Body(body): Body<Blocked>) -> StatusCode {
    shared.change(|world| world.set_blocked(id, body.blocked));
    StatusCode::NO_CONTENT
}

async fn write(State(shared): Sharing, Body(body): Body<Write>) -> Result<Json<Posted>, Refused> {
    let user = real(body.from)?;
    if body.text.trim().is_empty() {
        return Err(Refused(StatusCode::BAD_REQUEST, "a message needs some text".to_owned()));
    }
    Ok(posted(shared.change(|world| world.person_writes(user, body.chat_id, &body.text, body.reply_to))))
}

fn posted(posted: PersonPosted) -> Json<Posted> {
    Json(Posted { update_id: posted.update_id, message_id: Some(posted.message_id) })
}

fn decoded(data: &str) -> Result<Bytes, Refused> {
    let refused = |why: &str| Refused(StatusCode::BAD_REQUEST, format!("`data` {why}"));
    match STANDARD.decode(data) {
        Ok(bytes) if bytes.is_empty() => Err(refused("is empty")),
        Ok(bytes) => Ok(bytes.into()),
        Err(_) => Err(refused("is not base64")),
    }
}

async fn send_photo(State(shared): Sharing, Body(body): Body<SendPhoto>) -> Result<Json<Posted>, Refused> {
    let (user, photo) = (real(body.from)?, Attachment::Photo(decoded(&body.data)?));
    Ok(posted(shared.change(|world| world.person_sends(user, None, photo, body.caption.as_deref()))))
}

async fn send_voice(State(shared): Sharing, Body(body): Body<SendVoice>) -> Result<Json<Posted>, Refused> {
    let user = real(body.from)?;
    let voice = Attachment::Voice { bytes: decoded(&body.data)?, seconds: body.seconds };
    Ok(posted(shared.change(|world| world.person_sends(user, None, voice, None))))
}

async fn press(State(shared): Sharing, Body(body): Body<Press>) -> Result<Json<Pressed>, Refused> {
    let user = real(body.from)?;
    let pressed = shared.change(|world| world.person_presses(user, body.chat_id, body.message_id, &body.data));
    match pressed {
        Some((posted, callback_query_id)) => Ok(Json(Pressed { update_id: posted.update_id, callback_query_id })),
        None => Err(Refused(StatusCode::NOT_FOUND, format!("there is no message {} in that chat", body.message_id))),
    }
}

async fn pay(State(shared): Sharing, Body(body): Body<Pay>) -> Result<Json<Posted>, Refused> {
    let user = real(body.from)?;
    match shared.change(|world| world.person_pays(user, body.message_id, body.link.as_deref())) {
        Some((update_id, _)) => Ok(Json(Posted { update_id, message_id: body.message_id })),
        None => Err(Refused(StatusCode::NOT_FOUND, "there is no such invoice".to_owned())),
    }
}

async fn push_update(State(shared): Sharing, Body(update): Body<Map<String, Value>>) -> Json<Posted> {
    let lane = lane_of(&update);
    let update_id = shared.change(|world| world.updates.push_raw(update, lane));
    Json(Posted { update_id: Some(update_id), message_id: None })
}

/// The chat that an update is about, or the person, as far as it says.
pub(in super::super) fn lane_of(update: &Map<String, Value>) -> i64 {
    let id = |body: &Value| {
        let chat = body.get("chat").or_else(|| body.get("message")?.get("chat"));
        chat.or_else(|| body.get("from"))?.get("id")?.as_i64()
    };
    update.values().find_map(id).unwrap_or_default()
}

#[derive(Debug, Deserialize)]
struct Since {
    #[serde(default)]
    after: u64,
    #[serde(default)]
    timeout: u64,
}

async fn events(State(shared): Sharing, Path(id): Path<i64>, Query(since): Query<Since>) -> Json<Events> {
    let deadline = Instant::now() + Duration::from_secs(since.timeout.min(LONGEST_WAIT));
    let mut changes = shared.subscribe();
    loop {
        changes.borrow_and_update();
        let events: Vec<_> = shared.read(|world| match world.chats.get(&id) {
            Some(chat) => chat.events.iter().filter(|event| event.seq > since.after).cloned().collect(),
            None => Vec::new(),
        });
        if let Some(last) = events.last() {
            let next = last.seq;
            return Json(Events { events, next });
        }
        if !matches!(timeout_at(deadline, changes.changed()).await, Ok(Ok(()))) {
            return Json(Events { events, next: since.after });
        }
    }
}

async fn get_file(State(shared): Sharing, Path(path): Path<String>) -> Response {
    file(shared.read(|world| download(world, &path)))
}

async fn add_fault(State(shared): Sharing, Body(fault): Body<Fault>) -> StatusCode {
    shared.change(|world| world.faults.add(fault));
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(shared): Sharing) -> StatusCode {
    shared.change(|world| world.faults.clear());
    StatusCode::NO_CONTENT
}

async fn set_down(State(shared): Sharing, Body(body): Body<Down>) -> StatusCode {
    shared.change(|world| world.is_down = body.down);
    StatusCode::NO_CONTENT
}

async fn state(State(shared): Sharing) -> Json<super::State> {
    Json(shared.read(dump))
}

/// Everything, as it stands.
pub(in super::super) fn dump(world: &World) -> super::State {
    super::State {
        bot: world.bot(),
        webhook_url: world.webhook.as_ref().map(|webhook| webhook.url.clone()),
        pending_updates: world.updates.batch(0, usize::MAX),
        people: world.people.values().map(|person| person.user.clone()).collect(),
        chats: world.chats.keys().map(|id| ChatState { id: *id, messages: world.sent_to(*id) }).collect(),
        faults: world.faults.all().to_vec(),
        down: world.is_down,
    }
}
