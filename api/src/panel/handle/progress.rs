//! How far a broadcast has come, while somebody looks.

use std::time::Duration;

use askama::Template as _;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use evolve_contract::broadcast::BroadcastResponse;
use evolve_domain::access::Permission;
use evolve_engine::broadcasts::BroadcastError;
use futures::{StreamExt as _, stream};
use uuid::Uuid;

use super::Reader;
use crate::{
    broadcast::{read, wire},
    panel::{
        live::{self, LivePart},
        markup::Markup,
        pages::broadcasts::{BroadcastProgress, is_over},
        respond,
        words::Words,
    },
    problem::ApiError,
    state::Api,
};

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How far one has come, and what can be done about it, told as it changes, until it is over.
pub(super) async fn progress(
    State(api): State<Api>,
    reader: Reader,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let id = read(&id)?;
    let now = wire(api.broadcasts.get(id).await?);
    let told = headers.get("last-event-id").and_then(|told| told.to_str().ok()).map(str::to_owned);
    if is_over(now.state) && told.as_deref() == Some(&*mark(&now)) {
        // Then there is no more to come, and a browser asks no more.
        return Ok(respond::private(StatusCode::NO_CONTENT.into_response()));
    }
    let seat = match api.seats.take(&reader.actor.name()) {
        Ok(seat) => seat,
        Err(full) => return Ok(full.into_response()),
    };
    let (tasks, gone) = (api.tasks.clone(), Box::pin(reader.gone(&api)));
    let may_write = reader.may(Permission::Broadcast);
    let watch =
        Watch { api, id, words: reader.words, may_write, csrf: reader.csrf, told, next: Some(now), is_over: false };
    Ok(live::stream(&tasks, seat.keeps(stream::unfold(watch, next).take_until(gone))))
}

/// What somebody sees of a broadcast while they look.
struct Watch {
    api: Api,
    id: Uuid,
    words: Words,
    may_write: bool,
    csrf: String,
    /// What they saw last.
    told: Option<String>,
    /// What is to be told without looking anew.
    next: Option<BroadcastResponse>,
    is_over: bool,
}

/// By what it is known whether anything has changed.
fn mark(one: &BroadcastResponse) -> String {
    let progress = one.progress;
    let counts = [progress.chosen, progress.sent, progress.blocked, progress.failed, progress.waiting];
    // One that goes on and rests again between two looks has rested since another time.
    let halted = one.halted_at.map_or(0, |at| at.timestamp_micros());
    counts.iter().fold(format!("{:?}-{halted}", one.state).to_lowercase(), |mark, count| format!("{mark}-{count}"))
}

async fn next(mut watch: Watch) -> Option<(LivePart, Watch)> {
    while !watch.is_over {
        let one = match watch.next.take() {
            Some(one) => one,
            None => {
                tokio::time::sleep(LOOK_EVERY).await;
                match watch.api.broadcasts.get(watch.id).await {
                    Ok(broadcast) => wire(broadcast),
                    Err(BroadcastError::NotFound) => return None,
                    Err(error) => {
                        tracing::debug!(%error, "how far a broadcast has come is not known now");
                        continue;
                    }
                }
            }
        };
        watch.is_over = is_over(one.state);
        let id = mark(&one);
        if watch.told.as_ref() == Some(&id) {
            continue;
        }
        let Watch { words, may_write, .. } = watch;
        let part = BroadcastProgress { one: &one, may_write, csrf: &watch.csrf, words };
        let html = Markup::trusted(part.render().ok()?);
        watch.told = Some(id.clone());
        return Some((LivePart { id: Some(id), html }, watch));
    }
    None
}
