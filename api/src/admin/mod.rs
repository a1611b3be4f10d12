//! What those who run the bot ask for by HTTP, besides what lies with what it is about (payments, broadcasts, webhooks, jobs).

pub mod flags;
pub mod operation;
pub mod people;
pub mod prompts;
pub mod talks;

use crate::problem::ApiError;

fn invalid(detail: &str) -> ApiError {
    ApiError::new(evolve_contract::Code::InvalidValue).detail(detail)
}
