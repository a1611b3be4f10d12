//! The stories of the pipeline.

use std::time::Duration;

use evolve_operator::status::conditions::{Finding, READY};
use rstest::rstest;
use serde_json::{Value, json};

use super::{BOTS, Bench, Depth, Key, Kind, SECRETS};

const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/default/deployments/eva-api";
const SERVICE: &str = "/api/v1/namespaces/default/services/eva-api";
const POLICY: &str = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies/eva-api";
const BUDGET: &str = "/apis/policy/v1/namespaces/default/poddisruptionbudgets/eva-api";
const STATUS: &str = "PATCH /apis/evolveai.dev/v1alpha1/namespaces/default/evolvebots/eva/status";
const EVENTS: &str = "POST /apis/events.k8s.io/v1/namespaces/default/events";

/// One with few surprises.
fn plain() -> Value {
    json!({ "version": "1.0.0", "ai": { "providers": [{ "kind": "scripted" }] } })
}

/// One with every kind of object that every cluster knows.
fn rich() -> Value {
    let mut spec = plain();
    spec["api"] = json!({ "autoscaling": { "maxReplicas": 4 } });
    spec["backup"] = json!({ "volume": { "size": "1Gi" } });
    spec["telegram"] = json!({ "mode": "webhook", "webhook": { "host": "bots.example.org" } });
    spec
}

/// Digits of hashes are no part of the story.
fn calls(bench: &Bench) -> String {
    let of = |call: String| {
        let (rest, name) = call.rsplit_once('/').unwrap();
        let is_hash = |part: &str| part.len() >= 8 && part.chars().all(|c| c.is_ascii_hexdigit());
        let name: Vec<_> = name.split('-').map(|part| if is_hash(part) { "HASH" } else { part }).collect();
        format!("{rest}/{}\n", name.join("-"))
    };
    bench.api.calls().into_iter().map(of).collect()
}

#[rstest]
#[case::plain(plain())]
#[case::rich(rich())]
#[tokio::test]
async fn a_bot_that_is_as_it_shall_be_makes_no_call_at_all(#[case] spec: Value) {
    let bench = Bench::converged(spec).await;
    assert_eq!(bench.condition("Ready")["status"], "True", "{}", bench.condition("Ready"));
    bench.api.expect([]);
    for _ in 0..3 {
        assert!(!bench.pass().await.unwrap().has_written);
    }
}

#[tokio::test]
async fn a_new_bot_makes_these_calls_in_this_order() {
    let bench = Bench::new(rich());
    bench.pass().await.unwrap();
    insta::assert_snapshot!("first_pass", calls(&bench));
    bench.play();
    let before = bench.api.calls().len();
    bench.pass().await.unwrap();
    let after: Vec<_> = bench.api.calls().split_off(before);
    let each = ["eva-api", "eva-bot"].map(|name| format!("/apis/apps/v1/namespaces/default/deployments/{name}"));
    let expected = each.iter().map(|path| format!("PATCH {path}"));
    assert_eq!(after[..2], expected.collect::<Vec<_>>(), "each is made by one call: {after:#?}");
    assert!(after[2..].iter().all(|call| call == STATUS || call == EVENTS), "nothing else is written: {after:#?}");
}

#[rstest]
#[case::port_of_a_service(SERVICE, "/spec/ports/0/port", json!(81))]
#[case::image_of_a_pod(DEPLOYMENT, "/spec/template/spec/containers/0/image", json!("evil:latest"))]
#[case::label(SERVICE, "/metadata/labels/app.kubernetes.io~1component", json!("bot"))]
#[case::port_of_a_policy(POLICY, "/spec/egress/0/ports", json!([
    { "port": 53, "protocol": "UDP" }, { "port": 53, "protocol": "TCP" }, { "port": 22, "protocol": "TCP" },
]))]
#[case::way_into_what_nobody_may_reach("/apis/networking.k8s.io/v1/namespaces/default/networkpolicies/eva-jobs", "/spec/ingress", json!([{}]))]
#[case::a_pause_by_hand(DEPLOYMENT, "/spec/paused", json!(true))]
#[case::owner(SERVICE, "/metadata/ownerReferences/0/uid", json!("somebody-else"))]
#[tokio::test]
async fn one_field_that_drifted_is_one_patch_of_that_object(
    #[case] path: &str,
    #[case] field: &str,
    #[case] drift: Value,
) {
    let bench = Bench::converged(plain()).await;
    let mut object = bench.api.objects()[path].clone();
    *object.pointer_mut(field).expect(field) = drift;
    bench.api.put(path, object);
    bench.watch();
    bench.api.expect([&format!("PATCH {path}")]);
    bench.pass().await.unwrap();
    bench.watch();
    bench.api.expect([]);
    assert!(!bench.pass().await.unwrap().has_written);
}

