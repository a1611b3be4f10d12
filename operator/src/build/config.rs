//! The rendered configuration of one part, for people to read: every variable that is not secret. Pods have it in their
//! template, which is what a roll-back brings back; who may write ConfigMaps has no say in what pods run.

use k8s_openapi::api::core::v1::ConfigMap;

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
