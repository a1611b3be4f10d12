//! What the chart's ServiceAccount may do: all that the operator needs, and little else.

use std::collections::BTreeSet;

use evolve_operator::EvolveBot;
use evolve_operator::check::{self, Question};
use evolve_operator::controller::kinds::Kind;
use evolve_testkit::within;
use k8s_openapi::api::authorization::v1::SubjectAccessReview;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::api::rbac::v1::RoleBinding;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::runtime::wait::{await_condition, conditions};
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};

use super::site::{PATIENCE, Site};

/// A bot that needs an object of every kind that there is.
fn demanding() -> Value {
    json!({
        "version": "1.0.0",
        "ai": { "providers": [{ "kind": "scripted" }] },
        "persona": { "name": "Eva", "promptFrom": { "name": "eva-prompt", "key": "prompt" } },
        "telegram": { "mode": "webhook", "webhook": { "host": "bots.example.org", "tlsSecretName": "tls" } },
        "api": { "autoscaling": { "maxReplicas": 4 } },
        "backup": { "schedule": "30 3 * * *", "volume": { "size": "1Gi" } },
        "observability": { "metrics": { "serviceMonitor": true }, "alerts": { "enabled": true } },
    })
}

/// Makes the cluster know the kinds that it may lack, in no detail.
async fn install_optional_kinds(client: &Client) {
    for kind in Kind::OPERANDS.into_iter().filter(|kind| kind.is_optional()) {
        let resource = kind.resource();
        let name = format!("{}.{}", resource.plural, resource.group);
        let schema = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
        let definition: CustomResourceDefinition = serde_json::from_value(json!({
            "metadata": {
                "name": name,
                "annotations": { "api-approved.kubernetes.io": "unapproved, for tests" },
            },
            "spec": {
                "group": resource.group, "scope": "Namespaced",
                "names": { "kind": resource.kind, "plural": resource.plural },
                "versions": [{
                    "name": resource.version, "served": true, "storage": true, "schema": { "openAPIV3Schema": schema },
                }],
            },
        }))
        .unwrap();
        let definitions = Api::all(client.clone());
        definitions.create(&PostParams::default(), &definition).await.unwrap();
        await_condition(definitions, &name, conditions::is_crd_established()).await.unwrap();
    }
}

/// The kinds of the objects that a bot owns.
async fn owned(site: &Site, namespace: &str, bot: &str) -> BTreeSet<&'static str> {
    let mut kinds = BTreeSet::new();
    for kind in Kind::OPERANDS {
        let api: Api<DynamicObject> = Api::namespaced_with(site.client.clone(), namespace, &kind.resource());
        // A kind that the cluster does not know has no objects.
        let Ok(objects) = api.list(&ListParams::default()).await else { continue };
        if objects.iter().any(|object| object.owner_references().iter().any(|owner| owner.name == bot)) {
            kinds.insert(kind.name());
        }
    }
    kinds
}

/// Whether the ServiceAccount `evolve-operator` of `home` may `verb` this, in a namespace or, without one, everywhere.
async fn may(client: &Client, home: &str, verb: &str, resource: &str, namespace: Option<&str>) -> bool {
    let (group, plural) = resource.split_once('/').unwrap();
    let (plural, below) = plural.split_once('/').unwrap_or((plural, ""));
    let review: SubjectAccessReview = serde_json::from_value(json!({ "spec": {
        "user": format!("system:serviceaccount:{home}:evolve-operator"),
        "groups": ["system:serviceaccounts", format!("system:serviceaccounts:{home}"), "system:authenticated"],
        "resourceAttributes": {
            "verb": verb, "group": group, "resource": plural, "subresource": below, "namespace": namespace,
        },
    } }))
    .unwrap();
    let answer = Api::all(client.clone()).create(&PostParams::default(), &review).await.unwrap();
    answer.status.unwrap().allowed
}

async fn prompt(site: &Site, namespace: &str) {
    let map: ConfigMap =
        serde_json::from_value(json!({ "metadata": { "name": "eva-prompt" }, "data": { "prompt": "Be kind." } }))
            .unwrap();
    Api::namespaced(site.client.clone(), namespace).create(&PostParams::default(), &map).await.unwrap();
}

async fn change(site: &Site, namespace: &str, bot: &str, spec: Value) -> EvolveBot {
    let patch = Patch::Merge(json!({ "spec": spec }));
    site.bots(namespace).patch(bot, &PatchParams::default(), &patch).await.unwrap()
}

