//! `GET /ready`: whether this replica can serve, and which of its neighbours are well.
//!
//! A look at the neighbours takes at most [`CHECK_LIMIT`] and is good for [`GOOD_FOR`]; callers that come meanwhile share
//! it. So probes, however many, cost the neighbours one question a second.

use std::{collections::BTreeMap, time::Duration};

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use evolve_contract::ready::{BreakerState as WireBreaker, Component, ReadyResponse};
use evolve_engine::model::LinkStatus;
use evolve_runtime::breaker::{BreakerSnapshot, BreakerState};
use tokio::{sync::Mutex, time::Instant};

use crate::state::Api;

const CHECK_LIMIT: Duration = Duration::from_secs(1);
const GOOD_FOR: Duration = Duration::from_secs(1);

/// The last look.
#[derive(Debug, Default)]
pub struct Readiness(Mutex<Option<(Instant, ReadyResponse)>>);

/// Whether this replica can serve.
///
/// 503 only when Postgres is away or the replica is about to stop: without Redis or models it serves, slower or with kind
/// excuses.
#[utoipa::path(
    get, path = "/ready", tag = "operation",
    responses(
        (status = 200, description = "It can", body = ReadyResponse),
        (status = 503, description = "It cannot", body = ReadyResponse),
    ),
)]
pub async fn ready(State(api): State<Api>) -> impl IntoResponse {
    let mut report = look(&api).await;
    if api.tasks.is_leaving() {
        report.status = NOT_READY.to_owned();
    }
    let status = if report.status == READY { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report))
}

const READY: &str = "ready";
const NOT_READY: &str = "not_ready";

/// The last look at our neighbours, or a new one.
pub(crate) async fn look(api: &Api) -> ReadyResponse {
    let mut last = api.readiness.0.lock().await;
    if let Some((when, report)) = &*last
        && when.elapsed() < GOOD_FOR
    {
        return report.clone();
    }
    // A replica that does not know yet what time it is for all others would lease what it works on for too long or too short.
    let serves = async {
        api.clock.settled().await;
        api.store.ping().await
    };
    let database = async { matches!(tokio::time::timeout(CHECK_LIMIT, serves).await, Ok(Ok(()))) };
    let redis = async { matches!(tokio::time::timeout(CHECK_LIMIT, api.redis.ping()).await, Ok(Ok(()))) };
    let (database, redis) = tokio::join!(database, redis);
    let report = ReadyResponse {
        status: if database { READY } else { NOT_READY }.to_owned(),
        database: Component { status: if database { HEALTHY } else { UNHEALTHY }.to_owned(), circuit_breaker: None },
        redis: match api.redis.breaker() {
            Some(breaker) => behind(&breaker, redis),
            None => Component { status: DISABLED.to_owned(), circuit_breaker: None },
        },
        providers: providers(api),
    };
    *last = Some((Instant::now(), report.clone()));
    report
}

const HEALTHY: &str = "healthy";
const DEGRADED: &str = "degraded";
const UNHEALTHY: &str = "unhealthy";
const DISABLED: &str = "disabled";

fn providers(api: &Api) -> BTreeMap<String, Component> {
    let mut providers = BTreeMap::new();
    for LinkStatus { provider, model, circuit_breaker, resting_seconds } in api.engine.providers() {
        let mut state = behind(&circuit_breaker, true);
        if resting_seconds.is_some() && state.status == HEALTHY {
            // It asked to be left alone for a while.
            state.status = DEGRADED.to_owned();
        }
        // One server may be there twice, with two models.
        let name = if providers.contains_key(&provider) { format!("{provider}/{model}") } else { provider };
        providers.insert(name, state);
    }
    providers
}

/// A neighbour behind a breaker; `answers` where it was asked just now.
fn behind(breaker: &BreakerSnapshot, answers: bool) -> Component {
    let (status, state) = match (breaker.state, answers) {
        (BreakerState::Closed, true) => (HEALTHY, "CLOSED"),
        (BreakerState::Closed, false) => (UNHEALTHY, "CLOSED"),
        (BreakerState::Open, _) => (DEGRADED, "OPEN"),
        (BreakerState::HalfOpen, _) => (DEGRADED, "HALF_OPEN"),
    };
    let circuit_breaker = Some(WireBreaker { state: state.to_owned(), failure_count: breaker.failure_count });
    Component { status: status.to_owned(), circuit_breaker }
}
