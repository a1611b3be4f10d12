//! What is done again and again, what waits, and cleaning up now.

use axum::{
    Router,
    extract::State,
    response::Response,
    routing::{get, post},
};
use evolve_contract::Code;
use evolve_domain::access::Permission;

use super::Reader;
use crate::{
    admin::operation::{CleanUp, clean_up},
    panel::{download, pages::jobs::Jobs, parts::Listing},
    problem::ApiError,
    scheduler,
    state::Api,
};

const PATH: &str = "/admin/panel/jobs";

/// The routes.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/admin/panel/jobs", get(show))
        .route("/admin/panel/jobs.csv", get(csv))
        .route("/admin/panel/jobs/clean-up", post(hasten))
}

async fn show(State(api): State<Api>, reader: Reader) -> Result<Response, ApiError> {
    Ok(reader.page(&jobs(&api, &reader).await?))
}

async fn csv(State(api): State<Api>, reader: Reader) -> Result<Response, ApiError> {
    Ok(download::download(&jobs(&api, &reader).await?.table(), "jobs"))
}

async fn jobs(api: &Api, reader: &Reader) -> Result<Jobs, ApiError> {
    Ok(Jobs {
        status: scheduler::stands(api).await?,
        may_clean_up: reader.may(Permission::ManageOperations),
        message_days: api.message_days,
        listing: Listing { path: PATH.to_owned(), exports: true, ..Listing::default() },
        csrf: reader.csrf.clone(),
        view: reader.view.clone(),
        words: reader.words,
    })
}

async fn hasten(State(api): State<Api>, reader: Reader) -> Result<Response, ApiError> {
    match clean_up(&api).await? {
        CleanUp::Due(_) => Ok(reader.done(PATH, "panel-done-clean-up")),
        CleanUp::Before(wait) => Err(ApiError::new(Code::RateLimited).retry_after(wait)),
    }
}
