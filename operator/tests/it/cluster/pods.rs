//! What pods and Jobs suffer from is said where people look.

use std::time::Duration;

use evolve_operator::EvolveBot;
use evolve_testkit::within;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::json;

use super::canary::patch_status;
use super::world::World;

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn an_image_that_cannot_be_pulled_is_named_with_its_pod_and_told_once() {
    let Some(world) = World::new().await else { return };
    let operator = world.operator("one").await;
    world.secret("eva").await;
    world.bot("eva", json!({ "version": "1" })).await;
    world.until("eva", "RolledOut", "True").await;
    world.patch::<EvolveBot>("eva", json!({ "spec": { "version": "2-pull-fails" } })).await;
    let condition = within(PATIENCE, "it is said", async || {
        let condition = world.until("eva", "RolledOut", "False").await;
        let is_said = condition.reason == "ImagePullBackOff" && condition.message.contains("eva-api-");
        is_said.then_some(condition.message.clone()).ok_or(condition)
    })
    .await;
    assert!(condition.contains("cannot pull its image evolve.test/evolve:2-pull-fails"), "{condition}");
    assert!(condition.contains("pullSecrets"), "{condition}");
    within(PATIENCE, "an event says it", async || told(&world).await == 1).await;
    assert_eq!(world.see("eva").await.status.unwrap().next_step, Some(condition));

    // Kubernetes tries again and again, and says so in turn.
    let labels = ListParams::default().labels("app.kubernetes.io/component=api");
    let waits = |pod: &Pod| Some(pod.status.as_ref()?.phase.as_deref()? == "Pending");
    let pods = world.api::<Pod>().list(&labels).await.unwrap();
    let pod = pods.iter().find(|pod| waits(pod) == Some(true)).unwrap().name_any();
    // Until both Deployments have made their one pod more: how many there are is in the status.
    within(PATIENCE, "nothing moves", async || {
        let status = world.see("eva").await.status.unwrap();
        let counts = [status.api, status.bot].map(|part| part.map(|part| part.replicas));
        if counts == [Some(3); 2] { Ok(()) } else { Err(counts) }
    })
    .await;
    let writes = operator.writes();
    for reason in ["ErrImagePull", "ImagePullBackOff", "ErrImagePull"] {
        let passes = operator.metrics.passes();
        let container = json!({
            "name": "api", "image": "evolve.test/evolve:2-pull-fails", "imageID": "", "ready": false, "restartCount": 0,
            "state": { "waiting": { "reason": reason } },
        });
        patch_status(&world, &pod, json!({ "containerStatuses": [container] })).await;
        within(PATIENCE, "there was a pass", async || operator.metrics.passes() > passes).await;
    }
    assert_eq!(operator.writes(), writes, "no news, no write");
    assert_eq!(told(&world).await, 1);
}

async fn told(world: &World) -> usize {
    world.events("eva").await.iter().filter(|reason| *reason == "ImagePullBackOff").count()
}

#[tokio::test]
async fn a_migration_whose_pod_no_node_takes_says_what_the_scheduler_said() {
    let Some(world) = World::new().await else { return };
    let _operator = world.operator("one").await;
    world.secret("eva").await;
    world.bot("eva", json!({ "version": "1-migrate-hangs" })).await;
    let pod = within(PATIENCE, "its pod is there", async || {
        Some(world.api::<Pod>().list(&ListParams::default()).await.unwrap().items.first()?.name_any())
    })
    .await;
    let placed = json!({
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
        "message": "0/3 nodes are available: 3 Insufficient memory.",
    });
    patch_status(&world, &pod, json!({ "conditions": [placed] })).await;
    within(PATIENCE, "it is said", async || {
        let condition = world.until("eva", "Migrated", "Unknown").await;
        let is_said = condition.reason == "Unschedulable" && condition.message.contains("3 Insufficient memory");
        is_said.then_some(()).ok_or(condition)
    })
    .await;
    let step = world.see("eva").await.status.unwrap().next_step.unwrap();
    assert!(step.contains(&pod) && step.contains("Insufficient memory"), "{step}");
}

