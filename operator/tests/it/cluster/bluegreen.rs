//! A whole second set gets ready, and takes over at once.

use std::time::Duration;

use evolve_operator::EvolveBot;
use evolve_operator::crd::{Refusal, RolloutPhase};
use evolve_testkit::within;
use serde_json::json;

use super::canary::{placed, until_phase};
use super::recorder::Recorder;
use super::world::{Operator, World};

const PATIENCE: Duration = Duration::from_secs(120);

async fn world_with_blue_green() -> Option<(World, Operator)> {
    let world = World::new().await?;
    let operator = world.operator("one").await;
    world.secret("eva").await;
    let rollout = json!({ "strategy": "BlueGreen", "deadlineSeconds": 30 });
    world.bot("eva", json!({ "version": "1", "rollout": rollout })).await;
    until_phase(&world, RolloutPhase::Stable).await;
    Some((world, operator))
}

#[tokio::test]
async fn the_second_set_takes_over_and_the_service_always_has_ready_pods() {
    let Some((world, _operator)) = world_with_blue_green().await else { return };
    let recorder = Recorder::start(&world, "eva-api").await;
    world.kubelet.hold();
    world.patch::<EvolveBot>("eva", json!({ "spec": { "version": "2" } })).await;
    let staged = until_phase(&world, RolloutPhase::Staging).await;
    assert_eq!(staged.level, "BlueGreen staging");
    within(PATIENCE, "the second set is made", async || placed(&world, "eva-api-next").await).await;
    assert_eq!(placed(&world, "eva-api-next").await, Some(("2".to_owned(), 2)));
    assert_eq!(placed(&world, "eva-api").await, Some(("1".to_owned(), 2)));
    assert_eq!(placed(&world, "eva-bot-next").await, None, "the bot takes its work from the inbox, not from a Service");
    world.kubelet.release().await.unwrap();
    let done = until_phase(&world, RolloutPhase::Stable).await;
    assert_eq!((done.last_good, done.previous_good), (staged.target, staged.last_good));
    assert_eq!(placed(&world, "eva-api").await, Some(("2".to_owned(), 2)));
    within(PATIENCE, "the Service chooses all pods again", async || {
        let told = recorder.told();
        if told.0.last().is_some_and(|track| track == "both") && told.0.len() > 1 { Ok(()) } else { Err(told) }
    })
    .await;
    assert_eq!(placed(&world, "eva-api-next").await, None);
    let (tracks, fewest) = recorder.told();
    assert_eq!(tracks, ["both", "stable", "next", "stable", "both"]);
    assert!(fewest >= 2, "only {fewest} ready pods were chosen for a moment");
}

#[tokio::test]
async fn when_the_bot_does_not_get_ready_after_the_switch_the_way_back_is_one_step() {
    let Some((world, operator)) = world_with_blue_green().await else { return };
    let recorder = Recorder::start(&world, "eva-api").await;
    let pod = json!({ "annotations": { "evolve.test/never-ready": "yes" } });
    world.patch::<EvolveBot>("eva", json!({ "spec": { "version": "2", "bot": { "pod": pod } } })).await;
    until_phase(&world, RolloutPhase::Switched).await;
    assert_eq!(placed(&world, "eva-api").await, Some(("1".to_owned(), 2)), "the old set still runs");
    let back = until_phase(&world, RolloutPhase::RolledBack).await;
    assert_eq!(back.reason, Some(Refusal::Deadline));
    assert!(back.message.unwrap().contains("the pods of bot were not ready"));
    assert_eq!(operator.metrics.rollbacks(Refusal::Deadline), 1);
    within(PATIENCE, "the second set is gone", async || placed(&world, "eva-api-next").await.is_none()).await;
    assert_eq!(placed(&world, "eva-bot").await, Some(("1".to_owned(), 2)));
    let (tracks, fewest) = recorder.told();
    assert_eq!(tracks[..4], ["both", "stable", "next", "stable"]);
    assert!(fewest >= 2, "only {fewest} ready pods were chosen for a moment");
}

#[tokio::test]
async fn when_the_leader_is_killed_after_the_switch_another_goes_on_without_a_gap() {
    let Some((world, first)) = world_with_blue_green().await else { return };
    let second = world.operator("two").await;
    let recorder = Recorder::start(&world, "eva-api").await;
    world.patch::<EvolveBot>("eva", json!({ "spec": { "version": "2" } })).await;
    until_phase(&world, RolloutPhase::Switched).await;
    first.kill();
    until_phase(&world, RolloutPhase::Stable).await;
    assert_eq!(second.metrics.leading.get(), 1);
    within(PATIENCE, "the second set is gone", async || placed(&world, "eva-api-next").await.is_none()).await;
    let (_, fewest) = recorder.told();
    assert!(fewest >= 2, "only {fewest} ready pods were chosen for a moment");
}

#[tokio::test]
async fn a_bot_that_goes_to_sleep_in_the_middle_has_no_pods_and_wakes_with_the_good_version_first() {
    let Some((world, _operator)) = world_with_blue_green().await else { return };
    world.patch::<EvolveBot>("eva", json!({ "spec": { "version": "2-never-ready" } })).await;
    within(PATIENCE, "the second set is made", async || placed(&world, "eva-api-next").await).await;
    world.patch::<EvolveBot>("eva", json!({ "spec": { "hibernated": true } })).await;
    within(PATIENCE, "it sleeps", async || {
        let replicas = placed(&world, "eva-api").await.map(|(_, replicas)| replicas);
        replicas == Some(0) && placed(&world, "eva-api-next").await.is_none()
    })
    .await;
    world.patch::<EvolveBot>("eva", json!({ "spec": { "hibernated": false } })).await;
    within(PATIENCE, "it wakes with what was good", async || {
        placed(&world, "eva-api").await == Some(("1".to_owned(), 2))
    })
    .await;
    until_phase(&world, RolloutPhase::RolledBack).await;
}
