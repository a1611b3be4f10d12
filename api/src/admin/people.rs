//! `/api/v1/admin/people`: to find a person, to see how they stand without a word of what they said, and to act on them.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
};
use chrono::DateTime;
use evolve_contract::{
    people::{
        BanData, BanRequest, BanResponse, ForgetPersonRequest, ForgetPersonResponse, ModelCosts, PeopleQuery,
        PeopleResponse, PersonCosts, PersonLine, PersonResponse, PersonSettings, PremiumEndedResponse,
    },
    stats::StatsResponse,
};
use evolve_domain::report::microdollars;
use evolve_engine::{
    people::{Line, Page, Person},
    reports,
};
use evolve_store::{
    bans::{Ban, NewBan},
    people::{Listed, Place},
    preferences::Preferences,
    reports::PersonCost,
};
use serde_json::json;

use super::invalid;
use crate::{
    access::Actor,
    audit::Act,
    extract::JsonBody,
    openapi::problems,
    payments::{subscribed, wire},
    problem::ApiError,
    relationship::level,
    state::Api,
    stats,
};

problems!(ListProblems: Forbidden, InvalidValue, RateLimited, DatabaseUnavailable);
problems!(OneProblems: Forbidden, ProfileNotFound, InvalidValue, RateLimited, DatabaseUnavailable);
problems!(
    BanProblems: InvalidBody, Forbidden, BodyTooLarge, UnsupportedMediaType, InvalidValue, RateLimited, DatabaseUnavailable,
);
problems!(
    ForgetProblems: InvalidBody, Forbidden, ProfileNotFound, BodyTooLarge, UnsupportedMediaType, InvalidValue, RateLimited,
    DatabaseUnavailable,
);
problems!(PremiumProblems: Forbidden, PaymentNotFound, InvalidValue, RateLimited, DatabaseUnavailable);

/// Longest words that people are looked for with, in characters.
const MAX_WORDS: usize = 200;

/// People: who is meant by an id, an @name or a payment; or everybody, whoever was here last first.
#[utoipa::path(
    get, path = "/api/v1/admin/people", tag = "people", security(("service_key" = [])), params(PeopleQuery),
    responses((status = 200, description = "A page", body = PeopleResponse), ListProblems),
)]
pub async fn list(
    State(api): State<Api>,
    _: Actor,
    query: Result<Query<PeopleQuery>, QueryRejection>,
) -> Result<Json<PeopleResponse>, ApiError> {
    let Query(PeopleQuery { q, after }) = query.map_err(|_| invalid("the query takes q and after"))?;
    let words = q.unwrap_or_default();
    if words.chars().count() > MAX_WORDS || words.contains('\0') {
        return Err(invalid("q has at most 200 characters"));
    }
    let after = after.map(|text| read(&text).ok_or_else(|| invalid("after is the `next` of the page before")));
    let Page { people, next } = api.people.find(&words, after.transpose()?).await?;
    Ok(Json(PeopleResponse { people: people.into_iter().map(line).collect(), next: next.map(cursor) }))
}

/// Somebody: plan, level, points over time, payments, settings, and how much there is of what they said; none of it.
#[utoipa::path(
    get, path = "/api/v1/admin/people/{user_id}", tag = "people", security(("service_key" = [])),
    params(("user_id" = i64, Path, description = "Their Telegram id")),
    responses((status = 200, description = "How they stand", body = PersonResponse), OneProblems),
)]
pub async fn get(
    State(api): State<Api>,
    _: Actor,
    Path(person): Path<String>,
) -> Result<Json<PersonResponse>, ApiError> {
    let user_id = person_in(&person)?;
    let Person { somebody, points, level: rung, account, ban } = api.people.one(user_id).await?;
    let numbers = stats::response(user_id, api.stats.numbers(user_id).await?);
    let preferences = api.preferences.of(user_id).await?;
    let costs = costs(api.reports.costs_of(user_id).await?);
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    Ok(Json(PersonResponse {
        premium_until: somebody.premium_until,
        paid_until: account.standing.paid_until,
        subscription: subscribed(&account, api.clock.now()),
        payments: account.payments.into_iter().map(wire).collect(),
        payments_count: count(somebody.payments),
        days: numbers.days,
        messages_sent: numbers.messages,
        active_days: numbers.active_days,
        levels: numbers.levels,
        costs,
        settings: settings(preferences),
        conversations: count(somebody.conversations),
        facts: count(somebody.facts),
        brought: count(somebody.brought),
        blocked_at: somebody.blocked_at,
        ban: ban.map(banned),
        removal_due: somebody.removal_due,
        person: line(Line { listed: somebody.listed, points, level: rung }),
    }))
}

