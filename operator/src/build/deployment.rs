//! The Deployment of one part.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
use k8s_openapi::api::core::v1::{
    Container, ContainerPort, HTTPGetAction, Lifecycle, LifecycleHandler, PodSpec, PodTemplateSpec, Probe, SleepAction,
    TopologySpreadConstraint,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::part::{PORT_NAME, Part};
use super::{Inputs, Release, Track, container, labels};

/// How long a pod that is to stop still serves, seconds: what sends requests to it learns that it goes in this time.
const LINGER: i64 = 5;
/// How long the processes take at most to finish what they have begun, seconds.
const DRAIN: i64 = 30;
/// What is left to write the last lines of the log and to close connections, seconds.
const SPARE: i64 = 10;

/// The Deployment of `part`.
pub(super) fn build(part: &Part<'_>, release: &Release, inputs: &Inputs) -> Deployment {
    let bot = part.bot;
    let deadline = i32::try_from(bot.spec.rollout.deadline_seconds).unwrap_or(i32::MAX);
    Deployment {
        metadata: labels::owned(bot, part.name.clone(), part.component),
        spec: Some(DeploymentSpec {
            replicas: replicas(part),
            selector: labels::by_labels(labels::track_selector(bot, part.component, Track::Stable)),
            strategy: Some(DeploymentStrategy {
                type_: Some("RollingUpdate".to_owned()),
                rolling_update: Some(RollingUpdateDeployment {
                    max_unavailable: Some(IntOrString::Int(0)),
                    max_surge: Some(IntOrString::String("25%".to_owned())),
                }),
            }),
            // A pod that is ready and falls over at once does not count.
            min_ready_seconds: Some(5),
            progress_deadline_seconds: Some(deadline),
            revision_history_limit: Some(5),
            template: template(part, release, inputs),
            // Somebody who pauses it by hand would stop every rollout, and nobody would be told.
            paused: Some(false),
        }),
        status: None,
    }
}

/// None while something else owns the number.
fn replicas(part: &Part<'_>) -> Option<i32> {
    if part.bot.spec.hibernated {
        return Some(0);
    }
    part.autoscaling.is_none().then_some(part.replicas)
}

fn template(part: &Part<'_>, release: &Release, inputs: &Inputs) -> PodTemplateSpec {
    let mut pod_labels = part.pod.labels.clone();
    pod_labels.extend(labels::labels(part.bot, part.component));
    pod_labels.extend(labels::track_selector(part.bot, part.component, Track::Stable));
    let container = part_container(part, release);
    let hash = container::content_hash(container.env.as_deref().unwrap_or_default(), inputs);
    let mut annotations = part.pod.annotations.clone();
    annotations.insert(labels::CONFIG_HASH.to_owned(), hash);
    annotations.insert("kubectl.kubernetes.io/default-container".to_owned(), part.component.to_owned());
    PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(pod_labels),
            annotations: Some(annotations),
            ..ObjectMeta::default()
        }),
        spec: Some(pod(part, container)),
    }
}

fn pod(part: &Part<'_>, container: Container) -> PodSpec {
    let settings = part.pod;
    PodSpec {
        containers: vec![container],
        volumes: Some(vec![container::scratch("tmp", "256Mi"), container::live(part.bot)]),
        node_selector: (!settings.node_selector.is_empty()).then(|| settings.node_selector.clone()),
        affinity: settings.affinity.clone(),
        tolerations: (!settings.tolerations.is_empty()).then(|| settings.tolerations.clone()),
        topology_spread_constraints: Some(spread(part)),
        priority_class_name: settings.priority_class_name.clone(),
        termination_grace_period_seconds: Some(LINGER + DRAIN + SPARE),
        ..container::pod(part.bot)
    }
}

/// Over nodes and zones, as far as there are any; each rollout's pods by themselves.
fn spread(part: &Part<'_>) -> Vec<TopologySpreadConstraint> {
    let selector = labels::by_labels(labels::selector(part.bot, part.component));
    let usual = || {
        let over = |key: &str| TopologySpreadConstraint {
            max_skew: 1,
            topology_key: key.to_owned(),
            when_unsatisfiable: "ScheduleAnyway".to_owned(),
            match_label_keys: Some(vec!["pod-template-hash".to_owned()]),
            ..TopologySpreadConstraint::default()
        };
        vec![over("kubernetes.io/hostname"), over("topology.kubernetes.io/zone")]
    };
    let mut constraints = part.pod.topology_spread_constraints.clone().unwrap_or_else(usual);
    for constraint in &mut constraints {
        constraint.label_selector.get_or_insert_with(|| selector.clone());
    }
    constraints
}

fn part_container(part: &Part<'_>, release: &Release) -> Container {
    let (live, log_level) = container::live_place();
    let mut variables = part.variables();
    if variables.iter().all(|given| given.name != log_level.name) {
        variables.push(log_level);
    }
    Container {
        name: part.component.to_owned(),
        image: Some(release.image.clone()),
        image_pull_policy: Some(part.bot.spec.image.pull_policy.unwrap_or_default().as_str().to_owned()),
        command: Some(vec![part.program.to_owned()]),
        env: Some(variables),
        ports: Some(vec![ContainerPort {
            name: Some(PORT_NAME.to_owned()),
            container_port: part.port,
            protocol: Some("TCP".to_owned()),
            ..ContainerPort::default()
        }]),
        resources: Some(container::resources(part.pod.resources.as_ref(), &part.resources)),
        // Two minutes to start: it may wait for the database.
        startup_probe: Some(probe("/health", 2, 60)),
        liveness_probe: Some(probe("/health", 10, 6)),
        readiness_probe: Some(probe("/ready", 5, 2)),
        lifecycle: Some(Lifecycle {
            pre_stop: Some(LifecycleHandler {
                sleep: Some(SleepAction { seconds: LINGER }),
                ..LifecycleHandler::default()
            }),
            ..Lifecycle::default()
        }),
        security_context: Some(container::confined()),
        volume_mounts: Some(vec![container::mount("tmp", "/tmp"), live]),
        ..Container::default()
    }
}

fn probe(path: &str, period: i32, failures: i32) -> Probe {
    Probe {
        http_get: Some(HTTPGetAction {
            path: Some(path.to_owned()),
            port: IntOrString::String(PORT_NAME.to_owned()),
            ..HTTPGetAction::default()
        }),
        period_seconds: Some(period),
        timeout_seconds: Some(5),
        failure_threshold: Some(failures),
        ..Probe::default()
    }
}
