//! The answer as server-sent events.
//!
//! What fails at once (no quota left, database away) is an ordinary problem with its own status: the stream only begins
//! with the turn's first sign of life, or after [`PATIENCE`], so that proxies see bytes while a model thinks.

use std::{convert::Infallible, time::Duration};

use axum::{
    http::{HeaderName, HeaderValue},
    response::{
        IntoResponse as _, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use evolve_contract::chat::Delta;
use evolve_domain::{flags::Flag, language::Language};
use evolve_engine::turn::{TurnEvent, TurnRequest};
use futures::{Stream, StreamExt as _, stream};
use serde::Serialize;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::{
    chat::turn::{self, Progress},
    problem::ApiError,
    request_id::RequestId,
    state::Api,
};

/// How long a turn may be silent before the stream begins without it.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often a comment is sent while nothing comes: proxies cut silent connections after 30 to 60 s.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Runs a turn and answers with its events.
///
/// # Errors
/// What fails before the stream begins.
pub async fn respond(
    api: &Api,
    request: TurnRequest,
    RequestId(id): RequestId,
    language: Language,
) -> Result<Response, ApiError> {
    // Where it is switched off, the end is the only event.
    let is_shown = api.engine.is_on(Flag::Streaming, request.user_id, None);
    let mut progress = turn::start(api, request, is_shown);
    let first = match tokio::time::timeout(PATIENCE, progress.recv()).await {
        Ok(Some(Progress::End(Err(error)))) => return Err(error),
        Ok(first) => first,
        Err(_) => None,
    };
    let events =
        stream::iter(first).chain(rest(progress)).map(move |step| Ok::<_, Infallible>(event(step, &id, language)));
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    // nginx would collect the events before it hands them on.
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

fn rest(progress: UnboundedReceiver<Progress>) -> impl Stream<Item = Progress> {
    stream::unfold(progress, |mut progress| async move { Some((progress.recv().await?, progress)) })
}

fn event(step: Progress, request_id: &str, language: Language) -> Event {
    match step {
        Progress::Event(TurnEvent::Delta(text)) => named("delta", &Delta { text }),
        Progress::Event(TurnEvent::Heard(text)) => named("heard", &Delta { text }),
        Progress::Event(TurnEvent::Restart) => named("restart", &serde_json::json!({})),
        Progress::End(Ok(answer)) => named("done", &answer),
        Progress::End(Err(error)) => named("error", &error.into_problem(request_id, language)),
    }
}

fn named(name: &str, data: &impl Serialize) -> Event {
    // JSON escapes line breaks, the only thing that an event's data cannot hold.
    let data = serde_json::to_string(data).unwrap_or_else(|error| {
        tracing::error!(%error, name, "an event cannot be written");
        "{}".to_owned()
    });
    Event::default().event(name).data(data)
}
