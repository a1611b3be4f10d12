//! Putting it together.

use std::{sync::Arc, time::Duration};

use axum::Router;
use evolve_domain::payment::Price;
use evolve_engine::{
    Engine, EngineConfig, EngineMetrics,
    access::Access,
    broadcasts::Broadcasts,
    deletions::Deletions,
    exports::Exports,
    failures::Failures,
    first,
    history::History,
    jobs::{self, BackupWatch, Means, Pace, RedisGauges, Scheduler},
    meaning::{self, Meanings},
    memories::Memories,
    memory,
    payments::{
        self, Payments,
        provider::{Money, PaymentProvider, Stars},
    },
    people::People,
    preferences::Preferences,
    profiles::{Profiles, Windows},
    providers,
    relationships::Relationships,
    reports::{self, Reports},
    speech::Speech,
    stats::Stats,
    steering, summary,
    webhooks::{self, Webhooks},
};
use evolve_runtime::{
    clock::Clock,
    http::{self, ClientConfig},
    metrics::{Metrics, process},
    outside::Outside,
    queries,
    shutdown::Tasks,
};
use evolve_store::{Store, StoreError, cache::Cache, pool, redis::Redis, rotate, time, wakeups::Wakeups};
use tokio::net::TcpListener;

use crate::{
    Config,
    access::unknown::Unknown,
    auth::token::Tokens,
    chat::{Room, metrics::ChatMetrics},
    limits::Rule,
    panel::{download::Downloads, seats::Seats},
    payments::terms,
    proofs::ProofMetrics,
    ready::Readiness,
    router,
    state::{Api, Parts},
    stats_api::StatsMetrics,
};

/// Who is told what happens has so long to take it. It is far less than a subscriber is leased for.
const WEBHOOK_LIMITS: ClientConfig = ClientConfig { total: Duration::from_secs(15), connect: Duration::from_secs(5) };

/// Serves the API on `listener` as tasks of `tasks`; returns when it has begun. Postgres, Redis and models may be away.
///
/// # Errors
/// When something cannot even be prepared: a URL, a key, a template.
pub fn serve(
    config: Config,
    listener: TcpListener,
    clock: Clock,
    tasks: &Tasks,
    metrics: &Metrics,
) -> anyhow::Result<()> {
    serve_behind(config, listener, clock, tasks, metrics, |router| router)
}

/// As [`serve`], with something of the caller's around everything, which sees each request and each answer.
///
/// # Errors
/// As [`serve`].
pub fn serve_behind(
    config: Config,
    listener: TcpListener,
    clock: Clock,
    tasks: &Tasks,
    metrics: &Metrics,
    around: impl FnOnce(Router) -> Router,
) -> anyhow::Result<()> {
    let cors_origins = config.cors_origins.clone();
    queries::queries().slow_from(config.slow_query);
    process::register(metrics);
    let api = assemble(config, clock.clone(), tasks, metrics)?;
    time::follow(&api.store, &clock, tasks, metrics);
    pool::watch(&api.store, tasks, metrics);
    payments::watch(api.payments.clone(), metrics, tasks);
    reports::watch(api.reports.clone(), metrics, tasks);
    steering::start(api.engine.clone(), tasks);
    start_jobs(&api, clock, tasks);
    http::serve(tasks, listener, around(router::router(&api, &cors_origins, metrics)));
    Ok(())
}

/// Jobs lease what they work on, and so begin when it is known what time it is for all replicas. And they throw away what no key
/// opens, to make it anew: so not before the keys are known to fit.
fn start_jobs(api: &Api, clock: Clock, tasks: &Tasks) {
    let (api, soft, to) = (api.clone(), tasks.soft(), tasks.clone());
    tasks.spawn("begin-jobs", async move {
        if !keys_fit(&api.store, &to).await? {
            return Ok(());
        }
        tokio::select! {
            () = clock.settled() => begin_jobs(&api, &to),
            () = soft.cancelled() => {}
        }
        Ok(())
    });
}

fn begin_jobs(api: &Api, tasks: &Tasks) {
    summary::start(api.engine.clone(), tasks);
    meaning::start(api.engine.clone(), tasks);
    memory::start(api.engine.clone(), tasks);
    first::start(api.engine.clone(), tasks);
    webhooks::start(api.webhooks.clone(), &api.engine, tasks);
    api.scheduler.start(tasks);
}

/// Asks until it is known whether `ENCRYPTION_KEY` fits what the database holds; false when the process stops first. The error, when
/// it does not, stops the process: otherwise each message would fail alone, and be set aside one by one.
async fn keys_fit(store: &Store, tasks: &Tasks) -> Result<bool, StoreError> {
    const AGAIN: Duration = Duration::from_secs(1);
    let soft = tasks.soft();
    let mut is_said = false;
    loop {
        match rotate::verify(store).await {
            Err(error @ StoreError::Undecryptable(_)) => return Err(error),
            Ok(()) => return Ok(true),
            Err(error) if !error.is_unavailable() => {
                tracing::error!(%error, "the keys cannot be checked");
                return Ok(true);
            }
            // Once: it may be a certificate that somebody has to mend, and nobody looks at debug for that.
            Err(error) if !is_said => {
                tracing::warn!(%error, "the database does not answer; waiting for it");
                is_said = true;
            }
            Err(error) => tracing::debug!(%error, "the keys cannot be checked yet"),
        }
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            () = soft.cancelled() => return Ok(false),
        }
    }
}

