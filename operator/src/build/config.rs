//! The rendered configuration of one part, for people to read: every variable that is not secret. Pods have it in their
//! template, which is what a roll-back brings back; who may write ConfigMaps has no say in what pods run.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{ConfigMap, PodTemplateSpec};

use super::labels;
use super::part::Part;

/// The configuration of `part`.
pub(super) fn build(part: &Part<'_>) -> ConfigMap {
    let data = part.plain().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let name = format!("{}-config", part.name);
    ConfigMap {
        metadata: labels::owned(part.bot, name, part.component),
        data: Some(data),
        binary_data: None,
        immutable: None,
    }
}

/// The ConfigMaps that the containers of a pod template take all their variables from: those that must not go while a pod
/// of it may start.
#[must_use]
pub fn named_in(template: &PodTemplateSpec) -> BTreeSet<String> {
    let containers = template.spec.iter().flat_map(|pod| &pod.containers);
    let sources = containers.flat_map(|container| container.env_from.iter().flatten());
    sources.filter_map(|source| Some(source.config_map_ref.as_ref()?.name.clone())).collect()
}
