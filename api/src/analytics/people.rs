//! Who comes, who stays, and how far they get.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use evolve_contract::analytics::{
    CohortResponse, CohortRow, CohortUnit, FunnelResponse, FunnelStage, LevelCount, OverviewResponse, UsersResponse,
};
use evolve_domain::{
    relationship::Level,
    report::{microdollars, share},
};
use evolve_engine::reports::{Cohort, Stage, stickiness};
use evolve_store::reports::Unit;
use serde::Deserialize;

use super::{Range, ReportProblems, days, invalid, wire};
use crate::{access::Actor, problem::ApiError, state::Api};

/// Days of the overview where nothing is said.
const MONTH: u16 = 30;
/// Most days of cohorts, which may be up to six more.
const MOST_COHORT_DAYS: u16 = 360;

/// Of which people, and by what.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Came {
    /// Of those who came in the last so many days, today included: 1 to 360.
    #[param(minimum = 1, maximum = 360)]
    days: Option<u16>,
    /// By what they are put together; by days where nothing is said.
    unit: Option<CohortUnit>,
}

/// How many people come, stay and pay, day by day.
#[utoipa::path(
    get, path = "/admin/analytics/overview", tag = "analytics", security(("service_key" = [])), params(Range),
    responses((status = 200, description = "The numbers", body = OverviewResponse), ReportProblems),
)]
pub async fn overview(
    State(api): State<Api>,
    _: Actor,
    range: Result<Query<Range>, QueryRejection>,
) -> Result<Json<OverviewResponse>, ApiError> {
    let told = api.reports.overview(days(range, MONTH)?).await?;
    let newest = told.newest().cloned();
    let of = |number: fn(&evolve_store::reports::Day) -> i64| newest.as_ref().map_or(0, number);
    Ok(Json(OverviewResponse {
        as_of: told.as_of,
        time_zone: told.zone.to_string(),
        total_users: of(|day| day.people),
        premium_users: newest.as_ref().and_then(|day| day.premium),
        paying_users: of(|day| day.paying),
        blocked_users: newest.as_ref().and_then(|day| day.blocked),
        dau: of(|day| day.active),
        wau: of(|day| day.active_7),
        mau: of(|day| day.active_30),
        stickiness: newest.as_ref().and_then(stickiness),
        new_users: told.sum(|day| day.new_people),
        messages: told.sum(|day| day.messages + day.asides),
        cost_microdollars: microdollars(told.sum(|day| day.cost)),
        days: told.days.iter().map(wire).collect(),
    }))
}

/// Who the people are: by level and plan, and who came.
#[utoipa::path(
    get, path = "/admin/analytics/users", tag = "analytics", security(("service_key" = [])), params(Range),
    responses((status = 200, description = "The numbers", body = UsersResponse), ReportProblems),
)]
pub async fn users(
    State(api): State<Api>,
    _: Actor,
    range: Result<Query<Range>, QueryRejection>,
) -> Result<Json<UsersResponse>, ApiError> {
    let told = api.reports.users(days(range, MONTH)?).await?;
    let (total_users, new_users) = (told.newest().map_or(0, |day| day.people), told.sum(|day| day.new_people));
    let level =
        |on: &evolve_store::reports::OnLevel| LevelCount { level: on.level, plan: on.plan.clone(), users: on.people };
    Ok(Json(UsersResponse {
        as_of: told.as_of,
        time_zone: told.zone.to_string(),
        total_users,
        new_users,
        levels: told.of.iter().map(level).collect(),
        days: told.days.iter().map(wire).collect(),
    }))
}

/// Who comes back, by when they came.
#[utoipa::path(
    get, path = "/admin/analytics/cohort", tag = "analytics", security(("service_key" = [])), params(Came),
    responses((status = 200, description = "The numbers", body = CohortResponse), ReportProblems),
)]
pub async fn cohort(
    State(api): State<Api>,
    _: Actor,
    came: Result<Query<Came>, QueryRejection>,
) -> Result<Json<CohortResponse>, ApiError> {
    let wrong = || invalid("days is a number from 1 to 360, and unit is day or week");
    let Query(Came { days, unit }) = came.map_err(|_| wrong())?;
    let days = Some(days.unwrap_or(MONTH)).filter(|days| (1..=MOST_COHORT_DAYS).contains(days)).ok_or_else(wrong)?;
    let unit = unit.unwrap_or_default();
    let stored = match unit {
        CohortUnit::Day => Unit::Day,
        CohortUnit::Week => Unit::Week,
    };
    let told = api.reports.cohort(stored, days).await?;
    let row = |cohort: Cohort| CohortRow {
        came: cohort.came,
        users: cohort.people,
        retention: cohort.active.iter().map(|active| share(*active, cohort.people)).collect(),
        active: cohort.active,
    };
    let (as_of, time_zone) = (told.as_of, told.zone.to_string());
    Ok(Json(CohortResponse { as_of, time_zone, unit, cohorts: told.of.into_iter().map(row).collect() }))
}

/// How many people ever reached each level, and the part of those of the level before.
#[utoipa::path(
    get, path = "/admin/analytics/funnel", tag = "analytics", security(("service_key" = [])),
    responses((status = 200, description = "The numbers", body = FunnelResponse), ReportProblems),
)]
pub async fn funnel(State(api): State<Api>, _: Actor) -> Result<Json<FunnelResponse>, ApiError> {
    let told = api.reports.funnel().await?;
    let name = |level: i16| {
        let place = u8::try_from(level).ok().filter(|place| *place > 0)?;
        Some(api.engine.level_name(Level::at(place)).to_owned())
    };
    let stage = |stage: Stage| {
        let Stage { level, people, conversion } = stage;
        FunnelStage { level, name: name(level), users: people, conversion }
    };
    let (as_of, time_zone) = (told.as_of, told.zone.to_string());
    Ok(Json(FunnelResponse { as_of, time_zone, stages: told.of.into_iter().map(stage).collect() }))
}
