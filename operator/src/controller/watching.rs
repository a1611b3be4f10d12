//! Which watches run. Bots and what is made for them are followed wherever the operator looks; Secrets only where there
//! is a bot, so that nobody has to let the operator see all Secrets of a cluster; kinds that a cluster may lack, once it
//! has them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use evolve_runtime::shutdown::Tasks;
use futures::future::select_all;
use kube::ResourceExt as _;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch::{self, Receiver};
use tokio_util::sync::CancellationToken;

use super::access::Standing;
use super::cache::{Depth, Key, Slot};
use super::config::Timing;
use super::kinds::Kind;
use super::watches::{Change, Watch};
use crate::reconcile::Context;

const BOTS: Slot = (Kind::EvolveBot, Depth::Owned);
const SECRETS: Slot = (Kind::Secret, Depth::Metadata);

/// The watches that run, and those that will.
pub(super) struct Watches {
    context: Arc<Context>,
    /// Where to look; everywhere when empty.
    namespaces: Vec<String>,
    changes: UnboundedSender<Change>,
    /// Where a bot came or went.
    visits: (UnboundedSender<String>, UnboundedReceiver<String>),
    timing: Timing,
    running: HashMap<Watch, CancellationToken>,
    stop: CancellationToken,
    tasks: Tasks,
}

impl Watches {
    pub(super) fn new(
        context: Arc<Context>,
        namespaces: Vec<String>,
        changes: UnboundedSender<Change>,
        timing: Timing,
        tasks: Tasks,
    ) -> Self {
        let stop = tasks.soft();
        Self { context, namespaces, changes, timing, visits: unbounded_channel(), running: HashMap::new(), stop, tasks }
    }

    /// Runs them until the process stops. `synced` becomes true when each has listed or is forbidden, and some bots are
    /// seen: a namespace that is shut keeps nobody else waiting. Nor does a kind that clusters may lack and that cannot be
    /// listed; but it is given one try, so that bots that use it are not told at each start that it is missing.
    pub(super) async fn look_after(&mut self, synced: watch::Sender<bool>) {
        let stop = self.stop.clone();
        let owned = Kind::OPERANDS.into_iter().filter(|kind| !kind.is_optional() && *kind != Kind::Secret);
        let mut slots: Vec<Slot> = owned.map(|kind| (kind, Depth::Owned)).collect();
        slots.push((Kind::ConfigMap, Depth::Metadata));
        if !self.namespaces.is_empty() {
            slots.push(SECRETS);
        }
        let mut bots: Vec<_> = self.begin_everywhere(BOTS);
        let mut listed: Vec<_> = slots.into_iter().flat_map(|slot| self.begin_everywhere(slot)).collect();
        let mut optional = self.begin_optional().await;
        let first_listing = async {
            for one in bots.iter_mut().chain(&mut listed) {
                let _ = one.wait_for(|standing| !matches!(standing, Standing::Waiting | Standing::Broken)).await;
            }
            for one in &mut optional {
                let _ = one.wait_for(|standing| *standing != Standing::Waiting).await;
            }
            let listing = bots.iter_mut().map(|one| Box::pin(one.wait_for(|standing| *standing == Standing::Listed)));
            drop(select_all(listing).await);
        };
        tokio::select! {
            () = first_listing => {}
            () = stop.cancelled() => return,
        }
        synced.send_replace(true);
        let mut look_again = tokio::time::interval(self.timing.look_again);
        look_again.reset();
        loop {
            tokio::select! {
                _ = look_again.tick() => {
                    self.context.applier.cache.rest();
                    drop(self.begin_optional().await);
                }
                Some(namespace) = self.visits.1.recv() => self.visit(&namespace),
                () = stop.cancelled() => return,
            }
        }
    }

