//! A neighbour is away.

use std::time::Duration;

use evolve_contract::Code;
use evolve_testkit::{OwnPostgres, OwnRedis, eventually};
use futures::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::harness::{IVAN, Setup};

#[tokio::test]
async fn while_postgres_is_away_callers_are_told_to_come_back_and_then_all_goes_on() {
    let mut postgres = OwnPostgres::migrated().await.unwrap();
    let mut setup = Setup::new().await;
    setup.database_url = postgres.url();
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    assert_eq!(api.get("/ready", None).await.status, StatusCode::OK);

    postgres.kill().unwrap();
    let requests = [
        api.request(Method::POST, "/chat").json(&json!({"message": "Ты тут?"})),
        api.request(Method::GET, "/profile/status/42"),
        api.request(Method::POST, "/profile").json(&json!({"user_id": IVAN, "data": {"name": "Иван"}})),
        api.request(Method::DELETE, "/profile/42"),
        api.request(Method::POST, "/chat/reset"),
    ];
    for answer in join_all(requests.map(|request| api.send(request.bearer_auth(&token)))).await {
        assert_eq!(answer.code(), Code::DatabaseUnavailable);
        assert_eq!(answer.header("retry-after"), Some("5"));
    }
    let not_ready = eventually("the probe notices", async || {
        let answer = api.get("/ready", None).await;
        (answer.status == StatusCode::SERVICE_UNAVAILABLE).then_some(answer)
    });
    let not_ready = not_ready.await.json();
    assert_eq!(not_ready["status"], "not_ready");
    assert_eq!(not_ready["database"], json!({"status": "unhealthy"}));
    assert_eq!(api.get("/health", None).await.status, StatusCode::OK, "restarting would not help");

    postgres.start_again().unwrap();
    eventually("it is ready again", async || api.get("/ready", None).await.status == StatusCode::OK).await;
    api.say(&token, "А теперь?", None).await.unwrap();
    assert_eq!(api.client.status(&token, IVAN).await.unwrap().messages_today, 2);
}

#[tokio::test]
async fn a_frozen_redis_costs_a_moment_and_then_nothing() {
    let mut redis = tokio::task::spawn_blocking(|| OwnRedis::start().unwrap()).await.unwrap();
    let mut setup = Setup::new().await.with("REDIS_TIMEOUT_MS", 500);
    setup.redis_url = Some(redis.url());
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    redis.freeze();
    for _ in 0..4 {
        api.client.profile(&token, IVAN).await.unwrap();
    }
    let ready = api.get("/ready", None).await;
    assert_eq!(ready.status, StatusCode::OK);
    assert_eq!(
        ready.json()["redis"],
        json!({"status": "degraded", "circuit_breaker": {"state": "OPEN", "failure_count": 3}})
    );
    let skipped = api.metric(r#"redis_calls_total{operation="limit",outcome="skipped"}"#).await;
    assert!(skipped >= 2.0, "the breaker spares callers the wait: {skipped}");

    redis.thaw();
    let asked = async || api.metric(r#"redis_calls_total{operation="limit",outcome="ok"}"#).await;
    let before = asked().await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(30)).await;
    tokio::time::resume();
    // The first call after half a minute finds it well again, at once.
    tokio::time::timeout(Duration::from_secs(2), api.client.profile(&token, IVAN)).await.unwrap().unwrap();
    assert!(asked().await > before, "half a minute later it was not asked");
    let redis = &api.get("/ready", None).await.json()["redis"];
    assert_eq!((&redis["status"], &redis["circuit_breaker"]["state"]), (&json!("healthy"), &json!("CLOSED")));
}

#[tokio::test]
async fn a_redis_that_is_full_keeps_limits_shows_nothing_old_and_keeps_nobody_waiting() {
    let redis = tokio::task::spawn_blocking(|| OwnRedis::start().unwrap()).await.unwrap();
    let mut setup = Setup::new().await;
    setup.redis_url = Some(redis.url());
    let replicas = [setup.start().await, setup.start().await];
    let token = replicas[0].token(IVAN).await;
    let rename = async |name: &str| {
        let request = replicas[0].request(Method::POST, "/profile").bearer_auth(&token);
        let answer = replicas[0].send(request.json(&json!({"user_id": IVAN, "data": {"name": name}}))).await;
        assert!(answer.status.is_success(), "{answer:?}");
    };
    let name = async || replicas[1].client.profile(&token, IVAN).await.unwrap().data.name;
    rename("Иван").await;
    let server = redis::Client::open(redis.url()).unwrap();
    let mut connection = server.get_multiplexed_async_connection().await.unwrap();
    // The mark that keeps an old value out would keep this one out too, for half a minute.
    redis::cmd("DEL").arg("evolve:profile:2:42").exec_async(&mut connection).await.unwrap();
    assert_eq!(name().await.as_deref(), Some("Иван"));

    redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(1).exec_async(&mut connection).await.unwrap();
    rename("Ваня").await;
    assert_eq!(name().await.as_deref(), Some("Ваня"), "an old profile was served");
    let mut answered = 0;
    for i in 0..14 {
        let said = replicas[i % 2].say(&token, "Привет", None).await;
        answered += u32::from(said.is_ok());
    }
    assert_eq!(answered, 10, "replicas counted each for itself");
    let ready = replicas[0].get("/ready", None).await;
    let closed = json!({"state": "CLOSED", "failure_count": 0});
    assert_eq!(ready.json()["redis"], json!({"status": "healthy", "circuit_breaker": closed}));
}
