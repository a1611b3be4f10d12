//! What one look at a pod tells: whether it is ready, and if not, what it waits for.

use k8s_openapi::api::core::v1::{ContainerStatus, Pod, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::ResourceExt as _;
use serde::Serialize;

/// Reasons that every pod has for a moment at its start.
const USUAL: [&str; 2] = ["ContainerCreating", "PodInitializing"];

/// One look at a pod.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Look {
    /// The pod.
    pub(crate) name: String,
    /// Its node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) node: Option<String>,
    /// In a word: `ready`, `starting`, `not ready`, `stopping`, `succeeded`, `failed`.
    pub(crate) state: &'static str,
    /// How often its containers were started again.
    pub(crate) restarts: i32,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created: Option<Time>,
    /// What is wrong with it, with Kubernetes' own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trouble: Option<String>,
}

impl Look {
    /// Looks.
    pub(crate) fn of(pod: &Pod) -> Self {
        let status = pod.status.clone().unwrap_or_default();
        let containers = || status.init_container_statuses.iter().chain(&status.container_statuses).flatten();
        let is_ready = holds(&status, "Ready");
        let state = match status.phase.as_deref() {
            Some("Succeeded") => "succeeded",
            Some("Failed") => "failed",
            _ if pod.metadata.deletion_timestamp.is_some() => "stopping",
            _ if is_ready => "ready",
            Some("Running") => "not ready",
            _ => "starting",
        };
        let is_well = ["ready", "succeeded"].contains(&state);
        let trouble = unscheduled(&status)
            .or_else(|| containers().find_map(trouble))
            .or_else(|| evicted(&status))
            .filter(|_| !is_well);
        Self {
            name: pod.name_any(),
            node: pod.spec.as_ref().and_then(|spec| spec.node_name.clone()),
            state,
            restarts: containers().map(|container| container.restart_count).sum(),
            created: pod.creation_timestamp(),
            trouble,
        }
    }
}

fn holds(status: &PodStatus, condition: &str) -> bool {
    status.conditions.iter().flatten().any(|known| known.type_ == condition && known.status == "True")
}

/// What the scheduler says of a pod that it has found no node for.
fn unscheduled(status: &PodStatus) -> Option<String> {
    let mut conditions = status.conditions.iter().flatten();
    let refusal = conditions.find(|known| known.type_ == "PodScheduled" && known.status == "False")?;
    Some(said(refusal.reason.as_deref().unwrap_or("Unschedulable"), refusal.message.as_deref()))
}

/// What the node says of a pod that it has thrown out.
fn evicted(status: &PodStatus) -> Option<String> {
    Some(said(status.reason.as_deref()?, status.message.as_deref()))
}

/// What keeps one container from running.
fn trouble(container: &ContainerStatus) -> Option<String> {
    let state = container.state.as_ref()?;
    let last = container.last_state.as_ref().and_then(|state| state.terminated.as_ref());
    if let Some(ended) = state.terminated.as_ref().filter(|ended| ended.exit_code != 0) {
        let reason = ended.reason.as_deref().unwrap_or("Error");
        return Some(said(&format!("{reason}, exit code {}", ended.exit_code), ended.message.as_deref()));
    }
    let waiting = state.waiting.as_ref()?;
    let reason = waiting.reason.as_deref().filter(|reason| !USUAL.contains(reason))?;
    let text = said(reason, waiting.message.as_deref());
    Some(match last {
        Some(last) => {
            let why = last.reason.as_deref().unwrap_or("Error");
            said(&format!("{text}; it last ended with {why}, exit code {}", last.exit_code), last.message.as_deref())
        }
        None => text,
    })
}

fn said(reason: &str, message: Option<&str>) -> String {
    match message.map(str::trim).filter(|message| !message.is_empty()) {
        Some(message) => format!("{reason}: {message}"),
        None => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn look(status: Value) -> Look {
        Look::of(&serde_json::from_value(json!({ "metadata": { "name": "p" }, "status": status })).unwrap())
    }

    fn container(state: Value, last: Value) -> Value {
        let container = json!({
            "name": "api", "image": "", "imageID": "", "ready": false, "restartCount": 3, "state": state, "lastState": last,
        });
        json!({ "phase": "Pending", "containerStatuses": [container] })
    }

    #[rstest]
    #[case::the_image_is_not_there(
        container(json!({ "waiting": { "reason": "ImagePullBackOff", "message": "Back-off pulling image \"e:9\"" } }), json!({})),
        "starting", Some("ImagePullBackOff: Back-off pulling image \"e:9\"")
    )]
    #[case::it_dies_again_and_again(
        container(
            json!({ "waiting": { "reason": "CrashLoopBackOff", "message": "back-off 40s" } }),
            json!({ "terminated": { "exitCode": 137, "reason": "OOMKilled" } })
        ),
        "starting", Some("CrashLoopBackOff: back-off 40s; it last ended with OOMKilled, exit code 137")
    )]
    #[case::it_failed(
        container(json!({ "terminated": { "exitCode": 2, "reason": "Error", "message": "no database\n" } }), json!({})),
        "starting", Some("Error, exit code 2: no database")
    )]
    #[case::it_starts_as_every_pod_does(
        container(json!({ "waiting": { "reason": "ContainerCreating" } }), json!({})), "starting", None
    )]
    #[case::no_node_has_room(
        json!({ "phase": "Pending", "conditions": [{
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available"
        }] }),
        "starting", Some("Unschedulable: 0/3 nodes are available")
    )]
    #[case::thrown_out(
        json!({ "phase": "Failed", "reason": "Evicted", "message": "The node was low on memory" }),
        "failed", Some("Evicted: The node was low on memory")
    )]
    #[case::its_probe_fails(json!({ "phase": "Running" }), "not ready", None)]
    #[case::all_is_well(
        json!({ "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] }), "ready", None
    )]
    fn a_look_says_what_a_pod_waits_for(#[case] status: Value, #[case] state: &str, #[case] trouble: Option<&str>) {
        let look = look(status);
        assert_eq!((look.state, look.trouble.as_deref()), (state, trouble));
    }

    #[test]
    fn restarts_are_counted() {
        assert_eq!(look(container(json!({}), json!({}))).restarts, 3);
    }
}
