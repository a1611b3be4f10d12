//! What a person sees at a glance.

use evolve_testkit::within;
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::ResourceExt as _;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::world::{PATIENCE, World};

#[tokio::test]
async fn everything_of_a_bot_is_on_one_page_and_no_secret_is() {
    let Some(world) = World::new().await else { return };
    let webhook = json!({ "mode": "webhook", "webhook": { "host": "bots.example.org" } });
    let autoscaling = json!({ "autoscaling": { "minReplicas": 2, "maxReplicas": 6 } });
    let backup = json!({ "volume": { "size": "1Gi" } });
    world.bot("eva", json!({ "telegram": webhook, "api": autoscaling, "backup": backup })).await;
    world.until("eva", "RolledOut", "True").await;
    let page = within(PATIENCE, "the autoscaler has its fewest pods", async || {
        let page = world.evolve(&["status", "eva"]).await.out;
        (page.contains("deployment/eva-api  2/2 ready") && page.contains("Rollout  Stable"))
            .then(|| page.clone())
            .ok_or(page)
    })
    .await;
    for part in [
        "EvolveBot eva (namespace evolve-cli-",
        "  Ready  version 1.0.0",
        "✔ Ready              True    Serving",
        "Rollout  Stable",
        "last good",
        "Migration  Succeeded  job/eva-migrate-",
        "deployment/eva-api  2/2 ready  evolve.test/evolve:1.0.0",
        "pod/eva-bot-",
        "hpa/eva-api  ",
        " of 2 to 6",
        "service/eva-api 10.96.",
        "ingress/eva-bot https://bots.example.org/telegram/webhook",
        "cronjob/eva-backup (30 3 * * * Etc/UTC)  none has succeeded yet, next in ",
        "secret/eva  present  DATABASE_URL, TELEGRAM_BOT_TOKEN",
        "secret/eva-keys  present  ",
    ] {
        assert!(page.contains(part), "{part:?} is not in:\n{page}");
    }
    let yaml = world.must(&["status", "eva", "-o", "yaml"]).await;
    let report: Value = serde_yaml_ng::from_str(&yaml).unwrap();
    assert_eq!((&report["ready"], &report["parts"][0]["deployments"][0]["wanted"]), (&json!(true), &json!(2)));
    for text in [page, yaml] {
        assert!(!text.contains("s3cret-word") && !text.contains('\x1b'), "{text}");
    }
}

#[tokio::test]
async fn what_is_wrong_stands_where_it_belongs_and_in_the_exit_code() {
    let Some(world) = World::new().await else { return };
    world.kubelet.hold();
    world.bot("eva", json!({})).await;
    world.until("eva", "Migrated", "True").await;
    let of_api = ListParams::default().labels("app.kubernetes.io/component=api");
    let pod =
        within(PATIENCE, "there is a pod", async || world.api::<Pod>().list(&of_api).await.unwrap().items.pop()).await;
    let waiting =
        json!({ "reason": "ImagePullBackOff", "message": "Back-off pulling image \"evolve.test/evolve:1.0.0\"" });
    let container = json!({
        "name": "api", "image": "", "imageID": "", "ready": false, "restartCount": 4, "state": { "waiting": waiting },
    });
    let status = json!({ "status": { "phase": "Pending", "containerStatuses": [container] } });
    world.api::<Pod>().patch_status(&pod.name_any(), &PatchParams::default(), &Patch::Merge(status)).await.unwrap();
    let ran = world.evolve(&["status", "eva"]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    for part in [
        "not ready  no version yet",
        &format!("Next: the pods are being replaced; the pod {} cannot pull its image", pod.name_any()),
        "✘ Ready              False   NotServing",
        &format!("pod/{}  starting  4 restarts", pod.name_any()),
        "ImagePullBackOff: Back-off pulling image",
    ] {
        assert!(ran.out.contains(part), "{part:?} is not in:\n{}", ran.out);
    }

    world.api::<Secret>().delete("eva", &DeleteParams::default()).await.unwrap();
    world.until("eva", "ReferencesResolved", "False").await;
    within(PATIENCE, "the warning is there", async || {
        let out = world.evolve(&["status", "eva"]).await.out;
        (out.contains("secret/eva  MISSING") && out.contains("EvolveBot/eva  ReferencesNotFound"))
            .then_some(())
            .ok_or(out)
    })
    .await;
}

#[tokio::test]
async fn all_bots_are_a_table_and_the_exit_code_says_whether_all_are_well() {
    let Some(world) = World::new().await else { return };
    let nothing = world.must(&["status"]).await;
    assert!(nothing.contains(&format!("There are no bots in the namespace {}", world.namespace)), "{nothing}");
    world.bot("eva", json!({})).await;
    world.until("eva", "RolledOut", "True").await;
    let table = world.must(&["status"]).await;
    assert!(table.starts_with("NAME   READY            VERSION   API   BOT"), "{table}");
    assert!(
        table.lines().nth(1).unwrap().starts_with("eva    True (Serving)   1.0.0     2/2   2/2   Stable"),
        "{table}"
    );
    world.bot("maria", json!({ "hibernated": true })).await;
    world.until("maria", "Ready", "False").await;
    let ran = world.evolve(&["status", "-o", "json"]).await;
    let list: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &list[1]["name"], &list[1]["reason"]), (1, &json!("maria"), &json!("Hibernated")));
    let everywhere = world.evolve(&["status", "-A"]).await.out;
    assert!(everywhere.starts_with("NAMESPACE") && everywhere.contains(&world.namespace), "{everywhere}");
}
