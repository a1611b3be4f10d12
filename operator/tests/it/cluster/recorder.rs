//! What stories of two sets of pods need beside a world: pods that tell metrics, and the memory of whom a Service chose at
//! every moment.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::get;
use evolve_operator::build::API_PORT;
use futures::StreamExt as _;
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::api::{ListParams, WatchEvent, WatchParams};
use kube::{Api, ResourceExt as _};
use tokio::task::JoinHandle;

use super::world::World;

/// What serves in place of an API's pod. It ends when it is dropped.
pub(super) struct Served {
    /// Where: an address of loopback that nobody else has.
    pub(super) ip: Ipv4Addr,
    counts: Arc<Mutex<(u64, u64)>>,
    task: Option<JoinHandle<()>>,
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Served {
    /// An address at which nobody answers yet. The port is every API's, so the address has to tell tests apart, also those
    /// of another process.
    pub(super) fn nobody() -> Self {
        static USED: AtomicU8 = AtomicU8::new(1);
        let [.., high, low] = std::process::id().to_be_bytes();
        let ip = Ipv4Addr::new(127, high.max(1), low, USED.fetch_add(1, Ordering::SeqCst));
        Self { ip, counts: Arc::default(), task: None }
    }

    /// A pod that answered so many requests well, and so many not.
    pub(super) async fn start(well: u64, badly: u64) -> Self {
        let mut served = Self::nobody();
        served.counted(well, badly);
        served.answer().await;
        served
    }

    /// From now on, somebody answers.
    pub(super) async fn answer(&mut self) {
        let counts = Arc::clone(&self.counts);
        let text = async move || {
            let (well, badly) = *counts.lock().unwrap();
            format!(
                "http_requests_total{{method=\"GET\",route=\"/ready\",status=\"503\"}} 1000\n\
                 http_requests_total{{method=\"POST\",route=\"/chat\",status=\"200\"}} {well}\n\
                 http_requests_total{{method=\"POST\",route=\"/chat\",status=\"500\"}} {badly}\n# EOF\n"
            )
        };
        let port = u16::try_from(API_PORT).unwrap();
        let listener = tokio::net::TcpListener::bind((self.ip, port)).await.unwrap();
        let router = Router::new().route("/metrics", get(text));
        self.task = Some(tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }));
    }

    /// What it tells from now on.
    pub(super) fn counted(&self, well: u64, badly: u64) {
        *self.counts.lock().unwrap() = (well, badly);
    }
}

/// Remembers a Service and all pods at every moment.
pub(super) struct Recorder {
    seen: Arc<Mutex<Vec<(u64, Moment)>>>,
    tasks: [JoinHandle<()>; 2],
}

enum Moment {
    Pod(Box<Pod>, bool),
    Service(BTreeMap<String, String>),
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Recorder {
    /// Begins, with what is there.
    pub(super) async fn start(world: &World, service: &'static str) -> Self {
        let seen: Arc<Mutex<Vec<(u64, Moment)>>> = Arc::default();
        let remember = |seen: &Arc<Mutex<Vec<_>>>, version: Option<String>, moment| {
            // What is there at the beginning is the first moment, whatever came into being first.
            let version = version.map_or(0, |version| version.parse::<u64>().unwrap());
            seen.lock().unwrap().push((version, moment));
        };
        let (pods, services): (Api<Pod>, Api<Service>) = (world.api(), world.api());
        let listed = pods.list(&ListParams::default()).await.unwrap();
        let from_pods = listed.metadata.resource_version.clone().unwrap();
        for pod in listed {
            remember(&seen, None, Moment::Pod(Box::new(pod), false));
        }
        let listed = services.list(&ListParams::default()).await.unwrap();
        let from_services = listed.metadata.resource_version.clone().unwrap();
        for one in listed.into_iter().filter(|one| one.name_any() == service) {
            remember(&seen, None, Moment::Service(one.spec.unwrap().selector.unwrap()));
        }
        let of_pods = tokio::spawn({
            let seen = Arc::clone(&seen);
            async move {
                let mut events = pods.watch(&WatchParams::default(), &from_pods).await.unwrap().boxed();
                while let Some(event) = events.next().await {
                    match event.unwrap() {
                        WatchEvent::Added(pod) | WatchEvent::Modified(pod) => {
                            remember(&seen, pod.resource_version(), Moment::Pod(Box::new(pod), false));
                        }
                        WatchEvent::Deleted(pod) => {
                            remember(&seen, pod.resource_version(), Moment::Pod(Box::new(pod), true));
                        }
                        _ => {}
                    }
                }
            }
        });
        let of_service = tokio::spawn({
            let seen = Arc::clone(&seen);
            async move {
                let mut events = services.watch(&WatchParams::default(), &from_services).await.unwrap().boxed();
                while let Some(event) = events.next().await {
                    if let WatchEvent::Added(one) | WatchEvent::Modified(one) = event.unwrap()
                        && one.name_any() == service
                    {
                        let version = one.resource_version();
                        remember(&seen, version, Moment::Service(one.spec.unwrap().selector.unwrap()));
                    }
                }
            }
        });
        Self { seen, tasks: [of_pods, of_service] }
    }

    /// The tracks that the Service has been narrowed to, one after the other, and the fewest ready pods that it chose at
    /// any moment. The versions of objects tell the order: all of them count the writes of one store.
    pub(super) fn told(&self) -> (Vec<String>, usize) {
        let mut seen = self.seen.lock().unwrap();
        seen.sort_by_key(|(version, _)| *version);
        let mut pods: BTreeMap<String, &Pod> = BTreeMap::new();
        let (mut selector, mut tracks, mut fewest) = (None, Vec::new(), usize::MAX);
        for (_, moment) in seen.iter() {
            match moment {
                Moment::Pod(pod, true) => drop(pods.remove(&pod.name_any())),
                Moment::Pod(pod, false) => drop(pods.insert(pod.name_any(), pod)),
                Moment::Service(chosen) => {
                    tracks.push(chosen.get("evolveai.dev/track").cloned().unwrap_or_else(|| "both".to_owned()));
                    selector = Some(chosen);
                }
            }
            let Some(selector) = selector else { continue };
            let chosen = pods.values().filter(|pod| {
                pod.metadata.deletion_timestamp.is_none()
                    && is_ready(pod)
                    && selector.iter().all(|(name, value)| pod.labels().get(name) == Some(value))
            });
            fewest = fewest.min(chosen.count());
        }
        tracks.dedup();
        (tracks, fewest)
    }
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.into_iter().any(|known| known.type_ == "Ready" && known.status == "True")
}
