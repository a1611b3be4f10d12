//! What keeps the pipeline running: watches, caches, the queue, leader election, health and metrics.
//!
//! ```text
//! watches ──▶ cache ──▶ (reads)  reconcile::pass ──▶ API server
//!    └──▶ queue ──▶ (one bot at a time, so many at once) ──▶┘
//! ```
//!
//! Followers watch too, so that their caches are warm when they lead; only the leader makes passes.

pub mod access;
pub mod cache;
mod certificate;
pub mod client;
pub mod config;
pub mod contents;
pub mod health;
mod index;
pub mod kinds;
pub mod leader;
pub mod metrics;
mod packed;
mod pods;
pub mod queue;
pub mod references;
mod route;
pub mod watches;
mod watching;

use std::sync::Arc;
use std::time::{Duration, Instant};

use evolve_runtime::http;
use evolve_runtime::metrics::{Metrics, track};
use evolve_runtime::shutdown::Tasks;
use futures::StreamExt as _;
use kube::Client;
use kube::api::DynamicObject;
use kube::runtime::controller::{Action, Config as ApplierConfig, applier};
use kube::runtime::events::Reporter;
use kube::runtime::reflector::store::Writer;
use tokio::net::TcpListener;
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::Span;
use tracing::field::Empty;

use self::access::Access;
use self::cache::{Cache, Depth, Key};
use self::config::{Config, Timing};
use self::contents::Contents;
use self::kinds::Kind;
use self::leader::Election;
use self::metrics::OperatorMetrics;
use self::queue::Queue;
use self::references::References;
use self::route::Router;
use self::watching::Watches;
use crate::apply::Applier;
use crate::build::OPERATOR;
use crate::reconcile::{self, Context};
use crate::status::events::Events;

/// Starts the operator as tasks of `tasks`, its HTTP server on `listener`. Returns at once.
///
/// # Errors
/// When the client cannot be made.
pub fn start(
    config: &Config,
    cluster: kube::Config,
    listener: TcpListener,
    tasks: &Tasks,
    metrics: &Metrics,
) -> anyhow::Result<OperatorMetrics> {
    let (counted, served) = metrics::register_all(metrics);
    // Not counted: it is renewed all the time, by design.
    let election_client = Client::try_from(cluster.clone())?;
    let client = client::client(client_config(cluster, config.timing), &counted, config.timing.answer)?;
    let (queue, requests) = Queue::new(counted.queue_depth.clone(), config.timing.merge);
    let (changes, seen) = unbounded_channel();
    let (synced, is_synced) = watch::channel(false);
    let references = References::default();
    let reporter = Reporter { controller: OPERATOR.to_owned(), instance: Some(config.identity.clone()) };
    let context = Arc::new(Context {
        applier: Applier { client: client.clone(), cache: Cache::default(), metrics: counted.clone() },
        contents: Contents::default(),
        access: Access::new(config.grant.clone(), config.namespaces.is_empty()),
        references: references.clone(),
        events: Events::new(client.clone(), reporter),
        queue: queue.clone(),
        defaults: reconcile::Defaults {
            repository: config.image_repository.clone(),
            version: config.version.clone(),
            namespace: config.own_namespace.clone(),
        },
        scraper: reconcile::evidence::Scraper::new()?,
    });
    let health = health::router(metrics.clone(), counted.clone(), is_synced.clone(), config.timing.stuck);
    http::serve(tasks, listener, health.layer(axum::middleware::from_fn_with_state(served, track)));

    let mut watches =
        Watches::new(Arc::clone(&context), config.namespaces.clone(), changes, config.timing, tasks.clone());
    tasks.spawn("watch", async move {
        watches.look_after(synced).await;
        Ok(())
    });

    let writer = Writer::new(Kind::EvolveBot.resource());
    let store = writer.as_reader();
    let (cache, contents) = (context.applier.cache.clone(), context.contents.clone());
    let router = Router { writer, queue, references, cache, contents, metrics: counted.clone() };
    let has_synced = is_synced.clone();
    let soft = tasks.soft();
    tasks.spawn("route-changes", async move {
        tokio::select! {
            () = router.run(seen, has_synced) => {}
            () = soft.cancelled() => {}
        }
        Ok(())
    });

    let passes = applier(
        |bot: Arc<DynamicObject>, context: Arc<Context>| Box::pin(one_pass(bot, context)),
        |bot, _error, context: Arc<Context>| Action::requeue(context.queue.failed(&Key::of(&bot))),
        context,
        store,
        requests.take_until(tasks.soft().cancelled_owned()),
        ApplierConfig::default().concurrency(config.concurrency),
    );
    lead(config, election_client, counted.clone(), is_synced, tasks, async move {
        passes.for_each(|_| std::future::ready(())).await;
    });
    Ok(counted)
}

/// An answer that began and does not go on fails too, though later than the watch's own limit. What an overloaded server
/// refuses is tried again by the queue and by the watches, each with a backoff of its own: the client's retries would keep
/// a pass waiting for minutes, and say nothing of it.
fn client_config(mut config: kube::Config, timing: Timing) -> kube::Config {
    config.default_retry = false;
    config.read_timeout = Some(Duration::from_secs(u64::from(timing.watch_seconds)) + timing.answer);
    config.reset_reader_on_write = true;
    config
}

/// Makes passes while, and only while, this process leads.
fn lead(
    config: &Config,
    client: Client,
    metrics: OperatorMetrics,
    mut synced: watch::Receiver<bool>,
    tasks: &Tasks,
    passes: impl Future<Output = ()> + Send + 'static,
) {
    let election = Election {
        namespace: config.own_namespace.clone(),
        name: config.lease_name.clone(),
        identity: config.identity.clone(),
        duration: config.lease_duration,
    };
    let stop = tasks.soft();
    tasks.spawn("lead", async move {
        let Some(held) = election.win(client, &stop).await else { return Ok(()) };
        tracing::info!("this replica leads");
        metrics.leading.set(1);
        // The Lease is given back only after the last pass has ended.
        let done = CancellationToken::new();
        let working = async {
            let _ = synced.wait_for(|synced| *synced).await;
            passes.await;
            done.cancel();
            Ok(())
        };
        let kept = async {
            let kept = held.keep(&done).await;
            kept.map_err(anyhow::Error::from)
        };
        tokio::try_join!(working, kept)?;
        Ok(())
    });
}

#[tracing::instrument(
    name = "reconcile",
    skip_all,
    fields(bot = bot.metadata.name, namespace = bot.metadata.namespace, result = Empty, otel.status_code = Empty)
)]
async fn one_pass(bot: Arc<DynamicObject>, context: Arc<Context>) -> Result<Action, reconcile::PassError> {
    let key = Key::of(&bot);
    context.queue.begun(&key);
    let started = Instant::now();
    let outcome = reconcile::pass(&key, &context).await;
    let result = match &outcome {
        Ok(pass) => pass.result(),
        Err(error) => {
            tracing::warn!(%error, "a pass failed; it is repeated after a pause");
            Span::current().record("otel.status_code", "ERROR");
            "error"
        }
    };
    Span::current().record("result", result);
    context.applier.metrics.reconciled(result, started.elapsed());
    // Gone while the pass went on: it may have brought back what the router had forgotten.
    if context.applier.cache.get((Kind::EvolveBot, Depth::Owned), &key).is_none() {
        context.references.forget(&key);
        context.applier.metrics.forget(&key);
        context.applier.cache.remove((Kind::EvolveBot, Depth::Remembered), &key);
    }
    outcome.map(|pass| {
        context.queue.succeeded(&key);
        pass.next.map_or_else(Action::await_change, Action::requeue)
    })
}
