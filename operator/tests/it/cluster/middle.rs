//! What happens in the middle of a rollout: load, a pause, a Secret that goes.

use std::time::Duration;

use evolve_operator::EvolveBot;
use evolve_operator::crd::RolloutPhase;
use evolve_testkit::within;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::canary::{placed, until_phase};
use super::recorder::{Recorder, Served};
use super::world::{Operator, World};

const PATIENCE: Duration = Duration::from_secs(120);

/// A bot of version 1 whose API is scaled by load, with four pods of it by now.
async fn under_load(rollout: Value, served: &Served) -> Option<(World, Operator)> {
    let world = World::new().await?;
    let operator = world.operator("one").await;
    world.secret("eva").await;
    let pod = json!({ "annotations": { "evolve.test/pod-ip": served.ip } });
    let autoscaling = json!({ "minReplicas": 2, "maxReplicas": 6 });
    let api = json!({ "pod": pod, "autoscaling": autoscaling });
    world.bot("eva", json!({ "version": "1", "rollout": rollout, "api": api })).await;
    until_phase(&world, RolloutPhase::Stable).await;
    world
        .until_seen("eva-api", "the operator has let go of the number of pods", |api: &Deployment| {
            let fields = api.managed_fields().iter().filter(|of| of.manager.as_deref() == Some("evolve-operator"));
            let holds = |of: &Value| of["f:spec"].get("f:replicas").is_some();
            fields.filter_map(|of| of.fields_v1.as_ref()).all(|of| !holds(&of.0)).then_some(())
        })
        .await;
    let load = Patch::Merge(json!({ "spec": { "replicas": 4 } }));
    world.api::<Deployment>().patch_scale("eva-api", &PatchParams::default(), &load).await.unwrap();
    world
        .until_seen("eva-api", "four are ready", |api: &Deployment| {
            (api.status.as_ref()?.available_replicas == Some(4)).then_some(())
        })
        .await;
    Some((world, operator))
}

async fn change(world: &World, spec: Value) {
    world.patch::<EvolveBot>("eva", json!({ "spec": spec })).await;
}

#[tokio::test]
async fn a_canary_of_a_bot_under_load_leaves_the_load_to_the_autoscaler() {
    let served = Served::start(50, 0).await;
    let rollout =
        json!({ "strategy": "Canary", "deadlineSeconds": 60, "canary": { "percent": 25, "watchSeconds": 10 } });
    let Some((world, _operator)) = under_load(rollout, &served).await else { return };
    let recorder = Recorder::start(&world, "eva-api").await;
    change(&world, json!({ "version": "2" })).await;
    until_phase(&world, RolloutPhase::Canary).await;
    assert_eq!(placed(&world, "eva-api-next").await, Some(("2".to_owned(), 1)), "a quarter of four");
    let more = Patch::Merge(json!({ "spec": { "replicas": 5 } }));
    world.api::<Deployment>().patch_scale("eva-api", &PatchParams::default(), &more).await.unwrap();
    until_phase(&world, RolloutPhase::Stable).await;
    assert_eq!(placed(&world, "eva-api").await, Some(("2".to_owned(), 5)));
    within(PATIENCE, "the second set is gone", async || placed(&world, "eva-api-next").await.is_none()).await;
    let (_, fewest) = recorder.told();
    assert!(fewest >= 4, "only {fewest} ready pods were chosen for a moment");
}

#[tokio::test]
async fn a_blue_green_rollout_under_load_begins_with_as_many_pods_as_serve() {
    let served = Served::nobody();
    let rollout = json!({ "strategy": "BlueGreen", "deadlineSeconds": 60 });
    let Some((world, _operator)) = under_load(rollout, &served).await else { return };
    let recorder = Recorder::start(&world, "eva-api").await;
    change(&world, json!({ "version": "2" })).await;
    until_phase(&world, RolloutPhase::Switched).await;
    assert_eq!(placed(&world, "eva-api-next").await, Some(("2".to_owned(), 4)));
    until_phase(&world, RolloutPhase::Stable).await;
    assert_eq!(placed(&world, "eva-api").await, Some(("2".to_owned(), 4)));
    within(PATIENCE, "the second set is gone", async || placed(&world, "eva-api-next").await.is_none()).await;
    let (_, fewest) = recorder.told();
    assert!(fewest >= 4, "only {fewest} ready pods were chosen for a moment");
}

/// A canary of a bot that is being watched, for long.
async fn watched(served: &Served) -> Option<(World, Operator)> {
    let world = World::new().await?;
    let operator = world.operator("one").await;
    world.secret("eva").await;
    let pod = json!({ "annotations": { "evolve.test/pod-ip": served.ip } });
    let rollout =
        json!({ "strategy": "Canary", "deadlineSeconds": 60, "canary": { "percent": 20, "watchSeconds": 15 } });
    world.bot("eva", json!({ "version": "1", "rollout": rollout, "api": { "pod": pod } })).await;
    until_phase(&world, RolloutPhase::Stable).await;
    change(&world, json!({ "version": "2" })).await;
    until_phase(&world, RolloutPhase::Canary).await;
    Some((world, operator))
}

#[tokio::test]
async fn a_bot_that_is_paused_in_the_middle_stays_there_and_goes_on_from_there() {
    let served = Served::start(50, 0).await;
    let Some((world, operator)) = watched(&served).await else { return };
    change(&world, json!({ "paused": true })).await;
    assert_eq!(world.until("eva", "Ready", "Unknown").await.reason, "Paused");
    world.patch::<Deployment>("eva-api", json!({ "spec": { "replicas": 3 } })).await;
    let passes = operator.metrics.passes();
    world.patch::<EvolveBot>("eva", json!({ "metadata": { "annotations": { "touched": "1" } } })).await;
    within(PATIENCE, "there was a pass", async || operator.metrics.passes() > passes).await;
    assert_eq!(placed(&world, "eva-api").await, Some(("1".to_owned(), 3)), "what somebody does meanwhile is theirs");
    assert_eq!(placed(&world, "eva-api-next").await, Some(("2".to_owned(), 1)));
    let status = world.see("eva").await.status.unwrap();
    assert_eq!(status.rollout.unwrap().phase, RolloutPhase::Canary);
    change(&world, json!({ "paused": false })).await;
    until_phase(&world, RolloutPhase::Stable).await;
    assert_eq!(placed(&world, "eva-api").await, Some(("2".to_owned(), 2)));
}

#[tokio::test]
async fn a_secret_that_goes_in_the_middle_stops_the_rollout_where_it_is_until_it_is_back() {
    let served = Served::start(50, 0).await;
    let Some((world, _operator)) = watched(&served).await else { return };
    world.delete::<Secret>("eva").await;
    let missing = world.until("eva", "ReferencesResolved", "False").await;
    assert!(missing.message.contains("there is no Secret eva"), "{}", missing.message);
    let status = world.see("eva").await.status.unwrap();
    let rollout = status.rollout.unwrap();
    assert_eq!((rollout.phase, rollout.level.as_str()), (RolloutPhase::Canary, "Waiting"));
    assert_eq!(placed(&world, "eva-api-next").await, Some(("2".to_owned(), 1)));
    assert_eq!(placed(&world, "eva-api").await, Some(("1".to_owned(), 2)));
    assert_eq!(world.until("eva", "Ready", "True").await.reason, "Degraded", "what runs goes on serving");
    world.secret("eva").await;
    until_phase(&world, RolloutPhase::Stable).await;
    assert_eq!(placed(&world, "eva-api").await, Some(("2".to_owned(), 2)));
}
