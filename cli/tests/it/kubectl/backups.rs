//! Copies of the database, and back.

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use kube::api::ListParams;
use serde_json::{Value, json};

use super::world::World;

fn backup(image: &str) -> Value {
    json!({ "backup": { "volume": { "claimName": "copies" }, "image": image } })
}

async fn jobs(world: &World, part: &str) -> Vec<Job> {
    let of_part = ListParams::default().labels(&format!("app.kubernetes.io/component={part}"));
    world.api::<Job>().list(&of_part).await.unwrap().items
}

#[tokio::test]
async fn a_backup_is_made_at_once_followed_to_its_end_and_listed() {
    let Some(world) = World::new().await else { return };
    world.bot("eva", backup("evolve.test/postgres")).await;
    world.until("eva", "RolledOut", "True").await;
    let said = world.must(&["backup", "eva"]).await;
    assert!(said.contains("eva is backed up (job/eva-backup-"), "{said}");
    let made = jobs(&world, "backup").await.pop().unwrap();
    let spec = made.spec.as_ref().unwrap();
    assert_eq!(spec.template.spec.as_ref().unwrap().containers[0].image.as_deref(), Some("evolve.test/postgres"));
    assert!(spec.ttl_seconds_after_finished.is_some(), "it goes by itself");
    assert_eq!(made.owner_references()[0].name, "eva");
    let list = world.must(&["backups", "eva"]).await;
    assert!(list.lines().nth(1).unwrap().starts_with(&made.name_any()) && list.contains("succeeded"), "{list}");
}

#[tokio::test]
async fn a_bot_without_backups_is_told_how_to_have_some() {
    let Some(world) = World::new().await else { return };
    world.bot("eva", json!({})).await;
    for command in [vec!["backup", "eva"], vec!["restore", "eva", "--copy", "latest", "--yes"]] {
        let ran = world.evolve(&command).await;
        assert!(ran.code == 1 && ran.err.contains("has no spec.backup"), "{ran:?}");
    }
    assert!(world.must(&["backups", "eva"]).await.contains("has no spec.backup"));
}

#[tokio::test]
async fn a_restore_puts_the_bot_to_sleep_migrates_the_copy_and_wakes_the_bot() {
    let Some(world) = World::new().await else { return };
    world.bot("eva", backup("evolve.test/postgres")).await;
    world.until("eva", "RolledOut", "True").await;
    let before = world.see("eva").await.status.unwrap().migration.unwrap().job;
    let restore = ["restore", "eva", "--copy", "2026-03-01T03-30-00Z.dump"];
    let ran = world.evolve_and_say(&restore, "n\n").await;
    assert!(ran.code == 1 && ran.err.contains("is replaced by the copy 2026-03-01T03-30-00Z.dump"), "{ran:?}");
    assert!(!world.see("eva").await.spec.hibernated && jobs(&world, "restore").await.is_empty());
    let ran = world.evolve(&["restore", "eva", "--copy", "../evil", "--yes"]).await;
    assert!(ran.code == 1 && ran.err.contains("is not the name of a copy"), "{ran:?}");

    let ran = world.evolve_and_say(&restore, "y\n").await;
    assert!(ran.code == 0 && ran.out.contains("is restored, and eva is awake and ready"), "{ran:?}");
    let steps = ["hibernating eva", "puts 2026-03-01T03-30-00Z.dump in place"];
    assert!(steps.iter().all(|step| ran.err.contains(step)), "{ran:?}");
    let job = jobs(&world, "restore").await.pop().unwrap();
    let environment = job.spec.unwrap().template.spec.unwrap().containers[0].env.clone().unwrap();
    assert!(environment.iter().any(|known| known.name == "COPY" && known.value.as_deref() == Some(restore[3])));
    assert_ne!(world.see("eva").await.status.unwrap().migration.unwrap().job, before, "the copy was migrated");
}

#[tokio::test]
async fn a_restore_that_fails_says_how_things_stand_and_leaves_the_bot_asleep() {
    let Some(world) = World::new().await else { return };
    world.bot("eva", backup("evolve.test/migrate-fails")).await;
    world.until("eva", "RolledOut", "True").await;
    let ran = world.evolve(&["restore", "eva", "--copy", "latest", "--yes"]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    for part in [
        "the database is as it was",
        "eva is hibernated",
        "kubectl evolve wake eva",
        "kubectl evolve retry eva",
        "failed: BackoffLimitExceeded",
    ] {
        assert!(ran.err.contains(part), "{part:?} is not in:\n{}", ran.err);
    }
    assert!(world.see("eva").await.spec.hibernated);
    let parts = ListParams::default().labels("app.kubernetes.io/component in (api,bot)");
    assert!(world.api::<Pod>().list(&parts).await.unwrap().items.is_empty());
}
