//! `/admin/failures`: what was given up or set apart, for whoever runs the bot: see `access::routes`.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
};
use chrono::DateTime;
use evolve_contract::{
    Code,
    failures::{Failure as Wire, FailureKind, FailuresResponse, ReplayRequest, ReplayResponse},
};
use evolve_domain::access::Permission;
use evolve_store::failures::{FailedKind, Failure, Place, Which};
use serde::Deserialize;

use crate::{access::Actor, extract::JsonBody, openapi::problems, problem::ApiError, state::Api};

problems!(ListProblems: Forbidden, InvalidValue, RateLimited, DatabaseUnavailable);
problems!(OneProblems: Forbidden, InvalidValue, FailureNotFound, RateLimited, DatabaseUnavailable);
problems!(
    AllProblems: InvalidBody, Forbidden, BodyTooLarge, UnsupportedMediaType, InvalidValue, RateLimited, DatabaseUnavailable,
);

/// Longest reason.
const MAX_REASON_CHARS: usize = 100;

/// Which failures.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Of this kind alone.
    kind: Option<FailureKind>,
    /// For this reason alone, which is the whole `reason` of it.
    reason: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// What was given up or set apart, newest first.
#[utoipa::path(
    get, path = "/admin/failures", tag = "operation", security(("service_key" = [])), params(Filter),
    responses((status = 200, description = "What failed", body = FailuresResponse), ListProblems),
)]
pub async fn list(
    State(api): State<Api>,
    actor: Actor,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<FailuresResponse>, ApiError> {
    let Query(Filter { kind, reason, after }) =
        filter.map_err(|_| invalid("kind is inbox, apart or outbox, and after the `next` of the page before"))?;
    let after = after.map(|after| place(&after).ok_or_else(|| invalid("after is the `next` of the page before")));
    let reason = reason.as_deref().map(checked).transpose()?;
    let which = Which { kind: kind.map(stored), reason, after: after.transpose()? };
    let (failures, next) = api.failures.page(&which).await?;
    let failures = failures.into_iter().map(|failure| seen_by(&actor, wire(failure))).collect();
    Ok(Json(FailuresResponse { failures, next: next.map(cursor) }))
}

/// Has an update worked again that was given up or set apart.
///
/// It keeps its number, and so nobody is answered twice. What it waits for is what waits already.
#[utoipa::path(
    post, path = "/admin/failures/inbox/{update_id}/replay", tag = "operation", security(("service_key" = [])),
    params(("update_id" = i64, Path, description = "Telegram's number of it")),
    responses((status = 200, description = "It is tried again", body = ReplayResponse), OneProblems),
)]
pub async fn replay_update(
    State(api): State<Api>,
    _: Actor,
    Path(update_id): Path<String>,
) -> Result<Json<ReplayResponse>, ApiError> {
    one(&api, FailedKind::Update, &update_id).await
}

/// Owes a call again that was given up, as long as it is known what it says.
#[utoipa::path(
    post, path = "/admin/failures/outbox/{id}/replay", tag = "operation", security(("service_key" = [])),
    params(("id" = i64, Path, description = "Its number in the outbox")),
    responses((status = 200, description = "It is tried again", body = ReplayResponse), OneProblems),
)]
pub async fn replay_message(
    State(api): State<Api>,
    _: Actor,
    Path(id): Path<String>,
) -> Result<Json<ReplayResponse>, ApiError> {
    one(&api, FailedKind::Message, &id).await
}

/// Has everything tried again that failed for one reason, at most 500 at once.
#[utoipa::path(
    post, path = "/admin/failures/replay", tag = "operation", security(("service_key" = [])),
    request_body = ReplayRequest,
    responses((status = 200, description = "How much is tried again", body = ReplayResponse), AllProblems),
)]
pub async fn replay_all(
    State(api): State<Api>,
    _: Actor,
    JsonBody(request): JsonBody<ReplayRequest>,
) -> Result<Json<ReplayResponse>, ApiError> {
    let reason = checked(&request.reason)?;
    let replayed = api.failures.replay_all(stored(request.kind), reason).await?;
    tracing::info!(kind = ?request.kind, reason, count = replayed.count, "an administrator replays all of a reason");
    Ok(Json(ReplayResponse { replayed: replayed.count, more: replayed.more }))
}

