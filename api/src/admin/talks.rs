//! What people said, for those who may read it: facts, conversations, and a search over all of them. Each look is in the log of acts
//! ([`crate::access::routes`]), and is written down before anything is shown.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
};
use chrono::NaiveDate;
use evolve_contract::{
    Code,
    history::{ConversationsQuery, ConversationsResponse, Week},
    people::{
        ConversationQuery, ConversationResponse, ConversationsFound, ConversationsSearch, FoundMessage,
        PersonFactsResponse,
    },
};
use evolve_engine::{history::Talks, memories::Filter};
use evolve_store::{
    history::At,
    search::{Hit, Hits, Place, Spoken},
};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{invalid, people::person_in};
use crate::{
    access::Actor,
    audit::Act,
    history::{conversation, said},
    memory,
    openapi::problems,
    problem::ApiError,
    state::Api,
};

problems!(ReadProblems: Forbidden, ProfileNotFound, InvalidValue, RateLimited, DatabaseUnavailable);
problems!(TalkProblems: Forbidden, ConversationNotFound, InvalidValue, RateLimited, DatabaseUnavailable);
problems!(SearchProblems: Forbidden, InvalidValue, RateLimited, DatabaseUnavailable);

/// Facts, and messages of a conversation, on a page.
const PAGE: u32 = 50;
/// Longest search, in characters.
const MAX_WORDS: usize = 200;

/// Which page of facts.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FactsPage {
    /// From 0.
    #[serde(default)]
    page: u32,
}

/// What is remembered of somebody. Words of theirs: each look is in the log of acts.
#[utoipa::path(
    get, path = "/api/v1/admin/people/{user_id}/facts", tag = "people", security(("service_key" = [])),
    params(("user_id" = i64, Path, description = "Their Telegram id"), FactsPage),
    responses((status = 200, description = "A page", body = PersonFactsResponse), ReadProblems),
)]
pub async fn facts(
    State(api): State<Api>,
    _: Actor,
    act: Act,
    Path(person): Path<String>,
    query: Result<Query<FactsPage>, QueryRejection>,
) -> Result<Json<PersonFactsResponse>, ApiError> {
    let user_id = person_in(&person)?;
    let Query(FactsPage { page }) = query.map_err(|_| invalid("page is a number from 0"))?;
    let filter = Filter { page, per_page: PAGE, ..Filter::default() };
    let listing = api.memories.list(user_id, &filter).await?;
    act.detail(json!({ "facts": listing.facts.len() }));
    let (page, pages) = (listing.page, listing.pages);
    Ok(Json(PersonFactsResponse { user_id, facts: listing.facts.into_iter().map(memory::data).collect(), page, pages }))
}

/// What somebody talked of: conversations with what each was about, and weeks. Words of theirs: each look is in the log of acts.
#[utoipa::path(
    get, path = "/api/v1/admin/people/{user_id}/conversations", tag = "people", security(("service_key" = [])),
    params(("user_id" = i64, Path, description = "Their Telegram id"), ConversationsQuery),
    responses((status = 200, description = "A page", body = ConversationsResponse), ReadProblems),
)]
pub async fn conversations(
    State(api): State<Api>,
    _: Actor,
    act: Act,
    Path(person): Path<String>,
    query: Result<Query<ConversationsQuery>, QueryRejection>,
) -> Result<Json<ConversationsResponse>, ApiError> {
    let user_id = person_in(&person)?;
    let Query(ConversationsQuery { before }) = query.map_err(|_| invalid("before is the `older` of another page"))?;
    let Talks { talks, older, weeks } = api.history.talks(user_id, before).await?;
    act.detail(json!({ "conversations": talks.len() }));
    let conversations = talks.into_iter().map(conversation).collect();
    let weeks = weeks.into_iter().map(|(starts_on, summary)| Week { starts_on, summary }).collect();
    Ok(Json(ConversationsResponse { user_id, conversations, older, weeks }))
}

