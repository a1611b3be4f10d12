//! Plays scheduler and kubelet in one namespace: containers of Jobs end well and other pods become ready at once, unless
//! the container image says otherwise. An image that contains `migrate-fails` makes Jobs' pods fail, `migrate-hangs` keeps
//! them running, `never-ready` keeps the other pods from becoming ready, `pull-fails` cannot be pulled. [`Kubelet::hold`]
//! keeps pods from becoming ready for a while, and the annotation [`NEVER_READY`] those of one part; [`POD_IP`] is the
//! address that a pod gets.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::{Container, Pod};
use kube::api::{Patch, PatchParams};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// On a pod: that it does not become ready.
pub const NEVER_READY: &str = "evolve.test/never-ready";
/// On a pod: its address, of loopback, where a test may serve what the pod would.
pub const POD_IP: &str = "evolve.test/pod-ip";

/// On no node: pods that ask for it are left to the player where there are real nodes too.
pub const PLAYED: &str = "evolve.test/played";

/// Makes the pods of a bot with this `spec` ask for [`PLAYED`].
pub fn leave_to_the_player(spec: &mut Value) {
    for part in ["api", "bot"] {
        spec[part]["pod"]["nodeSelector"][PLAYED] = json!("yes");
    }
}

/// The running player. It ends when it is dropped.
pub struct Kubelet {
    held: Arc<AtomicBool>,
    task: JoinHandle<()>,
    client: Client,
    namespace: String,
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Kubelet {
    /// Begins to look after the pods of `namespace`.
    #[must_use]
    pub fn start(client: &Client, namespace: &str) -> Self {
        let held = Arc::new(AtomicBool::new(false));
        let (client, namespace) = (client.clone(), namespace.to_owned());
        let task = tokio::spawn(look_after(client.clone(), namespace.clone(), Arc::clone(&held)));
        Self { held, task, client, namespace }
    }

    /// From now on, nothing that is not a Job becomes ready.
    pub fn hold(&self) {
        self.held.store(true, Ordering::SeqCst);
    }

    /// Ends [`Self::hold`], for waiting pods too.
    ///
    /// # Errors
    /// When the pods cannot be listed.
    pub async fn release(&self) -> kube::Result<()> {
        self.held.store(false, Ordering::SeqCst);
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), &self.namespace);
        for pod in pods.list(&kube::api::ListParams::default()).await? {
            settle(&pods, &pod, false).await;
        }
        Ok(())
    }
}

async fn look_after(client: Client, namespace: String, held: Arc<AtomicBool>) {
    let pods: Api<Pod> = Api::namespaced(client, &namespace);
    let changes = watcher(pods.clone(), watcher::Config::default()).default_backoff().applied_objects();
    let mut changes = pin!(changes);
    while let Some(change) = changes.next().await {
        if let Ok(pod) = change {
            settle(&pods, &pod, held.load(Ordering::SeqCst)).await;
        }
    }
}

/// Brings one pod to where its image says it goes.
async fn settle(pods: &Api<Pod>, pod: &Pod, held: bool) {
    let is_new = pod.status.as_ref().and_then(|status| status.phase.as_deref()).is_none_or(|phase| phase == "Pending");
    if !is_new || pod.metadata.deletion_timestamp.is_some() {
        return;
    }
    let container = pod.spec.as_ref().and_then(|spec| spec.containers.first());
    let image = container.and_then(|container| container.image.as_deref()).unwrap_or_default();
    let is_job = pod.metadata.owner_references.iter().flatten().any(|owner| owner.kind == "Job");
    let status = match (is_job, image) {
        (true, image) if image.contains("migrate-fails") => ended(pod, "Failed", 1),
        (true, image) if image.contains("migrate-hangs") => return,
        (true, _) => ended(pod, "Succeeded", 0),
        (false, image) if image.contains("pull-fails") => not_pulled(pod),
        (false, _) if pod.annotations().contains_key(NEVER_READY) => return,
        (false, image) if held || image.contains("never-ready") => return,
        (false, _) => {
            let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            let holds = |name: &str| json!({ "type": name, "status": "True", "lastTransitionTime": now });
            let address = pod.annotations().get(POD_IP);
            json!({
                "phase": "Running", "conditions": [holds("Ready"), holds("ContainersReady")],
                "podIP": address, "podIPs": address.map(|ip| [json!({ "ip": ip })]),
            })
        }
    };
    // One that is gone meanwhile needs nothing.
    let _ =
        pods.patch_status(&pod.name_any(), &PatchParams::default(), &Patch::Merge(json!({ "status": status }))).await;
}

fn not_pulled(pod: &Pod) -> Value {
    let waiting = json!({ "reason": "ImagePullBackOff", "message": "Back-off pulling image" });
    json!({ "phase": "Pending", "containerStatuses": containers(pod, &json!({ "waiting": waiting })) })
}

fn ended(pod: &Pod, phase: &str, code: i32) -> Value {
    let terminated = json!({
        "exitCode": code, "reason": if code == 0 { "Completed" } else { "Error" },
        "finishedAt": chrono::Utc::now().to_rfc3339(),
    });
    json!({ "phase": phase, "containerStatuses": containers(pod, &json!({ "terminated": terminated })) })
}

/// The statuses of the pod's containers, none of which runs.
fn containers(pod: &Pod, state: &Value) -> Vec<Value> {
    let of = |container: &Container| {
        json!({
            "name": container.name, "image": container.image, "imageID": "", "ready": false, "restartCount": 0,
            "state": state,
        })
    };
    pod.spec.iter().flat_map(|spec| &spec.containers).map(of).collect()
}
