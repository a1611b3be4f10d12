//! What is said, when, with what, and how soon it is answered.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use evolve_contract::analytics::{
    ActivityResponse, FeatureUse, FeaturesResponse, MessagesResponse, ResponseTimes, ToolCount, ToolsResponse,
};
use evolve_domain::report::share;
use evolve_engine::reports::{Activity, Times, ToolUse};
use evolve_store::reports::{Feature, Tool};

use super::{Range, ReportProblems, days, model, wire};
use crate::{access::Actor, problem::ApiError, state::Api};

/// Days where nothing is said.
const WEEK: u16 = 7;
/// Whole weeks, so that each day of the week counts as often.
const FOUR_WEEKS: u16 = 28;
/// Days of features where nothing is said.
const MONTH: u16 = 30;

/// How much is said, and how soon it is answered.
#[utoipa::path(
    get, path = "/admin/analytics/messages", tag = "analytics", security(("service_key" = [])), params(Range),
    responses((status = 200, description = "The numbers", body = MessagesResponse), ReportProblems),
)]
pub async fn messages(
    State(api): State<Api>,
    _: Actor,
    range: Result<Query<Range>, QueryRejection>,
) -> Result<Json<MessagesResponse>, ApiError> {
    let told = api.reports.messages(days(range, WEEK)?).await?;
    let Times { first_p50, first_p95, whole_p50, whole_p95 } = told.of;
    let active = told.sum(|day| day.active);
    Ok(Json(MessagesResponse {
        as_of: told.as_of,
        time_zone: told.zone.to_string(),
        messages: told.sum(|day| day.messages),
        group_messages: told.sum(|day| day.asides),
        replies: told.sum(|day| day.replies),
        failed: told.sum(|day| day.failed),
        messages_per_active_day: share(told.sum(|day| day.messages + day.asides), active),
        response_times: ResponseTimes {
            first_ms_p50: first_p50,
            first_ms_p95: first_p95,
            whole_ms_p50: whole_p50,
            whole_ms_p95: whole_p95,
        },
        days: told.days.iter().map(wire).collect(),
    }))
}

/// What people use of the bot.
#[utoipa::path(
    get, path = "/admin/analytics/features", tag = "analytics", security(("service_key" = [])), params(Range),
    responses((status = 200, description = "The numbers", body = FeaturesResponse), ReportProblems),
)]
pub async fn features(
    State(api): State<Api>,
    _: Actor,
    range: Result<Query<Range>, QueryRejection>,
) -> Result<Json<FeaturesResponse>, ApiError> {
    let told = api.reports.features(days(range, MONTH)?).await?;
    let active_person_days = told.sum(|day| day.active);
    let (as_of, time_zone) = (told.as_of, told.zone.to_string());
    let used = |feature: Feature| {
        let Feature { feature, uses, person_days } = feature;
        FeatureUse { feature, uses, person_days, share: share(person_days, active_person_days) }
    };
    let features = told.of.into_iter().map(used).collect();
    Ok(Json(FeaturesResponse { as_of, time_zone, active_person_days, features }))
}

/// When people talk, by hour and day of the week.
#[utoipa::path(
    get, path = "/admin/analytics/activity", tag = "analytics", security(("service_key" = [])), params(Range),
    responses((status = 200, description = "The numbers", body = ActivityResponse), ReportProblems),
)]
pub async fn activity(
    State(api): State<Api>,
    _: Actor,
    range: Result<Query<Range>, QueryRejection>,
) -> Result<Json<ActivityResponse>, ApiError> {
    let told = api.reports.activity(days(range, FOUR_WEEKS)?).await?;
    let Activity { hours, weekdays, week } = told.of;
    Ok(Json(ActivityResponse {
        as_of: told.as_of,
        time_zone: told.zone.to_string(),
        hours: hours.to_vec(),
        weekdays: weekdays.to_vec(),
        week: week.iter().map(|day| day.to_vec()).collect(),
    }))
}

/// Which tools models use, and which models answer.
#[utoipa::path(
    get, path = "/admin/analytics/tools", tag = "analytics", security(("service_key" = [])), params(Range),
    responses((status = 200, description = "The numbers", body = ToolsResponse), ReportProblems),
)]
pub async fn tools(
    State(api): State<Api>,
    _: Actor,
    range: Result<Query<Range>, QueryRejection>,
) -> Result<Json<ToolsResponse>, ApiError> {
    let told = api.reports.tools(days(range, WEEK)?).await?;
    let (as_of, time_zone) = (told.as_of, told.zone.to_string());
    let ToolUse { tools, models, costs: _ } = told.of;
    let count = |tool: Tool| {
        let Tool { tool, calls, failed, person_days } = tool;
        ToolCount { tool, calls, failed, person_days }
    };
    let tools = tools.into_iter().map(count).collect();
    Ok(Json(ToolsResponse { as_of, time_zone, tools, models: models.into_iter().map(model).collect() }))
}
