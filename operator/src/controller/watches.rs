//! The watches that fill the cache. Each is a task of its own, with its own backoff; kube's watcher ends a stream on which
//! nothing came for longer than the server lets a watch live, so that a connection that died silently is noticed.

use std::collections::HashSet;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use kube::api::DynamicObject;
use kube::client::Body;
use kube::core::PartialObjectMeta;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Event};
use kube::{Api, Client, ResourceExt as _};
use serde::de::DeserializeOwned;
use tokio::sync::watch::Sender;
use tokio_util::sync::CancellationToken;

use super::access::Standing;
use super::cache::{Cache, Depth, Key, Slot};
use super::kinds::Kind;
use super::kinds::MANAGED_BY_SELECTOR;
use super::metrics::Progress;
use super::pods;

/// How long a watch that is forbidden waits before it asks again: twice as long each time, up to the second.
const DENIED_PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(30)];

/// How many objects are listed at once. All that is not packed yet of a page is in memory, and each watch has one.
const PAGE: u32 = 50;

/// One watch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Watch {
    /// What it watches.
    pub slot: Slot,
    /// Where; everywhere when absent.
    pub namespace: Option<String>,
    /// How long the server lets one request live, seconds.
    pub seconds: u32,
}

/// What a watch saw.
#[derive(Clone, Debug)]
pub struct Change {
    /// What kind.
    pub slot: Slot,
    /// The object, as it is or last was.
    pub object: Arc<DynamicObject>,
    /// Whether it is gone.
    pub is_gone: bool,
}

impl Watch {
    /// Its name in metrics, logs and `/healthz`.
    #[must_use]
    pub fn id(&self) -> String {
        let (kind, depth) = self.slot;
        let depth = if depth == Depth::Metadata { "-metadata" } else { "" };
        format!("{}{depth}/{}", kind.plural(), self.namespace.as_deref().unwrap_or("*"))
    }

    /// Whether it sees what is in `namespace`.
    #[must_use]
    pub fn covers(&self, namespace: &str) -> bool {
        self.namespace.as_deref().is_none_or(|own| own == namespace)
    }

    /// Whether it is one of those that bots' Secrets are found by.
    #[must_use]
    pub const fn is_of_secrets(&self) -> bool {
        matches!(self.slot, (Kind::Secret, Depth::Metadata))
    }

    /// Whether a cluster may lack what it watches.
    #[must_use]
    pub const fn is_optional(&self) -> bool {
        self.slot.0.is_optional()
    }

    /// Follows it until `stop`, filling `cache` and telling `sink` of each change, and `standing` whether it may.
    pub async fn run(
        self,
        client: Client,
        cache: Cache,
        progress: Progress,
        sink: impl Fn(Change) + Send,
        standing: Sender<Standing>,
        stop: CancellationToken,
    ) {
        let resource = self.slot.0.resource();
        let client = showing_life(client, progress.clone(), self.id(), self.slot.0.name());
        let config = watcher::Config::default().timeout(self.seconds).page_size(PAGE);
        let config = match self.slot {
            (Kind::EvolveBot, _) | (_, Depth::Metadata) => config,
            _ => config.labels(MANAGED_BY_SELECTOR),
        };
        let follower = Follower { watch: self, cache, progress, sink, standing, seen: HashSet::new() };
        let namespace = follower.watch.namespace.clone();
        if follower.watch.slot.1 == Depth::Metadata {
            let api: Api<PartialObjectMeta<DynamicObject>> = match &namespace {
                Some(namespace) => Api::namespaced_with(client, namespace, &resource),
                None => Api::all_with(client, &resource),
            };
            let whole = |meta: PartialObjectMeta<DynamicObject>| DynamicObject {
                types: meta.types,
                metadata: meta.metadata,
                data: serde_json::Value::Null,
            };
            follower.follow(api, config, whole, stop).await;
        } else {
            let api: Api<DynamicObject> = match &namespace {
                Some(namespace) => Api::namespaced_with(client, namespace, &resource),
                None => Api::all_with(client, &resource),
            };
            follower.follow(api, config, |object| object, stop).await;
        }
    }
}

/// As `client`, but each request that is answered well is a sign of life of the watch `id`: one of quiet objects sees no
/// event for days, though the server ends its requests, and it begins them anew, every few minutes.
fn showing_life(client: Client, progress: Progress, id: String, kind: &'static str) -> Client {
    let namespace = client.default_namespace().to_owned();
    let service = tower::service_fn(move |request: http::Request<Body>| {
        let (client, progress, id) = (client.clone(), progress.clone(), id.clone());
        async move {
            let answer = client.send(request).await?;
            if answer.status().is_success() {
                progress.touch(&id, kind);
            }
            Ok::<_, kube::Error>(answer)
        }
    });
    Client::new(service, namespace)
}

struct Follower<S> {
    watch: Watch,
    cache: Cache,
    progress: Progress,
    sink: S,
    standing: Sender<Standing>,
    seen: HashSet<Key>,
}

