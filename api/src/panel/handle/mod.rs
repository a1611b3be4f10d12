//! What answers the panel's addresses: each takes a [`Reader`], asks the use cases of the JSON endpoints, fills a page and answers
//! with it. Who may is decided before, by the list ([`crate::access::routes`]); what goes wrong is a [`crate::problem::ApiError`], of
//! which [`failing`] makes a page.

pub mod access;
mod access_lines;
pub mod account;
pub mod actors;
pub mod audit;
pub mod broadcasts;
pub mod cohorts;
mod compared;
pub mod conversations;
pub mod door;
mod draft;
pub mod entry;
pub mod factor;
pub mod failing;
pub mod failures;
pub mod features;
pub mod fields;
pub mod flags;
pub mod funnel;
pub mod jobs;
mod numbers;
pub mod overview;
pub mod payments;
pub mod people;
pub mod person;
mod person_acts;
mod progress;
pub mod prompts;
pub mod reader;
pub mod revenue;
pub mod system;
pub mod tail;
pub mod tools;
pub mod webhooks;
pub mod welcome;

use axum::{Router, response::Response, routing::get};
use evolve_contract::Code;

use super::{assets, respond};
use crate::{problem::ApiError, state::Api};

pub use reader::Reader;

/// Every route of the panel but those that wait for a model ([`previews`]).
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/admin/panel/assets/{hash}/{name}", get(assets::get))
        .merge(people::routes())
        .merge(person::routes())
        .merge(conversations::routes())
        .merge(revenue::routes())
        .merge(payments::routes())
        .merge(cohorts::routes())
        .merge(funnel::routes())
        .merge(features::routes())
        .merge(tools::routes())
        // Whatever is nowhere else: a page says so.
        .route("/admin/panel/{*rest}", get(nowhere))
        // The wildcard takes none of these.
        .route("/admin/", get(first))
        .route("/admin/panel", get(first))
        .route("/admin/panel/", get(first))
        .merge(entry::routes())
        .merge(welcome::routes())
        .merge(account::routes())
        .merge(factor::routes())
        .merge(access::routes())
        .merge(broadcasts::routes())
        .merge(jobs::routes())
        .merge(failures::routes())
        .merge(flags::routes())
        .merge(prompts::routes())
        .merge(webhooks::routes())
        .merge(system::routes())
        .merge(overview::routes())
        .merge(audit::routes())
}

/// What may take as long as a model does.
pub fn previews() -> Router<Api> {
    prompts::previews()
}

/// On to the first page.
async fn first() -> Response {
    respond::go_to("/admin")
}

async fn nowhere(_: Reader) -> ApiError {
    Code::NotFound.into()
}

/// The pattern of every route, for the test that compares them with the list; axum tells them by `Debug` alone.
#[must_use]
pub fn paths() -> Vec<String> {
    let shown = format!("{:?}", routes().merge(previews()));
    let mut paths: Vec<String> =
        shown.split('"').filter(|text| text.starts_with("/admin")).map(str::to_owned).collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}
