//! The process itself: how it starts, refuses to start, and stops.

use std::process::Output;

use evolve_testkit::{TestDatabase, TestRedis, eventually};
use tokio::process::Command;

use crate::harness::{JWT_SECRET, SERVICE_KEY};

fn api() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_evolve-api"));
    command.env_clear().kill_on_drop(true);
    command
}

fn text(output: &Output) -> (&str, &str) {
    (std::str::from_utf8(&output.stdout).unwrap(), std::str::from_utf8(&output.stderr).unwrap())
}

#[tokio::test]
async fn a_wrong_configuration_stops_start_up_with_every_problem_at_once() {
    let output = api().env("JWT_SECRET", "short").output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let (stdout, stderr) = text(&output);
    assert_eq!(stdout, "");
    for problem in [
        "JWT_SECRET has 5 characters and needs at least 32",
        "SERVICE_KEY is not set",
        "DATABASE_URL is not set",
        "ENCRYPTION_KEY is not set",
        "GOOGLE_API_KEY",
    ] {
        assert!(stderr.contains(problem), "{problem} is not in:\n{stderr}");
    }
}

#[tokio::test]
async fn it_prints_its_reference_and_its_document_without_any_configuration() {
    let output = api().arg("--config-reference").output().await.unwrap();
    let (reference, _) = text(&output);
    for name in
        ["JWT_SECRET", "DATABASE_URL", "REDIS_URL", "CACHE_TTL_SECONDS", "CHAT_RATE_LIMIT", "PROVIDERS", "LOG_LEVEL"]
    {
        assert!(reference.contains(&format!("| `{name}` |")), "{name} is not in:\n{reference}");
    }
    let output = api().arg("--openapi").output().await.unwrap();
    assert_eq!(text(&output).0, evolve_api::openapi_json().unwrap());
}

#[tokio::test]
async fn it_serves_until_it_is_told_to_stop() {
    let (database, redis) = (TestDatabase::migrated().await, TestRedis::create().await);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut child = api()
        .env("HTTP_ADDR", format!("127.0.0.1:{port}"))
        .env("JWT_SECRET", JWT_SECRET)
        .env("SERVICE_KEY", SERVICE_KEY)
        .env("DATABASE_URL", database.url())
        .env("REDIS_URL", redis.url())
        .env("ENCRYPTION_KEY", "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")
        .env("LOG_LEVEL", "ERROR")
        .env("PROVIDERS", r#"[{"kind": "scripted"}]"#)
        .spawn()
        .unwrap();
    let url = format!("http://127.0.0.1:{port}/ready");
    eventually("it is ready", async || reqwest::get(&url).await.and_then(reqwest::Response::error_for_status)).await;
    let stopped = Command::new("kill").arg(child.id().unwrap().to_string()).status().await.unwrap();
    assert!(stopped.success());
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn an_encryption_key_that_does_not_fit_the_data_stops_it_and_says_so() {
    let database = TestDatabase::migrated().await;
    let pool = sqlx::PgPool::connect(database.url()).await.unwrap();
    let of_another_key = "gAAAAABpIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    sqlx::query("INSERT INTO users (id, profile, created_at, last_seen_at) VALUES (1, $1, now(), now())")
        .bind(of_another_key)
        .execute(&pool)
        .await
        .unwrap();
    let output = api()
        .env("HTTP_ADDR", "127.0.0.1:0")
        .env("JWT_SECRET", JWT_SECRET)
        .env("SERVICE_KEY", SERVICE_KEY)
        .env("DATABASE_URL", database.url())
        .env("ENCRYPTION_KEY", "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")
        .env("PROVIDERS", r#"[{"kind":"scripted"}]"#)
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).1.contains("cannot be decrypted with any key of ENCRYPTION_KEY"), "{}", text(&output).1);
}
