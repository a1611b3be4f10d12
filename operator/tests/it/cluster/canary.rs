//! A share of the pods goes first, and the rest only if it does well.

use std::time::Duration;

use evolve_operator::EvolveBot;
use evolve_operator::crd::{Refusal, RolloutPhase, RolloutStatus};
use evolve_testkit::within;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::ResourceExt as _;
use kube::api::ListParams;
use serde_json::{Value, json};

use super::recorder::Served;
use super::world::{Operator, World};

const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until the rollout of `eva` is in this phase.
pub(super) async fn until_phase(world: &World, phase: RolloutPhase) -> RolloutStatus {
    within(PATIENCE, &format!("the rollout is {phase:?}"), async || {
        let bot = world.see("eva").await;
        let status = bot.status.unwrap_or_default();
        let is_current = status.observed_generation == bot.metadata.generation;
        match &status.rollout {
            Some(rollout) if rollout.phase == phase && is_current => Ok(rollout.clone()),
            _ => Err(status),
        }
    })
    .await
}

/// A bot of version 1 that is rolled out, with canaries of one pod; its pods tell metrics at `served`.
async fn world_with_canary(served: &Served) -> Option<(World, Operator)> {
    let world = World::new().await?;
    let operator = world.operator("one").await;
    world.secret("eva").await;
    let pod = json!({ "annotations": { "evolve.test/pod-ip": served.ip } });
    let rollout =
        json!({ "strategy": "Canary", "deadlineSeconds": 30, "canary": { "percent": 20, "watchSeconds": 10 } });
    world.bot("eva", json!({ "version": "1", "rollout": rollout, "api": { "pod": pod } })).await;
    until_phase(&world, RolloutPhase::Stable).await;
    Some((world, operator))
}

async fn want(world: &World, version: &str) {
    world.patch::<EvolveBot>("eva", json!({ "spec": { "version": version } })).await;
}

/// The image of a Deployment, and how many pods it shall have.
pub(super) async fn placed(world: &World, name: &str) -> Option<(String, i32)> {
    let spec = world.api::<Deployment>().get_opt(name).await.unwrap()?.spec?;
    let image = spec.template.spec?.containers.into_iter().next()?.image?;
    Some((image.rsplit_once(':')?.1.to_owned(), spec.replicas?))
}

async fn until_gone(world: &World, names: [&str; 2]) {
    for name in names {
        within(PATIENCE, &format!("{name} is gone"), async || placed(world, name).await.is_none()).await;
    }
}

#[tokio::test]
async fn a_canary_that_does_well_is_followed_by_the_rest() {
    let served = Served::start(97, 3).await;
    let Some((world, operator)) = world_with_canary(&served).await else { return };
    want(&world, "2").await;
    let watched = until_phase(&world, RolloutPhase::Canary).await;
    assert_eq!(watched.level, "Canary 20%");
    for name in ["eva-api", "eva-bot"] {
        assert_eq!(placed(&world, name).await, Some(("1".to_owned(), 2)));
        assert_eq!(placed(&world, &format!("{name}-next")).await, Some(("2".to_owned(), 1)));
        let selector = world.api::<Service>().get(name).await.unwrap().spec.unwrap().selector.unwrap();
        assert!(!selector.contains_key("evolveai.dev/track"), "people reach both sets");
    }
    let writes = operator.writes();
    for word in ["once", "twice"] {
        let passes = operator.metrics.passes();
        world.patch::<EvolveBot>("eva", json!({ "metadata": { "annotations": { "touched": word } } })).await;
        within(PATIENCE, "there was a pass", async || operator.metrics.passes() > passes).await;
    }
    if until_phase_now(&world).await == RolloutPhase::Canary {
        assert_eq!(operator.writes(), writes, "a watch without news writes nothing");
    }
    let done = until_phase(&world, RolloutPhase::Stable).await;
    assert_eq!((done.last_good, done.previous_good), (watched.target, watched.last_good));
    assert_eq!(world.see("eva").await.status.unwrap().version.as_deref(), Some("2"));
    assert_eq!(placed(&world, "eva-api").await, Some(("2".to_owned(), 2)));
    until_gone(&world, ["eva-api-next", "eva-bot-next"]).await;
    let is_wide = |service: &Service| {
        (!service.spec.as_ref()?.selector.as_ref()?.contains_key("evolveai.dev/track")).then_some(())
    };
    world.until_seen("eva-api", "the Service chooses all pods again", is_wide).await;
    let events = world.events("eva").await;
    for reason in ["Staging", "Canary", "Promoting", "RolledOut"] {
        assert!(events.iter().any(|event| event == reason), "{reason} is not in {events:?}");
    }
}

async fn until_phase_now(world: &World) -> RolloutPhase {
    world.see("eva").await.status.unwrap().rollout.unwrap().phase
}

