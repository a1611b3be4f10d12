//! Versions come and go: the migration gate, deadlines, roll-backs, and who leads meanwhile.

use std::time::Duration;

use evolve_operator::EvolveBot;
use evolve_operator::crd::{Refusal, RolloutPhase};
use evolve_testkit::within;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use kube::api::ListParams;
use serde_json::json;

use super::world::World;

/// The images of the pods of a part.
async fn images(world: &World, part: &str) -> Vec<String> {
    let labels = ListParams::default().labels(&format!("app.kubernetes.io/component={part}"));
    let pods = world.api::<Pod>().list(&labels).await.unwrap();
    let mut images: Vec<_> =
        pods.into_iter().filter_map(|pod| pod.spec?.containers.into_iter().next()?.image).collect();
    images.dedup();
    images
}

#[tokio::test]
async fn pods_of_a_version_never_start_before_its_migration_has_succeeded() {
    let Some(world) = World::new().await else { return };
    let _operator = world.operator("one").await;
    world.secret("eva").await;
    world.bot("eva", json!({ "version": "1-migrate-hangs" })).await;
    assert_eq!(world.until("eva", "Migrated", "Unknown").await.reason, "Migrating");
    let migration = world.see("eva").await.status.unwrap().migration.unwrap();
    world.until_seen(&migration.job, "the Job runs", |job: &Job| job.status.as_ref()?.active).await;
    assert!(world.api::<Deployment>().get_opt("eva-api").await.unwrap().is_none());
    assert!(images(&world, "api").await.is_empty());
    world.patch::<EvolveBot>("eva", json!({ "spec": { "version": "2" } })).await;
    world.until("eva", "Ready", "True").await;
    assert_eq!(images(&world, "api").await, ["evolve.test/evolve:2"]);
}

#[tokio::test]
async fn two_migrations_never_run_at_once() {
    let Some(world) = World::new().await else { return };
    let _operator = world.operator("one").await;
    world.secret("eva").await;
    world.bot("eva", json!({ "version": "1-migrate-hangs" })).await;
    let labels = ListParams::default().labels("app.kubernetes.io/component=migration");
    let pods = async || world.api::<Pod>().list(&labels).await.unwrap().items;
    let first = within(Duration::from_secs(60), "the first one runs", async || pods().await.pop()).await;
    // Its container takes its time to end.
    world.patch::<Pod>(&first.name_any(), json!({ "metadata": { "finalizers": ["evolve.test/slow"] } })).await;
    world.patch::<EvolveBot>("eva", json!({ "spec": { "version": "2" } })).await;
    within(Duration::from_secs(60), "the first one is asked to end", async || {
        pods().await.first().is_some_and(|pod| pod.metadata.deletion_timestamp.is_some())
    })
    .await;
    let waiting = world.until("eva", "Migrated", "Unknown").await;
    assert_eq!(waiting.reason, "Stopping");
    world.patch::<EvolveBot>("eva", json!({ "metadata": { "annotations": { "touched": "1" } } })).await;
    assert_eq!(world.api::<Job>().list(&ListParams::default()).await.unwrap().items.len(), 1);
    assert_eq!(pods().await.len(), 1, "the second one has begun");
    world.patch::<Pod>(&first.name_any(), json!({ "metadata": { "finalizers": null } })).await;
    world.until("eva", "RolledOut", "True").await;
    assert_eq!(images(&world, "api").await, ["evolve.test/evolve:2"]);
}

#[tokio::test]
async fn a_failed_migration_leaves_the_version_before_and_is_tried_again_on_request() {
    let Some(world) = World::new().await else { return };
    let _operator = world.operator("one").await;
    world.secret("eva").await;
    world.bot("eva", json!({ "version": "1" })).await;
    world.until("eva", "RolledOut", "True").await;
    let migration = json!({ "retries": 0 });
    world.patch::<EvolveBot>("eva", json!({ "spec": { "version": "2-migrate-fails", "migration": migration } })).await;
    let condition = world.until("eva", "Migrated", "False").await;
    assert_eq!(condition.reason, "MigrationFailed");
    assert!(condition.message.contains("kubectl logs job/eva-migrate-"), "{}", condition.message);
    assert_eq!(world.until("eva", "Ready", "True").await.reason, "Degraded");
    assert_eq!(images(&world, "api").await, ["evolve.test/evolve:1"]);
    let failed = world.see("eva").await.status.unwrap().migration.unwrap().job;
    assert!(world.api::<Job>().get_opt(&failed).await.unwrap().is_some(), "its logs stay reachable");

    world.patch::<EvolveBot>("eva", json!({ "metadata": { "annotations": { "evolveai.dev/retry": "1" } } })).await;
    within(Duration::from_secs(30), "it is tried again, by another Job", async || {
        world.see("eva").await.status.unwrap().migration.unwrap().job != failed
    })
    .await;
    world.patch::<EvolveBot>("eva", json!({ "spec": { "version": "3" } })).await;
    world.until("eva", "RolledOut", "True").await;
    within(Duration::from_secs(30), "old migrations are tidied away", async || {
        world.api::<Job>().list(&ListParams::default()).await.unwrap().items.len() == 1
    })
    .await;
}

