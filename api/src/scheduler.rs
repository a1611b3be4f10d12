//! `/admin/scheduler_status`: how the scheduled jobs stand, for whoever runs the bot: see `access::routes`.

use axum::{Json, extract::State};
use evolve_contract::scheduler::{JobStatus as Wire, ScheduledJob, SchedulerStatusResponse, WaitingQueue};
use evolve_engine::jobs::{JobState, JobStatus, SchedulerStatus};
use evolve_store::queues::Waiting;

use crate::{access::Actor, openapi::problems, problem::ApiError, state::Api};

problems!(StatusProblems: Forbidden, RateLimited, DatabaseUnavailable);

/// How the scheduled jobs stand, and how much waits in the queues.
#[utoipa::path(
    get, path = "/admin/scheduler_status", tag = "operation", security(("service_key" = [])),
    responses((status = 200, description = "How they stand", body = SchedulerStatusResponse), StatusProblems),
)]
pub async fn status(State(api): State<Api>, _: Actor) -> Result<Json<SchedulerStatusResponse>, ApiError> {
    Ok(Json(stands(&api).await?))
}

/// How everything stands.
pub(crate) async fn stands(api: &Api) -> Result<SchedulerStatusResponse, ApiError> {
    let SchedulerStatus { jobs, queues } = api.scheduler.status().await?;
    Ok(SchedulerStatusResponse {
        running: !api.tasks.soft().is_cancelled(),
        jobs: jobs.into_iter().map(job).collect(),
        queues: queues.into_iter().map(queue).collect(),
    })
}

pub(crate) fn job(job: JobStatus) -> ScheduledJob {
    let JobStatus { name, schedule, state, next_run, failures, row } = job;
    let count = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
    ScheduledJob {
        id: name.to_owned(),
        next_run,
        status: match state {
            JobState::Running => Wire::Running,
            JobState::Scheduled => Wire::Scheduled,
            JobState::Failed => Wire::Failed,
            JobState::Abandoned => Wire::Abandoned,
            JobState::Idle => Wire::Idle,
        },
        schedule: schedule.to_string(),
        started_at: row.started_at,
        finished_at: row.finished_at,
        succeeded_at: row.succeeded_at,
        duration_ms: count(row.took_ms),
        outcome: row.outcome,
        did: count(row.did),
        note: row.note,
        error: row.error,
        failures,
        runs: u64::try_from(row.runs).unwrap_or_default(),
    }
}

fn queue(queue: Waiting) -> WaitingQueue {
    let Waiting { name, waiting, oldest } = queue;
    WaitingQueue { id: name, waiting: u64::try_from(waiting).unwrap_or_default(), oldest }
}
