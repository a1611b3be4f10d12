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
    /// Not all of them have it, or not all of those are ready.
    Rolling,
    /// All of them have it and are ready.
    Settled,
    /// They were not ready in time; Kubernetes' own sentence.
    Overdue(String),
}

/// Judges a live Deployment against the template hash `wanted`.
#[must_use]
pub(super) fn part(live: Option<&Deployment>, wanted: &str) -> Part {
    let Some((spec, status)) = live.and_then(|live| Some((live.spec.as_ref()?, live.status.as_ref()?))) else {
        return Part::Rolling;
    };
    let is_current = status.observed_generation >= live.and_then(|live| live.metadata.generation);
    if stamped(&spec.template) != Some(wanted) || !is_current {
        return Part::Rolling;
    }
    let replicas = spec.replicas.unwrap_or(1);
    let all = [status.replicas, status.updated_replicas, status.available_replicas];
    if all.iter().all(|count| count.unwrap_or_default() == replicas) {
        return Part::Settled;
    }
    let mut conditions = status.conditions.iter().flatten();
    let overdue =
        conditions.find(|c| c.type_ == "Progressing" && c.reason.as_deref() == Some("ProgressDeadlineExceeded"));
    overdue.map_or(Part::Rolling, |condition| Part::Overdue(condition.message.clone().unwrap_or_default()))
}