#[rstest]
#[case::annotation(DEPLOYMENT, "/metadata/annotations/deployment.kubernetes.io~1revision", json!("7"))]
#[case::restart(DEPLOYMENT, "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt", json!("now"))]
#[case::address(SERVICE, "/spec/clusterIP", json!("10.96.0.7"))]
#[tokio::test]
async fn what_others_add_is_theirs_and_makes_no_call(#[case] path: &str, #[case] field: &str, #[case] value: Value) {
    let bench = Bench::converged(plain()).await;
    let mut object = bench.api.objects()[path].clone();
    let (parent, name) = field.rsplit_once('/').unwrap();
    object.pointer_mut(parent).unwrap()[name.replace("~1", "/")] = value;
    bench.api.put(path, object);
    bench.watch();
    bench.api.expect([]);
    assert!(!bench.pass().await.unwrap().has_written);
}

#[tokio::test]
async fn a_write_that_is_refused_is_a_condition_and_an_event_and_the_next_pass_goes_on_from_there() {
    let bench = Bench::new(plain());
    let refused = format!("PATCH {SERVICE}");
    bench.api.fail(&refused, 500);
    let error = bench.pass().await.unwrap_err().to_string();
    assert!(error.starts_with("cannot apply the Service eva-api: "), "{error}");
    let ready = bench.condition("Ready");
    assert_eq!((ready["status"].as_str(), ready["reason"].as_str()), (Some("False"), Some("ApplyFailed")));
    assert!(ready["message"].as_str().unwrap().contains("this call fails in this story"), "{ready}");
    assert!(bench.api.calls().contains(&EVENTS.to_owned()));
    let before = bench.api.calls();
    let written = before.iter().position(|call| *call == refused).unwrap();
    assert!(before[..written].iter().any(|call| call.contains("/serviceaccounts/")), "{before:#?}");
    assert!(before[written..].iter().any(|call| call.contains("PATCH") && call.contains("/jobs/")), "{before:#?}");

    // The same failure again is no news, and what was written is not written again.
    bench.watch();
    bench.api.expect([refused.as_str()]);
    bench.pass().await.unwrap_err();
    bench.api.heal();
    bench.api.allow();
    bench.pass().await.unwrap();
    let after = bench.api.calls();
    assert_eq!(after[0], refused);
    assert_eq!(bench.condition("Ready")["reason"], "NotServing");
}

#[tokio::test]
async fn what_is_refused_keeps_back_nothing_that_does_not_depend_on_it() {
    let bench = Bench::new(plain());
    bench.api.fail(&format!("PATCH {POLICY}"), 403);
    bench.api.fail(&format!("PATCH {BUDGET}"), 422);
    for _ in 0..3 {
        bench.pass().await.unwrap_err();
        bench.play();
    }
    bench.pass().await.unwrap_err();
    let ready = bench.condition("Ready");
    assert_eq!((&ready["status"], &ready["reason"]), (&json!("True"), &json!("Degraded")), "it serves all the same");
    let message = ready["message"].as_str().unwrap();
    assert!(message.contains("cannot apply the NetworkPolicy eva-api: this call fails in this story"), "{message}");
    assert!(message.ends_with("; nor the PodDisruptionBudget eva-api"), "{message}");
    assert_eq!(bench.condition("RolledOut")["reason"], "RolledOut");
}

#[tokio::test]
async fn a_server_that_is_too_busy_is_asked_no_more() {
    let bench = Bench::new(plain());
    let refused = format!("PATCH {SERVICE}");
    bench.api.fail(&refused, 429);
    bench.pass().await.unwrap_err();
    let calls = bench.api.calls();
    let written = calls.iter().position(|call| *call == refused).unwrap();
    assert!(calls[written + 1..].iter().all(|call| call == STATUS || call == EVENTS), "{calls:#?}");
}

