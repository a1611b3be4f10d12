//! What keeps the pipeline running: watches, caches, the queue, leader election, health and metrics.
//!
//! ```text
//! watches ──▶ cache ──▶ (reads)  reconcile::pass ──▶ API server
//!    └──▶ queue ──▶ (one bot at a time, so many at once) ──▶┘
//! ```
//!
//! Followers watch too, so that their caches are warm when they lead; only the leader makes passes.

pub mod cache;
pub mod client;
pub mod config;
pub mod contents;
pub mod health;
pub mod kinds;
pub mod leader;
pub mod metrics;
mod pods;
pub mod queue;
pub mod references;
mod route;
pub mod watches;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use evolve_runtime::http;
use evolve_runtime::metrics::Metrics;
use evolve_runtime::shutdown::Tasks;
use futures::StreamExt as _;
use kube::Client;
use kube::api::DynamicObject;
use kube::runtime::controller::{Action, Config as ApplierConfig, applier};
use kube::runtime::events::{Recorder, Reporter};
use kube::runtime::reflector::store::Writer;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::cache::{Cache, Depth, Key, Slot};
use self::config::Config;
use self::contents::Contents;
use self::kinds::Kind;
use self::leader::Election;
use self::metrics::OperatorMetrics;
use self::queue::Queue;
use self::references::References;
use self::route::Router;
use self::watches::{Change, Watch};
use crate::apply::Applier;
use crate::build::OPERATOR;
use crate::reconcile::{self, Context};

/// How often the kinds that a cluster may lack are looked for.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

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
    let counted = OperatorMetrics::register(metrics);
    // Not counted: it is renewed all the time, by design.
    let election_client = Client::try_from(cluster.clone())?;
    let client = client::client(cluster, &counted)?;
    let (queue, requests) = Queue::new(counted.queue_depth.clone());
    let (changes, seen) = unbounded_channel();
    let (synced, is_synced) = watch::channel(false);
    let references = References::default();
    let reporter = Reporter { controller: OPERATOR.to_owned(), instance: Some(config.identity.clone()) };
    let context = Arc::new(Context {
        applier: Applier { client: client.clone(), cache: Cache::default(), metrics: counted.clone() },
        contents: Contents::default(),
        references: references.clone(),
        recorder: Recorder::new(client.clone(), reporter),
        queue: queue.clone(),
        defaults: reconcile::Defaults {
            repository: config.image_repository.clone(),
            version: config.version.clone(),
            namespace: config.own_namespace.clone(),
        },
        scraper: reconcile::evidence::Scraper::new()?,
    });
    http::serve(tasks, listener, health::router(metrics.clone(), counted.clone(), is_synced.clone()));

    let mut watches = Watches {
        context: Arc::clone(&context),
        namespaces: config.namespaces.clone(),
        changes,
        running: HashMap::new(),
        stop: tasks.soft(),
        tasks: tasks.clone(),
    };
    tasks.spawn("watch", async move {
        watches.look_after(synced).await;
        Ok(())
    });

    let writer = Writer::new(Kind::EvolveBot.resource());
    let store = writer.as_reader();
    let router = Router { writer, queue, references, cache: context.applier.cache.clone() };
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

async fn one_pass(bot: Arc<DynamicObject>, context: Arc<Context>) -> Result<Action, reconcile::PassError> {
    let key = Key::of(&bot);
    context.queue.begun(&key);
    let started = Instant::now();
    let outcome = reconcile::pass(&key, &context).await;
    let result = match &outcome {
        Ok(pass) => pass.result(),
        Err(error) => {
            tracing::warn!(bot = key.name, namespace = key.namespace, %error, "a pass failed; it is repeated after a pause");
            "error"
        }
    };
    context.applier.metrics.reconciled(result, started.elapsed());
    outcome.map(|pass| {
        context.queue.succeeded(&key);
        pass.next.map_or_else(Action::await_change, Action::requeue)
    })
}

/// The watches that run, and those that will when the cluster learns their kinds.
struct Watches {
    context: Arc<Context>,
    namespaces: Vec<String>,
    changes: UnboundedSender<Change>,
    running: HashMap<Slot, CancellationToken>,
    stop: CancellationToken,
    tasks: Tasks,
}

impl Watches {
    async fn look_after(&mut self, synced: watch::Sender<bool>) {
        let owned = Kind::OPERANDS.into_iter().filter(|kind| !kind.is_optional() && *kind != Kind::Secret);
        let mut slots: Vec<Slot> = owned.map(|kind| (kind, Depth::Owned)).collect();
        slots.extend([
            (Kind::EvolveBot, Depth::Owned),
            (Kind::Secret, Depth::Metadata),
            (Kind::ConfigMap, Depth::Metadata),
        ]);
        let mut listed: Vec<_> = slots.into_iter().flat_map(|slot| self.begin(slot)).collect();
        listed.extend(self.begin_optional().await);
        for mut one in listed {
            tokio::select! {
                _ = one.wait_for(|listed| *listed) => {}
                () = self.stop.cancelled() => return,
            }
        }
        synced.send_replace(true);
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                () = self.stop.cancelled() => return,
            }
            self.begin_optional().await;
        }
    }

    fn begin(&mut self, slot: Slot) -> Vec<watch::Receiver<bool>> {
        let stop = self.stop.child_token();
        if self.running.insert(slot, stop.clone()).is_some() {
            return Vec::new();
        }
        let places: Vec<Option<String>> = match self.namespaces.as_slice() {
            [] => vec![None],
            some => some.iter().cloned().map(Some).collect(),
        };
        let begin = |namespace: Option<String>| {
            let (listed, is_listed) = watch::channel(false);
            let changes = self.changes.clone();
            let sink = move |change| {
                // Nobody listens any longer in a process that ends.
                let _ = changes.send(change);
            };
            let applier = &self.context.applier;
            let (client, cache, progress) =
                (applier.client.clone(), applier.cache.clone(), applier.metrics.progress().clone());
            let watch = Watch { slot, namespace };
            let following = watch.run(client, cache, progress, sink, listed, stop.clone());
            self.tasks.spawn("watch-one-kind", async move {
                following.await;
                Ok(())
            });
            is_listed
        };
        places.into_iter().map(begin).collect()
    }

    /// Begins the watches of those kinds that the cluster has by now.
    async fn begin_optional(&mut self) -> Vec<watch::Receiver<bool>> {
        let mut begun = Vec::new();
        for kind in Kind::OPERANDS.into_iter().filter(|kind| kind.is_optional()) {
            if self.running.contains_key(&(kind, Depth::Owned)) {
                continue;
            }
            let resource = kind.resource();
            match self.context.applier.client.list_api_group_resources(&resource.api_version).await {
                Ok(list) if list.resources.iter().any(|found| found.kind == resource.kind) => {
                    begun.extend(self.begin((kind, Depth::Owned)));
                    self.context.applier.cache.know(kind);
                    self.context.request_all();
                }
                Ok(_) => {}
                Err(kube::Error::Api(status)) if status.code == 404 => {}
                Err(error) => {
                    tracing::warn!(%error, kind = kind.name(), "cannot look whether the cluster has this kind")
                }
            }
        }
        begun
    }
}
