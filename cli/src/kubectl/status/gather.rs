//! Reads everything that belongs to a bot, all kinds at once. What cannot be read is a sentence in its place.

use std::collections::BTreeMap;

use evolve_operator::build::{COMPONENT, references};
use futures::future::join_all;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::core::v1::{Pod, Secret, Service};
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, ListParams};
use kube::core::NamespaceResourceScope;
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;

use super::objects;
use super::pods::Look;
use super::report::{Backups, Found, PartReport, Report, SecretReport};
use crate::kubectl::bot::Bot;
use crate::kubectl::cluster::{Cluster, of_bot};
use crate::kubectl::trouble::is_unknown_kind;

/// How many warnings are told.
const WARNINGS: usize = 10;

/// Reads it all.
pub(super) async fn gather(cluster: &Cluster, bot: &Bot) -> Report {
    let name = bot.name();
    let (deployments, pods, autoscalers, services, ingresses, routes, backups, secrets, warnings) = tokio::join!(
        list::<Deployment>(cluster, name),
        list::<Pod>(cluster, name),
        list::<HorizontalPodAutoscaler>(cluster, name),
        list::<Service>(cluster, name),
        list::<Ingress>(cluster, name),
        routes(cluster, name),
        list::<CronJob>(cluster, name),
        secrets(cluster, bot),
        warnings(cluster, name),
    );
    let parts = ["api", "bot"].map(|part| PartReport {
        name: part,
        deployments: deployments.of(part, objects::deployment),
        pods: pods.of(part, Look::of),
        autoscalers: autoscalers.of(part, objects::autoscaler),
        addresses: services
            .of(part, objects::service)
            .and(ingresses.of(part, objects::ingress))
            .and(routes.of(part, route)),
    });
    let jobs = ["migration", "backup", "restore"].map(|part| pods.of(part, Look::of));
    let jobs = jobs.into_iter().reduce(Found::and).unwrap_or(Found::Known(Vec::new()));
    let now = Timestamp::now();
    let status = &bot.status;
    Report {
        name: name.to_owned(),
        namespace: bot.namespace().to_owned(),
        ready: bot.is_ready(),
        is_observed: bot.is_observed(),
        paused: bot.is_paused(),
        hibernated: bot.is_hibernated(),
        created: bot.metadata.creation_timestamp.clone(),
        version: status.version.clone(),
        next_step: status.next_step.clone(),
        conditions: status.conditions.clone(),
        rollout: status.rollout.clone(),
        migration: status.migration.clone(),
        jobs: jobs.map(|looks| looks.into_iter().filter(|look| look.state != "succeeded").collect()),
        parts: parts.into(),
        backups: Backups {
            are_wanted: bot.has_backups(),
            schedule: backups.of("backup", |live| objects::schedule(live, now)).map(|list| list.into_iter().next()),
        },
        secrets,
        warnings,
    }
}

impl<T> Found<T> {
    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Found<U> {
        match self {
            Self::Known(known) => Found::Known(change(known)),
            Self::Unknown { unknown } => Found::Unknown { unknown },
        }
    }

    fn from(result: anyhow::Result<T>) -> Self {
        result.map_or_else(|error| Self::Unknown { unknown: crate::say::explain(&error) }, Self::Known)
    }
}

impl<T> Found<Vec<T>> {
    /// Both lists; where one is not known, the one that is.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Known(mut list), Self::Known(more)) => {
                list.extend(more);
                Self::Known(list)
            }
            (Self::Known(list), unknown) if list.is_empty() => unknown,
            (Self::Known(list), _) | (_, Self::Known(list)) => Self::Known(list),
            (unknown, _) => unknown,
        }
    }
}

impl<K: ResourceExt> Found<Vec<K>> {
    /// Those of one part.
    fn of<T>(&self, part: &str, look: impl Fn(&K) -> T) -> Found<Vec<T>> {
        match self {
            Self::Unknown { unknown } => Found::Unknown { unknown: unknown.clone() },
            Self::Known(all) => {
                let is_of = |object: &&K| object.labels().get(COMPONENT).is_some_and(|known| known == part);
                Found::Known(all.iter().filter(is_of).map(look).collect())
            }
        }
    }
}

async fn list<K>(cluster: &Cluster, bot: &str) -> Found<Vec<K>>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned,
{
    let plural = K::plural(&()).into_owned();
    let listed = cluster.api::<K>().list(&of_bot(bot, &[])).await;
    Found::from(listed.map(|list| list.items).map_err(cluster.cannot(format!("list the {plural}"))))
}

/// HTTPRoutes, which a cluster may not know.
async fn routes(cluster: &Cluster, bot: &str) -> Found<Vec<DynamicObject>> {
    let kind = GroupVersionKind::gvk("gateway.networking.k8s.io", "v1", "HTTPRoute");
    let api: Api<DynamicObject> =
        Api::namespaced_with(cluster.client.clone(), &cluster.namespace, &ApiResource::from_gvk(&kind));
    match api.list(&of_bot(bot, &[])).await {
        Err(error) if is_unknown_kind(&error) => Found::Known(Vec::new()),
        listed => Found::from(listed.map(|list| list.items).map_err(cluster.cannot("list the httproutes"))),
    }
}

fn route(live: &DynamicObject) -> String {
    let hosts = live.data["spec"]["hostnames"].as_array().into_iter().flatten().filter_map(|host| host.as_str());
    let urls: Vec<_> = hosts.map(|host| format!("https://{host}")).collect();
    format!("httproute/{} {}", live.name_any(), urls.join(" "))
}

/// Whether the Secrets are there. Their metadata alone is asked for, so that no content comes here.
async fn secrets(cluster: &Cluster, bot: &Bot) -> Found<Vec<SecretReport>> {
    let typed = match bot.typed() {
        Ok(typed) => typed,
        Err(error) => return Found::from(Err(error)),
    };
    let mut named: BTreeMap<String, (Vec<String>, bool)> = BTreeMap::new();
    for needed in references(&typed).secrets {
        let (keys, generated) = named.entry(needed.source.name).or_default();
        keys.push(needed.source.key);
        *generated |= needed.generated;
    }
    let api = cluster.api::<Secret>();
    let looked = named.into_iter().map(|(name, (keys, generated))| {
        let api = &api;
        async move {
            let found = api.get_metadata_opt(&name).await.map(|found| found.is_some());
            let present = Found::from(found.map_err(cluster.cannot(format!("see whether the secret {name} is there"))));
            SecretReport { name, keys, generated, present }
        }
    });
    Found::Known(join_all(looked).await)
}

/// The latest warnings about the bot and what belongs to it.
async fn warnings(cluster: &Cluster, bot: &str) -> Found<Vec<super::report::Warning>> {
    let params = ListParams::default().fields("type=Warning");
    let listed = cluster.api::<Event>().list(&params).await.map_err(cluster.cannot("list the events"));
    Found::from(listed.map(|list| {
        let mut warnings: Vec<_> = list.items.iter().filter_map(|event| objects::warning(event, bot)).collect();
        warnings.sort_by_key(|warning| std::cmp::Reverse(warning.last.as_ref().map(|time| time.0)));
        warnings.truncate(WARNINGS);
        warnings
    }))
}