#[rstest]
#[case::config_map("/api/v1/namespaces/default/configmaps/eva-api-config", "ConfigMap")]
#[case::service(SERVICE, "Service")]
#[tokio::test]
async fn what_somebody_else_made_a_moment_ago_is_left_as_it_is(#[case] path: &str, #[case] kind: &str) {
    let bench = Bench::new(plain());
    let metadata = json!({ "name": path.rsplit_once('/').unwrap().1, "namespace": "default" });
    // No watch has seen it yet.
    let theirs = json!({ "apiVersion": "v1", "kind": kind, "metadata": metadata, "data": { "theirs": "1" } });
    let theirs = bench.api.put(path, theirs);
    let error = bench.pass().await.unwrap_err().to_string();
    assert!(error.contains(&format!("there is a {kind} of this name already, and it is not this bot's")), "{error}");
    assert_eq!(bench.api.objects()[path], theirs);
    assert_eq!(bench.condition("Ready")["reason"], "ApplyFailed");
}

#[tokio::test]
async fn what_is_there_and_was_lost_from_sight_is_found_and_mended() {
    const ACCOUNT: &str = "/api/v1/namespaces/default/serviceaccounts/eva-pods";
    let bench = Bench::converged(plain()).await;
    let cache = &bench.context.applier.cache;
    let [made, looked] = ["PATCH", "GET"].map(|verb| format!("{verb} {ACCOUNT}"));
    cache.remove((Kind::ServiceAccount, Depth::Owned), &Key::new("default", "eva-pods")).unwrap();
    bench.api.expect([made.as_str(), looked.as_str(), made.as_str()]);
    bench.pass().await.unwrap();
    bench.watch();
    bench.api.expect([]);
    assert!(!bench.pass().await.unwrap().has_written);
}

#[tokio::test]
async fn a_migration_that_could_not_begin_says_so_and_why() {
    let bench = Bench::new(plain());
    bench.pass().await.unwrap();
    let job = bench.api.calls().into_iter().find(|call| call.contains("PATCH") && call.contains("/jobs/")).unwrap();
    bench.api.remove(job.strip_prefix("PATCH ").unwrap());
    bench.watch();
    bench.api.fail(&job, 403);
    bench.pass().await.unwrap_err();
    let migrated = bench.condition("Migrated");
    assert_eq!((&migrated["status"], &migrated["reason"]), (&json!("Unknown"), &json!("NotStarted")));
    let message = migrated["message"].as_str().unwrap();
    assert!(message.starts_with("the migration could not begin: cannot apply the Job eva-migrate-"), "{message}");
    let status = bench.api.objects()[&format!("{BOTS}/eva")]["status"].clone();
    assert_eq!(status["migration"]["phase"], "Waiting");
}

#[tokio::test]
async fn pods_that_serve_are_not_taken_away_while_the_service_still_chooses_them() {
    let bench = Bench::converged(plain()).await;
    // As in the middle of a BlueGreen rollout that is over: the Service is at the second set.
    let mut next = bench.api.objects()[DEPLOYMENT].clone();
    next["metadata"]["name"] = json!("eva-api-next");
    next["metadata"]["uid"] = json!("another");
    let path = format!("{DEPLOYMENT}-next");
    bench.api.put(&path, next);
    let mut service = bench.api.objects()[SERVICE].clone();
    service["spec"]["selector"]["evolveai.dev/track"] = json!("next");
    bench.api.put(SERVICE, service);
    bench.watch();
    bench.api.fail(&format!("PATCH {SERVICE}"), 500);
    bench.pass().await.unwrap_err();
    assert!(bench.api.objects().contains_key(&path));
    bench.api.heal();
    bench.watch();
    bench.pass().await.unwrap();
    assert!(!bench.api.objects().contains_key(&path));
}

#[tokio::test]
async fn a_bot_scaled_by_load_begins_with_the_autoscalers_fewest_pods_and_is_then_let_go_of() {
    let mut spec = plain();
    spec["api"] = json!({ "autoscaling": { "minReplicas": 3, "maxReplicas": 6 } });
    let bench = Bench::new(spec);
    bench.pass().await.unwrap();
    bench.play();
    bench.pass().await.unwrap();
    assert_eq!(bench.api.objects()[DEPLOYMENT]["spec"]["replicas"], 3);
    bench.play();
    let before = bench.api.calls().len();
    bench.pass().await.unwrap();
    let after = bench.api.calls().split_off(before);
    let patches = after.iter().filter(|call| **call == format!("PATCH {DEPLOYMENT}")).count();
    assert_eq!(patches, 2, "handed over, and then written without a number: {after:#?}");
    assert_eq!(bench.api.objects()[DEPLOYMENT]["spec"]["replicas"], 3);
    for _ in 0..3 {
        bench.play();
        bench.pass().await.unwrap();
    }
    bench.watch();
    bench.api.expect([]);
    bench.pass().await.unwrap();
}

