//! `/admin/analytics`: the numbers of the bot, for those who may see them. `docs/analytics.md` says what each means.
//!
//! Everything is read from days that the job `roll_up` has made; `as_of` says when.

pub mod money;
pub mod people;
pub mod use_of;

use axum::extract::{Query, rejection::QueryRejection};
use evolve_contract::{
    Code,
    analytics::{AnalyticsDay, ModelUse, TopUser},
};
use evolve_domain::report::microdollars;
use evolve_engine::reports::{MOST_DAYS, stickiness};
use evolve_store::reports::{Day, Model, Top};
use serde::Deserialize;

use crate::{openapi::problems, problem::ApiError};

problems!(ReportProblems: Forbidden, InvalidValue, RateLimited, DatabaseUnavailable);

/// Of which days.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Range {
    /// The last so many, today included: 1 to 366.
    #[param(minimum = 1, maximum = 366)]
    days: Option<u16>,
}

/// What was asked for, or so many days.
fn days(range: Result<Query<Range>, QueryRejection>, default: u16) -> Result<u16, ApiError> {
    let asked = range.ok().map(|Query(Range { days })| days.unwrap_or(default));
    asked.filter(|days| (1..=MOST_DAYS).contains(days)).ok_or_else(|| invalid("days is a number from 1 to 366"))
}

fn invalid(detail: &str) -> ApiError {
    ApiError::new(Code::InvalidValue).detail(detail)
}

fn wire(day: &Day) -> AnalyticsDay {
    AnalyticsDay {
        day: day.day,
        closed: day.closed_at.is_some(),
        users: day.people,
        new_users: day.new_people,
        active_users: day.active,
        returning_users: day.came_back,
        weekly_active_users: day.active_7,
        monthly_active_users: day.active_30,
        stickiness: stickiness(day),
        premium_users: day.premium,
        paying_users: day.paying,
        messages: day.messages,
        group_messages: day.asides,
        replies: day.replies,
        failed: day.failed,
        input_tokens: day.input_tokens,
        output_tokens: day.output_tokens,
        unpriced_tokens: day.unpriced_tokens,
        cost_microdollars: microdollars(day.cost),
    }
}

fn model(model: Model) -> ModelUse {
    let Model { model, turns, input_tokens, output_tokens, unpriced_tokens, cost } = model;
    let cost_microdollars = microdollars(cost);
    ModelUse { model, replies: turns, input_tokens, output_tokens, unpriced_tokens, cost_microdollars }
}

fn top(top: Top) -> TopUser {
    let Top { user_id, messages, replies, tokens, cost } = top;
    TopUser { user_id, messages, replies, tokens, cost_microdollars: microdollars(cost) }
}
