//! What the chart makes of its values, without a cluster.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use evolve_operator::controller::cache::Key;
use evolve_operator::controller::metrics::OperatorMetrics;
use evolve_operator::crd::EvolveBotStatus;
use evolve_runtime::metrics::Metrics;
use rstest::rstest;
use serde::Deserialize as _;
use serde_json::Value;

use super::helm::{chart, lint, notes, root, template};

const BOTS_ARE_KNOWN: &str = "--api-versions=evolveai.dev/v1alpha1/EvolveBot";

fn examples() -> Vec<String> {
    let files = fs::read_dir(root().join("charts/evolve/ci")).unwrap();
    files.map(|file| format!("--values={}", file.unwrap().path().display())).collect()
}

pub(super) fn example(name: &str) -> String {
    format!("--values={}/ci/{name}.yaml", chart())
}

/// The objects in what was rendered.
fn objects(text: &str) -> Vec<Value> {
    let documents = serde_yaml_ng::Deserializer::from_str(text);
    documents.map(|document| Value::deserialize(document).unwrap()).filter(|object| !object.is_null()).collect()
}

pub(super) fn of_kind(text: &str, kind: &str) -> Vec<Value> {
    objects(text).into_iter().filter(|object| object["kind"] == kind).collect()
}

/// What was rendered, but for the definition of the resource and the dashboards, which have tests of their own.
fn without_definition(text: &str) -> String {
    let apart = ["kind: CustomResourceDefinition", "# Source: evolve/templates/dashboards.yaml"];
    let documents = text.split("---\n").filter(|document| !apart.iter().any(|part| document.contains(part)));
    documents.collect::<Vec<_>>().join("---\n")
}

#[tokio::test]
async fn lint_finds_nothing_in_the_chart_with_its_defaults_and_with_each_example() {
    lint(&[]).await.unwrap();
    assert_eq!(examples().len(), 3);
    for example in examples() {
        lint(&[&example]).await.unwrap();
    }
}

#[tokio::test]
async fn the_defaults_become_these_objects() {
    insta::assert_snapshot!("defaults", without_definition(&template(&[]).await.unwrap()));
}

#[tokio::test]
async fn with_everything_turned_on_it_becomes_these_objects() {
    let rendered = template(&[&example("everything"), BOTS_ARE_KNOWN]).await.unwrap();
    insta::assert_snapshot!("everything", without_definition(&rendered));
}

#[tokio::test]
async fn with_a_list_of_namespaces_there_is_a_role_in_each_and_nothing_of_the_whole_cluster() {
    let rendered = template(&[&example("namespaces")]).await.unwrap();
    let namespaced = |object: &Value| object["metadata"]["namespace"].is_string();
    let wide: Vec<_> = objects(&rendered).into_iter().filter(|object| !namespaced(object)).collect();
    assert!(wide.is_empty(), "{wide:?}");
    let roles = of_kind(&rendered, "Role");
    let of = |object: &Value| object["metadata"]["namespace"].as_str().unwrap().to_owned();
    assert_eq!(roles.iter().map(of).collect::<BTreeSet<_>>(), ["companions", "ops", "shop"].map(str::to_owned).into());
    insta::assert_snapshot!("namespaces", rendered);
}

#[tokio::test]
async fn a_release_of_another_name_and_for_a_whole_cluster_keeps_its_names_together() {
    let rendered = template(&[&example("everywhere")]).await.unwrap();
    assert!(!rendered.contains("evolve-operator-bots") && !rendered.contains("kind: PodDisruptionBudget"));
    let bound = of_kind(&rendered, "ClusterRoleBinding");
    let roles: Vec<_> = bound.iter().map(|binding| binding["roleRef"]["name"].as_str().unwrap()).collect();
    assert_eq!(roles, ["companions", "companions-bots"]);
    for binding in &bound {
        assert_eq!(binding["subjects"][0]["name"], "somebody");
    }
}

#[tokio::test]
async fn no_role_has_a_wildcard_and_no_secret_can_be_read_everywhere_unless_that_is_asked_for() {
    for values in [None, Some("everything"), Some("namespaces"), Some("everywhere")] {
        let example = values.map(example);
        let rendered = template(&example.iter().map(String::as_str).collect::<Vec<_>>()).await.unwrap();
        let roles = [of_kind(&rendered, "Role"), of_kind(&rendered, "ClusterRole")].concat();
        assert!(!roles.is_empty());
        for role in roles {
            assert!(!role.to_string().contains('*'), "{role}");
        }
        let bound = of_kind(&rendered, "ClusterRoleBinding");
        let reads_all = bound.iter().any(|binding| binding["roleRef"]["name"].as_str().unwrap().ends_with("-bots"));
        assert_eq!(reads_all, values == Some("everywhere"));
    }
}

