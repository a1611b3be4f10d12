//! `/memory`: what the companion remembers of a person. A person's own token opens their own facts alone.

use axum::{
    Json,
    extract::{FromRequest as _, FromRequestParts, Path, Query, Request, State},
    http::request::Parts,
};
use chrono::NaiveDate;
use evolve_contract::{
    Code,
    memory::{
        CategoryCount, FactCorrection, FactData, FactResponse, ForgottenResponse, MemoryQuery, MemoryResponse, PastFact,
    },
};
use evolve_domain::fact::Category;
use evolve_engine::memories::{Correction, Filter, Listing, Remembered};
use evolve_store::forgetting::Forgotten;
use uuid::Uuid;

use crate::{
    extract::{JsonBody, Own, Person, own},
    openapi::problems,
    problem::ApiError,
    state::Api,
};

/// Facts on a page, where the caller does not say.
const PER_PAGE: u32 = 10;
/// Longest search, in characters.
const MAX_WORDS: usize = 200;

problems!(
    ListProblems: Unauthorized, Forbidden, ProfileNotFound, InvalidValue, RateLimited, DatabaseUnavailable,
);
problems!(
    FactProblems: Unauthorized, Forbidden, ProfileNotFound, FactNotFound, InvalidValue, RateLimited, DatabaseUnavailable,
);
problems!(
    CorrectProblems: InvalidBody, Unauthorized, Forbidden, ProfileNotFound, FactNotFound, BodyTooLarge,
    UnsupportedMediaType, InvalidValue, RateLimited, DatabaseUnavailable,
);
problems!(
    ForgetProblems: Unauthorized, Forbidden, FactNotFound, InvalidValue, RateLimited, DatabaseUnavailable,
);
problems!(
    ForgetAllProblems: Unauthorized, Forbidden, InvalidValue, RateLimited, DatabaseUnavailable,
);

/// The person and the fact in the path; the person must be the token's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnFact {
    person: i64,
    fact: Uuid,
}

impl<S: Send + Sync> FromRequestParts<S> for OwnFact {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Person(person) = Person::from_request_parts(parts, state).await?;
        let Ok(Path((asked, fact))) = Path::<(i64, Uuid)>::from_request_parts(parts, state).await else {
            let detail = "the path must be a user id and the id of a fact";
            return Err(ApiError::new(Code::InvalidValue).detail(detail));
        };
        Ok(Self { person: own(person, asked)?, fact })
    }
}

/// What is remembered of a person: how much of what, and a page of the facts that are asked for.
#[utoipa::path(
    get, path = "/memory/{user_id}", tag = "memory", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "The token's own person"), MemoryQuery),
    responses((status = 200, description = "A page of facts", body = MemoryResponse), ListProblems),
)]
pub async fn list(
    State(api): State<Api>,
    Own(person): Own,
    query: Result<Query<MemoryQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<MemoryResponse>, ApiError> {
    let invalid = |detail: &str| ApiError::new(Code::InvalidValue).detail(detail);
    let Ok(Query(MemoryQuery { category, words, past, page, per_page })) = query else {
        return Err(invalid("the query takes category, words, past, page and per_page"));
    };
    if words.as_ref().is_some_and(|words| words.chars().count() > MAX_WORDS) {
        return Err(invalid("words: must have at most 200 characters"));
    }
    let category = category.as_deref().map(parse_category).transpose()?;
    let filter = Filter { category, words, past, page, per_page: per_page.unwrap_or(PER_PAGE) };
    let Listing { total, past, limit, categories, found, page, pages, facts } =
        api.memories.list(person, &filter).await?;
    let count = |(category, facts): (Category, u32)| CategoryCount { category: category.to_string(), facts };
    Ok(Json(MemoryResponse {
        user_id: person,
        total,
        past,
        limit,
        categories: categories.into_iter().map(count).collect(),
        found,
        page,
        pages,
        facts: facts.into_iter().map(data).collect(),
    }))
}

/// A fact, which may be over, and what held before it.
#[utoipa::path(
    get, path = "/memory/{user_id}/{fact_id}", tag = "memory", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "The token's own person"), ("fact_id" = Uuid, Path, description = "The fact")),
    responses((status = 200, description = "The fact and its history", body = FactResponse), FactProblems),
)]
pub async fn get(State(api): State<Api>, own: OwnFact) -> Result<Json<FactResponse>, ApiError> {
    let (fact, history) = api.memories.one(own.person, own.fact).await?;
    Ok(Json(FactResponse { fact: data(fact), history: history.into_iter().map(past).collect() }))
}