async fn one(api: &Api, kind: FailedKind, id: &str) -> Result<Json<ReplayResponse>, ApiError> {
    let id: i64 = id.parse().map_err(|_| invalid("it is named by its id in the list"))?;
    if !api.failures.replay(kind, id).await? {
        return Err(ApiError::new(Code::FailureNotFound).detail("nothing that failed and can be replayed has this id"));
    }
    tracing::info!(?kind, id, "an administrator replays what failed");
    Ok(Json(ReplayResponse { replayed: 1, more: false }))
}

/// Who may not see people, sees what failed, and not to whom: a private chat has its person's number.
pub(crate) fn seen_by(actor: &Actor, failure: Wire) -> Wire {
    if actor.may(Permission::People) { failure } else { Wire { chat_id: None, user_id: None, ..failure } }
}

pub(crate) fn wire(failure: Failure) -> Wire {
    let Failure { place, chat_id, user_id, since, attempts, reason, detail, method, replayable } = failure;
    Wire {
        kind: match place.kind {
            FailedKind::Update => FailureKind::Inbox,
            FailedKind::Apart => FailureKind::Apart,
            FailedKind::Message => FailureKind::Outbox,
        },
        id: place.id,
        chat_id,
        user_id,
        failed_at: place.at,
        since,
        attempts: u32::try_from(attempts).unwrap_or_default(),
        reason,
        detail,
        method,
        replayable,
    }
}

pub(crate) const fn stored(kind: FailureKind) -> FailedKind {
    match kind {
        FailureKind::Inbox => FailedKind::Update,
        FailureKind::Apart => FailedKind::Apart,
        FailureKind::Outbox => FailedKind::Message,
    }
}

/// Microseconds, which is what Postgres keeps; the kind; the id.
pub(crate) fn cursor(place: Place) -> String {
    let kind = match place.kind {
        FailedKind::Update => "inbox",
        FailedKind::Apart => "apart",
        FailedKind::Message => "outbox",
    };
    format!("{}.{kind}.{}", place.at.timestamp_micros(), place.id)
}

pub(crate) fn place(cursor: &str) -> Option<Place> {
    let (at, rest) = cursor.split_once('.')?;
    let (kind, id) = rest.split_once('.')?;
    let kind = match kind {
        "inbox" => FailedKind::Update,
        "apart" => FailedKind::Apart,
        "outbox" => FailedKind::Message,
        _ => return None,
    };
    let at = DateTime::from_timestamp_micros(at.parse().ok()?)?;
    // What Postgres can hold, and more than anything was.
    let is_sane = (0..=253_402_300_799).contains(&at.timestamp());
    is_sane.then_some(Place { at, kind, id: id.parse().ok()? })
}

pub(crate) fn checked(reason: &str) -> Result<&str, ApiError> {
    let is_one = (1..=MAX_REASON_CHARS).contains(&reason.chars().count()) && !reason.contains('\0');
    if is_one { Ok(reason) } else { Err(invalid("a reason is 1 to 100 characters, as it stands in the list")) }
}

fn invalid(detail: &str) -> ApiError {
    ApiError::new(Code::InvalidValue).detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        for kind in FailedKind::ALL {
            let at = DateTime::from_timestamp_micros(1_795_262_400_123_456).unwrap();
            let there = Place { at, kind, id: -7 };
            assert_eq!(place(&cursor(there)), Some(there));
        }
    }

    #[test]
    fn what_is_no_place_is_none() {
        for text in
            ["", ".", "1.inbox", "1.inbox.x", "x.inbox.1", "1.nowhere.1", "-1.inbox.1", "9223372036854775807.inbox.1"]
        {
            assert_eq!(place(text), None, "{text}");
        }
    }
}
