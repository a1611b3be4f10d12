//! What the pods themselves say: why they do not run, and whether those that ran still do. Kubernetes' own sentences are
//! somebody else's text: they are shortened, and stay on one line.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStatus, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::ResourceExt as _;

use super::target::TEMPLATE;
use super::typed;
use crate::EvolveBot;
use crate::build::{COMPONENT, TRACK, Track};
use crate::controller::cache::Cache;
use crate::controller::kinds::Kind;

/// Longest text of somebody else that is shown, characters.
const LONGEST: usize = 300;
/// What Kubernetes puts on the pods of a Job.
const JOB_NAME: &str = "batch.kubernetes.io/job-name";

/// The pods of one bot.
#[derive(Clone, Debug, Default)]
pub struct Pods(Vec<Pod>);

/// Why a pod does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// One word, as conditions have it.
    pub reason: &'static str,
    /// A sentence, and how to mend it.
    pub message: String,
}

impl Pods {
    /// Of `bot`, from the cache, by name.
    #[must_use]
    pub fn of(bot: &EvolveBot, cache: &Cache) -> Self {
        let pods = cache.of_bot(Kind::Pod, bot.namespace_name(), bot.name());
        let mut pods: Vec<Pod> = pods.iter().filter_map(|pod| typed(pod)).collect();
        pods.sort_by_key(Pod::name_any);
        Self(pods)
    }

    /// The first of API and bot that has trouble.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        let of_part = |pod: &&Pod| pod.labels().get(COMPONENT).is_some_and(|of| of == "api" || of == "bot");
        self.living().filter(of_part).find_map(trouble)
    }

    /// The first of the Job `name` that has trouble.
    #[must_use]
    pub fn trouble_of_job(&self, name: &str) -> Option<Trouble> {
        let of_job = |pod: &&Pod| pod.labels().get(JOB_NAME).is_some_and(|job| job == name);
        self.living().filter(of_job).find_map(trouble)
    }

    /// Whether any pod of the second set of `component` is there.
    pub(super) fn has_next(&self, component: &str) -> bool {
        self.0.iter().any(|pod| is_next(pod) && pod.labels().get(COMPONENT).is_some_and(|of| of == component))
    }

    /// What happened since `since` to a pod of the second set that has one of these templates and was ready.
    pub(super) fn illness(&self, templates: [&str; 2], since: &Time) -> Option<String> {
        let next = self.living().filter(|pod| is_next(pod) && has_template(pod, &templates));
        next.into_iter().find_map(|pod| {
            let name = pod.name_any();
            if let Some(ended) =
                containers(pod).filter_map(last_end).find(|ended| ended.finished_at.as_ref() >= Some(since))
            {
                return Some(format!("the pod {name} of the second set ended with {}", outcome(ended)));
            }
            let is_old = pod.creation_timestamp().is_some_and(|made| made < *since);
            let is_running = pod.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Running");
            (is_old && is_running && !is_ready(pod))
                .then(|| format!("the pod {name} of the second set is no longer ready"))
        })
    }

    /// Names and addresses of the pods of the second set of the API with this template.
    #[must_use]
    pub fn next_apis(&self, template: &str) -> Vec<(String, Option<String>)> {
        let next = self.living().filter(|pod| {
            is_next(pod) && has_template(pod, &[template]) && pod.labels().get(COMPONENT).is_some_and(|of| of == "api")
        });
        next.map(|pod| (pod.name_any(), pod.status.as_ref().and_then(|status| status.pod_ip.clone()))).collect()
    }

    /// Those that run or shall run.
    fn living(&self) -> impl Iterator<Item = &Pod> {
        self.0.iter().filter(|pod| {
            let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
            pod.metadata.deletion_timestamp.is_none() && !matches!(phase, Some("Succeeded" | "Failed"))
        })
    }
}

fn is_next(pod: &Pod) -> bool {
    pod.labels().get(TRACK).is_some_and(|track| track == Track::Next.as_str())
}

fn has_template(pod: &Pod, templates: &[&str]) -> bool {
    pod.annotations().get(TEMPLATE).is_some_and(|stamped| templates.contains(&stamped.as_str()))
}

fn condition<'a>(pod: &'a Pod, name: &str) -> Option<&'a k8s_openapi::api::core::v1::PodCondition> {
    pod.status.as_ref()?.conditions.iter().flatten().find(|condition| condition.type_ == name)
}

