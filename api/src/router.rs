//! Every route, what stands before it, and what stands around all of them.

use std::{any::Any, collections::BTreeSet, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::HeaderValue,
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::get,
};
use evolve_contract::Code;
use evolve_runtime::metrics::{HttpMetrics, Metrics, track};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi as _;
use utoipa_axum::routes;

use crate::{
    access, admin, analytics, aside, audit, auth, broadcast, chat, consent, deletion, docs, export, failures, feedback,
    group::Group,
    guard::{Guard, guard},
    history,
    limits::Rule,
    memory,
    openapi::Document,
    operation, panel, payments,
    problem::ApiError,
    profile, ready, refunds, relationship, request_id, scheduler, security, settings,
    state::Api,
    stats, stats_api, voice, webhooks,
};

/// Largest body of a message with its picture.
pub const MAX_CHAT_BODY: usize = evolve_contract::chat::MAX_BODY;
/// Largest body of anything else.
pub const MAX_BODY: usize = 64 * 1024;
/// Largest body with a prompt, and of a form, which may hold one: 32,768 characters, however they are written in JSON.
pub const MAX_PROMPT_BODY: usize = 256 * 1024;
/// Longest time for anything that waits for no model. The database has time-outs of its own, shorter than this.
pub(crate) const REQUEST_LIMIT: Duration = Duration::from_secs(30);
/// Longest time for the preview of a prompt, which a model may answer: about that of a turn.
const PREVIEW_LIMIT: Duration = Duration::from_secs(150);

/// Every route. `guarded` puts the token and the limit before a group of them; without it this is for reading alone.
fn routes(all: Group, guarded: impl Fn(Group, Rule) -> Group) -> Group {
    let group = || all.like();
    let chat = group().routes(routes!(chat::chat)).around(|routes| routes.layer(DefaultBodyLimit::max(MAX_CHAT_BODY)));
    let export = group().routes(routes!(export::get));
    let aside = group().routes(routes!(aside::aside)).around(|routes| routes.layer(DefaultBodyLimit::max(MAX_BODY)));
    let reset = group().routes(routes!(chat::reset)).routes(routes!(chat::stop));
    let profile = group()
        .routes(routes!(profile::get, profile::delete))
        .routes(routes!(profile::update))
        .routes(routes!(profile::status))
        .routes(routes!(relationship::get))
        .routes(routes!(feedback::referrer))
        .routes(routes!(deletion::get, deletion::cancel))
        .routes(routes!(deletion::ask))
        .routes(routes!(export::ask))
        .routes(routes!(stats::get))
        .routes(routes!(history::privacy));
    let feedback = group().routes(routes!(feedback::give));
    let payments = group()
        .routes(routes!(payments::get))
        .routes(routes!(payments::offer))
        .routes(routes!(payments::received))
        .routes(routes!(payments::refunded))
        .routes(routes!(payments::subscription))
        .routes(routes!(payments::ask_refund));
    let memory = group().routes(routes!(memory::list, memory::forget_all)).routes(routes!(
        memory::get,
        memory::correct,
        memory::forget
    ));
    let leafed = memory
        .routes(routes!(history::get))
        .routes(routes!(history::conversations))
        .routes(routes!(settings::get))
        .routes(routes!(settings::update))
        .routes(routes!(consent::get, consent::update))
        .routes(routes!(voice::get, voice::update));
    let open = group()
        .routes(routes!(auth::auth))
        .routes(routes!(operation::health))
        .routes(routes!(ready::ready))
        .routes(routes!(operation::metrics))
        .routes(routes!(refunds::open))
        .routes(routes!(refunds::refund))
        .routes(routes!(refunds::returned))
        .routes(routes!(refunds::decline))
        .routes(routes!(refunds::grant, admin::people::end_premium))
        .routes(routes!(scheduler::status))
        .routes(routes!(analytics::people::overview))
        .routes(routes!(analytics::people::users))
        .routes(routes!(analytics::use_of::messages))
        .routes(routes!(analytics::money::revenue))
        .routes(routes!(analytics::use_of::features))
        .routes(routes!(analytics::people::cohort))
        .routes(routes!(analytics::people::funnel))
        .routes(routes!(analytics::use_of::activity))
        .routes(routes!(analytics::use_of::tools))
        .routes(routes!(stats_api::get))
        .merge(administration(group))
        .routes(routes!(broadcast::create, broadcast::list))
        .routes(routes!(broadcast::preview))
        .routes(routes!(broadcast::get))
        .routes(routes!(broadcast::pause))
        .routes(routes!(broadcast::resume))
        .routes(routes!(broadcast::cancel))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::update, webhooks::delete))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::replay))
        .routes(routes!(webhooks::send_test))
        .routes(routes!(failures::list))
        .routes(routes!(failures::replay_all))
        .routes(routes!(failures::replay_update))
        .routes(routes!(failures::replay_message))
        .routes(routes!(audit::list::list))
        .routes(routes!(access::register::register))
        .routes(routes!(access::register::me))
        .routes(routes!(access::accounts::list, access::accounts::create))
        .routes(routes!(access::accounts::update))
        .routes(routes!(access::accounts::reset))
        .routes(routes!(access::sessions::list))
        .routes(routes!(access::sessions::end))
        .routes(routes!(access::api_keys::list, access::api_keys::create))
        .routes(routes!(access::api_keys::revoke))
        .routes(routes!(access::api_users::list))
        .routes(routes!(access::api_users::remove))
        .routes(routes!(docs::docs))
        .routes(routes!(docs::openapi_json))
        .around(|routes| routes.route("/docs/", get(docs::page)).route("/docs/{*file}", get(docs::asset)));
    let timed = open
        .merge(guarded(reset, Rule::Reset))
        .merge(guarded(profile, Rule::Profile))
        .merge(guarded(feedback, Rule::Feedback))
        .merge(guarded(payments, Rule::Payments))
        .merge(guarded(leafed, Rule::Memory))
        .around(|routes| routes.layer(DefaultBodyLimit::max(MAX_BODY)).layer(middleware::from_fn(limit_time)));
    // Handlers of turns have a limit of their own, after which the turn goes on without its caller. A copy takes as long as it
    // takes.
    let untimed = guarded(chat, Rule::Chat).merge(guarded(aside, Rule::Aside)).merge(guarded(export, Rule::Export));
    let previews = previews(group());
    all.merge(untimed).merge(previews).merge(timed)
}

