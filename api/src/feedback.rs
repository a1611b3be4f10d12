//! `POST /chat/feedback` and `POST /profile/referrer`: small things that the bot tells of a person.

use axum::{
    Json,
    extract::{FromRequest as _, Request, State},
};
use evolve_contract::{
    Code,
    chat::{FeedbackRequest, FeedbackResponse},
    profile::{ReferrerRequest, ReferrerResponse},
};

use crate::{
    extract::{JsonBody, Person, own_body},
    openapi::problems,
    problem::ApiError,
    state::Api,
};

/// Longest reaction, in bytes: an emoji of a family has some thirty.
const MAX_REACTION: usize = 64;
/// Longest parameter of a link to a bot.
const MAX_PARAMETER: usize = 64;

problems!(
    FeedbackProblems: InvalidBody, Unauthorized, BodyTooLarge, UnsupportedMediaType, InvalidValue, RateLimited,
    DatabaseUnavailable,
);
problems!(
    ReferrerProblems: InvalidBody, Unauthorized, Forbidden, BodyTooLarge, UnsupportedMediaType, InvalidValue, RateLimited,
    DatabaseUnavailable,
);

/// What the person thinks of an answer: their reaction to it.
#[utoipa::path(
    post, path = "/chat/feedback", tag = "chat", security(("bearer" = [])),
    request_body = FeedbackRequest,
    responses((status = 200, description = "Done", body = FeedbackResponse), FeedbackProblems),
)]
pub async fn give(
    State(api): State<Api>,
    Person(person): Person,
    request: Request,
) -> Result<Json<FeedbackResponse>, ApiError> {
    let JsonBody(FeedbackRequest { key, reaction }) = JsonBody::from_request(request, &api).await?;
    let is_reaction = |text: &String| (1..=MAX_REACTION).contains(&text.len()) && !text.chars().any(char::is_control);
    if !reaction.as_ref().is_none_or(is_reaction) {
        let detail = format!("reaction must have 1 to {MAX_REACTION} bytes, without control characters");
        return Err(ApiError::new(Code::InvalidValue).detail(detail));
    }
    let kept = api.engine.feedback(person, &key.replace('\0', ""), reaction.as_deref()).await?;
    Ok(Json(FeedbackResponse { kept }))
}

/// By whose link the person came: kept once, before they say anything. The answer does not tell whether it was.
#[utoipa::path(
    post, path = "/profile/referrer", tag = "profile", security(("bearer" = [])),
    request_body = ReferrerRequest,
    responses((status = 200, description = "Done", body = ReferrerResponse), ReferrerProblems),
)]
pub async fn referrer(
    State(api): State<Api>,
    Person(person): Person,
    request: Request,
) -> Result<Json<ReferrerResponse>, ApiError> {
    let ReferrerRequest { parameter, .. } =
        own_body(&api, person, request, |body: &ReferrerRequest| body.user_id).await?;
    if parameter.len() > MAX_PARAMETER {
        let detail = format!("parameter is longer than {MAX_PARAMETER} bytes");
        return Err(ApiError::new(Code::InvalidValue).detail(detail));
    }
    api.engine.referred(person, &parameter).await?;
    Ok(Json(ReferrerResponse { heard: true }))
}
