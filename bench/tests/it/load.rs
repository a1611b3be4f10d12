//! A load test of an installation: here an API on a database of its own.

use std::process::{Output, Stdio};

use evolve_testkit::process::free_port;
use evolve_testkit::{TestDatabase, TestRedis, eventually};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::programs::built;

const SERVICE_KEY: &str = "load-service-key-load-service-key-load";

async fn load(url: &str, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_evolve-load"))
        .env("SERVICE_KEY", SERVICE_KEY)
        .args(["--api-url", url, "--seconds", "1", "--json"])
        .args(more)
        .output()
        .await
        .unwrap()
}

fn told(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[tokio::test]
async fn an_installation_under_load_is_told_of_and_a_threshold_that_is_exceeded_fails_the_run() {
    let Some(binaries) = built("a load test of an installation") else { return };
    let (database, redis) = (TestDatabase::migrated().await, TestRedis::create().await);
    let url = format!("http://127.0.0.1:{}", free_port().unwrap());
    let _api = Command::new(binaries.join("evolve-api"))
        .env_clear()
        .env("HTTP_ADDR", url.trim_start_matches("http://"))
        .env("DATABASE_URL", database.url())
        .env("REDIS_URL", redis.url())
        // A busy machine is not a Redis that is away, without which each replica counts anew.
        .env("REDIS_TIMEOUT_MS", "10000")
        .env("ENCRYPTION_KEY", fernet::Fernet::generate_key())
        .env("JWT_SECRET", "load-jwt-secret-load-jwt-secret-load-jwt")
        .env("SERVICE_KEY", SERVICE_KEY)
        .env("PROVIDERS", r#"[{"kind":"scripted"}]"#)
        .env("CHAT_RATE_LIMIT", "2/minute")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let ready = format!("{url}/ready");
    eventually("it is ready", async || reqwest::get(&ready).await.is_ok_and(|answer| answer.status().is_success()))
        .await;

    let spike = ["--scenario", "spike", "--rate", "6", "--peak", "12", "--people", "8"];
    let output = load(&url, &spike).await;
    let found = told(&output);
    assert_eq!(
        (output.status.code(), &found["answered"], &found["failed"]),
        (Some(0), &json!(8), &json!(0)),
        "{found}"
    );
    assert!(found["p50_ms"].as_f64() <= found["p99_ms"].as_f64(), "{found}");

    let output = load(&url, &["--rate", "8", "--people", "2", "--first-person", "77"]).await;
    let found = told(&output);
    assert_eq!(
        (output.status.code(), &found["answered"], &found["failed"]),
        (Some(1), &json!(4), &json!(4)),
        "{found}"
    );
    assert_eq!(found["failures"], json!({ "429 RateLimited": 4 }));
    assert_eq!(found["exceeded"], json!(["50.00% failed, more than 1%"]));
}
