//! What the examples become, whole.

use std::collections::BTreeMap;

use evolve_operator::EvolveBot;
use evolve_operator::build::{Cluster, Desired, Inputs, build, references, twin};
use evolve_operator::build::{Track, fingerprint};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Container, PodSpec, PodTemplateSpec};
use rstest::rstest;
use serde::Serialize;
use serde_json::Value;

pub(crate) const SMALLEST: &str = include_str!("../../../examples/smallest.yaml");
pub(crate) const POLLING: &str = include_str!("../../../examples/polling.yaml");
pub(crate) const WEBHOOK: &str = include_str!("../../../examples/webhook.yaml");
pub(crate) const FULL: &str = include_str!("../../../examples/full.yaml");
const QUICKSTART: &str = include_str!("../../../examples/quickstart.yaml");

pub(crate) fn cluster() -> Cluster {
    Cluster {
        image: "ghcr.io/evolveai/evolve".to_owned(),
        version: "0.1.0".to_owned(),
        has_prometheus: true,
        has_gateway: true,
        operator_namespace: "evolve-system".to_owned(),
    }
}

/// The bot as the API server gives it.
pub(crate) fn stored(text: &str) -> EvolveBot {
    let mut bot = EvolveBot::parse(text).unwrap();
    bot.metadata.uid = Some("0d7c1a52-2f3c-4b0e-8f5a-5c8f0f6f1a11".to_owned());
    bot.metadata.namespace.get_or_insert_with(|| "default".to_owned());
    bot
}

/// Everything that it names, with some content.
pub(crate) fn inputs(bot: &EvolveBot) -> Inputs {
    let found = references(bot);
    Inputs {
        restored: None,
        pinned_version: None,
        secrets: found.secrets.into_iter().map(|needed| (needed.source.clone(), fingerprint(&needed.source))).collect(),
        config_maps: found.config_maps.into_iter().map(|needed| (needed.source, "You are Maria.".to_owned())).collect(),
    }
}

fn desired(text: &str) -> Desired {
    let bot = stored(text);
    build(&bot, &inputs(&bot), &cluster())
}

/// Every object, in the order of the struct; taken apart without `..`, so that none is left out.
pub(crate) fn all(desired: &Desired) -> Vec<Value> {
    let Desired {
        service_account,
        api_config,
        bot_config,
        migration,
        api,
        api_service,
        api_autoscaler,
        api_disruption,
        bot,
        bot_service,
        bot_autoscaler,
        bot_disruption,
        api_network,
        bot_network,
        jobs_network,
        ingress,
        http_route,
        backup_volume,
        backup,
        service_monitor,
        alerts,
    } = desired;
    fn value<T: Serialize>(object: &T) -> Option<Value> {
        Some(serde_json::to_value(object).unwrap()).filter(|value| !value.is_null())
    }
    let objects = [
        value(service_account),
        value(api_config),
        value(bot_config),
        value(migration),
        value(api),
        value(api_service),
        value(api_autoscaler),
        value(api_disruption),
        value(bot),
        value(bot_service),
        value(bot_autoscaler),
        value(bot_disruption),
        value(api_network),
        value(bot_network),
        value(jobs_network),
        value(ingress),
        value(http_route),
        value(backup_volume),
        value(backup),
        value(service_monitor),
        value(alerts),
    ];
    objects.into_iter().flatten().collect()
}

