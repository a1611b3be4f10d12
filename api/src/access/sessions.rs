//! `/api/v1/admin/sessions`: who is signed in to the panel. Everybody sees and ends their own; who may do `access`, all.

use axum::{
    Json,
    extract::{Path, State},
};
use evolve_contract::{
    Code,
    access::{SessionEnded, SessionResponse, SessionsResponse},
};
use evolve_domain::access::Permission;
use evolve_store::access::Session;
use uuid::Uuid;

use super::{Actor, accounts::read};
use crate::{audit::Act, openapi::problems, problem::ApiError, state::Api};

problems!(ListProblems: Forbidden, RateLimited, DatabaseUnavailable);
problems!(EndProblems: Forbidden, AccessNotFound, RateLimited, DatabaseUnavailable);

/// The sessions that hold: one's own, or with the permission `access` all.
#[utoipa::path(
    get, path = "/api/v1/admin/sessions", tag = "access", security(("service_key" = [])),
    responses((status = 200, description = "The one that was used last first", body = SessionsResponse), ListProblems),
)]
pub async fn list(State(api): State<Api>, actor: Actor) -> Result<Json<SessionsResponse>, ApiError> {
    let current = actor.session().map(|session| session.id);
    let sessions = api.access.sessions(whose(&actor)?).await?;
    Ok(Json(SessionsResponse { sessions: sessions.into_iter().map(|session| wire(session, current)).collect() }))
}

/// Ends a session: one's own, or with the permission `access` any.
#[utoipa::path(
    delete, path = "/api/v1/admin/sessions/{session_id}", tag = "access", security(("service_key" = [])),
    params(("session_id" = String, Path, description = "Its id")),
    responses((status = 200, description = "It is over", body = SessionEnded), EndProblems),
)]
pub async fn end(
    State(api): State<Api>,
    actor: Actor,
    _: Act,
    Path(id): Path<String>,
) -> Result<Json<SessionEnded>, ApiError> {
    let id = read(&id)?;
    api.access.end_session(id, whose(&actor)?).await?;
    Ok(Json(SessionEnded { id: id.to_string() }))
}

/// Whose sessions somebody may see; nothing for everybody's.
fn whose(actor: &Actor) -> Result<Option<Uuid>, ApiError> {
    if actor.may(Permission::Access) {
        return Ok(None);
    }
    let own = actor.account().ok_or_else(|| ApiError::new(Code::Forbidden).detail("only accounts have sessions"))?;
    Ok(Some(own))
}

fn wire(session: Session, current: Option<Uuid>) -> SessionResponse {
    SessionResponse {
        id: session.id.to_string(),
        account_id: session.account.to_string(),
        name: session.name,
        way: session.way,
        address: session.address,
        agent: session.agent,
        created_at: session.created_at,
        seen_at: session.seen_at,
        expires_at: session.expires_at,
        current: current == Some(session.id),
    }
}
