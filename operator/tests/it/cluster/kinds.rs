//! What the cluster's definitions decide: kinds that it may lack, and a resource of another version than the operator's. On a
//! control plane of their own, since the definitions are everybody's.

use std::time::Duration;

use evolve_operator::EvolveBot;
use evolve_operator::controller::config::Timing;
use evolve_operator::controller::kinds::Kind;
use evolve_testkit::kubernetes::plane::install_resource;
use evolve_testkit::within;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, DeleteParams, DynamicObject, PostParams};
use kube::{Client, ResourceExt as _};
use serde_json::{Value, json};

use super::world::{World, conditions};

/// The definitions of a cluster are one: of the stories that change them, one happens at a time.
static DEFINITIONS: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A definition that takes any spec: all that these stories need of other people's resources.
fn definition(kind: Kind) -> CustomResourceDefinition {
    let resource = kind.resource();
    serde_json::from_value(json!({
        "metadata": {
            "name": format!("{}.{}", resource.plural, resource.group),
            // The group gateway.networking.k8s.io is Kubernetes' own: it asks for a word about who allowed it.
            "annotations": { "api-approved.kubernetes.io": "unapproved, for tests" },
        },
        "spec": {
            "group": resource.group, "scope": "Namespaced",
            "names": {
                "kind": resource.kind, "plural": resource.plural, "singular": resource.kind.to_lowercase(),
            },
            "versions": [{
                "name": resource.version, "served": true, "storage": true,
                "schema": { "openAPIV3Schema": {
                    "type": "object",
                    "properties": { "spec": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } },
                } },
            }],
        },
    }))
    .unwrap()
}

async fn is_there(world: &World, kind: Kind, name: &str) -> bool {
    let api: Api<DynamicObject> = Api::namespaced_with(world.client.clone(), &world.namespace, &kind.resource());
    // Until its definition is served, nothing of a kind is there.
    api.get_opt(name).await.ok().flatten().is_some()
}

/// Somebody who looks for new kinds all the time.
fn curious() -> Timing {
    Timing { look_again: Duration::from_millis(300), ..Timing::default() }
}

#[tokio::test]
async fn kinds_that_the_cluster_learns_are_used_and_those_that_it_forgets_are_let_go_of() {
    let _alone = DEFINITIONS.lock().await;
    let Some(world) = World::apart().await else { return };
    let operator = world.operator_by("one", world.config(), curious()).await;
    world.secret("eva").await;
    let webhook = json!({ "host": "bots.example.org", "gateway": { "name": "public" } });
    world.bot("eva", json!({ "telegram": { "mode": "webhook", "webhook": webhook } })).await;
    world.until("eva", "RolledOut", "True").await;
    let missing = world.until("eva", "ReferencesResolved", "False").await;
    assert_eq!(missing.reason, "KindMissing");
    assert!(missing.message.contains("this cluster has no HTTPRoute; install the Gateway API"), "{}", missing.message);
    assert_eq!(world.until("eva", "Ready", "True").await.reason, "Degraded", "its pods serve all the same");
    assert!(world.events("eva").await.contains(&"KindMissing".to_owned()));

    let kinds = [(Kind::HttpRoute, "eva-bot"), (Kind::ServiceMonitor, "eva"), (Kind::PrometheusRule, "eva")];
    for (kind, _) in kinds {
        install_resource(&world.client, &definition(kind)).await.unwrap();
    }
    for (kind, name) in kinds {
        within(Duration::from_secs(30), &format!("the {} is there", kind.name()), async || {
            is_there(&world, kind, name).await
        })
        .await;
    }
    world.until("eva", "ReferencesResolved", "True").await;
    world.until("eva", "Ready", "True").await;

    // They are mended as any other object is.
    for (kind, name) in kinds {
        let api: Api<DynamicObject> = Api::namespaced_with(world.client.clone(), &world.namespace, &kind.resource());
        api.delete(name, &DeleteParams::default()).await.unwrap();
        within(Duration::from_secs(5), "it is back", async || is_there(&world, kind, name).await).await;
    }

    let definitions: Api<CustomResourceDefinition> = Api::all(world.client.clone());
    for (kind, _) in kinds {
        definitions.delete(&definition(kind).name_any(), &DeleteParams::default()).await.unwrap();
    }
    assert_eq!(world.until("eva", "ReferencesResolved", "False").await.reason, "KindMissing");
    within(Duration::from_secs(30), "nobody watches what is not there", async || {
        let said = reqwest::get(format!("http://{}/metrics", operator.address)).await.unwrap().text().await.unwrap();
        !said.contains(r#"watch_silence_seconds{kind="HTTPRoute"}"#)
    })
    .await;
}

const OLD_VERSION: &str = "v1alpha9";

/// A definition whose objects are stored in another version, which nobody can read: the webhook that would convert it does
/// not answer.
fn unlistable(kind: Kind) -> Value {
    let mut unlistable = serde_json::to_value(definition(kind)).unwrap();
    let versions = unlistable["spec"]["versions"].as_array_mut().unwrap();
    let mut old = versions[0].clone();
    old["name"] = json!(OLD_VERSION);
    versions[0]["storage"] = json!(false);
    versions.push(old);
    let webhook = json!({
        "clientConfig": { "url": "https://127.0.0.1:1/convert" }, "conversionReviewVersions": ["v1"],
    });
    unlistable["spec"]["conversion"] = json!({ "strategy": "Webhook", "webhook": webhook });
    unlistable
}

#[tokio::test]
async fn a_kind_that_cannot_be_listed_stops_no_bot_and_is_used_as_soon_as_it_can() {
    let _alone = DEFINITIONS.lock().await;
    let Some(world) = World::apart().await else { return };
    let kind = Kind::HttpRoute;
    let mut definition = unlistable(kind);
    install_resource(&world.client, &serde_json::from_value(definition.clone()).unwrap()).await.unwrap();
    let mut old = kind.resource();
    old.api_version = format!("{}/{OLD_VERSION}", old.group);
    old.version = OLD_VERSION.to_owned();
    let route =
        json!({ "apiVersion": old.api_version, "kind": old.kind, "metadata": { "name": "theirs" }, "spec": {} });
    let api: Api<DynamicObject> = Api::namespaced_with(world.client.clone(), &world.namespace, &old);
    within(Duration::from_secs(30), "the old version is served", async || {
        api.create(&PostParams::default(), &serde_json::from_value(route.clone()).unwrap()).await
    })
    .await;

    let _operator = world.operator_by("one", world.config(), curious()).await;
    world.secret("eva").await;
    let webhook = json!({ "host": "bots.example.org", "gateway": { "name": "public" } });
    world.bot("eva", json!({ "telegram": { "mode": "webhook", "webhook": webhook } })).await;
    world.until("eva", "RolledOut", "True").await;
    assert_eq!(world.until("eva", "ReferencesResolved", "False").await.reason, "KindMissing");

    definition["spec"]["conversion"] = json!({ "strategy": "None" });
    install_resource(&world.client, &serde_json::from_value(definition).unwrap()).await.unwrap();
    world.until("eva", "ReferencesResolved", "True").await;
    within(Duration::from_secs(30), "it has its route", async || is_there(&world, kind, "eva-bot").await).await;

    // The next story begins without it.
    let definitions: Api<CustomResourceDefinition> = Api::all(world.client.clone());
    let name = self::definition(kind).name_any();
    definitions.delete(&name, &DeleteParams::default()).await.unwrap();
    within(Duration::from_secs(60), "it is gone", async || definitions.get_opt(&name).await.unwrap().is_none()).await;
}

/// The definition of a newer version, with a way of rolling out that this one does not know.
fn newer() -> CustomResourceDefinition {
    let mut definition = serde_json::to_value(evolve_operator::crd::definition()).unwrap();
    let path = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/rollout/properties/strategy/enum";
    definition.pointer_mut(path).unwrap().as_array_mut().unwrap().push("Sideways".into());
    serde_json::from_value(definition).unwrap()
}

async fn create_unread(client: &Client, namespace: &str, bot: Value) {
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &Kind::EvolveBot.resource());
    let bot = serde_json::from_value(bot).unwrap();
    api.create(&PostParams::default(), &bot).await.unwrap();
}

