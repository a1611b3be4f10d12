//! What the operator shows of each bot, for alerts to tell of.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use evolve_operator::controller::cache::Key;
use serde_json::{Value, json};

use super::{Bench, SECRETS};

/// When the first certificate of the file ends.
const ENDS: i64 = 1_803_148_891;

/// What the bot's gauge of this name says; nothing where it has none.
fn shown(bench: &Bench, name: &str) -> Option<i64> {
    let start = format!("{name}{{bot_namespace=\"default\",bot=\"eva\"}} ");
    bench.shown.encode().lines().find_map(|line| line.strip_prefix(start.as_str())?.parse().ok())
}

/// Somebody puts this into the Secret of the certificate.
fn certify(bench: &Bench, text: &str) {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "tls", "namespace": "default" },
        "data": { "tls.crt": STANDARD.encode(text), "tls.key": "MQ==" },
    });
    bench.api.put(&format!("{SECRETS}/tls"), secret);
    bench.watch();
}

#[tokio::test]
async fn a_migration_that_failed_is_shown_until_its_bot_is_gone() {
    let bench = Bench::new(json!({ "version": "1.0.0", "ai": { "providers": [{ "kind": "scripted" }] } }));
    bench.pass().await.unwrap();
    assert_eq!(shown(&bench, "migration_failed"), Some(0));
    for (path, mut object) in bench.api.objects().into_iter().filter(|(_, object)| object["kind"] == "Job") {
        object["status"] = json!({ "conditions": [{ "type": "Failed", "status": "True" }] });
        bench.api.put(&path, object);
    }
    bench.watch();
    bench.pass().await.unwrap();
    assert_eq!(bench.condition("Migrated")["reason"], "MigrationFailed");
    assert_eq!(shown(&bench, "migration_failed"), Some(1));
    assert_eq!(shown(&bench, "rollout_rolled_back"), Some(0));
    bench.context.applier.metrics.forget(&Key::new("default", "eva"));
    assert!(!bench.shown.encode().contains("bot=\"eva\""), "{}", bench.shown.encode());
}

#[tokio::test]
async fn when_the_webhooks_certificate_ends_is_shown_and_one_that_cannot_be_read_stops_nothing() {
    const NAME: &str = "certificate_expiry_timestamp_seconds";
    let webhook = json!({ "host": "bots.example.org", "tlsSecretName": "tls" });
    let bench = Bench::new(json!({
        "version": "1.0.0", "ai": { "providers": [{ "kind": "scripted" }] },
        "telegram": { "mode": "webhook", "webhook": webhook },
    }));
    bench.pass().await.unwrap();
    assert_eq!(shown(&bench, NAME), Some(0), "there is none");
    certify(&bench, "not yet");
    bench.pass().await.unwrap();
    assert_eq!(shown(&bench, NAME), Some(0), "it is none");
    certify(&bench, include_str!("chain.pem"));
    bench.pass().await.unwrap();
    assert_eq!(shown(&bench, NAME), Some(ENDS));

    // Who may not look knows what was seen before.
    certify(&bench, "something else");
    bench.api.fail(&format!("GET {SECRETS}/tls"), 403);
    bench.pass().await.unwrap();
    assert_eq!(shown(&bench, NAME), Some(ENDS));

    bench.change(|spec| spec["telegram"] = Value::Object(serde_json::Map::new()));
    bench.pass().await.unwrap();
    assert_eq!(shown(&bench, NAME), None, "it is asked for no more");
}
