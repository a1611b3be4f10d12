//! Back to an earlier version because somebody asks for it.

use std::time::Duration;

use evolve_operator::EvolveBot;
use evolve_operator::crd::{Refusal, RolloutPhase, RolloutStatus};
use evolve_testkit::within;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::ResourceExt as _;
use kube::api::ListParams;
use serde_json::{Value, json};

use super::canary::{placed, until_phase};
use super::world::{Operator, World};

const PATIENCE: Duration = Duration::from_secs(120);

/// A bot that had version 1 and has version 2.
async fn world_with_two_versions() -> Option<(World, Operator, RolloutStatus)> {
    let world = World::new().await?;
    let operator = world.operator("one").await;
    world.secret("eva").await;
    world.bot("eva", json!({ "version": "1", "observability": { "logLevel": "WARN" } })).await;
    let first = until_phase(&world, RolloutPhase::Stable).await;
    let newer = json!({ "version": "2", "observability": { "logLevel": "INFO" } });
    world.patch::<EvolveBot>("eva", json!({ "spec": newer })).await;
    let second = within(PATIENCE, "version 2 is good", async || {
        let rollout = world.see("eva").await.status.unwrap().rollout.unwrap();
        (rollout.phase == RolloutPhase::Stable && rollout.last_good != first.last_good).then_some(rollout)
    })
    .await;
    assert_eq!(second.previous_good, first.last_good);
    Some((world, operator, second))
}

async fn refuse(world: &World, target: Value) {
    world.patch::<EvolveBot>("eva", json!({ "metadata": { "annotations": { "evolveai.dev/refuse": target } } })).await;
}

#[tokio::test]
async fn the_last_good_version_is_taken_back_on_request_until_the_request_is_taken_back() {
    let Some((world, operator, second)) = world_with_two_versions().await else { return };
    refuse(&world, json!(second.target)).await;
    let back = until_phase(&world, RolloutPhase::RolledBack).await;
    assert_eq!((back.refused, back.reason), (second.target.clone(), Some(Refusal::Request)));
    assert_eq!((back.last_good, back.previous_good), (second.previous_good.clone(), None));
    assert_eq!(placed(&world, "eva-api").await, Some(("1".to_owned(), 2)));
    assert_eq!(world.see("eva").await.status.unwrap().version.as_deref(), Some("1"));
    assert_eq!(operator.metrics.rollbacks(Refusal::Request), 1);
    let condition = world.until("eva", "RolledOut", "False").await;
    assert!(condition.message.contains("evolveai.dev/refuse is removed"), "{}", condition.message);

    refuse(&world, Value::Null).await;
    let forward = until_phase(&world, RolloutPhase::Stable).await;
    assert_eq!((forward.last_good, forward.previous_good), (second.last_good, second.previous_good));
    assert_eq!(placed(&world, "eva-api").await, Some(("2".to_owned(), 2)));
}

#[tokio::test]
async fn the_version_before_comes_back_with_its_configuration_though_kubernetes_has_forgotten_it() {
    let Some((world, _operator, second)) = world_with_two_versions().await else { return };
    let sets = world.api::<ReplicaSet>();
    for set in sets.list(&ListParams::default()).await.unwrap() {
        if set.spec.as_ref().unwrap().replicas == Some(0) {
            world.delete::<ReplicaSet>(&set.name_any()).await;
        }
    }
    within(PATIENCE, "Kubernetes has forgotten", async || {
        sets.list(&ListParams::default()).await.unwrap().items.len() == 2
    })
    .await;
    refuse(&world, json!(second.target)).await;
    until_phase(&world, RolloutPhase::RolledBack).await;
    assert_eq!(placed(&world, "eva-api").await, Some(("1".to_owned(), 2)));
    let template = world.api::<Deployment>().get("eva-api").await.unwrap().spec.unwrap().template;
    let variables = template.spec.unwrap().containers.remove(0).env.unwrap();
    let level = variables.iter().find(|variable| variable.name == "LOG_LEVEL").unwrap();
    assert_eq!(level.value.as_deref(), Some("WARN"));
}

#[tokio::test]
async fn a_kept_template_that_somebody_changed_is_mended_and_never_run() {
    let Some((world, operator, second)) = world_with_two_versions().await else { return };
    let sets = world.api::<ReplicaSet>();
    for set in sets.list(&ListParams::default()).await.unwrap() {
        if set.spec.as_ref().unwrap().replicas == Some(0) {
            world.delete::<ReplicaSet>(&set.name_any()).await;
        }
    }
    let bot = world.see("eva").await;
    let name = evolve_operator::build::kept::name(&bot, second.previous_good.as_ref().unwrap());
    let kept = world.api::<ConfigMap>().get(&name).await.unwrap().data.unwrap();
    let forged = kept["api"].replace("evolve.test/evolve:1", "evil.test/evolve:1");
    assert_ne!(forged, kept["api"]);
    let forged = json!({ "data": { "api": forged } });
    world.patch::<ConfigMap>(&name, forged.clone()).await;
    let is_mended = |config: &ConfigMap| (config.data.as_ref()? == &kept).then_some(());
    world.until_seen(&name, "the kept template is mended", is_mended).await;

    // Where no operator was there to see what it was before.
    operator.stop().await;
    world.patch::<ConfigMap>(&name, forged).await;
    refuse(&world, json!(second.target)).await;
    let _another = world.operator("another").await;
    within(PATIENCE, "it says that there is nothing to go back to", async || {
        let condition = world.until("eva", "RolledOut", "True").await;
        (condition.reason == "NothingToGoBackTo").then_some(()).ok_or(condition)
    })
    .await;
    assert_eq!(placed(&world, "eva-api").await, Some(("2".to_owned(), 2)));
}
