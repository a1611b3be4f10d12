//! `/conversations` of the API on loopback: six of them, and five weeks.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::HeaderMap,
    response::{IntoResponse as _, Response},
    routing::get,
};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use evolve_contract::history::{Conversation, ConversationsQuery, ConversationsResponse, Week};
use uuid::Uuid;

use super::{Shared, World, person};

pub(super) fn routes() -> Router<Arc<Mutex<World>>> {
    Router::new().route("/conversations/{user_id}", get(conversations))
}

async fn conversations(
    State(world): Shared,
    Path(user_id): Path<i64>,
    Query(ConversationsQuery { before }): Query<ConversationsQuery>,
    headers: HeaderMap,
) -> Response {
    if let Err(response) = person(&world.lock().unwrap(), &headers) {
        return response;
    }
    let conversations = (1..=6).rev().map(talk).filter(|talk| before.is_none_or(|before| talk.started_at < before));
    let weeks = if before.is_none() { (1..=5).rev().map(week).collect() } else { Vec::new() };
    Json(ConversationsResponse { user_id, conversations: conversations.collect(), older: None, weeks }).into_response()
}

/// The sixth goes on.
fn talk(number: u8) -> Conversation {
    let first: DateTime<Utc> = "2026-02-28T09:05:00.000001Z".parse().unwrap();
    let started_at = first + TimeDelta::days(number.into());
    let is_over = number < 6;
    Conversation {
        id: Uuid::from_u128(number.into()),
        title: is_over.then(|| format!("Talk <{number}>")),
        started_at,
        ended_at: is_over.then(|| started_at + TimeDelta::hours(1)),
        messages: 2,
        summary: is_over.then(|| format!("They spoke of <{number}>")),
    }
}

/// The fifth is the newest.
fn week(number: u8) -> Week {
    let first: NaiveDate = "2026-01-19".parse().unwrap();
    Week { starts_on: first + Days::new(7 * u64::from(number)), summary: format!("The week was <{number}>") }
}