#[test]
fn whom_the_api_believes_to_be_the_database_is_believed_by_all_that_connect_to_it() {
    let ca = "{ name: PGSSLROOTCERT, valueFrom: { configMapKeyRef: { name: database, key: ca.crt } } }";
    let text = format!(
        "
apiVersion: evolveai.dev/v1alpha1
kind: EvolveBot
metadata: {{ name: eva }}
spec:
  api: {{ pod: {{ extraEnv: [{ca}, {{ name: CHAT_RATE_LIMIT, value: 30/minute }}] }} }}
  bot: {{ pod: {{ extraEnv: [{ca}] }} }}
  backup: {{ volume: {{ size: 1Gi }} }}
"
    );
    let desired = desired(&text);
    let named = |object: Value, variable: &str| object.to_string().matches(&format!("\"name\":\"{variable}\"")).count();
    let objects = [
        serde_json::to_value(&desired.migration).unwrap(),
        serde_json::to_value(&desired.backup).unwrap(),
        serde_json::to_value(&desired.api).unwrap(),
        serde_json::to_value(&desired.bot).unwrap(),
    ];
    for object in objects.clone() {
        assert_eq!(named(object.clone(), "PGSSLROOTCERT"), 1, "{object}");
    }
    let limits = objects.map(|object| named(object, "CHAT_RATE_LIMIT"));
    assert_eq!(limits, [0, 0, 1, 0], "the rest is the API's own");
}

fn render(desired: &Desired) -> String {
    all(desired).iter().map(|object| serde_yaml_ng::to_string(object).unwrap()).collect::<Vec<_>>().join("---\n")
}

#[rstest]
#[case("smallest", SMALLEST)]
#[case("polling", POLLING)]
#[case("webhook", WEBHOOK)]
#[case("full", FULL)]
fn an_example_becomes_these_objects(#[case] name: &str, #[case] text: &str) {
    insta::assert_snapshot!(name, render(&desired(text)));
}

pub(crate) fn templates(desired: &Desired) -> Vec<&PodTemplateSpec> {
    let mut list = vec![
        &desired.api.spec.as_ref().unwrap().template,
        &desired.bot.spec.as_ref().unwrap().template,
        &desired.migration.spec.as_ref().unwrap().template,
    ];
    let backup = desired.backup.as_ref().map(|job| job.spec.as_ref().unwrap().job_template.spec.as_ref().unwrap());
    list.extend(backup.map(|job| &job.template));
    list
}

#[test]
fn an_upgrade_of_the_operator_alone_changes_no_byte_of_any_pod() {
    // The version that a bot was pinned to when it was made is in its status; one that names its version needs none.
    for text in [SMALLEST, POLLING, WEBHOOK, FULL] {
        let bot = stored(text);
        let inputs = Inputs { pinned_version: Some("0.1.0".to_owned()), ..inputs(&bot) };
        let before = build(&bot, &inputs, &cluster());
        let after = build(&bot, &inputs, &Cluster { version: "0.2.0".to_owned(), ..cluster() });
        assert_eq!(render(&before), render(&after));
    }
}

#[test]
fn without_a_version_anywhere_it_is_the_operators_own() {
    let bot = stored(SMALLEST);
    let image = |inputs: &Inputs, cluster: &Cluster| {
        build(&bot, inputs, cluster).api.spec.unwrap().template.spec.unwrap().containers.remove(0).image.unwrap()
    };
    let newer = Cluster { version: "0.2.0".to_owned(), ..cluster() };
    assert_eq!(image(&inputs(&bot), &newer), "ghcr.io/evolveai/evolve:0.2.0");
    let pinned = Inputs { pinned_version: Some("0.1.0".to_owned()), ..inputs(&bot) };
    assert_eq!(image(&pinned, &newer), "ghcr.io/evolveai/evolve:0.1.0");
}

/// The hash of each pod template.
fn hashes(bot: &EvolveBot, inputs: &Inputs) -> [String; 3] {
    let desired = build(bot, inputs, &cluster());
    let [api, telegram] = [&desired.api, &desired.bot].map(|it| fingerprint(&it.spec.as_ref().unwrap().template));
    [api, telegram, fingerprint(&desired.migration.metadata.name)]
}

