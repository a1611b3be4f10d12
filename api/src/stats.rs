//! `GET /stats/{user_id}`: how much was said and how close a person and the companion have become, day by day.

use axum::{Json, extract::State};
use evolve_contract::stats::{Advice, StatsDay, StatsResponse};
use evolve_domain::advice;
use evolve_engine::stats::Picture;

use crate::{extract::Own, openapi::problems, problem::ApiError, relationship::level, state::Api};

problems!(
    ReadProblems: Unauthorized, Forbidden, ProfileNotFound, InvalidValue, RateLimited, DatabaseUnavailable,
);

/// How much was said and how close they have become: the last thirty days, all of it in numbers, and what to do next.
#[utoipa::path(
    get, path = "/stats/{user_id}", tag = "profile", security(("bearer" = [])),
    params(("user_id" = i64, Path, description = "The token's own person")),
    responses((status = 200, description = "The numbers", body = StatsResponse), ReadProblems),
)]
pub async fn get(State(api): State<Api>, Own(person): Own) -> Result<Json<StatsResponse>, ApiError> {
    Ok(Json(response(person, api.stats.of(person).await?)))
}

/// The numbers of a person, as callers know them.
pub(crate) fn response(person: i64, picture: Picture) -> StatsResponse {
    let Picture { since, days, messages, active_days, streak, level: at, levels, advice } = picture;
    let day = |day: evolve_engine::stats::Day| StatsDay {
        day: day.day,
        messages: u32::try_from(day.messages).unwrap_or_default(),
        points: day.points,
    };
    StatsResponse {
        user_id: person,
        since,
        days: days.into_iter().map(day).collect(),
        messages: u64::try_from(messages).unwrap_or_default(),
        active_days: u32::try_from(active_days).unwrap_or_default(),
        streak_days: streak,
        level: level(at),
        levels: levels.into_iter().map(level).collect(),
        advice: advice.into_iter().map(advised).collect(),
    }
}

fn advised(advice: advice::Advice) -> Advice {
    match advice {
        advice::Advice::StreakEnds { days } => Advice::StreakEnds { days },
        advice::Advice::OpenPlan { plan, day } => Advice::OpenPlan { plan, day },
        advice::Advice::MemoryNearlyFull { facts, limit } => Advice::MemoryNearlyFull { facts, limit },
        advice::Advice::BestHour { hour } => Advice::BestHour { hour },
    }
}