#[tokio::test]
async fn a_bot_of_a_newer_version_is_told_that_it_cannot_be_read_and_the_others_go_on() {
    let _alone = DEFINITIONS.lock().await;
    let Some(world) = World::apart().await else { return };
    let _operator = world.operator("one").await;
    install_resource(&world.client, &newer()).await.unwrap();
    world.secret("eva").await;
    let sideways = json!({
        "apiVersion": "evolveai.dev/v1alpha1", "kind": "EvolveBot", "metadata": { "name": "newer" },
        "spec": { "rollout": { "strategy": "Sideways" } },
    });
    within(Duration::from_secs(30), "the newer definition is served", async || {
        let api: Api<DynamicObject> =
            Api::namespaced_with(world.client.clone(), &world.namespace, &Kind::EvolveBot.resource());
        let dry = PostParams { dry_run: true, ..PostParams::default() };
        api.create(&dry, &serde_json::from_value(sideways.clone()).unwrap()).await
    })
    .await;
    create_unread(&world.client, &world.namespace, sideways).await;
    // Back to the definition that the operator knows: the bot is stored, and fits it no longer.
    install_resource(&world.client, &evolve_operator::crd::definition()).await.unwrap();
    let bots: Api<DynamicObject> =
        Api::namespaced_with(world.client.clone(), &world.namespace, &Kind::EvolveBot.resource());
    let message = within(Duration::from_secs(90), "it is told", async || {
        let bot = bots.get("newer").await.unwrap();
        let conditions = bot.data["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let told = conditions.into_iter().find(|known| known["type"] == "Accepted" && known["reason"] == "Unreadable");
        told.map(|told| (told["status"].clone(), told["message"].clone())).ok_or(bot.data["status"].clone())
    })
    .await;
    assert_eq!(message.0, "False");
    assert!(
        message.1.as_str().unwrap().starts_with("spec.rollout.strategy: unknown variant `Sideways`"),
        "{message:?}"
    );
    within(Duration::from_secs(10), "an event says it", async || {
        world.events("newer").await.contains(&"Unreadable".to_owned())
    })
    .await;

    world.bot("eva", json!({})).await;
    world.until("eva", "Ready", "True").await;

    // Mended, without a touch of anything else.
    world.secret("newer").await;
    world
        .patch::<EvolveBot>(
            "newer",
            json!({ "spec": {
        "rollout": { "strategy": "RollingUpdate" }, "ai": { "providers": [{ "kind": "scripted" }] },
    } }),
        )
        .await;
    world.until("newer", "Ready", "True").await;
    assert!(
        conditions(&world.see("newer").await).iter().any(|known| known.type_ == "Accepted" && known.status == "True")
    );
}