#[rstest]
#[case("maria-models", "google", [true, false, false])]
#[case("maria-models", "openrouter", [true, false, false])]
#[case("maria-keys", "JWT_SECRET", [true, false, false])]
#[case("maria-telegram", "token", [true, true, false])]
#[case("maria-keys", "SERVICE_KEY", [true, true, false])]
#[case("maria-keys", "ENCRYPTION_KEY", [true, true, true])]
#[case("maria-postgres", "url", [true, true, true])]
fn a_changed_secret_changes_the_pods_that_read_it_and_no_others(
    #[case] name: &str,
    #[case] key: &str,
    #[case] expected: [bool; 3],
) {
    let bot = stored(POLLING);
    let mut inputs = inputs(&bot);
    let before = hashes(&bot, &inputs);
    let source = evolve_operator::crd::SecretKeyRef::new(name, key);
    assert!(inputs.secrets.insert(source, "another".to_owned()).is_some(), "nobody reads {name}/{key}");
    let after = hashes(&bot, &inputs);
    assert_eq!([0, 1, 2].map(|i| before[i] != after[i]), expected);
}

#[test]
fn a_changed_prompt_in_a_config_map_changes_the_api_and_not_the_bot() {
    let bot = stored(POLLING);
    let mut inputs = inputs(&bot);
    let before = hashes(&bot, &inputs);
    inputs.config_maps.values_mut().for_each(|prompt| prompt.push_str(" You paint."));
    let after = hashes(&bot, &inputs);
    assert_eq!([0, 1, 2].map(|i| before[i] != after[i]), [true, false, false]);
}

/// Kubernetes puts the value of a variable, a Secret's too, in place of its name in brackets.
#[test]
fn a_prompt_that_names_a_variable_stays_as_it_was_written() {
    let bot = stored(POLLING);
    let mut inputs = inputs(&bot);
    inputs.config_maps.values_mut().for_each(|prompt| prompt.push_str(" $(JWT_SECRET) for $5"));
    let api = build(&bot, &inputs, &cluster()).api;
    let variables = api.spec.unwrap().template.spec.unwrap().containers.remove(0).env.unwrap();
    let persona = variables.into_iter().find(|variable| variable.name == "PERSONA").unwrap().value.unwrap();
    assert!(persona.contains("$$(JWT_SECRET) for $$5"), "{persona}");
}

#[test]
fn a_value_is_taken_from_where_it_is_named_and_an_extra_variable_goes_before_ours() {
    let text = format!("{SMALLEST}\n").replace(
        "spec: {}",
        "spec: { api: { pod: { extraEnv: [{ name: TELEGRAM_BOT_TOKEN, value: \"\" }, { name: LOG_LEVEL, value: DEBUG }] } } }",
    );
    let desired = desired(&text);
    let container = &desired.api.spec.unwrap().template.spec.unwrap().containers[0];
    let env = container.env.as_ref().unwrap();
    let values: BTreeMap<_, _> =
        env.iter().map(|variable| (variable.name.as_str(), variable.value.as_deref())).collect();
    assert_eq!(values.len(), env.len(), "a name is there twice");
    assert_eq!((values["TELEGRAM_BOT_TOKEN"], values["LOG_LEVEL"]), (Some(""), Some("DEBUG")));
}

