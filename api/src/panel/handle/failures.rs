//! What was given up or set apart, and its second chance.

use axum::{
    Router,
    extract::{Path, Query, State, rejection::QueryRejection},
    response::Response,
    routing::{get, post},
};
use evolve_contract::{
    Code,
    failures::{Failure, FailureKind},
};
use evolve_domain::access::Permission;
use evolve_store::failures::{FailedKind, Which};
use serde::Deserialize;
use serde_json::json;
use url::form_urlencoded::Serializer;

use super::{Reader, fields::Fields};
use crate::{
    audit::Act,
    failures::{checked, cursor, place, seen_by, stored, wire},
    panel::{
        pages::failures::{self as shown, Failures},
        parts::{Listing, Table},
    },
    problem::ApiError,
    state::Api,
};

const PATH: &str = "/admin/panel/failures";

/// The routes.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/admin/panel/failures", get(list))
        .route("/admin/panel/failures.csv", get(csv))
        .route("/admin/panel/failures/inbox/{update_id}/replay", post(replay_update))
        .route("/admin/panel/failures/outbox/{id}/replay", post(replay_message))
        .route("/admin/panel/failures/replay-all", post(replay_all))
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    kind: String,
    reason: String,
    after: Option<String>,
}

/// What of which kind; nothing for all.
fn kind(code: &str) -> Result<Option<FailureKind>, ApiError> {
    match code {
        "" => Ok(None),
        "inbox" => Ok(Some(FailureKind::Inbox)),
        "apart" => Ok(Some(FailureKind::Apart)),
        "outbox" => Ok(Some(FailureKind::Outbox)),
        _ => Err(Code::InvalidValue.into()),
    }
}

async fn page(api: &Api, reader: &Reader, asked: &Asked) -> Result<(Vec<Failure>, Option<String>), ApiError> {
    let reason = asked.reason.trim();
    let after = asked.after.as_deref().map(|after| place(after).ok_or(Code::InvalidValue)).transpose()?;
    let which = Which {
        kind: kind(&asked.kind)?.map(stored),
        reason: if reason.is_empty() { None } else { Some(checked(reason)?) },
        after,
    };
    let (failures, next) = api.failures.page(&which).await?;
    let failures = failures.into_iter().map(|failure| seen_by(&reader.actor, wire(failure)));
    Ok((failures.collect(), next.map(cursor)))
}

fn listed(reader: &Reader, asked: &Asked, failures: Vec<Failure>, next: Option<String>) -> Failures {
    let query = vec![("kind".to_owned(), asked.kind.clone()), ("reason".to_owned(), asked.reason.trim().to_owned())];
    Failures {
        kind: asked.kind.clone(),
        reason: asked.reason.trim().to_owned(),
        failures,
        may_replay: reader.may(Permission::ManageOperations),
        listing: Listing {
            path: PATH.to_owned(),
            query,
            is_later: asked.after.is_some(),
            next,
            exports: true,
            ..Listing::default()
        },
        csrf: reader.csrf.clone(),
        view: reader.view.clone(),
        words: reader.words,
    }
}

async fn list(
    State(api): State<Api>,
    reader: Reader,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(asked) = asked.map_err(|_| Code::InvalidValue)?;
    let (failures, next) = page(&api, &reader, &asked).await?;
    Ok(reader.page(&listed(&reader, &asked, failures, next)))
}

async fn csv(
    State(api): State<Api>,
    reader: Reader,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(asked) = asked.map_err(|_| Code::InvalidValue)?;
    let of = api.clone();
    api.downloads.send("failures", move |after| of_file(of.clone(), reader.clone(), asked.clone(), after)).await
}

/// A page of the file.
async fn of_file(
    api: Api,
    reader: Reader,
    asked: Asked,
    after: Option<String>,
) -> Result<(Table, Option<String>), ApiError> {
    let asked = Asked { after, ..asked };
    let (failures, next) = page(&api, &reader, &asked).await?;
    Ok((listed(&reader, &asked, failures, next.clone()).table(), next))
}

async fn replay_update(
    State(api): State<Api>,
    reader: Reader,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, ApiError> {
    replay(&api, &reader, FailedKind::Update, &id, &fields).await
}

async fn replay_message(
    State(api): State<Api>,
    reader: Reader,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, ApiError> {
    replay(&api, &reader, FailedKind::Message, &id, &fields).await
}

async fn replay(api: &Api, reader: &Reader, kind: FailedKind, id: &str, fields: &Fields) -> Result<Response, ApiError> {
    let id: i64 = id.parse().map_err(|_| Code::FailureNotFound)?;
    if !api.failures.replay(kind, id).await? {
        return Err(Code::FailureNotFound.into());
    }
    tracing::info!(?kind, id, "an administrator replays what failed");
    Ok(reader.done(&back(fields), "panel-done-replay"))
}

async fn replay_all(State(api): State<Api>, reader: Reader, act: Act, fields: Fields) -> Result<Response, ApiError> {
    let (kind, reason) = (kind(fields.text("kind"))?.ok_or(Code::InvalidValue)?, checked(fields.text("reason"))?);
    let replayed = api.failures.replay_all(stored(kind), reason).await?;
    act.detail(json!({ "kind": shown::code(kind), "replayed": replayed.count }));
    tracing::info!(?kind, reason, count = replayed.count, "an administrator replays all of a reason");
    Ok(reader.done(&back(&fields), if replayed.more { "panel-done-replay-more" } else { "panel-done-replay-all" }))
}

/// The list as it was narrowed down.
fn back(fields: &Fields) -> String {
    let mut query = Serializer::new(String::new());
    for name in ["kind", "reason"] {
        if fields.is_ticked(name) {
            query.append_pair(name, fields.text(name));
        }
    }
    let query = query.finish();
    if query.is_empty() { PATH.to_owned() } else { format!("{PATH}?{query}") }
}