fn is_ready(pod: &Pod) -> bool {
    condition(pod, "Ready").is_some_and(|condition| condition.status == "True")
}

fn containers(pod: &Pod) -> impl Iterator<Item = &ContainerStatus> {
    let status = pod.status.as_ref();
    let lists = status.into_iter().flat_map(|status| [&status.init_container_statuses, &status.container_statuses]);
    lists.flatten().flatten()
}

/// How a container last ended badly, if it did.
fn last_end(container: &ContainerStatus) -> Option<&ContainerStateTerminated> {
    let ends = [&container.state, &container.last_state];
    ends.into_iter().find_map(|state| state.as_ref()?.terminated.as_ref().filter(|ended| ended.exit_code != 0))
}

fn outcome(ended: &ContainerStateTerminated) -> String {
    match ended.reason.as_deref() {
        Some(reason) if reason != "Error" => format!("exit code {} ({})", ended.exit_code, shortened(reason)),
        _ => format!("exit code {}", ended.exit_code),
    }
}

fn trouble(pod: &Pod) -> Option<Trouble> {
    let name = pod.name_any();
    if let Some(placed) = condition(pod, "PodScheduled").filter(|placed| placed.status == "False") {
        let why = shortened(placed.message.as_deref().unwrap_or("the scheduler does not say why"));
        let message =
            format!("no node takes the pod {name}: {why}. Make room, or ask for less in spec.api or spec.bot");
        return Some(Trouble { reason: "Unschedulable", message });
    }
    containers(pod).find_map(|container| container_trouble(&name, container, is_ready(pod)))
}

fn container_trouble(pod: &str, container: &ContainerStatus, is_ready: bool) -> Option<Trouble> {
    let waiting = container.state.as_ref().and_then(|state| state.waiting.as_ref());
    let said = shortened(waiting.and_then(|waiting| waiting.message.as_deref()).unwrap_or("Kubernetes says no more"));
    let (reason, message) = match waiting.and_then(|waiting| waiting.reason.as_deref()) {
        // Kubernetes goes back and forth between these; to a person they are one.
        Some("ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull") => {
            let image = if container.image.is_empty() { "" } else { &format!(" {}", shortened(&container.image)) };
            let mend = "check spec.version, spec.image and its pullSecrets";
            ("ImagePullBackOff", format!("the pod {pod} cannot pull its image{image}; {mend}"))
        }
        Some(word @ ("CreateContainerConfigError" | "CreateContainerError" | "RunContainerError")) => {
            let reason = match word {
                "CreateContainerConfigError" => "CreateContainerConfigError",
                "CreateContainerError" => "CreateContainerError",
                _ => "RunContainerError",
            };
            (reason, format!("the pod {pod} cannot start: {said}"))
        }
        // While it runs again for a moment, too.
        _ if !is_ready => {
            let ended = last_end(container)?;
            let logs = format!("see `kubectl logs {pod} --previous`");
            ("CrashLoopBackOff", format!("the pod {pod} keeps ending, last with {}; {logs}", outcome(ended)))
        }
        _ => return None,
    };
    Some(Trouble { reason, message })
}

/// Why the pods of a Deployment are refused before there are any to look at: an unknown PriorityClass, a quota, a policy.
pub(super) fn not_made(deployment: &Deployment) -> Option<Trouble> {
    let conditions = &deployment.status.as_ref()?.conditions;
    let failed = conditions.iter().flatten().find(|known| known.type_ == "ReplicaFailure" && known.status == "True")?;
    let said = failed.message.as_deref().unwrap_or("Kubernetes says no more");
    // What goes before is the pod's name, which is another one each time that it is tried.
    let parts = [" is forbidden: ", " is invalid: "].into_iter().find_map(|word| said.split_once(word));
    let why = shortened(parts.map_or(said, |(_, why)| why));
    let part = deployment.labels().get(COMPONENT).map_or("api", String::as_str);
    let mend = if why.contains("PriorityClass") {
        format!("make that PriorityClass, or name another one in spec.{part}.pod.priorityClassName")
    } else if why.contains("quota") {
        format!("ask for less in spec.{part}.pod.resources, or raise the namespace's quota")
    } else {
        format!("change spec.{part}.pod, or what refuses it")
    };
    let message = format!("no pod of {} can be made: {why}; {mend}", deployment.name_any());
    Some(Trouble { reason: "FailedCreate", message })
}

fn shortened(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
    if text.chars().nth(LONGEST).is_some() { format!("{line}…") } else { line }
}
