//! The pod templates that ran before: those of good versions as the operator keeps them, and those that Kubernetes keeps.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::{ConfigMap, PodTemplateSpec};

use super::target::{Target, stamp, stamped};
use super::{live, typed};
use crate::EvolveBot;
use crate::build::{TRACK, Track, kept};
use crate::controller::cache::{Cache, Depth, Key};
use crate::controller::kinds::Kind;

/// The label that Kubernetes puts on the pods of a ReplicaSet.
const POD_TEMPLATE_HASH: &str = "pod-template-hash";

/// The pod templates of a bot's past, by their hashes.
pub(super) struct History {
    /// Of good versions, as they were made.
    kept: BTreeMap<String, PodTemplateSpec>,
    /// In the ReplicaSets of the first set of pods, with Kubernetes' defaults filled in.
    seen: BTreeMap<String, PodTemplateSpec>,
}

impl History {
    /// Of `bot`, from the cache; of the good versions, those of `good`.
    pub(super) fn of<'a>(bot: &EvolveBot, cache: &Cache, good: impl Iterator<Item = &'a String>) -> Self {
        let sets = cache.of_bot(Kind::ReplicaSet, bot.namespace_name(), bot.name());
        let all = sets.into_iter().filter_map(|set| typed::<ReplicaSet>(&set)?.spec?.template);
        let stable = all.filter(|template| label(template, TRACK) == Some(Track::Stable.as_str()));
        let seen = stable.filter_map(|mut template| {
            if let Some(labels) = template.metadata.as_mut().and_then(|metadata| metadata.labels.as_mut()) {
                labels.remove(POD_TEMPLATE_HASH);
            }
            Some((stamped(&template)?.to_owned(), template))
        });
        let memory = cache.get((Kind::EvolveBot, Depth::Remembered), &Key::new(bot.namespace_name(), bot.name()));
        let kept = good.filter_map(|target| {
            let live = || kept::read(&live::<ConfigMap>(cache, bot, Kind::ConfigMap, &kept::name(bot, target))?);
            let remembered = || serde_json::from_value(memory.as_ref()?.data.get(target)?.clone()).ok();
            let target = Target::parse(target)?;
            let genuine = |[api, telegram]: [PodTemplateSpec; 2]| {
                Some([
                    (target.api.clone(), genuine(api, &target.api)?),
                    (target.bot.clone(), genuine(telegram, &target.bot)?),
                ])
            };
            live().and_then(genuine).or_else(|| remembered().and_then(genuine))
        });
        Self { kept: kept.flatten().collect(), seen: seen.collect() }
    }

    /// The template with this hash.
    pub(super) fn template(&self, hash: &str) -> Option<&PodTemplateSpec> {
        self.kept.get(hash).or_else(|| self.seen.get(hash))
    }

    /// The template with this hash, as it was made.
    pub(super) fn as_made(&self, hash: &str) -> Option<&PodTemplateSpec> {
        self.kept.get(hash)
    }

    /// Both templates of the target with this text, as they were made.
    pub(super) fn good(&self, target: &str) -> Option<[&PodTemplateSpec; 2]> {
        let target = Target::parse(target)?;
        Some([self.as_made(&target.api)?, self.as_made(&target.bot)?])
    }

    /// Whether both templates of `target` are there.
    pub(super) fn has(&self, target: &Target) -> bool {
        self.template(&target.api).is_some() && self.template(&target.bot).is_some()
    }
}

/// A template that is what its hash says. Who may write ConfigMaps may not be one who may run pods.
fn genuine(mut template: PodTemplateSpec, hash: &str) -> Option<PodTemplateSpec> {
    (stamp(&mut template) == hash).then_some(template)
}

fn label<'a>(template: &'a PodTemplateSpec, name: &str) -> Option<&'a str> {
    template.metadata.as_ref()?.labels.as_ref()?.get(name).map(String::as_str)
}
