//! `evolve-api`: HTTP over the engine.
//!
//! A handler decodes and answers; the use cases are the engine's, the rows are the store's. A request passes, outside in:
//! its id ([`request_id`]), security headers and CORS ([`security`]), metrics, who asks of administrators and whether they may
//! ([`access`]), the log of what they do ([`audit`]), the
//! net for panics, a time limit, the token and the rate limit ([`guard`]), the handler ([`router`] lists them all). Errors are
//! made in [`problem`] and mapped in [`errors`].

pub mod access;
pub mod admin;
pub mod analytics;
pub mod aside;
pub mod audit;
pub mod auth;
pub mod broadcast;
pub mod chat;
pub mod config;
pub mod consent;
pub mod deletion;
pub mod docs;
pub mod errors;
pub mod export;
pub mod extract;
pub mod failures;
pub mod feedback;
mod group;
pub mod guard;
pub mod history;
pub mod language;
pub mod limits;
pub mod memory;
pub mod openapi;
pub mod operation;
pub mod panel;
pub mod payments;
pub mod problem;
pub mod profile;
pub mod proofs;
pub mod ready;
mod reference;
pub mod refunds;
pub mod relationship;
pub mod request_id;
pub mod router;
pub mod scheduler;
pub mod security;
mod serve;
pub mod settings;
pub mod state;
pub mod stats;
pub mod stats_api;
pub mod voice;
pub mod webhooks;

pub use config::Config;
pub use reference::metrics_reference;
pub use router::openapi;
pub use serve::{serve, serve_behind};

/// The OpenAPI document as it is committed and served.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn openapi_json() -> anyhow::Result<String> {
    Ok(format!("{}\n", serde_json::to_string_pretty(&openapi())?))
}
