//! Copies of the database, and back.

use std::time::Duration;

use evolve_operator::crd::MigrationPhase;
use evolve_testkit::within;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::world::{PATIENCE, World};

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
    let migration = world.see("eva").await.status.unwrap().migration.unwrap().job;
    assert_ne!(migration, before, "the copy was migrated");
    let migration = world.api::<Job>().get(&migration).await.unwrap();
    assert_eq!(migration.annotations().get("evolveai.dev/restored"), job.metadata.uid.as_ref());
    assert!(!world.see("eva").await.annotations().contains_key("evolveai.dev/awake-before-restore"));

    // The Job of the restore goes by itself after a week: that is no reason to migrate once more.
    let job = job.metadata.name.unwrap();
    world.api::<Job>().delete(&job, &DeleteParams::background()).await.unwrap();
    world.patch("eva", json!({ "spec": { "api": { "replicas": 3 } } })).await;
    world.until("eva", "RolledOut", "True").await;
    assert_eq!(world.see("eva").await.status.unwrap().migration.unwrap().job, migration.name_any());
}

#[tokio::test]
async fn a_restore_whose_command_is_stopped_is_migrated_all_the_same_and_the_next_one_wakes_the_bot() {
    let Some(world) = World::new().await else { return };
    world.bot("eva", backup("evolve.test/migrate-hangs")).await;
    world.until("eva", "RolledOut", "True").await;
    let before = world.see("eva").await.status.unwrap().migration.unwrap().job;
    let restore = ["restore", "eva", "--copy", "latest", "--yes"];
    let mut stopped = world.command(&restore).spawn().unwrap();
    let of_restore = ListParams::default().labels("app.kubernetes.io/component=restore");
    let running = async || {
        within(PATIENCE, "the restore runs", async || {
            let pods = world.api::<Pod>().list(&of_restore).await.unwrap().items;
            let phase = |pod: &Pod| pod.status.as_ref().and_then(|status| status.phase.clone());
            pods.into_iter().find(|pod| phase(pod).as_deref() != Some("Succeeded"))
        })
        .await
    };
    let pod = running().await;
    stopped.kill().await.unwrap();
    let told = async |words: &str| {
        within(PATIENCE, words, async || {
            let next = world.see("eva").await.status.unwrap().next_step.unwrap_or_default();
            if next.contains(words) { Ok(()) } else { Err(next) }
        })
        .await;
    };
    told("puts a copy of the database in place, and the migration follows by itself: wait for both").await;

    end(&world, &pod).await;
    within(PATIENCE, "the operator migrates the copy", async || {
        let migration = world.see("eva").await.status.unwrap().migration.unwrap();
        migration.job != before && migration.phase == MigrationPhase::Succeeded
    })
    .await;
    told("no pod runs; set spec.hibernated to false to wake it").await;
    assert!(world.see("eva").await.spec.hibernated, "a person decides when it wakes");

    let again = world.command(&restore).spawn().unwrap();
    end(&world, &running().await).await;
    let ended = again.wait_with_output().await.unwrap();
    let said = String::from_utf8(ended.stdout).unwrap();
    assert!(said.contains("is restored, and eva is awake and ready"), "{said}");
    assert!(!world.see("eva").await.spec.hibernated);
}

/// A container of a Job ends well.
async fn end(world: &World, pod: &Pod) {
    let done = json!({ "status": { "phase": "Succeeded" } });
    let params = PatchParams::default();
    world.api::<Pod>().patch_status(&pod.name_any(), &params, &Patch::Merge(done)).await.unwrap();
}

#[tokio::test]
async fn a_restore_that_may_not_be_made_changes_nothing() {
    let Some(mut world) = World::new().await else { return };
    world.bot("eva", backup("evolve.test/postgres")).await;
    world.until("eva", "RolledOut", "True").await;
    let rules = json!([
        { "apiGroups": ["evolveai.dev"], "resources": ["evolvebots"], "verbs": ["get", "patch"] },
        { "apiGroups": [""], "resources": ["pods"], "verbs": ["list"] },
        { "apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["list", "get"] },
    ]);
    world.kubeconfig = world.person("ada", rules).await;
    let ran = world.evolve(&["restore", "eva", "--copy", "latest", "--yes"]).await;
    assert!(ran.code == 1 && ran.err.contains("nothing was changed"), "{ran:?}");
    assert!(ran.err.contains("--verb=create --resource=jobs.batch"), "{ran:?}");
    let bot = world.see("eva").await;
    assert!(!bot.spec.hibernated && !bot.annotations().contains_key("evolveai.dev/awake-before-restore"));
}

#[tokio::test]
async fn a_backup_that_waits_for_something_else_of_the_bot_says_what_that_is() {
    let Some(world) = World::new().await else { return };
    // Somebody else's.
    let pod = json!({ "restartPolicy": "Never", "containers": [{ "name": "one", "image": "evolve.test/other" }] });
    let spec = json!({ "schedule": "0 0 1 1 *", "jobTemplate": { "spec": { "template": { "spec": pod } } } });
    world.create::<CronJob>(json!({ "metadata": { "name": "eva-backup" }, "spec": spec })).await;
    world.bot("eva", backup("evolve.test/postgres")).await;
    world.until("eva", "RolledOut", "True").await;
    let ready = async || {
        let known = world.see("eva").await.status.unwrap().conditions;
        known.into_iter().find(|known| known.type_ == "Ready" && known.reason == "Degraded")
    };
    let why = within(Duration::from_secs(60), "it says what is refused", ready).await.message;
    assert!(why.contains("eva-backup"), "{why}");
    let ran = world.evolve(&["backup", "eva"]).await;
    assert!(
        ran.code == 1 && ran.err.contains("has not made the CronJob eva-backup yet") && ran.err.contains(&why),
        "{ran:?}"
    );
    let page = world.evolve(&["status", "eva"]).await.out;
    assert!(page.contains(&format!("the operator has not made the CronJob yet: {why}")), "{page}");
}

#[tokio::test]
async fn a_restore_that_fails_says_how_things_stand_and_leaves_the_bot_asleep() {
    let Some(world) = World::new().await else { return };
    world.bot("eva", backup("evolve.test/migrate-fails")).await;
    world.until("eva", "RolledOut", "True").await;
    let ran = world.evolve(&["restore", "eva", "--copy", "latest", "--yes"]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    for part in
        ["the database is as it was", "eva is hibernated", "kubectl evolve wake eva", "failed: BackoffLimitExceeded"]
    {
        assert!(ran.err.contains(part), "{part:?} is not in:\n{}", ran.err);
    }
    assert!(world.see("eva").await.spec.hibernated);
    let parts = ListParams::default().labels("app.kubernetes.io/component in (api,bot)");
    assert!(world.api::<Pod>().list(&parts).await.unwrap().items.is_empty());
}
