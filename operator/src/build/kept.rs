//! The pod templates of a good version, kept for the day when it must come back. Kubernetes keeps templates in its
//! ReplicaSets too, but only so many, and those of a good version may go when many others have failed after it.
//!
//! The name holds a hash of the target, and the target's text has the hash of each template: what was tampered with is not
//! taken for what it was.

use k8s_openapi::api::core::v1::{ConfigMap, PodTemplateSpec};

use super::{fingerprint, labels, names};
use crate::crd::EvolveBot;

/// The templates of API and bot of the target with this text.
#[must_use]
pub fn build(bot: &EvolveBot, target: &str, templates: [&PodTemplateSpec; 2]) -> ConfigMap {
    let text = |template: &PodTemplateSpec| {
        let mut value = serde_json::json!(template);
        value.sort_all_objects();
        value.to_string()
    };
    let [api, telegram] = templates.map(text);
    ConfigMap {
        metadata: labels::owned(bot, name(bot, target), "rollout"),
        data: Some([("api".to_owned(), api), ("bot".to_owned(), telegram)].into()),
        binary_data: None,
        immutable: None,
    }
}

/// The name of the ConfigMap of that target.
#[must_use]
pub fn name(bot: &EvolveBot, target: &str) -> String {
    names::good(bot, &fingerprint(target))
}

/// What a ConfigMap has kept: API, bot.
#[must_use]
pub fn read(kept: &ConfigMap) -> Option<[PodTemplateSpec; 2]> {
    let data = kept.data.as_ref()?;
    let of = |part: &str| serde_json::from_str(data.get(part)?).ok();
    Some([of("api")?, of("bot")?])
}