#[tokio::test]
async fn the_definition_in_the_chart_is_that_of_the_repository_and_stays_when_it_is_to() {
    let committed: Value =
        serde_yaml_ng::from_str(&fs::read_to_string(root().join("crds/evolvebots.evolveai.dev.yaml")).unwrap())
            .unwrap();
    let definition = async |arguments: &[&str]| {
        let mut found = of_kind(&template(arguments).await.unwrap(), "CustomResourceDefinition");
        assert!(found.len() <= 1);
        found.pop()
    };
    let kept = definition(&[]).await.unwrap();
    assert!(kept["spec"] == committed["spec"], "run `make generate` and commit");
    assert_eq!(kept["metadata"]["name"], committed["metadata"]["name"]);
    assert_eq!(kept["metadata"]["annotations"]["helm.sh/resource-policy"], "keep");
    let unkept = definition(&["--set=crds.keep=false"]).await.unwrap();
    assert!(unkept["metadata"]["annotations"].is_null());
    assert_eq!(definition(&["--set=crds.enabled=false"]).await, None);
}

#[rstest]
#[case("replica=3", "Additional property replica is not allowed")]
#[case("image.tga=1", "Additional property tga is not allowed")]
#[case("image.pullPolicy=always", "image.pullPolicy must be one of the following")]
#[case("image.digest=latest", "image.digest: Does not match pattern")]
#[case("watchNamespaces=shop", "watchNamespaces: Invalid type. Expected: array, given: string")]
#[case("watchNamespaces={Shop}", "watchNamespaces.0: Does not match pattern")]
#[case("replicas=-1", "replicas: Must be greater than or equal to 0")]
#[case("leaderElection.leaseDurationSeconds=1", "Must be greater than or equal to 3")]
#[case("bots[0].name=eva", "bots.0: spec is required")]
#[case("bots[0].name=Eva,bots[0].spec.paused=true", "bots.0.name: Does not match pattern")]
#[case("crds.keep=maybe", "crds.keep: Invalid type. Expected: boolean, given: string")]
#[case("serviceAccount.create=false", "serviceAccount.name: say which ServiceAccount the operator is")]
#[case("commonLabels.app\\.kubernetes\\.io/name=ours", "commonLabels")]
#[case("commonLabels.helm\\.sh/chart=ours", "commonLabels")]
#[case("podLabels.app\\.kubernetes\\.io/instance=ours", "podLabels")]
#[case(
    "watchNamespaces={shop},bots[0].name=eva,bots[0].namespace=companions,bots[0].spec.paused=true",
    "bots: nobody would look after eva, since watchNamespaces does not list its namespace companions"
)]
#[case(
    "watchNamespaces={shop},bots[0].name=eva,bots[0].spec.paused=true",
    "does not list its namespace ops. Add ops to watchNamespaces"
)]
#[case("watchNamespaces={shop},rbac.everywhere=true", "rbac.everywhere and watchNamespaces contradict each other")]
#[case(
    "watchNamespaces={shop},rbac.namespaces={shop,companions}",
    "rbac.namespaces: the operator does not look at companions"
)]
#[case("rbac.everywhere=true,rbac.namespaces={shop}", "rbac.everywhere and rbac.namespaces contradict each other")]
#[tokio::test]
async fn a_mistake_in_the_values_is_refused_with_words_that_name_it(#[case] set: &str, #[case] words: &str) {
    let refused = template(&["--set", set]).await.unwrap_err();
    assert!(refused.contains(words), "{refused}");
}

#[rstest]
#[case("global.imageRegistry=example.org")]
#[case("enabled=true")]
#[case("resources.limits.cpu=1")]
#[case("podSecurityContext.runAsUser=null")]
#[case("commonLabels.example\\.org/name=ours,podLabels.app\\.kubernetes\\.io/version=ours")]
#[case("watchNamespaces={shop},rbac.namespaces={shop}")]
#[tokio::test]
async fn what_helm_and_kubernetes_have_keys_for_is_let_through(#[case] set: &str) {
    template(&["--set", set]).await.unwrap();
}

#[tokio::test]
async fn an_older_kubernetes_is_refused() {
    let refused = template(&["--kube-version=1.33.9"]).await.unwrap_err();
    assert!(refused.contains("chart requires kubeVersion: >=1.34.0-0"), "{refused}");
}

#[tokio::test]
async fn on_a_first_installation_the_bots_wait_for_the_resource() {
    let first = template(&[&example("everything")]).await.unwrap();
    assert!(of_kind(&first, "EvolveBot").is_empty());
    for later in ["--is-upgrade", BOTS_ARE_KNOWN] {
        let bots = of_kind(&template(&[&example("everything"), later]).await.unwrap(), "EvolveBot");
        assert_eq!(bots.len(), 2, "{later}");
        for bot in bots {
            assert_eq!(bot["metadata"]["annotations"]["helm.sh/resource-policy"], "keep", "Helm never deletes a bot");
        }
    }
}

