//! What the resource's schema refuses and takes, and whether what is built is taken, asked of a real API server. Nothing is
//! stored: all but a namespace is a dry run.

use std::collections::BTreeMap;

use evolve_operator::EvolveBot;
use evolve_operator::build::build;
use k8s_openapi::api::core::v1::{Namespace, Pod, ServiceAccount};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{DynamicObject, Patch, PatchParams, PostParams, ValidationDirective};
use kube::core::{ApiResource, GroupVersionKind, TypeMeta};
use kube::{Api, Client, Error, ResourceExt as _};
use serde_json::Value;

use super::plane;
use super::world::World;
use crate::objects::{FULL, POLLING, SMALLEST, WEBHOOK, all, cluster, inputs, stored, templates};
use crate::rules::Mistake;

fn dry_run() -> PostParams {
    PostParams { dry_run: true, field_manager: Some("evolve-tests".to_owned()) }
}

/// `object`, sent as `kubectl apply --server-side` sends it: unknown fields are refused.
async fn try_apply(client: &Client, namespace: &str, object: &Value) -> Result<(), String> {
    let types: TypeMeta = serde_json::from_value(object.clone()).unwrap();
    let resource = ApiResource::from_gvk(&GroupVersionKind::try_from(types).unwrap());
    let mut params = PatchParams::apply("evolve-tests").force().dry_run();
    params.field_validation = Some(ValidationDirective::Strict);
    let name = object["metadata"]["name"].as_str().unwrap();
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    match api.patch(name, &params, &Patch::Apply(object)).await {
        Ok(_) => Ok(()),
        Err(Error::Api(status)) => Err(status.message.clone()),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn every_mistake_is_refused_by_the_api_server_and_the_mended_file_is_taken() {
    let Some(plane) = plane() else { return };
    let client = plane.client().unwrap();
    let Some(world) = World::new().await else { return };
    let bots = world.api::<EvolveBot>();
    for mistake in Mistake::all() {
        if let Some(before) = mistake.before() {
            bots.patch("eva", &PatchParams::apply("evolve-tests"), &Patch::Apply(&before)).await.unwrap();
        }
        let refusal = try_apply(&client, &world.namespace, &mistake.broken()).await.expect_err(&mistake.name);
        // With the field, and never with the whole object in place of it.
        let is_there = refusal.contains(&format!("{}: Invalid value", mistake.at)) && refusal.contains(&mistake.says);
        // That one is found before any rule is asked.
        let is_twice = mistake.says.contains("is there twice") && refusal.contains("duplicate entries for key");
        assert!(is_there || is_twice, "{}: {refusal}", mistake.name);
        assert!(!refusal.contains("<nil>"), "{}: {refusal}", mistake.name);
        try_apply(&client, &world.namespace, &mistake.mended())
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", mistake.name));
        if mistake.before().is_some() {
            bots.delete("eva", &Default::default()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn scaling_to_nothing_says_how_to_send_a_bot_to_sleep() {
    let Some(world) = World::new().await else { return };
    world.bot("eva", serde_json::json!({})).await;
    // What `kubectl scale --replicas=0` does.
    let none = serde_json::json!({ "spec": { "replicas": 0 } });
    let refusal =
        world.api::<EvolveBot>().patch_scale("eva", &PatchParams::default(), &Patch::Merge(&none)).await.unwrap_err();
    let Error::Api(status) = refusal else { panic!("{refusal}") };
    assert!(status.message.contains("spec.api.replicas: Invalid value"), "{}", status.message);
    assert!(status.message.contains("set spec.hibernated: true"), "{}", status.message);
    assert!(!status.message.contains("greater than"), "{}", status.message);
}

#[tokio::test]
async fn an_unknown_field_is_refused_with_its_path() {
    let Some(plane) = plane() else { return };
    let mut bot = serde_json::to_value(EvolveBot::parse(SMALLEST).unwrap()).unwrap();
    bot["spec"]["ai"]["provider"] = "gemini".into();
    let refusal = try_apply(&plane.client().unwrap(), "default", &bot).await.unwrap_err();
    assert!(refusal.contains("spec.ai.provider"), "{refusal}");
}

/// In a namespace that enforces the Pod Security Standard `restricted`.
#[tokio::test]
async fn what_the_examples_become_is_taken_and_their_pods_are_restricted() {
    let Some(plane) = plane() else { return };
    let client = plane.client().unwrap();
    const NAMESPACE: &str = "restricted-pods";
    let labels = BTreeMap::from([("pod-security.kubernetes.io/enforce".to_owned(), "restricted".to_owned())]);
    let metadata = ObjectMeta { name: Some(NAMESPACE.to_owned()), labels: Some(labels), ..ObjectMeta::default() };
    let namespace = Namespace { metadata, ..Namespace::default() };
    let apply = PatchParams::apply("evolve-tests");
    Api::<Namespace>::all(client.clone()).patch(NAMESPACE, &apply, &Patch::Apply(&namespace)).await.unwrap();
    for text in [SMALLEST, POLLING, WEBHOOK, FULL] {
        let mut bot = stored(text);
        bot.metadata.namespace = Some(NAMESPACE.to_owned());
        let desired = build(&bot, &inputs(&bot), &cluster());
        let foreign = ["HTTPRoute", "ServiceMonitor", "PrometheusRule"];
        for object in all(&desired).iter().filter(|object| foreign.iter().all(|kind| object["kind"] != *kind)) {
            try_apply(&client, NAMESPACE, object).await.unwrap_or_else(|error| panic!("{error}: {object}"));
        }
        let mut account = desired.service_account.clone();
        // Of no bot that is there: the cluster would tidy it away at once.
        account.metadata.owner_references = None;
        let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), NAMESPACE);
        accounts.patch(&account.name_any(), &apply.clone().force(), &Patch::Apply(&account)).await.unwrap();
        let pods: Api<Pod> = Api::namespaced(client.clone(), NAMESPACE);
        for template in templates(&desired) {
            let metadata = ObjectMeta { name: Some("pod".to_owned()), ..template.metadata.clone().unwrap() };
            let mut spec = template.spec.clone().unwrap();
            // Made by whoever owns the cluster.
            spec.priority_class_name = None;
            let pod = Pod { metadata, spec: Some(spec), status: None };
            // The API server looks for the account in a cache of its own.
            evolve_testkit::eventually("the pod is taken", async || pods.create(&dry_run(), &pod).await).await;
        }
    }
}

#[tokio::test]
async fn the_number_of_api_pods_can_be_scaled_where_the_file_says_nothing_of_it() {
    let Some(plane) = plane() else { return };
    let client = plane.client().unwrap();
    let bots: Api<EvolveBot> = Api::namespaced(client, "default");
    // As a person writes it: without what defaults fill in.
    let written: Value = serde_json::json!({
        "apiVersion": "evolveai.dev/v1alpha1", "kind": "EvolveBot", "metadata": { "name": "scaled" }, "spec": {},
    });
    bots.patch("scaled", &PatchParams::apply("evolve-tests"), &Patch::Apply(&written)).await.unwrap();
    assert_eq!(bots.get_scale("scaled").await.unwrap().spec.unwrap().replicas, Some(2));
    let three: Value = serde_json::json!({ "spec": { "replicas": 3 } });
    let scale = bots.patch_scale("scaled", &PatchParams::default(), &Patch::Merge(&three)).await.unwrap();
    assert_eq!(scale.spec.unwrap().replicas, Some(3));
    assert_eq!(bots.get("scaled").await.unwrap().spec.api.replicas, 3);
    bots.delete("scaled", &Default::default()).await.unwrap();
}