/// How much somebody said and how close they have become, day by day: seed 001's path of it. It holds no word of theirs.
#[utoipa::path(
    get, path = "/api/v1/users/{user_id}/stats", tag = "people", security(("service_key" = [])),
    params(("user_id" = i64, Path, description = "Their Telegram id")),
    responses((status = 200, description = "The numbers", body = StatsResponse), OneProblems),
)]
pub async fn user_stats(
    State(api): State<Api>,
    _: Actor,
    Path(person): Path<String>,
) -> Result<Json<StatsResponse>, ApiError> {
    let user_id = person_in(&person)?;
    // Without advice, which quotes plans.
    Ok(Json(stats::response(user_id, api.stats.numbers(user_id).await?)))
}

/// Has somebody not be talked with, until a time or for good: nothing that they say costs a model's call, nobody writes to them
/// first, and no broadcast reaches them. What is theirs stays theirs: a copy, their removal, their money.
///
/// It outlives a removal. They need not have come yet.
#[utoipa::path(
    post, path = "/api/v1/admin/people/{user_id}/ban", tag = "people", security(("service_key" = [])),
    params(("user_id" = i64, Path, description = "Their Telegram id")),
    request_body = BanRequest,
    responses((status = 200, description = "They are banned", body = BanResponse), BanProblems),
)]
pub async fn ban(
    State(api): State<Api>,
    actor: Actor,
    act: Act,
    Path(person): Path<String>,
    JsonBody(BanRequest { reason, until }): JsonBody<BanRequest>,
) -> Result<Json<BanResponse>, ApiError> {
    let user_id = person_in(&person)?;
    act.detail(json!({ "until": until }));
    let ban = NewBan { reason: reason.trim(), until, by: &actor.name() };
    let until = api.people.ban(user_id, ban, &act.entry()).await?;
    tracing::info!(?until, "an administrator bans somebody");
    Ok(Json(BanResponse { user_id, banned: true, until, changed: true }))
}

/// Has somebody be talked with again.
#[utoipa::path(
    delete, path = "/api/v1/admin/people/{user_id}/ban", tag = "people", security(("service_key" = [])),
    params(("user_id" = i64, Path, description = "Their Telegram id")),
    responses((status = 200, description = "They are not banned", body = BanResponse), ListProblems),
)]
pub async fn lift_ban(
    State(api): State<Api>,
    _: Actor,
    act: Act,
    Path(person): Path<String>,
) -> Result<Json<BanResponse>, ApiError> {
    let user_id = person_in(&person)?;
    let changed = api.people.lift_ban(user_id, &act.entry()).await?;
    Ok(Json(BanResponse { user_id, banned: false, until: None, changed }))
}

/// Has somebody removed, with all that is theirs: at once, or after days in which they may change their mind.
#[utoipa::path(
    post, path = "/api/v1/admin/people/{user_id}/forget", tag = "people", security(("service_key" = [])),
    params(("user_id" = i64, Path, description = "Their Telegram id")),
    request_body = ForgetPersonRequest,
    responses((status = 200, description = "They are removed, or will be", body = ForgetPersonResponse), ForgetProblems),
)]
pub async fn forget(
    State(api): State<Api>,
    _: Actor,
    act: Act,
    Path(person): Path<String>,
    JsonBody(ForgetPersonRequest { days }): JsonBody<ForgetPersonRequest>,
) -> Result<Json<ForgetPersonResponse>, ApiError> {
    let user_id = person_in(&person)?;
    act.detail(json!({ "days": days }));
    let mut response = ForgetPersonResponse { user_id, ..ForgetPersonResponse::default() };
    if days == 0 {
        response.removed = api.people.forget_now(user_id).await?.counts;
    } else {
        response.due_at = Some(api.people.forget_later(user_id, days).await?);
    }
    tracing::info!(days, "an administrator has somebody removed");
    Ok(Json(response))
}

