//! `GET /relationship/{user_id}`: how close a person and the companion have become.

use axum::{Json, extract::State};
use evolve_contract::relationship::{Event, EventKind, Level, RelationshipResponse};
use evolve_domain::relationship::Kind;
use evolve_engine::relationships::{Closeness, Line, Rung};

use crate::{extract::Own, openapi::problems, problem::ApiError, state::Api};

problems!(
    ReadProblems: Unauthorized, Forbidden, ProfileNotFound, InvalidValue, RateLimited, DatabaseUnavailable,
);

/// How close a person and the companion have become: level, points, days in a row, and what happened lately.
#[utoipa::path(
    get, path = "/relationship/{user_id}", tag = "profile", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "The token's own person")),
    responses((status = 200, description = "The relationship", body = RelationshipResponse), ReadProblems),
)]
pub async fn get(State(api): State<Api>, Own(person): Own) -> Result<Json<RelationshipResponse>, ApiError> {
    let Closeness { today, points, level: at, next, levels, streak, points_today, points_a_day, lately } =
        api.relationships.of(person).await?;
    Ok(Json(RelationshipResponse {
        user_id: person,
        today,
        points,
        level: level(at),
        next_level: next.map(level),
        levels,
        streak_days: streak,
        points_today,
        points_a_day,
        lately: lately.into_iter().map(event).collect(),
    }))
}

/// A level, as callers know it.
pub(crate) fn level(Rung { level, name, points }: Rung) -> Level {
    Level { level: level.number(), name, points }
}

fn event(line: Line) -> Event {
    let kind = match line.kind {
        Kind::Message => EventKind::Message,
        Kind::Fact => EventKind::Fact,
        Kind::Streak => EventKind::Streak,
        Kind::Return => EventKind::Return,
        Kind::Decay => EventKind::Decay,
        Kind::LevelUp => EventKind::LevelUp,
    };
    Event { day: line.day, kind, times: line.times, points: line.points, level: line.level.map(level) }
}
