//! Copies in a store that speaks S3, on real Postgres: the very containers that the Jobs have, with the very environment
//! that the operator gives them, run here one after the other as a node would.

use std::path::Path;
use std::process::Output;

use evolve_operator::EvolveBot;
use evolve_operator::build::{Cluster, Inputs, build, restore};
use evolve_testkit::database::TestDatabase;
use k8s_openapi::api::batch::v1::JobSpec;
use k8s_openapi::api::core::v1::{Container, EnvVar};
use serde_json::json;

use super::store::{BUCKET, KEY, SECRET, Store};
use super::{Machine, PEOPLE, shell, similar, text};

/// What a Job's pod came to.
struct Ran {
    succeeded: bool,
    log: String,
}

/// A bot with a store, and the node that its Jobs run on.
struct Site {
    store: Store,
    machine: Machine,
    settings: serde_json::Value,
    secret: &'static str,
}

impl Site {
    async fn new() -> Option<Self> {
        let store = Store::start().await?;
        let machine = Machine::new(&TestDatabase::empty().await);
        machine.sql(PEOPLE);
        let s3 =
            json!({ "endpoint": store.endpoint, "bucket": BUCKET, "prefix": "bots", "credentialsSecretName": "store" });
        Some(Self { store, machine, settings: json!({ "s3": s3, "keepDays": 14 }), secret: SECRET })
    }

    fn bot(&self) -> EvolveBot {
        let mut bot = EvolveBot::parse(include_str!("../../../../examples/smallest.yaml")).unwrap();
        bot.spec.backup = Some(serde_json::from_value(self.settings.clone()).unwrap());
        bot
    }

    fn back_up(&self) -> Ran {
        let cluster = Cluster {
            image: "evolve".to_owned(),
            version: "0.1.0".to_owned(),
            has_prometheus: false,
            has_gateway: false,
            operator_namespace: "evolve-system".to_owned(),
        };
        let schedule = build(&self.bot(), &Inputs::default(), &cluster).backup.unwrap();
        self.run(&schedule.spec.unwrap().job_template.spec.unwrap())
    }

    fn restore(&self, copy: &str) -> Ran {
        self.run(&restore::job(&self.bot(), &Inputs::default(), copy, "a1").unwrap().spec.unwrap())
    }

    /// What the pod of a Job does: its init containers, then its container, up to the first that fails.
    fn run(&self, job: &JobSpec) -> Ran {
        // A pod's scratch volume is its own.
        let place = tempfile::tempdir().unwrap();
        for folder in ["work", "backups"] {
            std::fs::create_dir(place.path().join(folder)).unwrap();
        }
        let pod = job.template.spec.as_ref().unwrap();
        assert_eq!(pod.restart_policy.as_deref(), Some("Never"), "a container that fails, fails the pod");
        let mut log = String::new();
        for container in pod.init_containers.iter().flatten().chain(&pod.containers) {
            let output = self.contain(container, place.path());
            log.push_str(&text(&output));
            if !output.status.success() {
                return Ran { succeeded: false, log };
            }
        }
        Ran { succeeded: true, log }
    }

    fn contain(&self, container: &Container, place: &Path) -> Output {
        let [program, option, script] = container.command.as_ref().unwrap().as_slice() else { panic!("a script") };
        assert_eq!((program.as_str(), option.as_str()), ("sh", "-euc"));
        let mut command = shell(&[script]);
        command.envs(container.env.iter().flatten().map(|variable| (&variable.name, self.value(variable, place))));
        command.env("TMPDIR", place).env("PATIENCE", "0").output().unwrap()
    }

    fn value(&self, variable: &EnvVar, place: &Path) -> String {
        if let Some(value) = &variable.value {
            let is_mounted = value.starts_with("/backups") || value.starts_with("/work");
            return if is_mounted { format!("{}{value}", place.display()) } else { value.clone() };
        }
        let secret = variable.value_from.as_ref().unwrap().secret_key_ref.as_ref().unwrap();
        match (secret.name.as_str(), secret.key.as_str()) {
            ("store", "AWS_ACCESS_KEY_ID") => KEY.to_owned(),
            ("store", "AWS_SECRET_ACCESS_KEY") => self.secret.to_owned(),
            (_, "DATABASE_URL") => self.machine.url.clone(),
            other => panic!("nobody expected that {other:?} is read"),
        }
    }
}

