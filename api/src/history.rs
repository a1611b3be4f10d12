//! `/history`, `/conversations` and `/privacy`: what was said, what it was about, and who sees it.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use chrono::TimeDelta;
use evolve_contract::{
    Code,
    history::{
        Conversation, ConversationsQuery, ConversationsResponse, HistoryQuery, HistoryResponse, Kept, KeptKind,
        PrivacyResponse, Said, SaidIn, Speaker, Week,
    },
};
use evolve_engine::history::Talks;
use evolve_store::{
    exports::Talk,
    history::{At, Page, Run},
    messages::{Message, Role},
    purge::Finished,
    rooms,
};

use crate::{extract::Own, openapi::problems, problem::ApiError, state::Api};

problems!(
    HistoryProblems: Unauthorized, Forbidden, ProfileNotFound, InvalidValue, RateLimited, DatabaseUnavailable,
);
problems!(
    PrivacyProblems: Unauthorized, RateLimited,
);

/// What was said: a page of it, or what some words lead to.
#[utoipa::path(
    get, path = "/history/{user_id}", tag = "profile", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "The token's own person"), HistoryQuery),
    responses((status = 200, description = "A page", body = HistoryResponse), HistoryProblems),
)]
pub async fn get(
    State(api): State<Api>,
    Own(person): Own,
    query: Result<Query<HistoryQuery>, QueryRejection>,
) -> Result<Json<HistoryResponse>, ApiError> {
    let wrong =
        |_| ApiError::new(Code::InvalidValue).detail("the query takes before or from, which are numbers, or search");
    let Query(query) = query.map_err(wrong)?;
    let page = match query {
        HistoryQuery { search: Some(words), before: None, from: None } => api.history.search(person, &words).await?,
        HistoryQuery { search: None, before: None, from: None } => api.history.page(person, At::End).await?,
        HistoryQuery { search: None, before: Some(number), from: None } => {
            api.history.page(person, At::Before(number)).await?
        }
        HistoryQuery { search: None, before: None, from: Some(number) } => {
            api.history.page(person, At::From(number)).await?
        }
        _ => return Err(ApiError::new(Code::InvalidValue).detail("the query takes one of before, from and search")),
    };
    let Page { messages, runs, older, newer } = page;
    let places = runs.into_iter().flat_map(places).chain(std::iter::repeat(None));
    let messages = messages.into_iter().zip(places).map(|(message, place)| said(message, place)).collect();
    Ok(Json(HistoryResponse { user_id: person, messages, older, newer }))
}

/// What was talked of: conversations with what each was about, and weeks.
#[utoipa::path(
    get, path = "/conversations/{user_id}", tag = "profile", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "The token's own person"), ConversationsQuery),
    responses((status = 200, description = "A page", body = ConversationsResponse), HistoryProblems),
)]
pub async fn conversations(
    State(api): State<Api>,
    Own(person): Own,
    query: Result<Query<ConversationsQuery>, QueryRejection>,
) -> Result<Json<ConversationsResponse>, ApiError> {
    let wrong = |_| ApiError::new(Code::InvalidValue).detail("the query takes before, which is a time as in RFC 3339");
    let Query(ConversationsQuery { before }) = query.map_err(wrong)?;
    let Talks { talks, older, weeks } = api.history.talks(person, before).await?;
    let conversations = talks.into_iter().map(conversation).collect();
    let weeks = weeks.into_iter().map(|(starts_on, summary)| Week { starts_on, summary }).collect();
    Ok(Json(ConversationsResponse { user_id: person, conversations, older, weeks }))
}

/// Who sees what people say, as this bot is configured, and what is kept of them.
#[utoipa::path(
    get, path = "/privacy", tag = "profile", security(("bearer" = [])),
    responses((status = 200, description = "Who sees what", body = PrivacyResponse), PrivacyProblems),
)]
pub async fn privacy(State(api): State<Api>) -> Json<PrivacyResponse> {
    let unsent_days = days(Finished::Unsent.kept_for(api.message_days));
    Json(PrivacyResponse { models: api.engine.recipients(), kept: kept(api.message_days), unsent_days })
}

fn days(time: TimeDelta) -> Option<u32> {
    u32::try_from(time.num_days()).ok()
}

/// Where messages are kept for so many days, so is that they came with a file.
fn kept(message_days: Option<u32>) -> Vec<Kept> {
    let finished = |finished: Finished| days(finished.kept_for(message_days));
    [
        (KeptKind::Messages, message_days),
        (KeptKind::Memory, None),
        (KeptKind::Activity, None),
        (KeptKind::Payments, None),
        (KeptKind::Referrals, None),
        (KeptKind::FileReferences, message_days),
        (KeptKind::DrawnPictures, finished(Finished::Turns)),
        (KeptKind::Unanswered, finished(Finished::KeptUpdates)),
        (KeptKind::InlineAnswers, finished(Finished::Turns)),
        (KeptKind::GroupTalk, days(rooms::KEPT)),
    ]
    .map(|(what, days)| Kept { what, days })
    .to_vec()
}

/// The conversation of each message of a run.
fn places(run: Run) -> impl Iterator<Item = Option<SaidIn>> {
    std::iter::repeat_n(Some(SaidIn { id: run.conversation_id, title: run.title }), run.messages)
}

pub(crate) fn conversation(talk: Talk) -> Conversation {
    let Talk { id, started_at, ended_at, messages, title, summary } = talk;
    let messages = u32::try_from(messages).unwrap_or_default();
    Conversation { id, title, started_at, ended_at, messages, summary }
}

pub(crate) fn said(message: Message, conversation: Option<SaidIn>) -> Said {
    let by = match message.role {
        Role::User => Speaker::Person,
        Role::Assistant => Speaker::Companion,
    };
    Said { by, text: message.text, has_image: message.has_image, at: message.created_at, conversation }
}
