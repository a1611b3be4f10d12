//! The objects of a bot as a list: what shall be, and what shall no longer be.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::ResourceExt as _;
use kube::api::DynamicObject;

use super::migration::{Gate, gate};
use super::typed;
use crate::EvolveBot;
use crate::apply::manifest::{Manifest, ManifestError};
use crate::build::{COMPONENT, Desired};
use crate::controller::cache::Cache;
use crate::controller::kinds::Kind;

/// All objects. It takes [`Desired`] apart without `..`: an object that is built
/// and not applied does not compile.
pub(super) fn manifests(
    desired: Desired,
    bot: &EvolveBot,
    owner: &OwnerReference,
) -> Result<Vec<Manifest>, ManifestError> {
    let Desired {
        service_account,
        api_config,
        bot_config,
        migration,
        api,
        api_service,
        api_autoscaler,
        api_disruption,
        bot: telegram,
        bot_service,
        bot_autoscaler,
        bot_disruption,
        api_network,
        bot_network,
        jobs_network,
        ingress,
        http_route,
        backup_volume,
        backup,
        service_monitor,
        alerts,
    } = desired;
    let namespace = bot.namespace_name();
    let mut list = vec![
        Manifest::new(&service_account, namespace, owner)?,
        Manifest::new(&api_config, namespace, owner)?,
        Manifest::new(&bot_config, namespace, owner)?,
        Manifest::new(&migration, namespace, owner)?,
        Manifest::new(&api, namespace, owner)?,
        Manifest::new(&api_service, namespace, owner)?,
        Manifest::new(&api_disruption, namespace, owner)?,
        Manifest::new(&telegram, namespace, owner)?,
        Manifest::new(&bot_service, namespace, owner)?,
        Manifest::new(&bot_disruption, namespace, owner)?,
    ];
    for autoscaler in [api_autoscaler, bot_autoscaler].into_iter().flatten() {
        list.push(Manifest::new(&autoscaler, namespace, owner)?);
    }
    for policy in [api_network, bot_network, jobs_network].into_iter().flatten() {
        list.push(Manifest::new(&policy, namespace, owner)?);
    }
    if let Some(ingress) = ingress {
        list.push(Manifest::new(&ingress, namespace, owner)?);
    }
    if let Some(volume) = backup_volume {
        list.push(Manifest::new(&volume, namespace, owner)?);
    }
    if let Some(backup) = backup {
        list.push(Manifest::new(&backup, namespace, owner)?);
    }
    for object in [http_route, service_monitor, alerts].into_iter().flatten() {
        list.push(Manifest::from_value(serde_json::to_value(object)?, namespace, owner)?);
    }
    Ok(list)
}

fn is_migration(object: &DynamicObject) -> bool {
    object.labels().get(COMPONENT).is_some_and(|component| component == "migration")
}

fn is_unfinished(object: &DynamicObject) -> bool {
    typed(object).is_none_or(|job| matches!(gate(Some(&job)), Gate::Running))
}

/// A migration of the bot that has not ended, nor have its pods: while one is being deleted, it is still there.
pub(super) fn superseded(bot: &EvolveBot, cache: &Cache, owner: &OwnerReference) -> Option<String> {
    let jobs = cache.owned_by(Kind::Job, bot.namespace_name(), &owner.uid);
    jobs.iter().find(|job| is_migration(job) && is_unfinished(job)).map(|job| job.name_any())
}

/// What the bot owns and nobody wants.
pub(super) fn unwanted(
    bot: &EvolveBot,
    owner: &OwnerReference,
    cache: &Cache,
    wanted: &[Manifest],
    spared: &BTreeSet<String>,
    progress: &Gate,
) -> Vec<(Kind, Arc<DynamicObject>)> {
    let wanted: HashSet<(Kind, &str)> =
        wanted.iter().map(|manifest| (manifest.kind, manifest.key.name.as_str())).collect();
    let is_unwanted = |kind: Kind, object: &DynamicObject| {
        let name = object.name_any();
        !wanted.contains(&(kind, name.as_str()))
            && object.metadata.deletion_timestamp.is_none()
            && match kind {
                Kind::Job => match progress {
                    Gate::Open => is_migration(object),
                    Gate::Superseding(_) => is_migration(object) && is_unfinished(object),
                    _ => false,
                },
                Kind::ConfigMap | Kind::Deployment => !spared.contains(&name),
                kind => kind.is_pruned(),
            }
    };
    let owned = |kind: Kind| {
        cache.owned_by(kind, bot.namespace_name(), &owner.uid).into_iter().map(move |object| (kind, object))
    };
    let all = Kind::OPERANDS.into_iter().flat_map(owned);
    all.filter(|(kind, object)| is_unwanted(*kind, object)).collect()
}
