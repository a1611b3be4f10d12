//! What other people have, and what they do to what is ours.

use evolve_operator::EvolveBot;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Service};
use kube::ResourceExt as _;
use serde_json::json;

use super::world::World;

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

#[tokio::test]
async fn somebody_elses_object_of_the_same_name_is_left_alone_and_the_bot_says_so() {
    let Some(world) = World::new().await else { return };
    let selector = json!({ "app": "payments" });
    world
        .create::<Service>(json!({
            "metadata": { "name": "payments-api" }, "spec": { "selector": selector, "ports": [{ "port": 80 }] },
        }))
        .await;
    let _operator = world.operator("one").await;
    world.secret("payments").await;
    world.bot("payments", json!({})).await;
    let ready = world.until("payments", "Ready", "False").await;
    assert_eq!(ready.reason, "ApplyFailed");
    assert!(
        ready.message.contains("Service payments-api: there is a Service of this name already"),
        "{}",
        ready.message
    );
    let theirs: Service = world.api().get("payments-api").await.unwrap();
    assert_eq!(json!(theirs.spec.as_ref().unwrap().selector), selector);
    assert!(theirs.owner_references().is_empty() && theirs.labels().is_empty());
    world.delete::<Service>("payments-api").await;
    world.until("payments", "RolledOut", "True").await;
}

#[tokio::test]
async fn what_loses_its_label_is_seen_again_when_it_has_it_back() {
    let Some(world) = World::new().await else { return };
    let _operator = world.operator("one").await;
    world.secret("eva").await;
    world.bot("eva", json!({})).await;
    world.until("eva", "RolledOut", "True").await;
    world.patch::<Deployment>("eva-api", json!({ "metadata": { "labels": { MANAGED_BY: null } } })).await;
    let has_label = |deployment: &Deployment| deployment.labels().contains_key(MANAGED_BY).then_some(());
    world.until_seen("eva-api", "the label is back", has_label).await;
    // What nobody saw would never be found to be ready.
    world.patch::<EvolveBot>("eva", json!({ "spec": { "version": "2.0.0" } })).await;
    world.until("eva", "RolledOut", "True").await;
    assert_eq!(world.see("eva").await.status.unwrap().version.as_deref(), Some("2.0.0"));
}

#[tokio::test]
async fn configuration_that_somebody_changed_and_locked_is_made_anew_and_no_pod_ever_reads_it() {
    let Some(world) = World::new().await else { return };
    let _operator = world.operator("one").await;
    world.secret("eva").await;
    world.bot("eva", json!({})).await;
    world.until("eva", "RolledOut", "True").await;
    let forged = json!({ "data": { "TELEGRAM_API_URL": "https://evil.example" }, "immutable": true });
    world.patch::<ConfigMap>("eva-bot-config", forged).await;
    let is_ours = |config: &ConfigMap| {
        (config.data.as_ref()?.get("TELEGRAM_API_URL")? == "https://api.telegram.org" && config.immutable.is_none())
            .then_some(())
    };
    world.until_seen("eva-bot-config", "it is made anew", is_ours).await;
    let bot: Deployment = world.api().get("eva-bot").await.unwrap();
    let container = &bot.spec.unwrap().template.spec.unwrap().containers[0];
    assert!(container.env_from.is_none());
    assert!(container.env.as_ref().unwrap().iter().any(|variable| variable.name == "TELEGRAM_API_URL"));
}
