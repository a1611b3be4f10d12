//! `GET /api/v1/stats`: what was said in a day, a week or a month, for dashboards. It tells numbers, ids and times: no words, no names.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use evolve_contract::{
    Code,
    dialog_stats::{ActiveUser, ActivityPoint, DialogStats, RecentDialog, StatsPeriod, StatsSummary},
};
use evolve_domain::report::share;
use evolve_engine::reports::{DialogStats as Told, Period, Point};
use evolve_runtime::metrics::Metrics;
use evolve_store::reports::{Dialog, Top};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};
use serde::Deserialize;

use crate::{
    access::Actor,
    openapi::problems,
    problem::{ApiError, code_name},
    state::Api,
};

problems!(StatsProblems: Forbidden, InvalidValue, RateLimited, DatabaseUnavailable);

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    outcome: String,
}

/// `stats_api_requests_total`.
#[derive(Clone, Debug)]
pub struct StatsMetrics(Family<Outcome, Counter>);

impl StatsMetrics {
    /// Registers it.
    #[must_use]
    pub fn register(metrics: &Metrics) -> Self {
        let this = Self(Family::default());
        metrics.register(|book| {
            let help = "Requests for the numbers of GET /api/v1/stats by who may ask, by outcome";
            book.register("stats_api_requests", help, this.0.clone())
                .label("outcome", "`ok`, or the code of the problem that the API answered with");
        });
        this
    }

    fn count<T>(&self, told: &Result<T, ApiError>) {
        let outcome = told.as_ref().map_or_else(|error| code_name(error.code()), |_| "ok".to_owned());
        self.0.get_or_create(&Outcome { outcome }).inc();
    }
}

/// Of how long.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// Today, seven days, or thirty; `week` where nothing is said.
    period: Option<StatsPeriod>,
}

/// What was said in a day, a week or a month.
///
/// Each account, key or name may ask `STATS_API_RATE_LIMIT` times; the `RateLimit-*` headers tell how often it still may.
#[utoipa::path(
    get, path = "/api/v1/stats", tag = "analytics", security(("service_key" = [])), params(Asked),
    responses((status = 200, description = "The numbers", body = DialogStats), StatsProblems),
)]
pub async fn get(
    State(api): State<Api>,
    _: Actor,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<DialogStats>, ApiError> {
    let told = answer(&api, asked).await;
    api.stats_metrics.count(&told);
    told
}

async fn answer(api: &Api, asked: Result<Query<Asked>, QueryRejection>) -> Result<Json<DialogStats>, ApiError> {
    let invalid = || ApiError::new(Code::InvalidValue).detail("period is day, week or month");
    let Query(Asked { period }) = asked.map_err(|_| invalid())?;
    let period = period.unwrap_or_default();
    Ok(Json(stats(api, period).await?))
}

async fn stats(api: &Api, period: StatsPeriod) -> Result<DialogStats, ApiError> {
    let told = api.reports.dialog_stats(match period {
        StatsPeriod::Day => Period::Day,
        StatsPeriod::Week => Period::Week,
        StatsPeriod::Month => Period::Month,
    });
    let told = told.await?;
    let messages = told.sum(|day| day.messages + day.asides);
    let summary = StatsSummary {
        total_users: told.newest().map_or(0, |day| day.people),
        active_users: told.of.active,
        new_users: told.sum(|day| day.new_people),
        messages,
        replies: told.sum(|day| day.replies),
        messages_per_user: share(messages, told.of.active),
    };
    let (as_of, time_zone) = (told.as_of, told.zone.to_string());
    let Told { activity, recent, top, .. } = told.of;
    Ok(DialogStats {
        period,
        as_of,
        time_zone,
        summary,
        activity: activity.into_iter().map(point).collect(),
        recent_dialogs: recent.into_iter().map(dialog).collect(),
        top_users: top.into_iter().map(user).collect(),
    })
}

fn point(point: Point) -> ActivityPoint {
    let Point { day, hour, messages, people } = point;
    ActivityPoint { day, hour, messages, users: people }
}

fn dialog(dialog: Dialog) -> RecentDialog {
    let Dialog { id, user_id, started_at, last_message_at, ended_at, messages } = dialog;
    RecentDialog { conversation_id: id, user_id, started_at, last_message_at, ended_at, messages }
}

fn user(top: Top) -> ActiveUser {
    let Top { user_id, messages, replies, .. } = top;
    ActiveUser { user_id, messages, replies }
}
