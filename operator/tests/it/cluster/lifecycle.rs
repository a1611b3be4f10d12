//! From `kubectl apply` to `kubectl delete`.

use std::collections::BTreeSet;
use std::time::Duration;

use evolve_operator::EvolveBot;
use evolve_operator::controller::kinds::Kind;
use evolve_testkit::within;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, Secret, Service};
use kube::ResourceExt as _;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams};
use serde_json::json;

use super::world::World;

#[tokio::test]
async fn a_bot_with_its_secrets_becomes_ready_and_then_nothing_is_written() {
    let Some(world) = World::new().await else { return };
    let operator = world.operator("one").await;
    world.secret("eva").await;
    world.bot("eva", json!({})).await;
    world.until("eva", "Ready", "True").await;
    world.until("eva", "RolledOut", "True").await;
    let status = world.see("eva").await.status.unwrap();
    assert_eq!((status.version.as_deref(), status.next_step), (Some("1.0.0"), None));
    assert_eq!((status.api.unwrap().ready, status.bot.unwrap().ready), ("2/2".to_owned(), "2/2".to_owned()));
    let keys: Secret = world.api().get("eva-keys").await.unwrap();
    assert_eq!(keys.data.unwrap().into_keys().collect::<Vec<_>>(), ["ENCRYPTION_KEY", "JWT_SECRET", "SERVICE_KEY"]);

    let touch = async |word: &str| {
        let passes = operator.metrics.passes();
        world.patch::<EvolveBot>("eva", json!({ "metadata": { "annotations": { "touched": word } } })).await;
        within(Duration::from_secs(20), "there was a pass", async || operator.metrics.passes() > passes).await;
    };
    // The first may have ended with the pass that still published events; with the second, that one is over.
    touch("once").await;
    touch("twice").await;
    let writes = operator.writes();
    for round in 0..20 {
        touch(&round.to_string()).await;
    }
    assert_eq!(operator.writes(), writes, "a pass that finds nothing to do writes nothing");
}

/// A spec that becomes an object of every kind that every cluster knows.
fn everything() -> serde_json::Value {
    json!({
        "api": { "autoscaling": { "maxReplicas": 4 } },
        "telegram": { "mode": "webhook", "webhook": { "host": "bots.example.org" } },
        "backup": { "volume": { "size": "1Gi" } },
    })
}

#[tokio::test]
async fn every_object_that_is_deleted_is_back() {
    let Some(world) = World::new().await else { return };
    let _operator = world.operator("one").await;
    world.secret("eva").await;
    let bot = world.bot("eva", everything()).await;
    world.until("eva", "RolledOut", "True").await;
    let mut deleted = BTreeSet::new();
    // Those of Kubernetes' own making are its to bring back.
    let kinds = || {
        let ours = |kind: &Kind| !kind.is_optional() && !matches!(kind, Kind::ReplicaSet | Kind::Pod);
        Kind::OPERANDS.into_iter().filter(ours)
    };
    for kind in kinds() {
        let api: Api<DynamicObject> = Api::namespaced_with(world.client.clone(), &world.namespace, &kind.resource());
        for object in api.list(&ListParams::default()).await.unwrap() {
            let owner = bot.metadata.uid.as_ref();
            let is_owned = object.owner_references().iter().any(|known| Some(&known.uid) == owner);
            let name = object.name_any();
            if !is_owned && !kind.outlives_bot() {
                continue;
            }
            api.delete(&name, &DeleteParams::background()).await.unwrap();
            within(Duration::from_secs(30), &format!("the {} {name} is back", kind.name()), async || {
                let now = api.get_opt(&name).await.unwrap()?;
                (now.uid() != object.uid()).then_some(())
            })
            .await;
            deleted.insert(kind);
        }
    }
    assert_eq!(deleted, kinds().collect::<BTreeSet<_>>());
}