/// What the Pod Security Standard `restricted` asks for, and what ours ask for beyond it.
#[rstest]
#[case(SMALLEST)]
#[case(POLLING)]
#[case(WEBHOOK)]
#[case(FULL)]
fn every_pod_is_confined_and_holds_no_secret(#[case] text: &str) {
    for template in templates(&desired(text)) {
        let pod = template.spec.as_ref().unwrap();
        assert_eq!(pod.automount_service_account_token, Some(false));
        let security = pod.security_context.as_ref().unwrap();
        assert_eq!(security.run_as_non_root, Some(true));
        assert_eq!(security.seccomp_profile.as_ref().unwrap().type_, "RuntimeDefault");
        assert!(!pod.host_network.unwrap_or_default() && !pod.host_pid.unwrap_or_default());
        for volume in pod.volumes.iter().flatten() {
            // By this ConfigMap somebody may change what is logged; a pod starts without it.
            let log_level = volume.config_map.as_ref().filter(|map| map.name.ends_with("-log-level"));
            let is_optional = log_level.is_some_and(|map| map.optional == Some(true));
            let is_writable = volume.empty_dir.is_some() || volume.persistent_volume_claim.is_some();
            assert!(is_writable || is_optional, "{}", volume.name);
        }
        for container in all_containers(pod) {
            let security = container.security_context.as_ref().unwrap();
            assert_eq!(security.allow_privilege_escalation, Some(false));
            assert_eq!(security.read_only_root_filesystem, Some(true));
            assert_eq!(security.capabilities.as_ref().unwrap().drop, Some(vec!["ALL".to_owned()]));
            let limits = container.resources.as_ref().unwrap().limits.as_ref().unwrap();
            assert!(limits.contains_key("memory"), "{} may take all memory", container.name);
            for variable in container.env.iter().flatten() {
                let secret =
                    ["KEY", "TOKEN", "SECRET", "PASSWORD", "DSN"].iter().any(|word| variable.name.contains(word));
                let is_plain = variable.value.is_some() && variable.name != "REDIS_KEY_PREFIX";
                assert!(!secret || !is_plain, "{} is not in a Secret", variable.name);
            }
        }
    }
}

fn all_containers(pod: &PodSpec) -> impl Iterator<Item = &Container> {
    pod.containers.iter().chain(pod.init_containers.iter().flatten())
}

#[test]
fn a_hibernated_bot_has_no_pods_and_nothing_that_would_make_some() {
    let mut bot = stored(FULL);
    bot.spec.hibernated = true;
    let desired = build(&bot, &inputs(&bot), &cluster());
    let replicas = |deployment: &Deployment| deployment.spec.as_ref().unwrap().replicas;
    assert_eq!((replicas(&desired.api), replicas(&desired.bot)), (Some(0), Some(0)));
    assert_eq!((desired.api_autoscaler, desired.bot_autoscaler), (None, None));
    assert!(desired.backup.is_some(), "the data is still there, and still backed up");
}

#[test]
fn the_number_of_pods_is_the_autoscalers_where_there_is_one() {
    let desired = desired(WEBHOOK);
    assert_eq!(desired.api.spec.as_ref().unwrap().replicas, None);
    assert_eq!(desired.api_autoscaler.unwrap().spec.unwrap().scale_target_ref.name, "anna-api");
}

#[test]
fn a_pod_has_its_configuration_in_its_template_where_nobody_else_can_change_it() {
    let desired = desired(POLLING);
    let container = &desired.api.spec.as_ref().unwrap().template.spec.as_ref().unwrap().containers[0];
    assert!(container.env_from.is_none());
    let plain =
        container.env.iter().flatten().filter_map(|variable| Some((variable.name.clone(), variable.value.clone()?)));
    // Where a volume is says nothing of how the pod is configured.
    let plain = plain.filter(|(name, _)| name != "LOG_LEVEL_PATH");
    assert_eq!(plain.collect::<BTreeMap<_, _>>(), desired.api_config.data.unwrap(), "and people can read it");
}

#[test]
fn the_second_set_of_pods_is_told_apart_by_its_track_and_a_service_can_be_narrowed_to_it() {
    let desired = desired(WEBHOOK);
    let next = twin::deployment(&desired.api, twin::share(10, 20));
    let spec = next.spec.unwrap();
    assert_eq!((next.metadata.name.as_deref(), spec.replicas), (Some("anna-api-next"), Some(2)));
    let track = |labels: Option<BTreeMap<String, String>>| labels.unwrap()["evolveai.dev/track"].clone();
    assert_eq!(track(spec.selector.match_labels), "next");
    assert_eq!(track(spec.template.metadata.unwrap().labels), "next");
    let service = |track| twin::narrow(desired.api_service.clone(), track).spec.unwrap().selector.unwrap();
    assert_eq!(service(Track::Next)["evolveai.dev/track"], "next");
    assert!(!desired.api_service.spec.unwrap().selector.unwrap().contains_key("evolveai.dev/track"));
}

