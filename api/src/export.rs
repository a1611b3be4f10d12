//! `/export`: a copy of everything that is kept of a person. They ask once a day, and for a day they may fetch it; our bot does
//! so for them.

use axum::{
    Json,
    body::Bytes,
    extract::{Request, State},
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use evolve_contract::export::{ExportRequest, ExportResponse};

use crate::{
    extract::{Own, Person, own_body},
    openapi::problems,
    problem::ApiError,
    state::Api,
};

problems!(
    AskProblems: InvalidBody, Unauthorized, Forbidden, ProfileNotFound, BodyTooLarge, UnsupportedMediaType,
    ExportAskedToday, RateLimited, DatabaseUnavailable,
);
problems!(
    GetProblems: Unauthorized, Forbidden, ProfileNotFound, ExportNotFound, ExportTooLarge, InvalidValue, RateLimited,
    DatabaseUnavailable,
);

/// Asks for a copy of everything that is kept of a person.
#[utoipa::path(
    post, path = "/export", tag = "profile", security(("bearer" = [])),
    request_body = ExportRequest,
    responses((status = 200, description = "It can be fetched", body = ExportResponse), AskProblems),
)]
pub async fn ask(
    State(api): State<Api>,
    Person(person): Person,
    request: Request,
) -> Result<Json<ExportResponse>, ApiError> {
    own_body(&api, person, request, |body: &ExportRequest| body.user_id).await?;
    let asked = api.exports.ask(person).await;
    let until = asked.map_err(|error| ApiError::of_export(error, api.clock.now()))?;
    Ok(Json(ExportResponse { user_id: person, until }))
}

/// The copy: a zip of a page to read and of JSON.
#[utoipa::path(
    get, path = "/export/{user_id}", tag = "profile", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "The token's own person")),
    responses(
        (status = 200, description = "The copy", body = Vec<u8>, content_type = "application/zip"),
        GetProblems,
    ),
)]
pub async fn get(State(api): State<Api>, Own(person): Own) -> Result<Response, ApiError> {
    let made = api.exports.make(person).await;
    let archive = made.map_err(|error| ApiError::of_export(error, api.clock.now()))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"evolve.zip\"")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    // With its bytes goes the turn to make one: it is held until they are sent.
    Ok((headers, Bytes::from_owner(archive)).into_response())
}
