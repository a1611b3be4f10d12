//! What a rollout goes to: the pair of the pod templates of API and bot, as hashes. It changes when, and only when, pods
//! would be replaced.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use serde_json::json;

use crate::apply::manifest::short_hash;

/// On a pod template: its own hash.
pub const TEMPLATE: &str = "evolveai.dev/template";

/// Writes the hash of a pod template into it, and returns it.
pub(super) fn stamp(template: &mut PodTemplateSpec) -> String {
    let annotations = template.metadata.get_or_insert_default().annotations.get_or_insert_default();
    annotations.remove(TEMPLATE);
    let hash = short_hash(&json!(template));
    let annotations = template.metadata.get_or_insert_default().annotations.get_or_insert_default();
    annotations.insert(TEMPLATE.to_owned(), hash.clone());
    hash
}

/// The hash that a pod template carries.
#[must_use]
pub(super) fn stamped(template: &PodTemplateSpec) -> Option<&str> {
    template.metadata.as_ref()?.annotations.as_ref()?.get(TEMPLATE).map(String::as_str)
}

/// The hashes of the templates of API and bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Of the API.
    pub api: String,
    /// Of the bot.
    pub bot: String,
}

impl Target {
    /// As the status says it.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}-{}", self.api, self.bot)
    }

    /// From what the status says.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (api, bot) = text.split_once('-')?;
        Some(Self { api: api.to_owned(), bot: bot.to_owned() })
    }
}

/// Where the pods of one Deployment are, on the way to one template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// It does not ask for pods that have it.
    Unwritten,
    /// Not all of them have it.
    Rolling,
    /// All that there are have it, but some still come, go, or are not ready.
    Updated,
    /// All of them have it and are ready.
    Settled,
    /// They were not ready in time; Kubernetes' own sentence.
    Overdue(String),
}

/// Judges a live Deployment against the template hash `wanted`. No pods are settled where there shall be none, and prove
/// nothing where one that sleeps is about to wake.
#[must_use]
pub(super) fn part(live: Option<&Deployment>, wanted: &str, is_hibernated: bool) -> Part {
    let Some((spec, status)) = live.and_then(|live| Some((live.spec.as_ref()?, live.status.as_ref()?))) else {
        return Part::Unwritten;
    };
    if stamped(&spec.template) != Some(wanted) {
        return Part::Unwritten;
    }
    let [all, updated, available] =
        [status.replicas, status.updated_replicas, status.available_replicas].map(|count| count.unwrap_or_default());
    // Each change of the number of pods makes a generation that the status does not speak of yet.
    if status.observed_generation >= live.and_then(|live| live.metadata.generation) {
        let replicas = spec.replicas.unwrap_or(1);
        if [all, updated, available] == [replicas; 3] {
            return if replicas == 0 && !is_hibernated { Part::Updated } else { Part::Settled };
        }
        let mut conditions = status.conditions.iter().flatten();
        let overdue =
            conditions.find(|c| c.type_ == "Progressing" && c.reason.as_deref() == Some("ProgressDeadlineExceeded"));
        if let Some(condition) = overdue {
            return Part::Overdue(condition.message.clone().unwrap_or_default());
        }
    }
    if updated == all { Part::Updated } else { Part::Rolling }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::as_it_shall_be(1, [2, 2, 2], Part::Settled)]
    #[case::scaled_and_not_noticed_yet(0, [1, 1, 1], Part::Updated)]
    #[case::one_pod_too_few(1, [1, 1, 1], Part::Updated)]
    #[case::one_pod_too_many(1, [3, 3, 3], Part::Updated)]
    #[case::one_pod_that_is_not_ready(1, [2, 2, 1], Part::Updated)]
    #[case::one_pod_of_another_template(1, [3, 2, 2], Part::Rolling)]
    fn pods_that_come_and_go_are_told_apart_from_pods_that_are_replaced(
        #[case] observed: i64,
        #[case] counts: [i32; 3],
        #[case] expected: Part,
    ) {
        let [all, updated, available] = counts;
        let live: Deployment = serde_json::from_value(json!({
            "metadata": { "generation": 1 },
            "spec": { "replicas": 2, "selector": {}, "template": { "metadata": { "annotations": { TEMPLATE: "new" } } } },
            "status": {
                "observedGeneration": observed, "replicas": all, "updatedReplicas": updated, "availableReplicas": available,
            },
        }))
        .unwrap();
        assert_eq!(part(Some(&live), "new", false), expected);
        assert_eq!(part(Some(&live), "newer", false), Part::Unwritten);
        assert_eq!(part(None, "new", false), Part::Unwritten);
    }

    #[test]
    fn pods_that_are_not_there_prove_nothing_once_they_shall_be() {
        let live: Deployment = serde_json::from_value(json!({
            "metadata": { "generation": 1 },
            "spec": { "replicas": 0, "selector": {}, "template": { "metadata": { "annotations": { TEMPLATE: "new" } } } },
            "status": { "observedGeneration": 1 },
        }))
        .unwrap();
        assert_eq!(part(Some(&live), "new", true), Part::Settled);
        assert_eq!(part(Some(&live), "new", false), Part::Updated);
    }
}
