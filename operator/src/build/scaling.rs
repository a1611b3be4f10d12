//! How many pods of one part there are, and how few there may be.

use k8s_openapi::api::autoscaling::v2::{
    CrossVersionObjectReference, HPAScalingPolicy, HPAScalingRules, HorizontalPodAutoscaler,
    HorizontalPodAutoscalerBehavior, HorizontalPodAutoscalerSpec, MetricSpec, MetricTarget, ResourceMetricSource,
};
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::labels;
use super::part::Part;
use crate::crd::Autoscaling;

/// The HPA of `part`, where it is scaled by load and runs at all.
pub(super) fn autoscaler(part: &Part<'_>) -> Option<HorizontalPodAutoscaler> {
    let scaling = part.autoscaling.filter(|_| !part.bot.spec.hibernated)?;
    Some(HorizontalPodAutoscaler {
        metadata: labels::owned(part.bot, part.name.clone(), part.component),
        spec: Some(HorizontalPodAutoscalerSpec {
            scale_target_ref: CrossVersionObjectReference {
                api_version: Some("apps/v1".to_owned()),
                kind: "Deployment".to_owned(),
                name: part.name.clone(),
            },
            min_replicas: Some(scaling.min_replicas),
            max_replicas: scaling.max_replicas,
            metrics: Some(metrics(scaling)),
            behavior: Some(behaviour(scaling)),
        }),
        status: None,
    })
}

fn metrics(scaling: &Autoscaling) -> Vec<MetricSpec> {
    let of = |name: &str, percent: i32| MetricSpec {
        type_: "Resource".to_owned(),
        resource: Some(ResourceMetricSource {
            name: name.to_owned(),
            target: MetricTarget {
                type_: "Utilization".to_owned(),
                average_utilization: Some(percent),
                ..MetricTarget::default()
            },
        }),
        ..MetricSpec::default()
    };
    let mut list = vec![of("cpu", scaling.cpu_percent)];
    list.extend(scaling.memory_percent.map(|percent| of("memory", percent)));
    list
}

/// Up at once, by doubling or by four pods; down slowly, a quarter of them a minute.
fn behaviour(scaling: &Autoscaling) -> HorizontalPodAutoscalerBehavior {
    let policy = |type_: &str, value: i32| HPAScalingPolicy { type_: type_.to_owned(), value, period_seconds: 60 };
    let rules = |seconds: i32, policies: Vec<HPAScalingPolicy>| HPAScalingRules {
        stabilization_window_seconds: Some(seconds),
        select_policy: Some("Max".to_owned()),
        policies: Some(policies),
        ..HPAScalingRules::default()
    };
    HorizontalPodAutoscalerBehavior {
        scale_up: Some(rules(0, vec![policy("Percent", 100), policy("Pods", 4)])),
        scale_down: Some(rules(scaling.scale_down_seconds, vec![policy("Percent", 25), policy("Pods", 1)])),
    }
}

/// One pod of `part` may be away at a time; one that does not work does not hold up the emptying of a node.
pub(super) fn disruption_budget(part: &Part<'_>) -> PodDisruptionBudget {
    PodDisruptionBudget {
        metadata: labels::owned(part.bot, part.name.clone(), part.component),
        spec: Some(PodDisruptionBudgetSpec {
            max_unavailable: Some(IntOrString::Int(1)),
            selector: Some(labels::by_labels(labels::selector(part.bot, part.component))),
            unhealthy_pod_eviction_policy: Some("AlwaysAllow".to_owned()),
            ..PodDisruptionBudgetSpec::default()
        }),
        status: None,
    }
}
