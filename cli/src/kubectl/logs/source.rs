//! What logs: a run of a container of a pod.

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::ResourceExt as _;

/// One run of a container.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Source {
    /// The pod.
    pub(super) pod: String,
    /// Tells it from another pod of the same name.
    uid: String,
    /// The container.
    pub(super) container: String,
    /// Whether the pod has more than this one.
    pub(super) is_one_of_many: bool,
    /// Which run of it.
    run: i32,
}

/// The runs of a pod's containers that have begun, the latest of each.
pub(super) fn sources(pod: &Pod) -> Vec<Source> {
    let Some(spec) = &pod.spec else { return Vec::new() };
    let names: Vec<&String> =
        spec.init_containers.iter().flatten().chain(&spec.containers).map(|container| &container.name).collect();
    let begun = names.iter().filter_map(|name| {
        let run = match status(pod, name) {
            Some(status) => has_begun(status).then_some(status.restart_count)?,
            // Whoever runs it does not say; the phase does.
            None => has_run(pod).then_some(0)?,
        };
        Some(Source {
            pod: pod.name_any(),
            uid: pod.uid().unwrap_or_default(),
            container: (*name).clone(),
            is_one_of_many: names.len() > 1,
            run,
        })
    });
    begun.collect()
}

fn status<'a>(pod: &'a Pod, container: &str) -> Option<&'a ContainerStatus> {
    let status = pod.status.as_ref()?;
    let mut all = status.init_container_statuses.iter().chain(&status.container_statuses).flatten();
    all.find(|known| known.name == container)
}

fn has_begun(status: &ContainerStatus) -> bool {
    let is_there = status.state.as_ref().is_some_and(|state| state.running.is_some() || state.terminated.is_some());
    // One that waits to be started again has the log of its last run.
    is_there || status.restart_count > 0
}

fn has_run(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Running" | "Succeeded" | "Failed"))
}

impl Source {
    /// Whether this run goes on in the pod as it is now.
    pub(super) fn goes_on_in(&self, pod: &Pod) -> bool {
        let is_running = match status(pod, &self.container) {
            Some(status) => status.state.as_ref().is_some_and(|state| state.running.is_some()),
            None => pod.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Running"),
        };
        is_running && sources(pod).contains(self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pod(statuses: Value) -> Pod {
        serde_json::from_value(json!({
            "metadata": { "name": "eva-api-1", "uid": "u" },
            "spec": { "containers": [{ "name": "api" }] },
            "status": { "phase": "Running", "containerStatuses": statuses },
        }))
        .unwrap()
    }

    fn run(state: Value, restarts: i32) -> Pod {
        pod(
            json!([{ "name": "api", "image": "", "imageID": "", "ready": false, "restartCount": restarts, "state": state }]),
        )
    }

    #[test]
    fn a_container_logs_once_it_has_begun_and_each_run_is_another_source() {
        assert!(sources(&run(json!({ "waiting": { "reason": "ContainerCreating" } }), 0)).is_empty());
        let first = sources(&run(json!({ "running": {} }), 0));
        let second = sources(&run(json!({ "running": {} }), 1));
        assert_eq!((first.len(), second.len()), (1, 1));
        assert_ne!(first, second);
        assert!(first[0].goes_on_in(&run(json!({ "running": {} }), 0)));
        assert!(!first[0].goes_on_in(&run(json!({ "running": {} }), 1)));
        assert!(!first[0].goes_on_in(&run(json!({ "terminated": { "exitCode": 0 } }), 0)));
    }
}
