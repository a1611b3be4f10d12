//! What those who run the bot ask for by HTTP, besides what lies with what it is about (payments, broadcasts, webhooks, jobs).
//!
//! Who may is decided in one place, [`Administrator`].

pub mod flags;
pub mod operation;
pub mod people;
pub mod prompts;
pub mod talks;

use axum::{extract::FromRequestParts, http::request::Parts};

use crate::{audit, payments::OurBot, problem::ApiError, state::Api};

/// The proof that the caller may do what they ask for, and what they are called in the log.
#[derive(Clone, Debug)]
pub struct Administrator {
    /// As in `audit_log.actor`.
    pub name: String,
}

impl FromRequestParts<Api> for Administrator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        OurBot::from_request_parts(parts, api).await?;
        Ok(Self { name: audit::actor(&api.service_key) })
    }
}

fn invalid(detail: &str) -> ApiError {
    ApiError::new(evolve_contract::Code::InvalidValue).detail(detail)
}