#[rstest]
#[case::fixed(json!({ "replicas": 2 }))]
#[case::by_load(json!({ "autoscaling": { "minReplicas": 2, "maxReplicas": 4 } }))]
#[tokio::test]
async fn a_bot_that_wakes_in_a_new_version_sleeps_until_its_migration_is_done(#[case] api: Value) {
    let mut spec = plain();
    spec["hibernated"] = json!(true);
    spec["api"] = api;
    let bench = Bench::converged(spec).await;
    assert_eq!(bench.api.objects()[DEPLOYMENT]["spec"]["replicas"], 0);
    bench.change(|spec| {
        spec["hibernated"] = json!(false);
        spec["version"] = json!("2.0.0");
    });
    for _ in 0..3 {
        bench.pass().await.unwrap();
        bench.watch();
        assert_eq!(
            bench.api.objects()[DEPLOYMENT]["spec"]["replicas"],
            0,
            "the old version has no say in the database"
        );
    }
    for _ in 0..4 {
        bench.play();
        bench.pass().await.unwrap();
    }
    let deployment = bench.api.objects()[DEPLOYMENT].clone();
    assert_eq!(deployment["spec"]["replicas"], 2);
    assert_eq!(deployment["spec"]["template"]["spec"]["containers"][0]["image"], "evolve.test/evolve:2.0.0");
}

#[tokio::test]
async fn where_one_deployment_is_refused_the_other_stays_of_its_version() {
    let bench = Bench::converged(plain()).await;
    bench.change(|spec| spec["version"] = json!("2.0.0"));
    bench.pass().await.unwrap();
    bench.play();
    bench.api.fail(&format!("PATCH {DEPLOYMENT}"), 403);
    bench.pass().await.unwrap_err();
    bench.pass().await.unwrap_err();
    for part in ["api", "bot"] {
        let path = format!("/apis/apps/v1/namespaces/default/deployments/eva-{part}");
        let image = &bench.api.objects()[&path]["spec"]["template"]["spec"]["containers"][0]["image"];
        assert_eq!(image, "evolve.test/evolve:1.0.0", "{part}");
    }
}

#[tokio::test]
async fn a_server_whose_webhooks_time_out_is_asked_twice_in_a_pass() {
    let bench = Bench::new(plain());
    for path in [POLICY, SERVICE, BUDGET] {
        bench.api.fail(&format!("PATCH {path}"), 500);
    }
    bench.pass().await.unwrap_err();
    let failed = [POLICY, SERVICE, BUDGET].map(|path| bench.api.calls().contains(&format!("PATCH {path}")));
    assert_eq!(failed, [true, true, false]);
}

/// The path of the migration's Job.
fn migration(bench: &Bench) -> String {
    bench.api.objects().into_keys().find(|path| path.contains("/jobs/eva-migrate-")).unwrap()
}

#[tokio::test]
async fn a_job_of_somebody_else_opens_no_gate_whatever_its_name() {
    let bench = Bench::new(plain());
    bench.pass().await.unwrap();
    let path = migration(&bench);
    let mut job = bench.api.objects()[&path].clone();
    job["metadata"]["ownerReferences"] = json!([]);
    job["status"] = json!({ "conditions": [{ "type": "Complete", "status": "True" }] });
    bench.api.put(&path, job);
    bench.watch();
    let error = bench.pass().await.unwrap_err().to_string();
    assert!(error.contains("there is a Job of this name already, and it is not this bot's"), "{error}");
    assert_eq!(bench.condition("Migrated")["status"], "Unknown");
    assert!(bench.api.objects().keys().all(|path| !path.contains("/deployments/")));
}