impl<S: Fn(Change) + Send> Follower<S> {
    async fn follow<K>(
        mut self,
        api: Api<K>,
        config: watcher::Config,
        whole: impl Fn(K) -> DynamicObject + Send,
        stop: CancellationToken,
    ) where
        K: kube::Resource + Clone + DeserializeOwned + Debug + Send + 'static,
    {
        let (id, kind) = (self.watch.id(), self.watch.slot.0.name());
        self.progress.touch(&id, kind);
        let [first, longest] = DENIED_PAUSES;
        let mut pause = first;
        // Anew after each denial: only a fresh listing says that everything is seen again.
        loop {
            let began = tokio::time::Instant::now();
            if !self.follow_until_denied(&api, &config, &whole, &stop).await {
                break;
            }
            pause = if began.elapsed() > longest { first } else { longest.min(pause * 2) };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => break,
            }
        }
        self.progress.forget(&id);
    }

    /// Whether it is forbidden; else it was stopped.
    async fn follow_until_denied<K>(
        &mut self,
        api: &Api<K>,
        config: &watcher::Config,
        whole: &(impl Fn(K) -> DynamicObject + Send),
        stop: &CancellationToken,
    ) -> bool
    where
        K: kube::Resource + Clone + DeserializeOwned + Debug + Send + 'static,
    {
        let (id, kind) = (self.watch.id(), self.watch.slot.0.name());
        let events = watcher::watcher(api.clone(), config.clone()).default_backoff().take_until(stop.cancelled());
        let mut events = std::pin::pin!(events.into_stream());
        while let Some(event) = events.next().await {
            match event {
                Ok(event) => {
                    self.progress.touch(&id, kind);
                    self.take(event, whole);
                }
                Err(error) => match denial(&error) {
                    Some(words) => {
                        // An answer, if not the one that was hoped for: the watch is not stuck.
                        self.progress.touch(&id, kind);
                        if self.stand(Standing::Denied(words.to_owned())) {
                            tracing::warn!(watch = id, words, "a watch is forbidden; it is tried again and again");
                        }
                        return true;
                    }
                    None => {
                        tracing::warn!(watch = id, %error, "a watch broke; it begins again after a pause");
                        self.stumble();
                    }
                },
            }
        }
        false
    }

    /// A first listing that fails is said, so that nobody waits for one that may never end. Where the kind is other
    /// people's, so is the failure, such as a conversion webhook of theirs that is down: this process is not stuck, and a
    /// restart would mend nothing.
    fn stumble(&self) {
        if *self.standing.borrow() == Standing::Waiting {
            self.stand(Standing::Broken);
        }
        if self.watch.is_optional() {
            self.progress.touch(&self.watch.id(), self.watch.slot.0.name());
        }
    }

    /// Whether that is news.
    fn stand(&self, now: Standing) -> bool {
        self.standing.send_if_modified(|before| {
            let is_news = *before != now;
            *before = now;
            is_news
        })
    }

    fn take<K>(&mut self, event: Event<K>, whole: &impl Fn(K) -> DynamicObject) {
        match event {
            Event::Init => self.seen.clear(),
            Event::InitApply(object) => {
                let object = whole(object);
                self.seen.insert(Key::of(&object));
                self.see(object);
            }
            Event::InitDone => {
                let namespace = self.watch.namespace.as_deref();
                for object in self.cache.retain(self.watch.slot, namespace, &std::mem::take(&mut self.seen)) {
                    (self.sink)(Change { slot: self.watch.slot, object, is_gone: true });
                }
                if self.watch.is_optional() {
                    self.cache.know(self.watch.slot.0);
                }
                self.stand(Standing::Listed);
            }
            Event::Apply(object) => self.see(whole(object)),
            Event::Delete(object) => {
                let object = whole(object);
                self.cache.bury(self.watch.slot, &object);
                (self.sink)(Change { slot: self.watch.slot, object: Arc::new(object), is_gone: true });
            }
        }
    }

    fn see(&mut self, mut object: DynamicObject) {
        let slot = self.watch.slot;
        // The elements of a list do not say what they are, and would differ from what is wanted.
        object.types.get_or_insert_with(|| slot.0.types());
        trim(&mut object);
        if slot.0 == Kind::Pod {
            pods::trim(&mut object);
        }
        let is_news = match slot.0 {
            // Much of what happens to a pod is of no interest here.
            Kind::Pod => {
                let known = self.cache.get(slot, &Key::of(&object));
                known.is_none_or(|known| pods::differ(&known, &object))
            }
            // As every listing begins anew with what is known.
            _ if self.cache.has(slot, &object) => return,
            _ => true,
        };
        let object = self.cache.insert(slot, object);
        if is_news {
            (self.sink)(Change { slot, object, is_gone: false });
        }
    }
}

/// What the API server said when it forbade a watch.
fn denial(error: &watcher::Error) -> Option<&str> {
    let status = match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchFailed(kube::Error::Api(status))
        | watcher::Error::WatchError(status) => status,
        _ => return None,
    };
    (status.code == 403).then_some(status.message.as_str())
}

/// Takes away what nobody here reads.
pub fn trim(object: &mut DynamicObject) {
    let is_schedule = object.types.as_ref().is_some_and(|types| types.kind == Kind::CronJob.name());
    let written = object.metadata.managed_fields.take().filter(|_| is_schedule);
    // Of a schedule it matters when it was changed, and not what of it.
    object.metadata.managed_fields = written.map(|mut written| {
        written.iter_mut().for_each(|fields| fields.fields_v1 = None);
        written
    });
    object.annotations_mut().remove("kubectl.kubernetes.io/last-applied-configuration");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_who_wrote_what_only_when_a_schedule_was_changed_is_kept() {
        let seen = |kind: &str| {
            let written =
                json!({ "manager": "evolve-operator", "time": "2026-03-05T12:00:00Z", "fieldsV1": { "f:spec": {} } });
            let metadata = json!({ "name": "eva", "managedFields": [written] });
            let mut object: DynamicObject =
                serde_json::from_value(json!({ "apiVersion": "batch/v1", "kind": kind, "metadata": metadata }))
                    .unwrap();
            trim(&mut object);
            object.metadata.managed_fields
        };
        assert_eq!(seen("Job"), None);
        let kept = seen("CronJob").unwrap();
        assert!(kept.iter().all(|fields| fields.time.is_some() && fields.fields_v1.is_none()), "{kept:?}");
    }
}