#[tokio::test]
async fn a_canary_whose_requests_fail_is_taken_back_and_the_first_set_was_never_touched() {
    let served = Served::start(30, 10).await;
    let Some((world, operator)) = world_with_canary(&served).await else { return };
    let before = world.api::<Deployment>().get("eva-api").await.unwrap();
    want(&world, "2").await;
    let back = until_phase(&world, RolloutPhase::RolledBack).await;
    assert_eq!((back.reason, &back.refused), (Some(Refusal::Errors), &back.target));
    until_gone(&world, ["eva-api-next", "eva-bot-next"]).await;
    let after = world.api::<Deployment>().get("eva-api").await.unwrap();
    assert_eq!(after.spec.unwrap().template, before.spec.unwrap().template);
    assert_eq!(after.status.unwrap().observed_generation, before.status.unwrap().observed_generation);
    let condition = world.until("eva", "RolledOut", "False").await;
    assert!(
        condition.message.starts_with("10 of the 40 requests to the canary failed, and 5% are let pass"),
        "{}",
        condition.message
    );
    assert!(condition.message.contains("evolveai.dev/retry"), "{}", condition.message);
    assert_eq!(world.see("eva").await.status.unwrap().next_step, Some(condition.message));
    assert_eq!(operator.metrics.rollbacks(Refusal::Errors), 1);

    served.counted(40, 0);
    world.patch::<EvolveBot>("eva", json!({ "metadata": { "annotations": { "evolveai.dev/retry": "1" } } })).await;
    until_phase(&world, RolloutPhase::Stable).await;
    assert_eq!(placed(&world, "eva-api").await, Some(("2".to_owned(), 2)));
}

#[tokio::test]
async fn a_canary_that_restarts_is_taken_back() {
    let served = Served::start(1, 0).await;
    let Some((world, _operator)) = world_with_canary(&served).await else { return };
    want(&world, "2").await;
    until_phase(&world, RolloutPhase::Canary).await;
    let pod = next_pod(&world).await;
    let ended = json!({ "exitCode": 137, "reason": "OOMKilled", "finishedAt": later() });
    let container = json!({
        "name": "api", "image": "x", "imageID": "", "ready": true, "restartCount": 1, "started": true,
        "state": { "running": {} }, "lastState": { "terminated": ended },
    });
    patch_status(&world, &pod, json!({ "containerStatuses": [container] })).await;
    let back = until_phase(&world, RolloutPhase::RolledBack).await;
    assert_eq!(back.reason, Some(Refusal::Unready));
    let expected = format!("the pod {pod} of the second set ended with exit code 137 (OOMKilled)");
    assert_eq!(back.message, Some(expected));
}

async fn next_pod(world: &World) -> String {
    let labels = ListParams::default().labels("evolveai.dev/track=next,app.kubernetes.io/component=api");
    world.api::<Pod>().list(&labels).await.unwrap().items[0].name_any()
}

fn later() -> String {
    (chrono::Utc::now() + chrono::Duration::seconds(1)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// As a kubelet would.
pub(super) async fn patch_status(world: &World, pod: &str, status: Value) {
    let patch = kube::api::Patch::Merge(json!({ "status": status }));
    world.api::<Pod>().patch_status(pod, &kube::api::PatchParams::default(), &patch).await.unwrap();
}

#[tokio::test]
async fn a_canary_that_cannot_be_measured_waits_and_goes_on_when_it_can() {
    let mut served = Served::nobody();
    let Some((world, _operator)) = world_with_canary(&served).await else { return };
    want(&world, "2").await;
    let stuck = within(PATIENCE, "it says that it is stuck", async || {
        let condition = world.until("eva", "RolledOut", "False").await;
        if condition.reason == "CanaryStuck" { Ok(condition.message) } else { Err(condition) }
    })
    .await;
    assert!(stuck.contains("does not tell its metrics") && stuck.contains("spec.networkPolicy"), "{stuck}");
    assert_eq!(placed(&world, "eva-api").await, Some(("1".to_owned(), 2)), "not promoted");
    served.counted(5, 0);
    served.answer().await;
    until_phase(&world, RolloutPhase::Stable).await;
    assert_eq!(placed(&world, "eva-api").await, Some(("2".to_owned(), 2)));
}

#[tokio::test]
async fn when_the_leader_is_killed_while_it_watches_a_canary_another_goes_on() {
    let served = Served::start(50, 0).await;
    let Some((world, first)) = world_with_canary(&served).await else { return };
    let second = world.operator("two").await;
    want(&world, "2").await;
    let watched = until_phase(&world, RolloutPhase::Canary).await;
    first.kill();
    let promoted = until_phase(&world, RolloutPhase::Stable).await;
    assert_eq!((second.metrics.leading.get(), promoted.last_good), (1, watched.target));
    until_gone(&world, ["eva-api-next", "eva-bot-next"]).await;
}

#[tokio::test]
async fn a_newer_version_takes_the_place_of_the_canary() {
    let served = Served::start(50, 0).await;
    let Some((world, _operator)) = world_with_canary(&served).await else { return };
    want(&world, "2-never-ready").await;
    within(PATIENCE, "the canary is made", async || placed(&world, "eva-api-next").await).await;
    want(&world, "3").await;
    until_phase(&world, RolloutPhase::Canary).await;
    assert_eq!(placed(&world, "eva-api-next").await, Some(("3".to_owned(), 1)));
    assert_eq!(placed(&world, "eva-api").await, Some(("1".to_owned(), 2)));
    until_phase(&world, RolloutPhase::Stable).await;
}
