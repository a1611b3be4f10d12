//! What ran before, as Kubernetes keeps it.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use kube::ResourceExt as _;

use super::rollout::{Target, stamped};
use super::typed;
use crate::EvolveBot;
use crate::build::INSTANCE;
use crate::controller::cache::{Cache, Depth};
use crate::controller::kinds::Kind;

/// The label that Kubernetes puts on the pods of a ReplicaSet.
const POD_TEMPLATE_HASH: &str = "pod-template-hash";

/// The pod templates that Kubernetes keeps in the ReplicaSets of a bot.
pub(super) struct History(BTreeMap<String, PodTemplateSpec>);

impl History {
    /// Of `bot`, from the cache.
    pub(super) fn of(bot: &EvolveBot, cache: &Cache) -> Self {
        let sets = cache.all((Kind::ReplicaSet, Depth::Owned)).into_iter().filter(|set| {
            set.namespace().as_deref() == Some(bot.namespace_name())
                && set.labels().get(INSTANCE).is_some_and(|instance| instance == bot.name())
        });
        let templates = sets.filter_map(|set| {
            let set: ReplicaSet = typed(&set)?;
            let mut template = set.spec?.template?;
            if let Some(labels) = template.metadata.as_mut().and_then(|metadata| metadata.labels.as_mut()) {
                labels.remove(POD_TEMPLATE_HASH);
            }
            Some((stamped(&template)?.to_owned(), template))
        });
        Self(templates.collect())
    }

    /// The template with this hash.
    pub(super) fn template(&self, hash: &str) -> Option<PodTemplateSpec> {
        self.0.get(hash).cloned()
    }

    /// Whether both templates of `target` are there.
    pub(super) fn has(&self, target: &Target) -> bool {
        self.0.contains_key(&target.api) && self.0.contains_key(&target.bot)
    }

    /// All of them.
    pub(super) fn templates(&self) -> impl Iterator<Item = &PodTemplateSpec> {
        self.0.values()
    }
}