/// Ends somebody's premium now, whatever was paid or given, and stops their subscription; they are told. To give money back, do so
/// before.
#[utoipa::path(
    delete, path = "/admin/people/{user_id}/premium", tag = "payments", security(("service_key" = [])),
    params(("user_id" = i64, Path, description = "Their Telegram id")),
    responses((status = 200, description = "They have none", body = PremiumEndedResponse), PremiumProblems),
)]
pub async fn end_premium(
    State(api): State<Api>,
    _: Actor,
    act: Act,
    Path(person): Path<String>,
) -> Result<Json<PremiumEndedResponse>, ApiError> {
    let user_id = person_in(&person)?;
    let end = api.payments.act(act.entry()).end_premium(user_id).await?;
    if end.is_nothing() {
        act.unchanged();
    }
    tracing::info!(?end, "an administrator ends premium");
    Ok(Json(PremiumEndedResponse { user_id, ended: end.ended }))
}

/// The person that a path names.
pub(super) fn person_in(path: &str) -> Result<i64, ApiError> {
    path.parse().map_err(|_| invalid("a person is named by their Telegram id"))
}

fn line(Line { listed, points, level: rung }: Line) -> PersonLine {
    let Listed { user_id, plan, bond: _, created_at, seen_at, messages, blocked, banned, language } = listed;
    PersonLine {
        user_id,
        plan: plan.as_str().to_owned(),
        level: level(rung),
        points,
        created_at,
        seen_at,
        messages: u32::try_from(messages).unwrap_or_default(),
        blocked,
        banned,
        language: language.map(|language| language.as_str().to_owned()),
    }
}

fn costs(of: reports::PersonCosts) -> PersonCosts {
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    let sum = |of: PersonCost| ModelCosts {
        replies: count(of.replies),
        input_tokens: count(of.input_tokens),
        output_tokens: count(of.output_tokens),
        unpriced_tokens: count(of.unpriced_tokens),
        cost_microdollars: microdollars(of.cost),
    };
    PersonCosts { day: sum(of.day), week: sum(of.week), month: sum(of.month), all: sum(of.all) }
}

fn banned(ban: Ban) -> BanData {
    let Ban { reason, since, until, by } = ban;
    BanData { reason, since, until, by }
}

/// Without wishes: these are words of theirs.
fn settings(preferences: Preferences) -> PersonSettings {
    let Preferences { settings, zone_is_chosen, quiet, good_morning, follow_ups, keep_days, .. } = preferences;
    PersonSettings {
        language: settings.language.as_str().to_owned(),
        time_zone: settings.time_zone.name().to_owned(),
        zone_is_chosen,
        quiet_hours: quiet.map(|quiet| quiet.to_string()).unwrap_or_default(),
        good_morning,
        follow_ups,
        keep_messages_days: keep_days.map(u32::from),
    }
}

/// Microseconds, which is what Postgres keeps, and the id.
fn cursor((at, user_id): Place) -> String {
    format!("{}.{user_id}", at.timestamp_micros())
}

fn read(cursor: &str) -> Option<Place> {
    let (at, user_id) = cursor.split_once('.')?;
    let at = DateTime::from_timestamp_micros(at.parse().ok()?)?;
    // What Postgres can hold, and more than anything was.
    let is_sane = (0..=253_402_300_799).contains(&at.timestamp());
    is_sane.then_some((at, user_id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_and_what_is_none_is_none() {
        let there = (DateTime::from_timestamp_micros(1_795_262_400_123_456).unwrap(), 42);
        assert_eq!(read(&cursor(there)), Some(there));
        for text in ["", ".", "1.x", "x.1", "-1.1", "9223372036854775807.1"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