#[tokio::test]
async fn what_somebody_changes_is_mended_and_what_they_add_stays() {
    let Some(world) = World::new().await else { return };
    let _operator = world.operator("one").await;
    world.secret("eva").await;
    world.bot("eva", json!({})).await;
    world.until("eva", "Ready", "True").await;
    world.patch::<Service>("eva-api", json!({ "metadata": { "annotations": { "mine": "yes" } } })).await;
    world
        .patch::<Service>("eva-api", json!({ "spec": { "selector": { "app.kubernetes.io/component": "bot" } } }))
        .await;
    let annotations = world
        .until_seen("eva-api", "the selector is mended", |service: &Service| {
            let selector = service.spec.as_ref()?.selector.as_ref()?;
            (selector["app.kubernetes.io/component"] == "api").then(|| service.annotations().clone())
        })
        .await;
    assert_eq!(annotations["mine"], "yes");
    world.patch::<Deployment>("eva-bot", json!({ "spec": { "replicas": 7 } })).await;
    world
        .until_seen("eva-bot", "the number of pods is mended", |deployment: &Deployment| {
            (deployment.spec.as_ref()?.replicas == Some(2)).then_some(())
        })
        .await;
}

#[tokio::test]
async fn a_wrong_secret_name_is_told_at_once_and_heals_when_the_secret_is_made() {
    let Some(world) = World::new().await else { return };
    let operator = world.operator("one").await;
    world.secret("eva").await;
    within(Duration::from_secs(20), "the operator leads", async || operator.metrics.leading.get() == 1).await;
    let reference = json!({ "name": "typo", "key": "url" });
    world.bot("eva", json!({ "database": { "urlSecretRef": reference } })).await;
    let condition = world.until("eva", "ReferencesResolved", "False").await;
    assert!(
        condition.message.starts_with("spec.database.urlSecretRef: there is no Secret typo"),
        "{}",
        condition.message
    );
    within(Duration::from_secs(30), "an event says it", async || {
        world.events("eva").await.contains(&"NotFound".to_owned())
    })
    .await;
    assert!(world.api::<Deployment>().get_opt("eva-api").await.unwrap().is_none());

    world
        .create::<Secret>(json!({ "metadata": { "name": "typo" }, "stringData": { "url": "postgres://db/eva" } }))
        .await;
    world.until("eva", "ReferencesResolved", "True").await;
    world.until("eva", "Ready", "True").await;
}

#[tokio::test]
async fn a_changed_secret_rolls_the_pods_that_read_it_and_no_others() {
    let Some(world) = World::new().await else { return };
    let _operator = world.operator("one").await;
    world.secret("eva").await;
    world.create::<Secret>(json!({ "metadata": { "name": "admin" }, "stringData": { "token": "first" } })).await;
    let security = json!({ "adminTokenSecretRef": { "name": "admin", "key": "token" } });
    world.bot("eva", json!({ "security": security })).await;
    world.until("eva", "RolledOut", "True").await;
    let template = async |name: &str| world.api::<Deployment>().get(name).await.unwrap().spec.unwrap().template;
    let (api, bot) = (template("eva-api").await, template("eva-bot").await);
    world.patch::<Secret>("admin", json!({ "stringData": { "token": "second" } })).await;
    world
        .until_seen("eva-api", "the API's pods roll", |deployment: &Deployment| {
            (deployment.spec.as_ref()?.template != api).then_some(())
        })
        .await;
    world.until("eva", "RolledOut", "True").await;
    assert_eq!(template("eva-bot").await, bot);
}

#[tokio::test]
async fn a_bot_sleeps_and_wakes_with_the_pods_that_it_had() {
    let Some(world) = World::new().await else { return };
    let _operator = world.operator("one").await;
    world.secret("eva").await;
    world.bot("eva", json!({ "api": { "autoscaling": { "minReplicas": 3, "maxReplicas": 6 } } })).await;
    world.until("eva", "RolledOut", "True").await;
    world.patch::<EvolveBot>("eva", json!({ "spec": { "hibernated": true } })).await;
    let replicas = async |name: &str, wanted: i32| {
        let has = move |deployment: &Deployment| (deployment.spec.as_ref()?.replicas == Some(wanted)).then_some(());
        world.until_seen(name, &format!("{name} has {wanted} pods"), has).await;
    };
    replicas("eva-api", 0).await;
    replicas("eva-bot", 0).await;
    assert_eq!(world.until("eva", "Ready", "False").await.reason, "Hibernated");
    world.patch::<EvolveBot>("eva", json!({ "spec": { "hibernated": false } })).await;
    replicas("eva-api", 3).await;
    replicas("eva-bot", 2).await;
    world.until("eva", "Ready", "True").await;
}

