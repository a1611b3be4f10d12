//! The operator as a ratio to a plain client that makes the same objects: what it costs that it compares, waits and looks after.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::Path;
use std::pin::pin;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use evolve_bench::times::ms;
use evolve_operator::EvolveBot;
use evolve_operator::controller::kinds::Kind;
use evolve_testkit::kubernetes::Plane;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use kube::api::{DynamicObject, ListParams, PostParams};
use kube::runtime::wait::{await_condition, conditions};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Resource, ResourceExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::replica::Replica;
use crate::world::{World, holds};

/// How many bots are made at the same time.
const AT_ONCE: usize = 16;
/// Of how many bots at the same time the plain client makes the objects: while it waits for a Job, it makes others.
const PLAIN_AT_ONCE: usize = 64;
/// What is not rolled out by then never will be.
const NEVER: Duration = Duration::from_secs(900);

/// What was found with one number of bots.
#[derive(Debug, Serialize)]
pub(crate) struct Compared {
    bots: usize,
    /// Seconds from the first bot until all were rolled out.
    operator: f64,
    /// Seconds until the plain client had made the same objects, and all ran.
    plain: f64,
    /// How many these are.
    objects: usize,
    /// Writes while nothing happened.
    writes: u64,
    /// Milliseconds from the order to start until the operator led.
    start_ms: f64,
    /// The operator's memory before the first bot, in MB.
    idle_mb: Option<f64>,
    /// The most of it so far.
    most_mb: Option<f64>,
    /// The same after nothing happened.
    mb: Option<f64>,
}

/// Compares them as often as it takes; of several times the one with the median of the ratios is told, with all of their writes.
///
/// # Errors
/// When something is refused, or does not come to an end.
pub(crate) async fn compare(plane: &Plane, program: &Path, bots: usize, quiet: Duration) -> anyhow::Result<Compared> {
    let mut found = Vec::new();
    for _ in 0..evolve_bench::comparisons(bots) {
        found.push(compare_once(plane, program, bots, quiet).await?);
    }
    Ok(median(found))
}

fn median(mut found: Vec<Compared>) -> Compared {
    let writes = found.iter().map(|one| one.writes).sum();
    found.sort_by(|one, other| (one.operator / one.plain).total_cmp(&(other.operator / other.plain)));
    let middle = found.swap_remove(found.len() / 2);
    Compared { writes, ..middle }
}