#[rstest]
#[case::deleted_by_somebody(Value::Null, true)]
#[case::gone_by_itself(json!(15), false)]
#[tokio::test]
async fn a_migration_whose_job_is_gone_is_still_done(#[case] expires_after: Value, #[case] is_back: bool) {
    let bench = Bench::converged(plain()).await;
    let path = migration(&bench);
    let mut job = bench.api.objects()[&path].clone();
    job["spec"]["ttlSecondsAfterFinished"] = expires_after;
    bench.api.put(&path, job);
    bench.watch();
    bench.pass().await.unwrap();
    bench.api.remove(&path);
    bench.watch();
    bench.pass().await.unwrap();
    bench.watch();
    bench.pass().await.unwrap();
    assert_eq!(bench.api.objects().contains_key(&path), is_back);
    assert_eq!(bench.condition("Migrated")["status"], "True");
    let rollout = bench.api.objects()[&format!("{BOTS}/eva")]["status"]["rollout"].clone();
    assert_eq!(rollout["phase"], "Stable");
}

#[tokio::test]
async fn what_a_bot_was_given_in_its_sleep_proves_itself_when_it_wakes() {
    let mut spec = plain();
    spec["rollout"] = json!({ "strategy": "BlueGreen" });
    let bench = Bench::converged(spec).await;
    bench.change(|spec| spec["hibernated"] = json!(true));
    for _ in 0..4 {
        bench.pass().await.unwrap();
        bench.play();
    }
    bench.change(|spec| spec["version"] = json!("2.0.0"));
    for _ in 0..4 {
        bench.pass().await.unwrap();
        bench.play();
    }
    let rollout = |bench: &Bench| bench.api.objects()[&format!("{BOTS}/eva")]["status"]["rollout"].clone();
    let asleep = rollout(&bench);
    assert_ne!(asleep["lastGood"], asleep["target"]);
    bench.change(|spec| spec["hibernated"] = json!(false));
    for _ in 0..3 {
        bench.pass().await.unwrap();
        bench.watch();
        let image = &bench.api.objects()[DEPLOYMENT]["spec"]["template"]["spec"]["containers"][0]["image"];
        assert_eq!(image, "evolve.test/evolve:1.0.0", "what was good wakes first");
    }
    assert_eq!(rollout(&bench)["lastGood"], asleep["lastGood"]);
}