    /// Follows the Secrets of `namespace` as long as there is a bot in it.
    fn visit(&mut self, namespace: &str) {
        if !self.namespaces.is_empty() {
            return;
        }
        let cache = self.context.applier.cache.clone();
        let watch = self.watch(SECRETS, Some(namespace.to_owned()));
        if cache.has_any(BOTS, namespace) {
            self.begin(watch);
        } else if self.running.contains_key(&watch) {
            self.end(&watch);
            for secret in cache.retain(SECRETS, Some(namespace), &HashSet::new()) {
                self.context.contents.forget(SECRETS.0, &Key::of(&secret));
            }
        }
    }

    fn begin_everywhere(&mut self, slot: Slot) -> Vec<Receiver<Standing>> {
        let places: Vec<Option<String>> = match self.namespaces.as_slice() {
            [] => vec![None],
            some => some.iter().cloned().map(Some).collect(),
        };
        places
            .into_iter()
            .filter_map(|namespace| {
                let watch = self.watch(slot, namespace);
                self.begin(watch)
            })
            .collect()
    }

    fn watch(&self, slot: Slot, namespace: Option<String>) -> Watch {
        Watch { slot, namespace, seconds: self.timing.watch_seconds }
    }

    fn end(&mut self, watch: &Watch) {
        if let Some(running) = self.running.remove(watch) {
            running.cancel();
        }
        self.context.access.remove(watch);
    }

    /// Begins one watch, unless it runs.
    fn begin(&mut self, watch: Watch) -> Option<Receiver<Standing>> {
        if self.running.contains_key(&watch) {
            return None;
        }
        let stop = self.stop.child_token();
        self.running.insert(watch.clone(), stop.clone());
        let (standing, stands) = watch::channel(Standing::Waiting);
        self.context.access.add(watch.clone(), stands.clone());
        let (changes, visits) = (self.changes.clone(), self.visits.0.clone());
        let sink = move |change: Change| {
            let visited = (change.slot == BOTS).then(|| change.object.namespace()).flatten();
            // Nobody listens any longer in a process that ends.
            let _ = changes.send(change);
            if let Some(namespace) = visited {
                let _ = visits.send(namespace);
            }
        };
        let applier = &self.context.applier;
        let (client, cache, progress) =
            (applier.client.clone(), applier.cache.clone(), applier.metrics.progress().clone());
        let announcing = announce(Arc::clone(&self.context), watch.clone(), stands.clone());
        let following = watch.run(client, cache, progress, sink, standing, stop);
        self.tasks.spawn("watch-one-kind", async move {
            tokio::join!(following, announcing);
            Ok(())
        });
        Some(stands)
    }

    /// Begins the watches of those kinds that the cluster has by now, and ends those of the kinds that it has no longer.
    async fn begin_optional(&mut self) -> Vec<Receiver<Standing>> {
        let mut begun = Vec::new();
        for kind in Kind::OPERANDS.into_iter().filter(|kind| kind.is_optional()) {
            let (slot, resource) = ((kind, Depth::Owned), kind.resource());
            let is_there = match self.context.applier.client.list_api_group_resources(&resource.api_version).await {
                Ok(list) => list.resources.iter().any(|found| found.kind == resource.kind),
                Err(kube::Error::Api(status)) if status.code == 404 => false,
                Err(error) => {
                    tracing::warn!(%error, kind = kind.name(), "cannot look whether the cluster has this kind");
                    continue;
                }
            };
            let running: Vec<Watch> = self.running.keys().filter(|watch| watch.slot == slot).cloned().collect();
            if is_there && running.is_empty() {
                // It is used from its first listing on, of which the bots are told.
                begun.extend(self.begin_everywhere(slot));
            } else if !is_there && !running.is_empty() {
                running.iter().for_each(|watch| self.end(watch));
                self.context.applier.cache.unlearn(kind);
                self.context.request_all();
            }
        }
        begun
    }
}

/// Asks for passes over the bots that a watch concerns, whenever it stands otherwise than before.
async fn announce(context: Arc<Context>, watch: Watch, mut stands: Receiver<Standing>) {
    while stands.changed().await.is_ok() {
        for key in context.applier.cache.keys(BOTS) {
            if watch.covers(&key.namespace) {
                context.queue.request(&key);
            }
        }
    }
}