/// What those who run the bot ask for, besides what lies with what it is about.
fn administration(group: impl Fn() -> Group) -> Group {
    let prompts = group()
        .routes(routes!(admin::prompts::get, admin::prompts::write))
        .around(|routes| routes.layer(DefaultBodyLimit::max(MAX_PROMPT_BODY)));
    group()
        .routes(routes!(admin::operation::db_metrics))
        .routes(routes!(admin::operation::cache_stats))
        .routes(routes!(admin::operation::cleanup_chat_history))
        .routes(routes!(admin::people::list))
        .routes(routes!(admin::people::get))
        .routes(routes!(admin::people::user_stats))
        .routes(routes!(admin::people::ban, admin::people::lift_ban))
        .routes(routes!(admin::people::forget))
        .routes(routes!(admin::talks::facts))
        .routes(routes!(admin::talks::conversations))
        .routes(routes!(admin::talks::one))
        .routes(routes!(admin::talks::search))
        .routes(routes!(admin::flags::list))
        .routes(routes!(admin::flags::turn))
        .routes(routes!(admin::flags::history))
        .routes(routes!(admin::prompts::list))
        .routes(routes!(admin::prompts::choose))
        .merge(prompts)
}

/// What waits for a model, and is no turn.
fn previews(group: Group) -> Group {
    group
        .routes(routes!(admin::prompts::preview))
        .around(|routes| routes.layer(DefaultBodyLimit::max(MAX_PROMPT_BODY)).layer(middleware::from_fn(limit_preview)))
}

/// The document of all routes.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let told = Group::new(Some(Document::openapi()));
    let mut document = routes(told, |group, _| group).into_parts().1.unwrap_or_default();
    access::complete(&mut document);
    document
}

/// The pattern of every route that the service has, documented or not.
///
/// axum has no way to ask for them but the router's `Debug`, so this is for the test that compares them with the document.
#[must_use]
pub fn paths() -> Vec<String> {
    let shown = format!("{:?}", routes(Group::new(None), |group, _| group).into_parts().0);
    // axum's own fallback is a route too.
    let is_ours = |text: &&str| text.len() > 1 && text.starts_with('/') && !text.contains("__private__");
    let paths: BTreeSet<&str> = shown.split('"').filter(is_ours).collect();
    paths.into_iter().map(str::to_owned).collect()
}

/// The service.
pub fn router(api: &Api, cors_origins: &[HeaderValue], metrics: &Metrics) -> Router {
    let guarded = |group: Group, rule| {
        let guard = middleware::from_fn_with_state(Guard { api: api.clone(), rule }, guard);
        group.around(|routes| routes.route_layer(guard))
    };
    let (router, _) = routes(Group::new(None), guarded).into_parts();
    let mut router = router
        .merge(panel::routes().layer(DefaultBodyLimit::max(MAX_PROMPT_BODY)).layer(middleware::from_fn(limit_time)))
        .merge(
            panel::previews().layer(DefaultBodyLimit::max(MAX_PROMPT_BODY)).layer(middleware::from_fn(limit_preview)),
        )
        .fallback(|| async { ApiError::new(Code::NotFound) })
        .method_not_allowed_fallback(|| async { ApiError::new(Code::MethodNotAllowed) })
        .with_state(api.clone())
        // The first is around the others. Together, since a router puts each that it is given by itself on the heap, and copies all
        // that is within for each request.
        .layer((
            middleware::from_fn_with_state(HttpMetrics::register(metrics), track),
            middleware::from_fn_with_state(api.clone(), access::cookies::mark),
            // Whoever may not has done nothing; that they tried is written by the guard.
            middleware::from_fn_with_state(api.clone(), access::guard),
            // Around panics and time limits: what became of it is in the log, however it ended.
            middleware::from_fn_with_state(api.clone(), audit::record),
            CatchPanicLayer::custom(panicked),
        ));
    if !cors_origins.is_empty() {
        router = router.layer(security::cors(cors_origins));
    }
    let identify = middleware::from_fn_with_state(api.clone(), request_id::identify);
    router.layer((identify, middleware::from_fn(security::headers)))
}

async fn limit_time(request: Request, next: Next) -> Response {
    within(REQUEST_LIMIT, request, next).await
}

async fn limit_preview(request: Request, next: Next) -> Response {
    within(PREVIEW_LIMIT, request, next).await
}

async fn within(limit: Duration, request: Request, next: Next) -> Response {
    tokio::time::timeout(limit, next.run(request))
        .await
        .unwrap_or_else(|_| ApiError::new(Code::Timeout).into_response())
}

/// What a panicking handler answers. What it said went to the panic hook; it may hold anything, so it is not repeated.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    ApiError::new(Code::Internal).into_response()
}