#[tokio::test]
async fn pods_that_are_never_made_say_why_and_come_when_it_is_mended() {
    let Some(world) = World::new().await else { return };
    let _operator = world.operator("one").await;
    world.secret("eva").await;
    world.bot("eva", json!({ "bot": { "pod": { "priorityClassName": "no-such-class" } } })).await;
    let condition = within(PATIENCE, "it is said", async || {
        let condition = world.until("eva", "RolledOut", "False").await;
        if condition.reason == "FailedCreate" { Ok(condition) } else { Err(condition) }
    })
    .await;
    let said = condition.message;
    assert!(said.contains("no pod of eva-bot can be made: no PriorityClass with name no-such-class"), "{said}");
    assert!(said.contains("name another one in spec.bot.pod.priorityClassName"), "{said}");
    within(PATIENCE, "it is the next step", async || {
        world.see("eva").await.status.unwrap().next_step == Some(said.clone())
    })
    .await;

    world.patch::<EvolveBot>("eva", json!({ "spec": { "bot": { "pod": { "priorityClassName": null } } } })).await;
    world.until("eva", "RolledOut", "True").await;
}

#[tokio::test]
async fn a_backup_that_failed_is_a_condition_with_the_name_of_its_job() {
    let Some(world) = World::new().await else { return };
    let _operator = world.operator("one").await;
    world.secret("eva").await;
    let backup = json!({ "volume": { "claimName": "copies" }, "image": "evolve.test/migrate-fails:1" });
    world.bot("eva", json!({ "backup": backup })).await;
    assert_eq!(world.until("eva", "BackedUp", "Unknown").await.reason, "NoneYet");
    let schedule = world.until_seen("eva-backup", "the CronJob is there", |job: &CronJob| Some(job.clone())).await;
    let begin = async |suffix: &str| {
        let mut job = evolve_operator::build::backup::now(&world.see("eva").await, &schedule, suffix).unwrap();
        job.spec.as_mut().unwrap().backoff_limit = Some(0);
        world.create::<Job>(serde_json::to_value(job).unwrap()).await.name_any()
    };
    let failed = begin("bad").await;
    let condition = world.until("eva", "BackedUp", "False").await;
    assert_eq!(condition.reason, "BackupFailed");
    assert!(condition.message.contains(&format!("kubectl logs job/{failed}")), "{}", condition.message);
    within(PATIENCE, "an event says it", async || world.events("eva").await.contains(&"BackupFailed".to_owned())).await;

    world.patch::<EvolveBot>("eva", json!({ "spec": { "backup": { "image": "evolve.test/postgres:18" } } })).await;
    let mended = |job: &CronJob| {
        let pod = job.spec.as_ref()?.job_template.spec.as_ref()?.template.spec.as_ref()?;
        (pod.containers[0].image.as_deref() == Some("evolve.test/postgres:18")).then(|| job.clone())
    };
    let schedule = world.until_seen("eva-backup", "the CronJob is mended", mended).await;
    let job = evolve_operator::build::backup::now(&world.see("eva").await, &schedule, "good").unwrap();
    // A second later, so that it is the newer one.
    within(PATIENCE, "the clock has gone on", async || {
        let made = world.api::<Job>().get(&failed).await.unwrap().creation_timestamp().unwrap().0;
        made.as_second() < chrono::Utc::now().timestamp()
    })
    .await;
    world.create::<Job>(serde_json::to_value(job).unwrap()).await;
    world.until("eva", "BackedUp", "True").await;
    let times = json!({ "status": { "lastScheduleTime": "2026-03-01T03:30:00Z", "lastSuccessfulTime": "2026-03-01T03:31:00Z" } });
    let api = world.api::<CronJob>();
    api.patch_status("eva-backup", &PatchParams::default(), &Patch::Merge(times)).await.unwrap();
    let backup = within(PATIENCE, "the status tells the times", async || {
        world.see("eva").await.status.unwrap().backup.filter(|backup| backup.last_succeeded.is_some())
    })
    .await;
    assert_eq!(backup.last_started.unwrap().0.to_string(), "2026-03-01T03:30:00Z");
}
