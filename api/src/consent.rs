//! `/consent`: whether a person agrees to adult matters.

use axum::{
    Json,
    extract::{FromRequest as _, Request, State},
};
use evolve_contract::consent::{ConsentResponse, ConsentUpdate};
use evolve_domain::consent::{Consent, WORDS};
use evolve_engine::consents::ConsentChoice;

use crate::{
    extract::{JsonBody, Own},
    openapi::problems,
    problem::ApiError,
    state::Api,
};

problems!(
    ConsentProblems: Unauthorized, Forbidden, ProfileNotFound, InvalidValue, RateLimited, DatabaseUnavailable,
);
problems!(
    DecisionProblems: InvalidBody, Unauthorized, Forbidden, ProfileNotFound, Underage, BodyTooLarge, UnsupportedMediaType, InvalidValue,
    RateLimited, DatabaseUnavailable,
);

/// Whether a person agrees to adult matters, being 18 or older.
#[utoipa::path(
    get, path = "/consent/{user_id}", tag = "profile", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "The token's own person")),
    responses((status = 200, description = "What they decided", body = ConsentResponse), ConsentProblems),
)]
pub async fn get(State(api): State<Api>, Own(person): Own) -> Result<Json<ConsentResponse>, ApiError> {
    Ok(Json(response(api.engine.consent(person).await?)))
}

/// Writes down what the person decided. The same again changes nothing; a no takes a yes back.
#[utoipa::path(
    post, path = "/consent/{user_id}", tag = "profile", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "The token's own person")),
    request_body = ConsentUpdate,
    responses((status = 200, description = "What they have decided now", body = ConsentResponse), DecisionProblems),
)]
pub async fn update(
    State(api): State<Api>,
    Own(person): Own,
    request: Request,
) -> Result<Json<ConsentResponse>, ApiError> {
    let JsonBody(ConsentUpdate { agreed, words }) = JsonBody::from_request(request, &api).await?;
    Ok(Json(response(api.engine.decide(person, words, agreed).await?)))
}

fn response(choice: ConsentChoice) -> ConsentResponse {
    let ConsentChoice { available, decided } = choice;
    ConsentResponse {
        available,
        current_words: WORDS,
        agreed: decided.filter(Consent::is_current).map(|decided| decided.agreed),
        decided_at: decided.map(|decided| decided.decided_at),
        words: decided.map(|decided| decided.words),
        minor_said_at: decided.and_then(|decided| decided.minor_said_at),
    }
}
