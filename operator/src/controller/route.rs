//! From what the watches see to the bots that it concerns.

use kube::ResourceExt as _;
use kube::api::DynamicObject;
use kube::core::ObjectMeta;
use kube::runtime::reflector::store::Writer;
use kube::runtime::watcher::Event;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;

use super::cache::{Cache, Depth, Key};
use super::contents::Contents;
use super::kinds::Kind;
use super::metrics::OperatorMetrics;
use super::queue::Queue;
use super::references::References;
use super::watches::Change;
use crate::build::INSTANCE;

/// Turns what the watches see into requests for passes.
pub(super) struct Router {
    /// Feeds the store that kube's scheduler looks bots up in: it needs to know that they are there, and no more.
    pub(super) writer: Writer<DynamicObject>,
    /// Where requests go.
    pub(super) queue: Queue,
    /// Who reads what.
    pub(super) references: References,
    /// Remembers things of bots, until they are gone.
    pub(super) cache: Cache,
    /// Remembers what Secrets and ConfigMaps hold, until they are gone.
    pub(super) contents: Contents,
    /// Shows how each bot fares, until it is gone.
    pub(super) metrics: OperatorMetrics,
}

impl Router {
    /// Routes changes until nobody sends any.
    pub(super) async fn run(mut self, mut seen: UnboundedReceiver<Change>, mut synced: watch::Receiver<bool>) {
        let mut is_open = false;
        loop {
            tokio::select! {
                change = seen.recv() => match change {
                    Some(change) => self.route(&change),
                    None => return,
                },
                // kube's scheduler begins when its store is complete.
                is_synced = async { synced.wait_for(|synced| *synced).await.is_ok() }, if !is_open => {
                    if !is_synced {
                        return;
                    }
                    is_open = true;
                    self.open();
                }
            }
        }
    }

    /// What has been taken in so far is all there is: kube's store swaps a complete listing in, so that is what it gets.
    fn open(&mut self) {
        let known = self.writer.as_reader().state();
        self.writer.apply_watcher_event(&Event::Init);
        for bot in known {
            self.writer.apply_watcher_event(&Event::InitApply((*bot).clone()));
        }
        self.writer.apply_watcher_event(&Event::InitDone);
    }

    fn route(&mut self, change: &Change) {
        let key = Key::of(&change.object);
        match change.slot {
            (Kind::EvolveBot, _) => {
                let object = stub(&change.object);
                if change.is_gone {
                    self.references.forget(&key);
                    self.queue.forget(&key);
                    self.metrics.forget(&key);
                    self.cache.remove((Kind::EvolveBot, Depth::Remembered), &key);
                    self.writer.apply_watcher_event(&Event::Delete(object));
                } else {
                    self.writer.apply_watcher_event(&Event::Apply(object));
                    self.queue.request(&key);
                }
            }
            (Kind::ReplicaSet, _) => {}
            (kind, Depth::Metadata) => {
                if change.is_gone {
                    self.contents.forget(kind, &key);
                }
                for bot in self.references.readers(kind, &key) {
                    self.queue.request(&bot);
                }
            }
            // Their owners are Kubernetes' own objects, which are the bot's only in turn.
            (Kind::Pod | Kind::Job, Depth::Owned) => {
                if let Some(bot) = change.object.labels().get(INSTANCE) {
                    self.queue.request(&Key::new(&key.namespace, bot));
                }
            }
            (_, Depth::Remembered) => {}
            (_, Depth::Owned) => {
                let owners = change.object.owner_references();
                for owner in owners.iter().filter(|owner| owner.kind == Kind::EvolveBot.name()) {
                    self.queue.request(&Key::new(&key.namespace, &owner.name));
                }
                // What outlives its bot has no owner; that a bot is asked for that is not there does no harm.
                if owners.is_empty()
                    && let Some(bot) = change.object.labels().get(INSTANCE)
                {
                    self.queue.request(&Key::new(&key.namespace, bot));
                }
            }
        }
    }
}

/// What kube's scheduler is told of a bot: a pass reads the rest from the cache.
fn stub(bot: &DynamicObject) -> DynamicObject {
    let DynamicObject { metadata: ObjectMeta { name, namespace, uid, .. }, .. } = bot;
    let metadata =
        ObjectMeta { name: name.clone(), namespace: namespace.clone(), uid: uid.clone(), ..ObjectMeta::default() };
    DynamicObject { types: None, metadata, data: serde_json::Value::Null }
}
