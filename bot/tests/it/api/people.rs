//! `/export` and `/stats` of the API on loopback.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use evolve_contract::{
    Code, Problem,
    export::{ExportRequest, ExportResponse},
    relationship::Level,
    stats::{Advice, StatsDay, StatsResponse},
};

use super::{FakeApi, Shared, World, person, problem};

pub(super) fn routes() -> Router<Arc<Mutex<World>>> {
    Router::new()
        .route("/export", post(ask_export))
        .route("/export/{user_id}", get(export))
        .route("/stats/{user_id}", get(stats))
}

impl FakeApi {
    /// How often a copy was fetched.
    pub(crate) fn exported(&self) -> usize {
        self.lock().exported
    }
}

async fn ask_export(State(world): Shared, headers: HeaderMap, Json(body): Json<ExportRequest>) -> Response {
    let mut world = world.lock().unwrap();
    match person(&world, &headers) {
        Err(response) => response,
        Ok(person) if person != body.user_id => problem(Problem::new(Code::Forbidden)),
        Ok(person) if !world.asked_exports.insert(person) => {
            problem(Problem::new(Code::ExportAskedToday).retry_after(3600))
        }
        Ok(user_id) => Json(ExportResponse { user_id, until: "2026-03-09T09:05:00Z".parse().unwrap() }).into_response(),
    }
}

async fn export(State(world): Shared, Path(user_id): Path<i64>, headers: HeaderMap) -> Response {
    let mut world = world.lock().unwrap();
    match person(&world, &headers) {
        Err(response) => response,
        Ok(person) if person != user_id || !world.asked_exports.contains(&person) => {
            problem(Problem::new(Code::ExportNotFound))
        }
        Ok(_) => {
            world.exported += 1;
            b"PK\x03\x04 a zip".into_response()
        }
    }
}

async fn stats(State(world): Shared, Path(user_id): Path<i64>, headers: HeaderMap) -> Response {
    if let Err(response) = person(&world.lock().unwrap(), &headers) {
        return response;
    }
    let first = "2026-02-07".parse::<chrono::NaiveDate>().unwrap();
    let day = |number: u32| StatsDay {
        day: first + chrono::Days::new(number.into()),
        messages: if number < 20 { 0 } else { number % 7 },
        points: i64::from(number.saturating_sub(19)) * 10,
    };
    let level = |level, name: &str, points| Level { level, name: name.to_owned(), points };
    Json(StatsResponse {
        user_id,
        since: "2026-01-31".parse().unwrap(),
        days: (0..30).map(day).collect(),
        messages: 123,
        active_days: 21,
        streak_days: 1,
        level: level(2, "Friends & more", 100),
        levels: vec![level(1, "Stranger", 0), level(2, "Friends & more", 100), level(3, "Close", 300)],
        advice: vec![
            Advice::StreakEnds { days: 12 },
            Advice::OpenPlan { plan: "Goes to <Kazan>".to_owned(), day: "2026-03-12".parse().ok() },
            Advice::BestHour { hour: 21 },
        ],
    })
    .into_response()
}