#[tokio::test]
async fn without_roles_of_its_own_the_notes_name_none() {
    let notes = async |set: &str| notes(&["--set", set]).await;
    let with = notes("rbac.create=true").await;
    assert!(with.contains("kubectl exec --namespace companions deploy/eva-api -- evolve admin create anna"), "{with}");
    assert!(with.contains("--clusterrole evolve-operator-bots"), "{with}");
    for also in ["", ",watchNamespaces={shop}", ",rbac.everywhere=true"] {
        let without = notes(&format!("rbac.create=false{also}")).await;
        assert!(!without.contains("evolve-operator-bots") && !without.contains("every Secret"), "{without}");
        assert!(without.contains("rbac.create is false, so the chart made no role"), "{without}");
    }
}

#[tokio::test]
async fn who_has_alerts_of_the_operator_and_nothing_that_scrapes_it_is_told() {
    let notes = async |set: &str| notes(&["--set", set]).await;
    let told = "Mind that metrics.prometheusRule is on and metrics.serviceMonitor off";
    let alone = notes("metrics.prometheusRule.enabled=true,metrics.serviceMonitor.enabled=false").await;
    assert!(alone.contains(told), "{alone}");
    assert!(alone.contains(r#"job="evolve-operator" and namespace="ops""#), "{alone}");
    for other in ["metrics.prometheusRule.enabled=true,metrics.serviceMonitor.enabled=true", "replicas=2"] {
        let other = notes(other).await;
        assert!(!other.contains(told), "{other}");
    }
}

#[tokio::test]
async fn a_digest_wins_over_a_tag_and_the_version_is_that_of_the_workspace() {
    let image = async |arguments: &[&str]| {
        let deployment = of_kind(&template(arguments).await.unwrap(), "Deployment").remove(0);
        deployment["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap().to_owned()
    };
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(image(&[]).await, format!("ghcr.io/evolveai/evolve:{version}"));
    let digest = format!("sha256:{}", "a".repeat(64));
    let digested = image(&["--set", &format!("image.digest={digest},image.tag=v1")]).await;
    assert_eq!(digested, format!("ghcr.io/evolveai/evolve@{digest}"));
    let chart: Value =
        serde_yaml_ng::from_str(&fs::read_to_string(root().join("charts/evolve/Chart.yaml")).unwrap()).unwrap();
    assert_eq!((&chart["version"], &chart["appVersion"]), (&Value::from(version), &Value::from(version)));
}

#[tokio::test]
async fn its_dashboard_and_alerts_ask_for_metrics_that_the_operator_has() {
    let rendered = template(&[&example("everything")]).await.unwrap();
    let maps = of_kind(&rendered, "ConfigMap");
    let dashboard = maps.iter().find_map(|map| map["data"]["evolve-operator.json"].as_str()).unwrap();
    let mut expressions = Vec::new();
    collect(&serde_json::from_str(dashboard).unwrap(), &mut expressions);
    of_kind(&rendered, "PrometheusRule").iter().for_each(|rule| collect(rule, &mut expressions));
    assert!(expressions.len() > 15, "{expressions:?}");
    let shown = exposition();
    for expression in expressions {
        // A metric is what stands before a brace.
        let metrics = expression.match_indices('{').map(|(end, _)| {
            let start =
                expression[..end].rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |at| at + 1);
            &expression[start..end]
        });
        let metrics: Vec<_> = metrics.collect();
        assert!(!metrics.is_empty(), "{expression}");
        // Prometheus' own, and what every process has.
        for metric in metrics.into_iter().filter(|metric| *metric != "up" && !metric.starts_with("process_")) {
            assert!(
                shown
                    .lines()
                    .any(|line| line.starts_with(&format!("{metric}{{")) || line.starts_with(&format!("{metric} "))),
                "{metric}\n{shown}"
            );
        }
    }
}

fn collect(value: &Value, expressions: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            expressions.extend(map.get("expr").and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|value| collect(value, expressions));
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, expressions)),
        _ => {}
    }
}

/// What `/metrics` shows after one of each.
fn exposition() -> String {
    let all = Metrics::new();
    let metrics = OperatorMetrics::register(&all);
    metrics.reconciled("error", Duration::ZERO);
    metrics.called("get", 200);
    metrics.applied("Service");
    metrics.progress().touch("services/*", "Service");
    metrics.measure_silence();
    let eva = Key::new("companions", "eva");
    metrics.fares(&eva, &EvolveBotStatus::default());
    metrics.certificate(&eva, Some(0));
    all.encode()
}