/// Who takes payments. All of them, always: what was paid can be given back, and a subscription cancelled, when no more is
/// sold.
fn sellers() -> Vec<Box<dyn PaymentProvider>> {
    vec![Box::new(Stars), Box::new(Money)]
}

/// The price, as far as somebody takes it.
fn on_sale(config: &Config) -> Price {
    let mut price = config.price.clone();
    price.stars = price.stars.filter(|_| config.takes_stars);
    price.amount = price.amount.filter(|_| config.takes_money);
    price
}

fn assemble(config: Config, clock: Clock, tasks: &Tasks, metrics: &Metrics) -> anyhow::Result<Api> {
    let store = Store::connect(&config.store, metrics)?;
    let redis = Redis::connect(&config.redis, metrics);
    let cache = Cache::new(redis.clone(), store.keys().clone(), config.cache, metrics);
    let sold = Payments::new(store.clone(), cache.clone(), clock.clone(), on_sale(&config), sellers(), metrics);
    let engine_metrics = EngineMetrics::register(metrics).priced(config.reports.prices.clone());
    let chain = providers::chain(config.providers, Arc::new(engine_metrics.clone()));
    chain.show(metrics);
    let defaults = config.persona.default_settings();
    let speech = Speech::new(config.speech, metrics);
    let premium_terms = terms(&config.plans, speech.speaks());
    let windows = Windows { redis: redis.clone(), of: Rule::all_of_person };
    let (plans, relationship) = (config.plans.clone(), config.relationship.clone());
    let profiles = Profiles::new(store.clone(), cache.clone(), windows, clock.clone(), plans, relationship, defaults);
    let deletions = Deletions::new(store.clone(), profiles.clone(), sold.clone(), clock.clone());
    let exports = Exports::new(store.clone(), clock.clone(), defaults, config.persona.name.clone())?;
    let stats = Stats::new(store.clone(), clock.clone(), config.relationship.clone(), config.plans.clone(), defaults);
    let history = History::new(store.clone(), profiles.clone(), config.persona.name.clone());
    let preferences = Preferences::new(store.clone(), profiles.clone(), clock.clone(), defaults);
    let relationships = Relationships::new(store.clone(), clock.clone(), config.relationship.clone(), defaults);
    let theirs = (profiles.clone(), deletions.clone(), sold.clone());
    let people = People::new(store.clone(), clock.clone(), config.relationship.clone(), theirs, defaults);
    let broadcasts = Broadcasts::new(store.clone(), clock.clone(), config.relationship.clone());
    let outside = Outside::new(config.webhook_networks, WEBHOOK_LIMITS)?;
    let webhooks = Webhooks::new(store.clone(), clock.clone(), outside, config.persona.language, metrics);
    let access = Access::new(store.clone(), redis.clone(), clock.clone(), config.access)?;
    let memories = Memories::new(store.clone(), clock.clone(), config.plans.clone(), defaults);
    let engine = Engine::new(EngineConfig {
        store: store.clone(),
        wakeups: Wakeups::start(&store, tasks),
        chain,
        speech,
        meanings: Meanings::new(config.embedder, metrics),
        persona: config.persona,
        plans: config.plans,
        relationship: config.relationship,
        max_iterations: config.max_iterations,
        thinking_budget: config.thinking_budget,
        silence: config.silence,
        metrics: engine_metrics,
        clock: clock.clone(),
        handing_back: tasks.handing_back(),
    })?;
    let message_days = config.message_days;
    let reports = Reports::new(store.clone(), clock.clone(), config.reports);
    reports.register(metrics);
    let means = Means {
        engine: engine.clone(),
        deletions: deletions.clone(),
        profiles: profiles.clone(),
        reports: reports.clone(),
        redis: redis.clone(),
        gauges: RedisGauges::register(metrics),
        message_days,
        backups: BackupWatch::register(config.backup_age, metrics),
    };
    let scheduler = Scheduler::new(store.clone(), clock.clone(), jobs::all(&means), Pace::default(), metrics);
    Ok(Api::new(Parts {
        engine,
        failures: Failures::new(store.clone(), clock.clone()),
        scheduler,
        message_days,
        backup_age: config.backup_age,
        settings: config.settings,
        access,
        profiles,
        deletions,
        exports,
        history,
        preferences,
        payments: sold,
        premium_terms,
        people,
        broadcasts,
        webhooks,
        relationships,
        stats,
        reports,
        memories,
        store,
        cache,
        replica: config.replica,
        redis,
        tokens: Tokens::new(&config.jwt_secret),
        service_key: config.service_key,
        bot_token: config.bot_token,
        limits: config.limits,
        proxy_hops: config.proxy_hops,
        bounds: config.bounds,
        room: Room::default(),
        downloads: Downloads::default(),
        seats: Seats::default(),
        chat_timeout: config.chat_timeout,
        readiness: Readiness::default(),
        chat_metrics: ChatMetrics::register(metrics),
        stats_metrics: StatsMetrics::register(metrics),
        unknown: Unknown::default(),
        proof_metrics: ProofMetrics::register(metrics),
        metrics: metrics.clone(),
        clock,
        tasks: tasks.clone(),
    }))
}