#[rstest]
#[case(1, 20, 1)]
#[case(3, 20, 1)]
#[case(10, 25, 3)]
#[case(0, 50, 1)]
fn a_canary_has_one_pod_at_least(#[case] replicas: i32, #[case] percent: u32, #[case] expected: i32) {
    assert_eq!(twin::share(replicas, percent), expected);
}

#[test]
fn prometheus_and_gateways_are_used_where_they_are_and_missing_ones_are_said() {
    let bare = Cluster { has_prometheus: false, has_gateway: false, ..cluster() };
    let bot = stored(FULL);
    let desired = build(&bot, &inputs(&bot), &bare);
    assert!(desired.service_monitor.is_none() && desired.alerts.is_none() && desired.http_route.is_none());
    let problems = evolve_operator::validate::cluster_problems(&bot, &bare);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("spec.telegram.webhook.gateway: this cluster has no HTTPRoute"), "{problems:?}");
    assert!(evolve_operator::validate::cluster_problems(&bot, &cluster()).is_empty());
}

#[test]
fn what_is_missing_can_be_said_with_the_field_that_names_it() {
    let found = references(&stored(FULL));
    let paths: Vec<String> = found
        .secrets
        .iter()
        .map(|needed| format!("{} <- {}/{}", needed.path, needed.source.name, needed.source.key))
        .chain(found.config_maps.iter().map(|n| format!("{} <- {}/{}", n.path, n.source.name, n.source.key)))
        .collect();
    insta::assert_snapshot!(paths.join("\n"));
}

#[rstest]
#[case(QUICKSTART)]
#[case(SMALLEST)]
#[case(POLLING)]
#[case(WEBHOOK)]
#[case(FULL)]
fn an_example_is_valid_and_survives_being_written_and_read(#[case] text: &str) {
    let bot = EvolveBot::parse(text).unwrap();
    let again = EvolveBot::parse(&serde_json::to_string(&bot).unwrap()).unwrap();
    assert_eq!(bot, again);
    assert!(evolve_operator::validate::problems(&again).is_empty());
}

#[test]
fn who_migrates_and_copies_owns_the_database_and_pods_have_the_accounts_that_are_named_for_them() {
    const ACCOUNTS: &str = "
apiVersion: evolveai.dev/v1alpha1
kind: EvolveBot
metadata: { name: eva }
spec:
  database:
    urlSecretRef: { name: db, key: owner }
    apiUrlSecretRef: { name: db, key: api }
    botUrlSecretRef: { name: db, key: bot }
    rolesPrefix: eva
  backup: { volume: { size: 1Gi } }
";
    let account = |pod: PodSpec| {
        let mut variables = pod.containers.into_iter().flat_map(|container| container.env.unwrap());
        let url = variables.find(|variable| variable.name == "DATABASE_URL").unwrap();
        url.value_from.unwrap().secret_key_ref.unwrap().key
    };
    let desired = desired(ACCOUNTS);
    let migration = desired.migration.spec.unwrap().template.spec.unwrap();
    let command = migration.containers[0].command.clone().unwrap();
    assert_eq!(command, ["evolve", "migrate", "up", "--roles", "eva"]);
    let backup = desired.backup.unwrap().spec.unwrap().job_template.spec.unwrap().template.spec.unwrap();
    let pods = [desired.api, desired.bot].map(|part| part.spec.unwrap().template.spec.unwrap());
    let [api, bot] = pods.map(account);
    assert_eq!([account(migration), account(backup), api, bot], ["owner", "owner", "api", "bot"]);
    let found = references(&stored(ACCOUNTS)).secrets.into_iter().filter(|needed| needed.source.name == "db");
    let found: Vec<_> = found.map(|needed| format!("{} <- {}", needed.path, needed.source.key)).collect();
    let expected = ["urlSecretRef <- owner", "apiUrlSecretRef <- api", "botUrlSecretRef <- bot"];
    assert_eq!(found, expected.map(|one| format!("spec.database.{one}")));
}