#[tokio::test]
async fn in_a_whole_cluster_bots_run_where_a_rolebinding_lets_them_and_elsewhere_are_told_which_to_make() {
    let Some(mut site) = Site::own().await else { return };
    let [home, companions, shop] =
        [site.namespace("ops").await, site.namespace("companions").await, site.namespace("shop").await];
    install_optional_kinds(&site.client).await;
    site.install(&home, &["--set", &format!("rbac.namespaces={{{companions}}}")]).await;
    let operator = site.operator(&home).await;

    // All that the operator makes for the most demanding bot, it may make; what is not wanted any longer, it may delete.
    site.secret(&companions, "eva").await;
    prompt(&site, &companions).await;
    site.bot(&companions, "eva", demanding()).await;
    site.until(&companions, "eva", "Ready", ["True", "Serving"]).await;
    site.until(&companions, "eva", "RolledOut", ["True", "RolledOut"]).await;
    let made = owned(&site, &companions, "eva").await;
    let expected = Kind::OPERANDS
        .map(Kind::name)
        .into_iter()
        .filter(|name| !["PersistentVolumeClaim", "Pod", "ReplicaSet", "HTTPRoute"].contains(name));
    assert_eq!(made, expected.collect());
    let gateway = json!({ "name": "public", "namespace": "gateways" });
    let less = json!({
        "telegram": { "webhook": { "gateway": gateway, "tlsSecretName": null } }, "api": { "autoscaling": null },
        "backup": null, "observability": { "metrics": { "serviceMonitor": false }, "alerts": { "enabled": false } }, "networkPolicy": { "enabled": false },
    });
    change(&site, &companions, "eva", less).await;
    let gone = ["CronJob", "Ingress", "HorizontalPodAutoscaler", "NetworkPolicy", "PrometheusRule", "ServiceMonitor"];
    within(PATIENCE, "what is not wanted is gone, and the HTTPRoute is there", async || {
        let now = owned(&site, &companions, "eva").await;
        (gone.iter().all(|kind| !now.contains(kind)) && now.contains("HTTPRoute")).then_some(()).ok_or(now)
    })
    .await;

    // A namespace that is shut keeps nobody waiting; the bot in it says what to do.
    site.secret(&shop, "max").await;
    site.bot(&shop, "max", json!({ "version": "1.0.0", "ai": { "providers": [{ "kind": "scripted" }] } })).await;
    let told = site.until(&shop, "max", "Ready", ["Unknown", "Forbidden"]).await.message;
    let command = format!(
        "`kubectl create rolebinding evolve-operator-bots --namespace {shop} --clusterrole evolve-operator-bots \
         --serviceaccount {home}:evolve-operator`"
    );
    assert!(told.starts_with("secrets is forbidden: ") && told.contains(&command), "{told}");
    assert_eq!(site.bots(&shop).get("max").await.unwrap().status.unwrap().next_step, Some(told));
    let event = site.until_event(&shop, "Forbidden").await;
    assert!(event.type_.as_deref() == Some("Warning") && event.note.unwrap().contains(&command));
    assert_eq!(owned(&site, &shop, "max").await, BTreeSet::new());

    // Having done that, nothing else is needed.
    let binding: RoleBinding = serde_json::from_value(json!({
        "metadata": { "name": "evolve-operator-bots" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "evolve-operator-bots" },
        "subjects": [{ "kind": "ServiceAccount", "name": "evolve-operator", "namespace": home }],
    }))
    .unwrap();
    let bindings: Api<RoleBinding> = Api::namespaced(site.client.clone(), &shop);
    bindings.create(&PostParams::default(), &binding).await.unwrap();
    site.until(&shop, "max", "Ready", ["True", "Serving"]).await;

    // Rights that are taken away while it runs are told too, with the same command.
    bindings.delete("evolve-operator-bots", &DeleteParams::default()).await.unwrap();
    change(&site, &shop, "max", json!({ "bot": { "workers": 3 } })).await;
    let told = site.until(&shop, "max", "Ready", ["True", "Degraded"]).await.message;
    assert!(told.contains("is forbidden") && told.contains(&command), "{told}");

    // What `helm test` asks.
    let client = Client::try_from(site.account(&home).await).unwrap();
    let mut question = Question { url: operator.url(), namespaces: Vec::new(), bots_in: vec![companions.clone()] };
    assert_eq!(check::problems(&client, &question).await.unwrap(), Vec::<String>::new());
    question.bots_in.push(shop.clone());
    let problems = check::problems(&client, &question).await.unwrap();
    let secrets = format!("the operator may not get, list, watch, create, patch secrets in {shop}");
    assert!(problems[0].starts_with(&secrets), "{problems:?}");
    assert!(problems.iter().all(|problem| problem.contains(&format!(" in {shop}"))), "{problems:?}");
    operator.stop().await;
    let problems = check::problems(&client, &question).await.unwrap();
    assert!(problems[0].contains("/readyz does not answer"), "{problems:?}");

    rights_are_narrow(&site.client, &home, &companions).await;
    let wide = [("list", "/secrets"), ("get", "/secrets"), ("create", "apps/deployments"), ("create", "batch/jobs")];
    for (verb, resource) in wide {
        assert!(!may(&site.client, &home, verb, resource, None).await, "{verb} {resource} everywhere");
        assert!(
            !may(&site.client, &home, verb, resource, Some("kube-system")).await,
            "{verb} {resource} in kube-system"
        );
        assert!(may(&site.client, &home, verb, resource, Some(&companions)).await, "{verb} {resource} in {companions}");
    }
}

