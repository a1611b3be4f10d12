//! Refusals for want of a permission: who is known, and tries what is not theirs, is in the log.
//!
//! Whoever asks again and again would fill it: so there is at most one entry a minute for each actor and route, counted where rate limits
//! are, across replicas. That it cannot be written keeps nobody out who is refused anyway.

use axum::extract::Request;
use evolve_domain::access::Permission;
use evolve_store::{
    audit::{Entry, Outcome},
    limits::Limit,
};
use serde_json::json;

use crate::{
    access::{Actor, routes::Named},
    state::Api,
};

/// What it is called in the log.
pub const ACT: &str = "access.refused";
/// How often it is written, of one actor and route.
const OFTEN: Limit = Limit::per_minute(1);

/// That somebody lacks a permission for a route.
#[derive(Debug)]
pub(crate) struct Refusal {
    entry: Entry,
    window: String,
}

impl Refusal {
    /// Of this request.
    pub(crate) fn of(api: &Api, request: &Request, actor: &Actor, (named, permission): (&Named, Permission)) -> Self {
        let (name, method) = (actor.name(), named.method.as_str());
        let window = format!("refused:{name}:{method}:{}", named.route);
        // The route, not the path: that may name somebody.
        let detail = json!({ "method": method, "route": named.route, "permission": permission.as_str() });
        Self { entry: Entry { detail, ..super::entry(api, request, name, ACT) }, window }
    }

    /// Writes it down, unless the same was written within the minute.
    pub(crate) async fn write(self, api: &Api) {
        if !api.redis.limits().take(&self.window, OFTEN, api.clock.now()).await.allowed {
            return;
        }
        if let Err(error) = api.store.audit().write(&self.entry, Outcome::Refused).await {
            tracing::error!(%error, "a refusal could not be written down");
        }
    }
}