#[tokio::test]
async fn a_deleted_bot_makes_no_call() {
    let bench = Bench::converged(plain()).await;
    let mut bot = bench.api.objects()[&format!("{BOTS}/eva")].clone();
    bot["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    bench.api.put(&format!("{BOTS}/eva"), bot);
    bench.watch();
    bench.api.expect([]);
    bench.pass().await.unwrap();
}

#[tokio::test]
async fn a_secret_is_read_once_for_each_of_its_versions() {
    let bench = Bench::converged(plain()).await;
    let path = format!("{SECRETS}/eva");
    let mut secret = bench.api.objects()[&path].clone();
    secret["metadata"]["labels"] = json!({ "somebody": "touched it" });
    bench.api.put(&path, secret);
    bench.watch();
    bench.api.expect([&format!("GET {path}")]);
    bench.pass().await.unwrap();
    bench.api.expect([]);
    bench.pass().await.unwrap();
}

#[tokio::test]
async fn a_bot_that_cannot_be_read_is_told_so_once_and_left_as_it_is() {
    let bench = Bench::converged(plain()).await;
    bench.change(|spec| spec["rollout"]["strategy"] = json!("Sideways"));
    bench.api.expect([STATUS, EVENTS, EVENTS]);
    bench.pass().await.unwrap();
    let accepted = bench.condition("Accepted");
    assert_eq!((accepted["status"].as_str(), accepted["reason"].as_str()), (Some("False"), Some("Unreadable")));
    let message = accepted["message"].as_str().unwrap();
    assert!(message.starts_with("spec.rollout.strategy: unknown variant"), "{message}");
    bench.watch();
    bench.api.expect([]);
    assert!(!bench.pass().await.unwrap().has_written);
}

/// To judge a spec is the dearest part of a pass.
#[tokio::test]
async fn a_spec_that_was_found_good_is_judged_again_when_it_is_another_one() {
    let bench = Bench::converged(plain()).await;
    let path = format!("{BOTS}/eva");
    let want = |generation: u64, zone: &str| {
        let mut bot = bench.api.objects()[&path].clone();
        bot["metadata"]["generation"] = json!(generation);
        bot["spec"]["persona"]["timeZone"] = json!(zone);
        bench.api.put(&path, bot);
        bench.watch();
    };
    let accepted = || bench.condition("Accepted")["reason"].as_str().unwrap().to_owned();
    // No server changes a spec and keeps its generation: what is wrong here is not seen, since nobody looks.
    want(1, "Nowhere/Land");
    bench.pass().await.unwrap();
    assert_eq!(accepted(), "Valid");
    want(2, "Nowhere/Land");
    for _ in 0..2 {
        bench.pass().await.unwrap();
        bench.watch();
        assert_eq!(accepted(), "Invalid", "what is refused stays so");
    }
    let message = bench.condition("Accepted")["message"].clone();
    assert!(message.as_str().unwrap().contains("spec.persona.timeZone: "), "{message}");
    want(3, "Europe/Moscow");
    bench.pass().await.unwrap();
    assert_eq!(accepted(), "Valid");
}

#[tokio::test]
async fn a_secret_that_only_backups_read_keeps_nothing_else_from_being_mended() {
    let mut spec = plain();
    spec["backup"] = json!({ "s3": { "bucket": "copies", "credentialsSecretName": "typo" } });
    let bench = Bench::converged(spec).await;
    assert!(bench.api.objects().keys().all(|path| !path.contains("/cronjobs/")), "the schedule waits");
    let backed_up = bench.condition("BackedUp");
    assert_eq!((&backed_up["status"], &backed_up["reason"]), (&json!("False"), &json!("ReferencesNotFound")));
    let missing = "spec.backup.s3.credentialsSecretName: there is no Secret typo in the namespace default; create it";
    assert_eq!(bench.condition("ReferencesResolved")["message"], missing, "once, though two entries are missing");
    let ready = bench.condition("Ready");
    assert_eq!((&ready["status"], &ready["reason"]), (&json!("True"), &json!("Degraded")));
    assert!(ready["message"].as_str().unwrap().contains(missing), "{ready}");

    let mut drifted = bench.api.objects()[DEPLOYMENT].clone();
    drifted["spec"]["template"]["spec"]["containers"][0]["image"] = json!("evil:latest");
    bench.api.put(DEPLOYMENT, drifted);
    bench.watch();
    bench.api.expect([&format!("PATCH {DEPLOYMENT}")]);
    bench.pass().await.unwrap();
}

#[tokio::test]
async fn what_is_deleted_while_a_secret_is_missing_comes_back_as_it_was() {
    let bench = Bench::converged(plain()).await;
    let template = bench.api.objects()[DEPLOYMENT]["spec"]["template"].clone();
    let path = format!("{SECRETS}/eva");
    let mut secret = bench.api.objects()[&path].clone();
    secret["data"] = json!({ "TELEGRAM_BOT_TOKEN": "MTph" });
    bench.api.put(&path, secret);
    bench.watch();
    bench.pass().await.unwrap();
    let ready = bench.condition("Ready");
    assert_eq!((&ready["status"], &ready["reason"]), (&json!("True"), &json!("Degraded")), "it serves all the same");
    assert_eq!(bench.condition("RolledOut")["reason"], "Waiting");
    let rollout = bench.api.objects()[&format!("{BOTS}/eva")]["status"]["rollout"].clone();
    assert_eq!((&rollout["phase"], &rollout["level"]), (&json!("Stable"), &json!("Waiting")));

    bench.api.remove(DEPLOYMENT);
    bench.watch();
    bench.pass().await.unwrap();
    assert_eq!(bench.api.objects()[DEPLOYMENT]["spec"]["template"], template);
    let ready = bench.condition("Ready");
    assert_eq!((&ready["status"], &ready["reason"]), (&json!("False"), &json!("ReferencesNotFound")));
}

#[tokio::test]
async fn a_pause_says_one_thing_at_its_beginning_and_one_at_its_end() {
    let bench = Bench::converged(plain()).await;
    let before = bench.condition("RolledOut");
    for (paused, reason) in [(true, "Paused"), (false, "Serving")] {
        bench.change(|spec| spec["paused"] = json!(paused));
        bench.api.allow();
        bench.pass().await.unwrap();
        bench.watch();
        assert_eq!(bench.condition("Ready")["reason"], reason);
        assert_eq!(bench.condition("RolledOut"), before);
        let told = bench.api.calls().into_iter().filter(|call| call.contains("/events")).collect::<Vec<_>>();
        assert_eq!(told.len(), 1, "{told:#?}");
    }
}

/// Unless hundreds of others came in between: an operator with a thousand bots does not keep what it told of each.
#[tokio::test]
async fn what_is_told_again_within_minutes_is_the_same_event_with_a_count() {
    let bench = Bench::new(plain());
    let bot = |name: &str| {
        let mut bot = bench.api.objects()[&format!("{BOTS}/eva")].clone();
        bot["metadata"]["name"] = json!(name);
        serde_json::from_value(bot).unwrap()
    };
    let news = [Finding::no(READY, "Failing", "the model cannot be reached")];
    for _ in 0..2 {
        bench.context.events.tell(&bot("eva"), &news).await;
    }
    let calls = bench.api.calls();
    assert_eq!(calls[0], EVENTS);
    assert!(calls[1].starts_with("PATCH ") && calls[1].contains("/events/eva."), "{calls:#?}");
    for other in 0..256 {
        bench.context.events.tell(&bot(&format!("other-{other}")), &news).await;
    }
    bench.context.events.tell(&bot("eva"), &news).await;
    assert_eq!(bench.api.calls().last().unwrap(), EVENTS);
}

/// A weekly schedule becomes a daily one, and the newest copy is six days old.
#[tokio::test]
async fn a_schedule_that_was_just_changed_is_given_its_own_time_to_make_a_copy() {
    const SCHEDULE: &str = "/apis/batch/v1/namespaces/default/cronjobs/eva-backup";
    let mut spec = plain();
    spec["backup"] = json!({ "volume": { "size": "1Gi" } });
    let bench = Bench::converged(spec).await;
    let now = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let (day, two_days) = (Duration::from_hours(24), Duration::from_secs(48 * 3600 + 1));
    for (changed, reason) in [(now.as_str(), "BackedUp"), ("2026-03-05T12:00:00Z", "BackupOld")] {
        let mut schedule = bench.api.objects()[SCHEDULE].clone();
        schedule["status"] = json!({ "lastSuccessfulTime": "2026-03-01T03:31:00Z" });
        // Kubernetes writes into its status whenever it likes.
        schedule["metadata"]["managedFields"] = json!([
            { "manager": "evolve-operator", "operation": "Apply", "apiVersion": "batch/v1", "time": changed },
            { "manager": "kube-controller-manager", "operation": "Update", "apiVersion": "batch/v1", "subresource": "status", "time": now },
        ]);
        bench.api.put(SCHEDULE, schedule);
        bench.watch();
        let pass = bench.pass().await.unwrap();
        bench.watch();
        let condition = bench.condition("BackedUp");
        assert_eq!(condition["reason"], reason, "{condition}");
        assert_eq!(pass.next.is_some_and(|next| next > day && next <= two_days), reason == "BackedUp", "{pass:?}");
    }
}

/// Where the schedule is suspended, or nothing can begin, no Job fails, and nothing else would tell.
#[tokio::test]
async fn a_copy_that_is_older_than_two_periods_is_a_warning_until_there_is_a_newer_one() {
    const SCHEDULE: &str = "/apis/batch/v1/namespaces/default/cronjobs/eva-backup";
    let mut spec = plain();
    spec["backup"] = json!({ "volume": { "size": "1Gi" } });
    let bench = Bench::converged(spec).await;
    assert_eq!(bench.condition("BackedUp")["reason"], "NoneYet");
    let now = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let (day, two_days) = (Duration::from_hours(24), Duration::from_secs(48 * 3600 + 1));
    for (made, reason) in [("2026-03-01T03:31:00Z", "BackupOld"), (now.as_str(), "BackedUp")] {
        let mut schedule = bench.api.objects()[SCHEDULE].clone();
        schedule["status"] = json!({ "lastSuccessfulTime": made });
        bench.api.put(SCHEDULE, schedule);
        bench.watch();
        let pass = bench.pass().await.unwrap();
        bench.watch();
        let condition = bench.condition("BackedUp");
        assert_eq!(condition["reason"], reason, "{condition}");
        // It is looked at when it would be too old, though nothing happens until then.
        assert_eq!(pass.next.is_some_and(|next| next > day && next <= two_days), reason == "BackedUp", "{pass:?}");
        if reason == "BackupOld" {
            let message = condition["message"].as_str().unwrap();
            assert!(
                message.starts_with("the last good copy of the database is of 2026-03-01T03:31:00Z, and"),
                "{message}"
            );
            assert!(
                message.contains("each 48 hours at the latest: `kubectl describe cronjob eva-backup`"),
                "{message}"
            );
        }
    }
}
