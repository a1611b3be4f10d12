//! `/admin/db_metrics`, `/admin/cache_stats` and `/admin/cleanup_chat_history`, as seed 003 has them.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use chrono::TimeDelta;
use evolve_contract::operation::{
    CacheServer, CacheStatsResponse, CleanupResponse, DbMetricsResponse, PoolState, SlowQuery,
};
use evolve_engine::jobs::JobStatus;
use evolve_runtime::queries::{self, QueryReport};
use evolve_store::{
    cache::CacheFigures,
    jobs::Hastened,
    limits::Decision,
    pool::PoolFigures,
    redis::{RedisError, RedisReport},
};

use crate::{access::Actor, limits, openapi::problems, problem::ApiError, scheduler, state::Api};

problems!(FigureProblems: Forbidden, RateLimited);
problems!(CleanupProblems: Forbidden, RateLimited, DatabaseUnavailable);

/// The job that removes what was said too long ago.
const CLEANUP: &str = "cleanup_messages";
/// How often it may be asked for, by all replicas together.
const CLEANUP_PAUSE: TimeDelta = TimeDelta::hours(1);

/// How long statements to Postgres take, and how the connections stand: of the replica that answers.
#[utoipa::path(
    get, path = "/admin/db_metrics", tag = "operation", security(("service_key" = [])),
    responses((status = 200, description = "Statements and connections", body = DbMetricsResponse), FigureProblems),
)]
pub async fn db_metrics(State(api): State<Api>, _: Actor) -> Json<DbMetricsResponse> {
    let QueryReport { total, slow, took, slow_from, newest } = queries::queries().report();
    let average = took.checked_div(u32::try_from(total).unwrap_or(u32::MAX)).unwrap_or_default();
    let query =
        |query: queries::SlowQuery| SlowQuery { query: query.text, duration: seconds(query.took), timestamp: query.at };
    Json(DbMetricsResponse {
        replica: api.replica.clone(),
        total_queries: total,
        slow_queries: slow,
        average_query_time: seconds(average),
        slow_query_percent: percent(slow, total),
        slow_query_ms: u64::try_from(slow_from.as_millis()).unwrap_or(u64::MAX),
        queries: newest.into_iter().map(query).collect(),
        pool: pool(&api),
    })
}

/// How the connections of this replica stand.
pub(crate) fn pool(api: &Api) -> PoolState {
    let PoolFigures { size, in_use, max, waiting } = api.store.pool_figures();
    PoolState { size, in_use, max, waiting }
}

/// How the cache fares: hits and misses of the replica that answers, and what Redis tells of itself.
#[utoipa::path(
    get, path = "/admin/cache_stats", tag = "operation", security(("service_key" = [])),
    responses((status = 200, description = "How it fares", body = CacheStatsResponse), FigureProblems),
)]
pub async fn cache_stats(State(api): State<Api>, _: Actor) -> Json<CacheStatsResponse> {
    Json(cache_figures(&api).await)
}

/// How the cache fares.
pub(crate) async fn cache_figures(api: &Api) -> CacheStatsResponse {
    let CacheFigures { hits, misses, corrupt, ttl } = api.cache.figures();
    let report = match api.redis.report().await {
        Ok(report) => Some(report),
        // That is for health and metrics to tell; here the rest is told.
        Err(RedisError::NotConfigured) => None,
        Err(error) => {
            tracing::warn!(%error, "Redis does not tell how it fares");
            None
        }
    };
    let server = |report: RedisReport| CacheServer {
        memory_bytes: report.used_bytes,
        memory_limit_bytes: report.max_bytes,
        evicted: report.evicted,
        hits: report.hits,
        misses: report.misses,
    };
    CacheStatsResponse {
        replica: api.replica.clone(),
        enabled: api.cache.is_on(),
        ttl_seconds: ttl.as_secs(),
        hits,
        misses,
        hit_rate: percent(hits, hits.saturating_add(misses)),
        corrupt,
        keys: report.map(|report| report.keys),
        server: report.map(server),
    }
}

/// Has what was said too long ago cleaned up now, and not at night: once an hour, by all replicas together.
///
/// It does what the job `cleanup_messages` does, and answers before it is done: `/admin/scheduler_status` tells how it went.
#[utoipa::path(
    post, path = "/admin/cleanup_chat_history", tag = "operation", security(("service_key" = [])),
    responses((status = 202, description = "The job is due", body = CleanupResponse), CleanupProblems),
)]
pub async fn cleanup_chat_history(State(api): State<Api>, _: Actor) -> Result<Response, ApiError> {
    Ok(match clean_up(&api).await? {
        CleanUp::Due(job) => {
            (StatusCode::ACCEPTED, Json(CleanupResponse { job: (*job).map(scheduler::job) })).into_response()
        }
        CleanUp::Before(wait) => {
            limits::refusal(&Decision { allowed: false, limit: 1, remaining: 0, reset_after: wait, retry_after: wait })
        }
    })
}

/// What became of a wish to have old messages cleaned up.
pub(crate) enum CleanUp {
    /// The job is due, and stands so.
    Due(Box<Option<JobStatus>>),
    /// It was asked for within the hour: so long to wait.
    Before(Duration),
}

/// Has what was said too long ago cleaned up now.
pub(crate) async fn clean_up(api: &Api) -> Result<CleanUp, ApiError> {
    let (hastened, job) = api.scheduler.hasten(CLEANUP, CLEANUP_PAUSE).await?;
    if let Hastened::Before(at) = hastened {
        return Ok(CleanUp::Before((at + CLEANUP_PAUSE - api.clock.now()).to_std().unwrap_or_default()));
    }
    tracing::info!(?hastened, "an administrator has old messages cleaned up");
    Ok(CleanUp::Due(Box::new(job)))
}

/// As the seed writes it: `0.023s`.
fn seconds(duration: Duration) -> String {
    format!("{:.3}s", duration.as_secs_f64())
}

/// As the seed writes it: `0.19%`. Of nothing it is nothing.
fn percent(part: u64, whole: u64) -> String {
    format!("{:.2}%", if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_look_as_the_seed_has_them() {
        assert_eq!((seconds(Duration::from_micros(23_456)).as_str(), percent(3, 1543).as_str()), ("0.023s", "0.19%"));
        assert_eq!(percent(0, 0), "0.00%");
    }
}