#[tokio::test]
async fn a_rollout_that_is_not_ready_in_its_deadline_goes_back_and_stays_back() {
    let Some(world) = World::new().await else { return };
    let operator = world.operator("one").await;
    world.secret("eva").await;
    world.bot("eva", json!({ "version": "1", "rollout": { "deadlineSeconds": 30 } })).await;
    world.until("eva", "RolledOut", "True").await;
    let good = world.api::<Deployment>().get("eva-api").await.unwrap().spec.unwrap().template;
    world.patch::<EvolveBot>("eva", json!({ "spec": { "version": "2-never-ready" } })).await;
    within(Duration::from_secs(90), "it is back", async || {
        let status = world.see("eva").await.status.unwrap();
        (status.rollout.unwrap().phase == RolloutPhase::RolledBack).then_some(()).ok_or(status.conditions)
    })
    .await;
    assert_eq!(world.until("eva", "RolledOut", "False").await.reason, "RolledBack");
    assert_eq!(world.until("eva", "Ready", "True").await.reason, "Degraded");
    let template = world.api::<Deployment>().get("eva-api").await.unwrap().spec.unwrap().template;
    assert_eq!(template, good, "byte for byte what ran before");
    assert_eq!(operator.metrics.rollbacks(Refusal::Deadline), 1);
    let events = world.events("eva").await;
    assert!(events.contains(&"RollingBack".to_owned()) && events.contains(&"RolledBack".to_owned()), "{events:?}");
    assert_eq!(world.see("eva").await.status.unwrap().version.as_deref(), Some("1"));

    world.patch::<EvolveBot>("eva", json!({ "spec": { "version": "3" } })).await;
    world.until("eva", "RolledOut", "True").await;
    assert_eq!(world.see("eva").await.status.unwrap().version.as_deref(), Some("3"));
}

#[tokio::test]
async fn of_two_replicas_one_leads_and_when_it_is_killed_the_other_finishes_its_rollout() {
    let Some(world) = World::new().await else { return };
    let first = world.operator("first").await;
    within(Duration::from_secs(20), "the first leads", async || first.metrics.leading.get() == 1).await;
    let second = world.operator("second").await;
    world.secret("eva").await;
    world.bot("eva", json!({ "version": "1" })).await;
    world.until("eva", "RolledOut", "True").await;
    assert_eq!((second.metrics.leading.get(), second.metrics.passes()), (0, 0));
    world.kubelet.hold();
    world.patch::<EvolveBot>("eva", json!({ "spec": { "version": "2" } })).await;
    world.until("eva", "Migrated", "True").await;
    first.kill();
    world.kubelet.release().await.unwrap();
    world.until("eva", "RolledOut", "True").await;
    assert_eq!(second.metrics.leading.get(), 1);
    assert_eq!(world.see("eva").await.status.unwrap().version.as_deref(), Some("2"));
    second.stop().await;
}

#[tokio::test]
async fn health_readiness_and_metrics_are_served() {
    let Some(world) = World::new().await else { return };
    let operator = world.operator("one").await;
    let get = async |path: &str| {
        let url = format!("http://{}{path}", operator.address);
        let answer = reqwest::get(url).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    within(Duration::from_secs(20), "it is ready", async || get("/readyz").await.0 == 200).await;
    assert_eq!(get("/healthz").await, (200, r#"{"healthy":true,"stuckWatches":[]}"#.to_owned()));
    let metrics = get("/metrics").await.1;
    for name in ["kubernetes_requests_total", "watch_silence_seconds", "reconcile_queue_depth", "rollbacks_total"] {
        assert!(metrics.contains(name), "{name} is not in\n{metrics}");
    }
}

/// As many as one cluster may have; all at once.
#[tokio::test]
async fn two_hundred_bots_converge_and_then_nothing_is_written() {
    const BOTS: usize = 200;
    let Some(world) = World::new().await else { return };
    let operator = world.operator("one").await;
    world.secret("shared").await;
    let reference = |key: &str| json!({ "name": "shared", "key": key });
    let spec = json!({
        "database": { "urlSecretRef": reference("DATABASE_URL") },
        "telegram": { "tokenSecretRef": reference("TELEGRAM_BOT_TOKEN") },
        "api": { "replicas": 1 }, "bot": { "replicas": 1 },
    });
    for number in 0..BOTS {
        world.bot(&format!("bot-{number}"), spec.clone()).await;
    }
    within(Duration::from_secs(420), "all of them are rolled out", async || {
        let bots = world.api::<EvolveBot>().list(&ListParams::default()).await.unwrap();
        let is_done = |bot: &EvolveBot| {
            super::world::conditions(bot).iter().any(|known| known.type_ == "RolledOut" && known.status == "True")
        };
        let waiting: Vec<_> = bots.iter().filter(|bot| !is_done(bot)).map(|bot| bot.name_any()).collect();
        tokio::time::sleep(Duration::from_millis(500)).await;
        if waiting.is_empty() { Ok(()) } else { Err(waiting.len()) }
    })
    .await;
    within(Duration::from_secs(20), "the queue is empty", async || operator.metrics.queue_depth.get() == 0).await;
    let (writes, passes) = (operator.writes(), operator.metrics.passes());
    for number in 0..BOTS {
        let touched = json!({ "metadata": { "annotations": { "touched": "1" } } });
        world.patch::<EvolveBot>(&format!("bot-{number}"), touched).await;
    }
    let all = passes + u64::try_from(BOTS).unwrap();
    within(Duration::from_secs(60), "each has had a pass", async || operator.metrics.passes() >= all).await;
    assert_eq!(operator.writes(), writes);
}
