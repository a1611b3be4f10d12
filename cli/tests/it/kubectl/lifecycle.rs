//! Putting a bot to sleep, waking it, and going back.

use evolve_operator::crd::MigrationPhase;
use evolve_testkit::within;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use kube::api::ListParams;
use serde_json::json;

use super::world::{PATIENCE, World};

async fn pods(world: &World) -> usize {
    let parts = ListParams::default().labels("app.kubernetes.io/component in (api,bot)");
    world.api::<Pod>().list(&parts).await.unwrap().items.len()
}

#[tokio::test]
async fn a_bot_is_put_to_sleep_and_woken_and_each_time_it_is_said_when_it_is_done() {
    let Some(world) = World::new().await else { return };
    world.bot("eva", json!({})).await;
    world.until("eva", "RolledOut", "True").await;
    let said = world.must(&["hibernate", "eva"]).await;
    assert!(said.contains("eva sleeps: no pod of it runs") && said.contains("kubectl evolve wake eva"), "{said}");
    assert_eq!(pods(&world).await, 0);
    let status = world.evolve(&["status", "eva"]).await;
    assert!(status.code == 1 && status.out.lines().next().unwrap().contains("hibernated"), "{status:?}");
    assert!(world.must(&["wake", "eva"]).await.contains("eva is awake and ready"));
    assert_eq!(pods(&world).await, 4);
    assert!(world.must(&["wake", "eva"]).await.contains("is not hibernated"));
}

#[tokio::test]
async fn a_bot_that_does_not_wake_in_time_is_told_with_what_is_in_the_way() {
    let Some(world) = World::new().await else { return };
    world.bot("eva", json!({ "hibernated": true })).await;
    world.until("eva", "Migrated", "True").await;
    world.kubelet.hold();
    let ran = world.evolve(&["wake", "eva", "--timeout", "2"]).await;
    assert!(ran.code == 1 && ran.err.contains("after 2 s: eva is not ready: the pods are being replaced"), "{ran:?}");
}

#[tokio::test]
async fn a_paused_bot_is_left_alone() {
    let Some(world) = World::new().await else { return };
    world.bot("eva", json!({ "paused": true })).await;
    for command in ["hibernate", "wake", "rollback", "retry"] {
        let ran = world.evolve(&[command, "eva"]).await;
        assert!(
            ran.code == 1 && ran.err.contains("eva is paused") && ran.err.contains("kubectl patch evolvebot"),
            "{ran:?}"
        );
    }
    assert!(!world.see("eva").await.spec.hibernated);
}

#[tokio::test]
async fn a_failed_migration_is_tried_once_more_and_nothing_else_is() {
    let Some(world) = World::new().await else { return };
    world.bot("eva", json!({ "version": "1-migrate-fails", "migration": { "retries": 0 } })).await;
    world.until("eva", "Migrated", "False").await;
    let failed = world.see("eva").await.status.unwrap().migration.unwrap().job;
    let said = world.must(&["retry", "eva"]).await;
    assert!(said.contains(&format!("job/{failed} had failed")) && said.contains("--part migration -f"), "{said}");
    within(PATIENCE, "another Job tries it", async || {
        let migration = world.see("eva").await.status.unwrap().migration.unwrap();
        migration.job != failed && migration.phase == MigrationPhase::Failed
    })
    .await;

    world.patch("eva", json!({ "spec": { "version": "1" } })).await;
    world.until("eva", "RolledOut", "True").await;
    let ran = world.evolve(&["retry", "eva"]).await;
    assert!(ran.code == 1 && ran.err.contains("nothing of eva has failed"), "{ran:?}");
}

#[tokio::test]
async fn a_rollback_is_asked_for_by_the_target_once_a_person_has_agreed() {
    let Some(world) = World::new().await else { return };
    world.bot("eva", json!({ "version": "1" })).await;
    world.until("eva", "RolledOut", "True").await;
    let ran = world.evolve(&["rollback", "eva", "--yes"]).await;
    assert!(ran.code == 1 && ran.err.contains("there is nothing to go back to"), "{ran:?}");

    world.patch("eva", json!({ "spec": { "version": "2-never-ready" } })).await;
    world.until("eva", "RolledOut", "False").await;
    let rollout = world.see("eva").await.status.unwrap().rollout.unwrap();
    let (target, good) = (rollout.target.unwrap(), rollout.last_good.unwrap());
    let refused = async || world.see("eva").await.annotations().get("evolveai.dev/refuse").cloned();

    let ran = world.evolve_and_say(&["rollback", "eva"], "no\n").await;
    assert!(ran.code == 1 && ran.err.contains("nothing was changed"), "{ran:?}");
    assert!(
        ran.err.contains(&format!("Replace the pods of eva ({target}) with those that ran well before ({good})?")),
        "{ran:?}"
    );
    let ran = world.evolve(&["rollback", "eva"]).await;
    assert!(ran.code == 1 && ran.err.contains("give --yes"), "{ran:?}");
    assert_eq!(refused().await, None);

    let ran = world.evolve_and_say(&["rollback", "eva"], "y\n").await;
    assert!(ran.code == 0 && ran.out.contains(&format!("eva is back: {good} runs again")), "{ran:?}");
    assert!(ran.out.contains("rollback eva --undo"), "{ran:?}");
    assert_eq!(world.see("eva").await.status.unwrap().version.as_deref(), Some("1"));
    assert_eq!(refused().await, Some(target));
    assert!(world.must(&["rollback", "eva", "--undo"]).await.contains("no longer refused"));
    assert_eq!(refused().await, None);
    let ran = world.evolve(&["rollback", "eva", "--undo"]).await;
    assert!(ran.code == 1 && ran.err.contains("was not rolled back by hand"), "{ran:?}");
}