/// That a Job failed, and that its log ends with a sentence for a person and tells no secret.
fn fails_with(ran: &Ran, sentence: &str) {
    assert!(!ran.succeeded, "{}", ran.log);
    let last = ran.log.trim_end().lines().last().unwrap_or_default();
    assert!(last.contains(sentence), "{}", ran.log);
    assert!(!ran.log.contains(SECRET) && !ran.log.contains("another-s3cret"), "{}", ran.log);
}

#[tokio::test]
async fn a_copy_goes_to_the_store_and_comes_back_exactly() {
    let Some(site) = Site::new().await else { return };
    let before = site.machine.content();
    let made = site.back_up();
    assert!(made.succeeded, "{}", made.log);
    let copies = site.store.names("bots/eva");
    assert!(made.log.contains(&format!("stored {}", copies[0])), "{}", made.log);
    for copy in [copies[0].as_str(), "latest"] {
        site.machine.sql("DELETE FROM letters; DROP VIEW greetings; UPDATE people SET name = 'Nobody'");
        assert_ne!(site.machine.content(), before);
        let restored = site.restore(copy);
        assert!(restored.succeeded && restored.log.contains(&format!("restored {}", copies[0])), "{}", restored.log);
        similar(&site.machine.content(), &before);
    }
}

#[tokio::test]
async fn what_is_too_old_goes_from_the_bots_own_folder_alone_and_only_copies_do() {
    let Some(site) = Site::new().await else { return };
    let old = "2020-01-01T00-00-00Z.dump";
    for folder in ["bots/eva", "bots/eva/second", "bots/eva2", "bots", "."] {
        site.store.put(&format!("{folder}/{old}"), 16);
    }
    site.store.put("bots/eva/2020-01-02T00-00-00Z.dump", 13);
    site.store.put("bots/eva/notes.txt", 16);
    let made = site.back_up();
    assert!(made.succeeded, "{}", made.log);
    let left = site.store.names("bots/eva");
    let new: Vec<_> = left.iter().filter(|name| made.log.contains(&format!("stored {name}"))).cloned().collect();
    let kept = ["2020-01-02T00-00-00Z.dump", &new[0], "notes.txt", "second"];
    assert_eq!(left, kept, "{}", made.log);
    for folder in ["bots/eva/second", "bots/eva2", "bots", "."] {
        assert!(site.store.names(folder).contains(&old.to_owned()), "{folder}");
    }
    let latest = site.restore("latest");
    assert!(latest.log.contains(&format!("fetched {}", new[0])), "{}", latest.log);
}

#[tokio::test]
async fn wrong_credentials_fail_the_job_with_the_secret_that_is_to_be_corrected() {
    let Some(mut site) = Site::new().await else { return };
    site.secret = "another-s3cret";
    for ran in [site.back_up(), site.restore("latest")] {
        fails_with(&ran, "correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the Secret that");
    }
    assert!(site.store.names("bots/eva").is_empty());
}

#[tokio::test]
async fn a_bucket_that_is_not_there_fails_the_job_and_is_not_made() {
    let Some(mut site) = Site::new().await else { return };
    site.settings["s3"]["bucket"] = json!("elsewhere");
    let before = site.machine.content();
    for ran in [site.back_up(), site.restore("latest")] {
        fails_with(&ran, "there is no bucket elsewhere: make it, or correct spec.backup.s3.bucket");
    }
    similar(&site.machine.content(), &before);
}

#[tokio::test]
async fn a_copy_that_is_not_in_the_store_is_answered_with_those_that_are() {
    let Some(site) = Site::new().await else { return };
    fails_with(&site.restore("latest"), "there is no copy in copies/bots/eva: is spec.backup.s3.prefix the one");
    site.store.put("bots/eva/2026-03-01T03-30-00Z.dump", 1);
    site.store.put("bots/eva/2026-03-02T03-30-00Z.dump", 0);
    let ran = site.restore("2026-03-05T03-30-00Z.dump");
    assert!(
        ran.log.contains("there is no copy '2026-03-05T03-30-00Z.dump' in copies/bots/eva; there are:"),
        "{}",
        ran.log
    );
    fails_with(&ran, "2026-03-02T03-30-00Z.dump");
}