#[tokio::test]
async fn with_a_list_of_namespaces_roles_in_them_are_enough_and_one_that_is_shut_does_not_keep_the_others_waiting() {
    let Some(mut site) = Site::shared().await else { return };
    let [home, companions, shop, other] = [
        site.namespace("ops").await,
        site.namespace("companions").await,
        site.namespace("shop").await,
        site.namespace("other").await,
    ];
    let watched = format!("watchNamespaces={{{companions},{shop}}}");
    let arguments = ["--set", "crds.enabled=false", "--set", &watched];
    site.install(&home, &arguments).await;
    // Somebody takes the rights in one of them away.
    let bindings: Api<RoleBinding> = Api::namespaced(site.client.clone(), &shop);
    bindings.delete("evolve-operator", &DeleteParams::default()).await.unwrap();
    let operator = site.operator(&home).await;
    site.secret(&companions, "eva").await;
    site.bot(&companions, "eva", json!({ "ai": { "providers": [{ "kind": "scripted" }] } })).await;
    site.until(&companions, "eva", "Ready", ["True", "Serving"]).await;
    let ready = reqwest::get(format!("{}/readyz", operator.url())).await.unwrap();
    assert!(ready.status().is_success());

    // `helm upgrade` gives them back.
    site.secret(&shop, "max").await;
    site.bot(&shop, "max", json!({ "ai": { "providers": [{ "kind": "scripted" }] } })).await;
    site.install(&home, &arguments).await;
    site.until(&shop, "max", "Ready", ["True", "Serving"]).await;

    let client = Client::try_from(site.account(&home).await).unwrap();
    let question =
        Question { url: operator.url(), namespaces: vec![companions.clone(), shop.clone()], bots_in: Vec::new() };
    assert_eq!(check::problems(&client, &question).await.unwrap(), Vec::<String>::new());

    rights_are_narrow(&site.client, &home, &companions).await;
    let resources = ["/secrets", "/configmaps", "/pods", "evolveai.dev/evolvebots", "apps/deployments", "batch/jobs"];
    for resource in resources {
        for verb in ["get", "list", "watch", "create", "patch", "delete"] {
            for place in [None, Some(other.as_str()), Some("kube-system")] {
                assert!(!may(&site.client, &home, verb, resource, place).await, "{verb} {resource} in {place:?}");
            }
        }
    }
}

/// What the operator need not do even where its bots live, and in its own namespace.
async fn rights_are_narrow(client: &Client, home: &str, bots: &str) {
    let never = [
        ("delete", "/secrets"),
        ("update", "/secrets"),
        ("delete", "/persistentvolumeclaims"),
        ("create", "/pods"),
        ("delete", "/pods"),
        ("create", "/pods/exec"),
        ("get", "/pods/log"),
        ("create", "/serviceaccounts/token"),
        ("impersonate", "/users"),
        ("create", "evolveai.dev/evolvebots"),
        ("patch", "evolveai.dev/evolvebots"),
        ("delete", "evolveai.dev/evolvebots"),
        ("deletecollection", "apps/deployments"),
        ("create", "rbac.authorization.k8s.io/roles"),
        ("create", "rbac.authorization.k8s.io/rolebindings"),
        ("escalate", "rbac.authorization.k8s.io/clusterroles"),
        ("bind", "rbac.authorization.k8s.io/clusterroles"),
    ];
    for (verb, resource) in never {
        for namespace in [home, bots] {
            assert!(!may(client, home, verb, resource, Some(namespace)).await, "{verb} {resource} in {namespace}");
        }
    }
    for (verb, resource) in
        [("get", "/secrets"), ("create", "apps/deployments"), ("delete", "coordination.k8s.io/leases")]
    {
        assert!(!may(client, home, verb, resource, Some(home)).await, "{verb} {resource} in {home}");
    }
    for resource in ["/nodes", "/namespaces", "apiextensions.k8s.io/customresourcedefinitions"] {
        assert!(!may(client, home, "get", resource, None).await, "get {resource}");
    }
    assert!(may(client, home, "create", "coordination.k8s.io/leases", Some(home)).await);
    assert!(!may(client, home, "update", "coordination.k8s.io/leases", Some(bots)).await);
}
