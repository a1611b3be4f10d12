//! Requests in, answers out.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::connection::{Connection, Listener};
use super::fault::Effect;
use super::methods::{self, Method, Run};
use super::params::{self, Params};
use super::refusal::{Outcome, Refusal, answer};
use super::shared::Shared;
use super::world::{World, is_well_formed};
use super::{CallOutcome, control, delivery};

/// Serves until the server stops: the Bot API, the control API, and deliveries to a webhook.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) -> std::io::Result<()> {
    let stop = shared.stop.clone();
    let listener = Listener { inner: listener, stop: stop.clone() };
    let router = Router::new()
        .nest("/simulator", control::routes())
        .fallback(bot_api)
        .layer(DefaultBodyLimit::max(params::BODY_LIMIT))
        .with_state(shared.clone());
    let server = axum::serve(listener, router.into_make_service_with_connect_info::<Connection>())
        .with_graceful_shutdown(stop.cancelled_owned());
    let (served, ()) = tokio::join!(server, delivery::deliver(shared));
    served
}

/// Everything outside the control API: `/bot<token>/<method>` and `/file/bot<token>/<path>`, each perhaps after `/via/<name>`.
async fn bot_api(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response {
    if shared.read(|world| world.is_down) {
        return cut(&connection);
    }
    let path = unescaped(request.uri().path());
    let (via, path) = named(&path);
    let (prefix, rest) = match (path.strip_prefix("/bot"), path.strip_prefix("/file/bot")) {
        (Some(rest), _) => ("bot", rest),
        (_, Some(rest)) => ("file", rest),
        _ => return answer(Err(not_found("Not Found"))),
    };
    let Some((token, rest)) = rest.split_once('/') else { return answer(Err(not_found("Not Found"))) };
    if !is_known_shape(&shared, token) {
        return answer(Err(not_found("Not Found")));
    }
    if !shared.change(|world| world.admits(token)) {
        return answer(Err(Refusal::new(401, "Unauthorized")));
    }
    if prefix == "file" {
        return file(shared.read(|world| methods::download(world, rest)));
    }
    match methods::find(rest) {
        None => answer(Err(not_found("Not Found: method not found"))),
        Some(method) => match params::read(request).await {
            Ok(params) => call(&shared, &connection, via, method, &params).await,
            Err(refusal) => answer(Err(refusal)),
        },
    }
}

/// The name under which a client comes, if it has one, and the path after it.
fn named(path: &str) -> (Option<&str>, &str) {
    let after = path.strip_prefix("/via/");
    match after.and_then(|after| Some(after.split_at(after.find('/')?))) {
        Some((name, path)) => (Some(name), path),
        None => (None, path),
    }
}

/// A path without escapes: clients escape the colon of the token, or the slash in the path of a file.
fn unescaped(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digit = |at: usize| char::from(*after.get(at)?).to_digit(16);
        let escaped = digit(0).zip(digit(1)).filter(|_| *first == b'%');
        let escaped = escaped.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A test may well use a token that no real bot could have; that one is known nevertheless.
fn is_known_shape(shared: &Shared, token: &str) -> bool {
    is_well_formed(token)
        || shared.read(|world| matches!(&world.options.tokens, super::Tokens::One(expected) if expected == token))
}

fn not_found(description: &str) -> Refusal {
    Refusal::new(404, description)
}

/// A file, or the refusal of one that is not there.
pub(super) fn file(bytes: Option<Bytes>) -> Response {
    match bytes {
        Some(bytes) => ([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response(),
        None => answer(Err(not_found("Not Found"))),
    }
}

/// Cuts the connection. What is returned never reaches the client.
fn cut(connection: &Connection) -> Response {
    connection.cut();
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

async fn call(
    shared: &Shared,
    connection: &Connection,
    via: Option<&str>,
    method: Method,
    params: &Params,
) -> Response {
    let (number, effect) = shared.change(|world| {
        let number = world.calls.begin(method.name, params, via);
        (number, world.faults.take(method.name, chat_of(params)))
    });
    let end = |outcome: CallOutcome, message_id: Option<i64>| {
        shared.change(|world| world.calls.end(number, outcome, message_id));
    };
    match effect {
        None => match execute(shared, method, params).await {
            Some(outcome) => {
                end(recorded(&outcome), message_of(&outcome));
                shared.may_answer(method.name).await;
                answer(outcome)
            }
            None => {
                end(CallOutcome::CutBefore, None);
                cut(connection)
            }
        },
        Some(Effect::Refuse { status, description, retry_after, migrate_to_chat_id }) => {
            let refusal = Refusal { code: status, description, retry_after, migrate_to: migrate_to_chat_id };
            end(recorded(&Err(refusal.clone())), None);
            answer(Err(refusal))
        }
        Some(Effect::Garbage { status, body }) => {
            end(CallOutcome::Refused { code: status, description: body.clone() }, None);
            (StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY), body).into_response()
        }
        Some(Effect::Hang) => {
            end(CallOutcome::Hung, None);
            pending().await
        }
        Some(Effect::Stall { milliseconds }) => {
            end(CallOutcome::Hung, None);
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            cut(connection)
        }
        Some(Effect::DropBefore) => {
            end(CallOutcome::CutBefore, None);
            cut(connection)
        }
        Some(Effect::DropAfter) => {
            match execute(shared, method, params).await {
                Some(outcome @ Ok(_)) => end(CallOutcome::CutAfter, message_of(&outcome)),
                _ => end(CallOutcome::CutBefore, None),
            }
            cut(connection)
        }
    }
}

/// The message that a call sent or changed.
pub(super) fn message_of(outcome: &Outcome) -> Option<i64> {
    outcome.as_ref().ok()?.get("message_id")?.as_i64()
}

pub(super) fn recorded(outcome: &Outcome) -> CallOutcome {
    match outcome {
        Ok(_) => CallOutcome::Ok,
        Err(refusal) => CallOutcome::Refused { code: refusal.code, description: refusal.description.clone() },
    }
}

/// Runs a method. Nothing is returned when the connection is to be cut.
pub(super) async fn execute(shared: &Shared, method: Method, params: &Params) -> Option<Outcome> {
    match method.run {
        Run::LongPoll => methods::get_updates(shared, params).await,
        Run::Now(run) => Some(shared.change(|world| {
            if method.is_paced {
                pace(world, params)?;
            }
            run(world, params)
        })),
    }
}

fn pace(world: &mut World, params: &Params) -> Result<(), Refusal> {
    let Some(chat_id) = chat_of(params) else { return Ok(()) };
    let limits = world.options.flood_limits;
    world.floods.admit(limits, chat_id, Instant::now()).map_err(Refusal::too_many)
}

fn chat_of(params: &Params) -> Option<i64> {
    params.text("chat_id").parse().ok()
}