#[tokio::test]
async fn the_autoscaler_has_the_number_of_pods_and_takes_it_over_without_losing_any() {
    let Some(world) = World::new().await else { return };
    let operator = world.operator("one").await;
    world.secret("eva").await;
    world.bot("eva", json!({ "api": { "replicas": 4 } })).await;
    world.until("eva", "RolledOut", "True").await;
    world.patch::<EvolveBot>("eva", json!({ "spec": { "api": { "autoscaling": { "maxReplicas": 8 } } } })).await;
    let handed_over = |deployment: &Deployment| {
        let holder = deployment.annotations().get("evolveai.dev/replicas")?;
        (holder == "autoscaler").then_some(deployment.spec.as_ref()?.replicas)
    };
    assert_eq!(world.until_seen("eva-api", "the number is handed over", handed_over).await, Some(4));
    // As the autoscaler would.
    world.patch::<Deployment>("eva-api", json!({ "spec": { "replicas": 6 } })).await;
    let passes = operator.metrics.passes();
    within(Duration::from_secs(20), "a pass has seen it", async || operator.metrics.passes() > passes).await;
    world.until("eva", "RolledOut", "True").await;
    let replicas = world.api::<Deployment>().get("eva-api").await.unwrap().spec.unwrap().replicas;
    assert_eq!(replicas, Some(6));
}

#[tokio::test]
async fn a_paused_bot_is_left_alone() {
    let Some(world) = World::new().await else { return };
    let _operator = world.operator("one").await;
    world.secret("eva").await;
    world.bot("eva", json!({})).await;
    world.until("eva", "Ready", "True").await;
    world.patch::<EvolveBot>("eva", json!({ "spec": { "paused": true, "version": "2.0.0" } })).await;
    assert_eq!(world.until("eva", "Ready", "Unknown").await.reason, "Paused");
    world.delete::<Service>("eva-api").await;
    world.patch::<EvolveBot>("eva", json!({ "metadata": { "annotations": { "touched": "1" } } })).await;
    world.patch::<EvolveBot>("eva", json!({ "spec": { "paused": false } })).await;
    world.until_seen("eva-api", "the Service is back", |_: &Service| Some(())).await;
    world.until("eva", "RolledOut", "True").await;
    assert_eq!(world.see("eva").await.status.unwrap().version.as_deref(), Some("2.0.0"));
}

#[tokio::test]
async fn deleting_a_bot_takes_what_was_made_for_it_and_leaves_its_database_alone() {
    let Some(world) = World::new().await else { return };
    let _operator = world.operator("one").await;
    world.secret("eva").await;
    world.bot("eva", everything()).await;
    world.until("eva", "RolledOut", "True").await;
    world.delete::<EvolveBot>("eva").await;
    within(Duration::from_secs(60), "everything is gone but what is not the bot's", async || {
        let mut left = Vec::new();
        for kind in Kind::OPERANDS.into_iter().filter(|kind| !kind.is_optional()) {
            let api: Api<DynamicObject> =
                Api::namespaced_with(world.client.clone(), &world.namespace, &kind.resource());
            let names = api.list(&ListParams::default()).await.unwrap();
            left.extend(names.iter().map(|object| format!("{} {}", kind.name(), object.name_any())));
        }
        // A cluster puts things of its own into each namespace.
        left.retain(|name| name.contains(" eva"));
        let outlives = ["Secret eva", "Secret eva-encryption-key", "PersistentVolumeClaim eva-backup"];
        if left == outlives { Ok(()) } else { Err(left) }
    })
    .await;
    let pods = world.api::<Pod>().list(&ListParams::default()).await.unwrap();
    assert!(pods.iter().all(|pod| pod.metadata.deletion_timestamp.is_some()), "nobody serves any longer");
}