/// A conversation, page by page from its end. Words of somebody: each look is in the log of acts.
#[utoipa::path(
    get, path = "/api/v1/conversations/{conversation_id}", tag = "people", security(("service_key" = [])),
    params(("conversation_id" = String, Path, description = "Its id"), ConversationQuery),
    responses((status = 200, description = "A page", body = ConversationResponse), TalkProblems),
)]
pub async fn one(
    State(api): State<Api>,
    _: Actor,
    act: Act,
    Path(id): Path<String>,
    query: Result<Query<ConversationQuery>, QueryRejection>,
) -> Result<Json<ConversationResponse>, ApiError> {
    let id: Uuid = id.parse().map_err(|_| ApiError::new(Code::ConversationNotFound))?;
    let Query(ConversationQuery { before }) = query.map_err(|_| invalid("before is the `older` of another page"))?;
    let spoken = api.store.search().conversation(id, before.map_or(At::End, At::Before), PAGE).await?;
    let Spoken { user_id, title, started_at, ended_at, messages, page, older, .. } =
        spoken.ok_or(Code::ConversationNotFound)?;
    act.to_person(&api.store, user_id);
    act.detail(json!({ "conversation": id, "messages": page.len() }));
    Ok(Json(ConversationResponse {
        id,
        user_id,
        title,
        started_at,
        ended_at,
        messages_count: u32::try_from(messages).unwrap_or_default(),
        messages: page.into_iter().map(|line| said(line.message, None)).collect(),
        older,
    }))
}

/// Messages that hold all of some words, of everybody or of one person. Words of people: each look is in the log of acts; what was
/// looked for is not.
#[utoipa::path(
    get, path = "/api/v1/admin/conversations", tag = "people", security(("service_key" = [])), params(ConversationsSearch),
    responses((status = 200, description = "A page", body = ConversationsFound), SearchProblems),
)]
pub async fn search(
    State(api): State<Api>,
    _: Actor,
    act: Act,
    query: Result<Query<ConversationsSearch>, QueryRejection>,
) -> Result<Json<ConversationsFound>, ApiError> {
    let Query(ConversationsSearch { q, person, after }) =
        query.map_err(|_| invalid("the query takes q, which are words, person and after"))?;
    if !(1..=MAX_WORDS).contains(&q.trim().chars().count()) || q.contains('\0') {
        return Err(invalid("q has 1 to 200 characters"));
    }
    let after = after.map(|text| read(&text).ok_or_else(|| invalid("after is the `next` of the page before")));
    let Hits { hits, next } = api.store.search().find(&q, person, after.transpose()?).await?;
    if let Some(user_id) = person {
        act.to_person(&api.store, user_id);
    }
    act.detail(json!({ "messages": hits.len() }));
    let found = |Hit { user_id, conversation_id, message, .. }: Hit| FoundMessage {
        user_id,
        conversation_id,
        message: said(message, None),
    };
    Ok(Json(ConversationsFound { found: hits.into_iter().map(found).collect(), next: next.map(cursor) }))
}

/// A place of a search, as addresses have it.
pub(crate) fn cursor((month, user_id, number): Place) -> String {
    number.map_or_else(|| format!("{month}.{user_id}"), |number| format!("{month}.{user_id}.{number}"))
}

/// The place that a cursor means.
pub(crate) fn read(cursor: &str) -> Option<Place> {
    let (month, rest) = cursor.split_once('.')?;
    let (user_id, number) = rest.split_once('.').map_or((rest, None), |(user_id, number)| (user_id, Some(number)));
    let month: NaiveDate = month.parse().ok()?;
    // What Postgres can hold.
    let is_sane = NaiveDate::from_ymd_opt(1970, 1, 1)? <= month && month <= NaiveDate::from_ymd_opt(9999, 12, 31)?;
    let number = number.map(str::parse::<i32>).transpose().ok()?;
    is_sane.then_some((month, user_id.parse().ok()?, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_and_what_is_none_is_none() {
        for number in [None, Some(517)] {
            let there = (NaiveDate::from_ymd_opt(2026, 11, 1).unwrap(), 42, number);
            assert_eq!(read(&cursor(there)), Some(there));
        }
        for text in ["", ".", "2026-11.1", "2026-11-01.x", "2026-11-01.42.", "-0001-01-01.1"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
