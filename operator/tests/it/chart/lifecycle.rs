//! Install, upgrade, uninstall.

use evolve_testkit::within;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::site::{PATIENCE, Site};

const DEFINITION: &str = "evolvebots.evolveai.dev";

async fn is_known(site: &Site) -> bool {
    let definitions: Api<CustomResourceDefinition> = Api::all(site.client.clone());
    definitions.get_opt(DEFINITION).await.unwrap().is_some()
}

/// Plays the node on which the test's pod ends well.
async fn run_the_test_pod(site: &Site, namespace: &str) {
    let pods: Api<Pod> = Api::namespaced(site.client.clone(), namespace);
    let name = "evolve-operator-test";
    within(PATIENCE, "the test's pod is there", async || pods.get_opt(name).await.unwrap()).await;
    let ended = Patch::Merge(json!({ "status": { "phase": "Succeeded" } }));
    pods.patch_status(name, &PatchParams::default(), &ended).await.unwrap();
}

#[tokio::test]
async fn the_chart_is_installed_tested_upgraded_and_taken_away_and_bots_stay_until_they_are_not_to() {
    let Some(mut site) = Site::own().await else { return };
    let home = site.namespace("ops").await;
    let bots = ["--set", "bots[0].name=eva", "--set", "bots[0].spec.persona.name=Eva"];
    let deployments: Api<Deployment> = Api::namespaced(site.client.clone(), &home);

    // The first installation brings the resource; its pods are taken where only `restricted` ones are.
    let notes = site.install(&home, &[&bots[..], &["--wait", "--timeout=90s"]].concat()).await;
    assert!(notes.contains("are not made yet") && notes.contains("`helm upgrade`"), "{notes}");
    assert!(is_known(&site).await);
    let installed = deployments.get("evolve-operator").await.unwrap();
    assert_eq!(installed.status.unwrap().available_replicas, Some(2));

    // The second brings the bots.
    let notes = site.install(&home, &bots).await;
    assert!(notes.contains("kubectl get evolvebots") && !notes.contains("are not made yet"), "{notes}");
    let eva = site.bots(&home).get("eva").await.unwrap();
    assert_eq!(eva.spec.persona.name, "Eva");

    // `helm test` is answered by a pod.
    tokio::join!(site.helm(&home, &["test", "evolve", "--timeout=90s"]), run_the_test_pod(&site, &home));

    // An upgrade changes what it is to change, and the bot is the same one.
    site.install(&home, &[&bots[..], &["--set", "image.tag=9.9.9"]].concat()).await;
    let upgraded = deployments.get("evolve-operator").await.unwrap().spec.unwrap().template.spec.unwrap();
    assert_eq!(upgraded.containers[0].image.as_deref(), Some("ghcr.io/evolveai/evolve:9.9.9"));
    // A bot that is taken off the list stays: with it would go the key that its messages are encrypted with.
    let notes = site.install(&home, &["--reset-values"]).await;
    assert!(notes.contains("Next, make a bot") && notes.contains("kubectl create rolebinding"), "{notes}");
    assert_eq!(site.bots(&home).get("eva").await.unwrap().metadata.uid, eva.metadata.uid);

    // Taken away, it leaves the resource, and what people made of it.
    site.helm(&home, &["uninstall", "evolve"]).await;
    within(PATIENCE, "the operator is gone", async || deployments.get_opt("evolve-operator").await.unwrap().is_none())
        .await;
    assert!(is_known(&site).await);
    assert_eq!(site.bots(&home).get("eva").await.unwrap().metadata.uid, eva.metadata.uid);

    // Installed again it takes over what it left; without `keep` it leaves nothing.
    let notes = site.install(&home, &[&bots[..], &["--set", "crds.keep=false"]].concat()).await;
    assert!(notes.contains("Mind that crds.keep is false"), "{notes}");
    assert_eq!(site.bots(&home).get("eva").await.unwrap().metadata.uid, eva.metadata.uid);
    site.helm(&home, &["uninstall", "evolve"]).await;
    within(PATIENCE, "the resource is gone", async || !is_known(&site).await).await;
}