/// Each in a namespace of its own.
async fn compare_once(plane: &Plane, program: &Path, bots: usize, quiet: Duration) -> anyhow::Result<Compared> {
    let world = World::new(plane).await?;
    let ordered = Instant::now();
    let replica = Replica::start(program, plane.kubeconfig(), &world.namespace, "only")?;
    replica.until_it_leads(Duration::from_secs(60)).await;
    let start_ms = ms(ordered.elapsed());
    replica.until_it_rests().await?;
    let idle_mb = replica.megabytes();
    let begun = Instant::now();
    stream::iter(0..bots)
        .map(|number| {
            let world = &world;
            async move { world.bot(&format!("bot-{number}"), "shared", json!({})).await }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect::<Vec<_>>()
        .await?;
    let rolled_out = until(world.api::<EvolveBot>(), bots, |bot: &EvolveBot| holds(bot, "RolledOut", "True"));
    tokio::time::timeout(NEVER, rolled_out).await.context("the operator does not roll all out")??;
    let operator = begun.elapsed().as_secs_f64();
    let before = replica.until_it_rests().await?;
    tokio::time::sleep(quiet).await;
    let writes = replica.counts().await?.writes - before.writes;
    let (mb, most_mb) = (replica.megabytes(), replica.most_megabytes());
    replica.kill().await?;
    let made = made_for_bots(&world).await?;
    let objects = made.values().map(Vec::len).sum();
    let plain = make(plane, &made).await?.as_secs_f64();
    Ok(Compared { bots, operator, plain, objects, writes, start_ms, idle_mb, most_mb, mb })
}

/// What the operator made, by bot, in the order in which it makes it.
async fn made_for_bots(world: &World) -> anyhow::Result<BTreeMap<String, Vec<(Kind, DynamicObject)>>> {
    let mut made: BTreeMap<String, Vec<(Kind, DynamicObject)>> = BTreeMap::new();
    let is_made = |kind: &Kind| !kind.is_optional() && !matches!(kind, Kind::ReplicaSet | Kind::Pod);
    for kind in Kind::OPERANDS.into_iter().filter(is_made) {
        for object in world.api_of(kind).list(&ListParams::default()).await? {
            let owner = object.owner_references().iter().find(|owner| owner.kind == "EvolveBot");
            if let Some(bot) = owner.map(|owner| owner.name.clone()) {
                made.entry(bot).or_default().push((kind, anew(kind, &object)));
            }
        }
    }
    Ok(made)
}

/// The object as somebody makes it who writes it down: without what the cluster has added.
fn anew(kind: Kind, object: &DynamicObject) -> DynamicObject {
    let mut new = DynamicObject::new(&object.name_any(), &kind.resource());
    new.metadata.labels.clone_from(&object.metadata.labels);
    new.metadata.annotations.clone_from(&object.metadata.annotations);
    new.data = object.data.clone();
    remove(&mut new.data, "", &["status"]);
    match kind {
        Kind::Service => remove(&mut new.data, "/spec", &["clusterIP", "clusterIPs"]),
        Kind::Job => {
            remove(&mut new.data, "/spec", &["selector"]);
            let labels =
                ["controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"];
            remove(&mut new.data, "/spec/template/metadata/labels", &labels);
        }
        _ => {}
    }
    new
}

fn remove(data: &mut Value, place: &str, names: &[&str]) {
    if let Some(Value::Object(fields)) = data.pointer_mut(place) {
        fields.retain(|name, _| !names.contains(&name.as_str()));
    }
}

/// Makes all of it in a namespace of its own; how long until all runs.
async fn make(plane: &Plane, made: &BTreeMap<String, Vec<(Kind, DynamicObject)>>) -> anyhow::Result<Duration> {
    let world = World::new(plane).await?;
    let begun = Instant::now();
    stream::iter(made.values())
        .map(|objects| make_one(&world, objects))
        .buffer_unordered(PLAIN_AT_ONCE)
        .try_collect::<Vec<()>>()
        .await?;
    let deployments = made.values().flatten().filter(|(kind, _)| *kind == Kind::Deployment).count();
    let available = until(world.api::<Deployment>(), deployments, is_available);
    tokio::time::timeout(NEVER, available).await.context("what the plain client made does not run")??;
    Ok(begun.elapsed())
}

/// Waits until so many objects are so. By a watch: who lists thousands again and again takes the processors from what is measured,
/// and sees late that it is over.
async fn until<K>(api: Api<K>, many: usize, is_so: impl Fn(&K) -> bool) -> anyhow::Result<()>
where
    K: Resource + Clone + Debug + DeserializeOwned + Send + 'static,
{
    let changes = watcher(api, watcher::Config::default()).default_backoff().applied_objects();
    let mut changes = pin!(changes);
    let mut so = BTreeSet::new();
    while so.len() < many {
        // What fails, the watch itself tries again.
        let Ok(object) = changes.next().await.context("a watch has ended")? else { continue };
        if is_so(&object) {
            so.insert(object.name_any());
        } else {
            so.remove(&object.name_any());
        }
    }
    Ok(())
}

/// What a pod needs, then the migration, and once that has succeeded whatever runs.
async fn make_one(world: &World, objects: &[(Kind, DynamicObject)]) -> anyhow::Result<()> {
    let is_later = |kind: Kind| matches!(kind, Kind::Job | Kind::Deployment);
    for (kind, object) in objects.iter().filter(|(kind, _)| !is_later(*kind)) {
        world.api_of(*kind).create(&PostParams::default(), object).await?;
    }
    for (kind, object) in objects.iter().filter(|(kind, _)| *kind == Kind::Job) {
        world.api_of(*kind).create(&PostParams::default(), object).await?;
        let name = object.name_any();
        let done = await_condition(world.api::<Job>(), &name, conditions::is_job_completed());
        tokio::time::timeout(NEVER, done).await??;
    }
    for (kind, object) in objects.iter().filter(|(kind, _)| *kind == Kind::Deployment) {
        world.api_of(*kind).create(&PostParams::default(), object).await?;
    }
    Ok(())
}

fn is_available(deployment: &Deployment) -> bool {
    let wanted = deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    let available = deployment.status.as_ref().and_then(|status| status.available_replicas).unwrap_or(0);
    available >= wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_times_the_median_is_told_and_no_write_is_left_out() {
        let found = [(12.0, 1), (30.0, 2), (14.0, 0)].map(|(operator, writes)| Compared {
            bots: 1,
            operator,
            plain: 10.0,
            objects: 15,
            writes,
            start_ms: 1.0,
            idle_mb: None,
            most_mb: None,
            mb: None,
        });
        let told = median(found.into());
        assert_eq!((told.operator, told.writes), (14.0, 3));
    }

    #[test]
    fn an_object_is_made_anew_without_what_the_cluster_has_added() {
        let stored: DynamicObject = serde_json::from_value(json!({
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": {
                "name": "eva-migrate", "namespace": "bots", "uid": "1", "resourceVersion": "7", "labels": { "app": "eva" },
                "ownerReferences": [{ "apiVersion": "evolveai.dev/v1alpha1", "kind": "EvolveBot", "name": "eva", "uid": "2" }],
            },
            "spec": {
                "selector": { "matchLabels": { "controller-uid": "1" } },
                "template": { "metadata": { "labels": { "app": "eva", "controller-uid": "1", "job-name": "eva-migrate" } } },
            },
            "status": { "succeeded": 1 },
        }))
        .unwrap();
        let expected = json!({
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": { "name": "eva-migrate", "labels": { "app": "eva" } },
            "spec": { "template": { "metadata": { "labels": { "app": "eva" } } } },
        });
        assert_eq!(serde_json::to_value(anew(Kind::Job, &stored)).unwrap(), expected);
    }
}