/// Puts a fact right. What was wrong is not kept.
#[utoipa::path(
    patch, path = "/memory/{user_id}/{fact_id}", tag = "memory", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "The token's own person"), ("fact_id" = Uuid, Path, description = "The fact")),
    request_body = FactCorrection,
    responses((status = 200, description = "The fact as it is now", body = FactData), CorrectProblems),
)]
pub async fn correct(State(api): State<Api>, own: OwnFact, request: Request) -> Result<Json<FactData>, ApiError> {
    let JsonBody(FactCorrection { content, category, day }) = JsonBody::from_request(request, &api).await?;
    let category = category.as_deref().map(parse_category).transpose()?;
    let day = day.as_deref().map(parse_day).transpose()?;
    let correction = Correction { content: content.as_deref(), category, day };
    let corrected = api.memories.correct(own.person, own.fact, correction).await?;
    Ok(Json(data(corrected)))
}

/// Forgets a fact: it, its history, and whatever holds it of what was said and summed up. One that is over and has something in
/// its place goes without it, and alone.
#[utoipa::path(
    delete, path = "/memory/{user_id}/{fact_id}", tag = "memory", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "The token's own person"), ("fact_id" = Uuid, Path, description = "The fact")),
    responses((status = 200, description = "What was forgotten", body = ForgottenResponse), ForgetProblems),
)]
pub async fn forget(State(api): State<Api>, own: OwnFact) -> Result<Json<ForgottenResponse>, ApiError> {
    Ok(Json(forgotten(api.memories.forget(own.person, own.fact).await?)))
}

/// Forgets everything that was said and learnt. Profile, plan and relationship stay.
#[utoipa::path(
    delete, path = "/memory/{user_id}", tag = "memory", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "The token's own person")),
    responses((status = 200, description = "What was forgotten", body = ForgottenResponse), ForgetAllProblems),
)]
pub async fn forget_all(State(api): State<Api>, Own(person): Own) -> Result<Json<ForgottenResponse>, ApiError> {
    Ok(Json(forgotten(api.memories.forget_all(person).await?)))
}

fn parse_category(name: &str) -> Result<Category, ApiError> {
    let known = || Category::ALL.map(Category::as_str).join(", ");
    name.parse().map_err(|_| ApiError::new(Code::InvalidValue).detail(format!("category: must be one of {}", known())))
}

/// Nothing for the empty string.
fn parse_day(day: &str) -> Result<Option<NaiveDate>, ApiError> {
    let invalid = |_| ApiError::new(Code::InvalidValue).detail("day: must be a date such as 2026-05-20, or empty");
    if day.is_empty() { Ok(None) } else { day.parse().map(Some).map_err(invalid) }
}

pub(crate) fn data(Remembered { fact, told_on, ended_on }: Remembered) -> FactData {
    FactData {
        id: fact.id,
        category: fact.category.to_string(),
        content: fact.content,
        confidence: fact.confidence,
        day: fact.day,
        told_on,
        times_told: fact.times_said,
        ended_on,
    }
}

fn past(Remembered { fact, told_on, ended_on }: Remembered) -> PastFact {
    PastFact { id: fact.id, content: fact.content, told_on, ended_on }
}

fn forgotten(Forgotten { facts, messages, summaries }: Forgotten) -> ForgottenResponse {
    ForgottenResponse { facts, messages, summaries }
}
