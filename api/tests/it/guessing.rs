//! Whoever shows wrong keys is not listened to for a while, and nobody else is kept out by that.

use chrono::TimeDelta;
use evolve_contract::Code;
use evolve_runtime::clock::Clock;
use evolve_testkit::OwnRedis;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::harness::{Answer, Api, IVAN, SERVICE_KEY, Setup};

/// A request of an administrator, as it comes through our proxy.
async fn list(api: &Api, key: &str, from: &str) -> Answer {
    let request = api.request(Method::GET, "/admin/payments").header("x-service-key", key);
    api.send(request.header("x-forwarded-for", from)).await
}

#[tokio::test]
async fn who_guesses_at_the_service_key_is_not_listened_to_and_the_bot_is() {
    let setup = Setup::new().await.with("TRUSTED_PROXY_HOPS", 1);
    let replicas = [setup.start().await, setup.start().await];
    let [api, another] = &replicas;
    for i in 0..10 {
        assert_eq!(list(&replicas[i % 2], "guess", "6.6.6.6").await.code(), Code::Forbidden);
    }
    let refused = list(api, "guess", "6.6.6.6").await;
    assert_eq!((refused.code(), refused.header("retry-after")), (Code::RateLimited, Some("30")));
    assert_eq!(list(api, SERVICE_KEY, "6.6.6.6").await.code(), Code::RateLimited, "or it could be found by trying");
    let auth = api.request(Method::POST, "/auth").header("x-service-key", SERVICE_KEY);
    let auth = auth.header("x-forwarded-for", "6.6.6.6").json(&json!({"user_id": IVAN}));
    assert_eq!(api.send(auth).await.code(), Code::RateLimited, "it is the same key");
    // What a caller writes before our proxy does is only theirs to believe.
    assert_eq!(list(api, SERVICE_KEY, "1.2.3.4, 6.6.6.6").await.code(), Code::RateLimited);
    assert_eq!(list(api, SERVICE_KEY, "6.6.6.6, 1.2.3.4").await.status, StatusCode::OK);
    assert_eq!(list(another, "guess", "6.6.6.6").await.header("retry-after"), Some("60"), "counted for all replicas");
    assert_eq!(list(api, "guess", "1.2.3.4").await.code(), Code::Forbidden, "a slip");

    api.clock.advance(TimeDelta::seconds(30));
    assert_eq!(list(api, SERVICE_KEY, "6.6.6.6").await.status, StatusCode::OK);
    assert_eq!(list(api, "guess", "6.6.6.6").await.header("retry-after"), Some("120"), "longer each time");
    let counted = |outcome: &str| format!(r#"auth_failures_total{{proof="service_key",outcome="{outcome}"}}"#);
    assert!(api.metric(&counted("wrong")).await >= 7.0);
    assert!(api.metric(&counted("refused")).await >= 3.0);
}

#[tokio::test]
async fn a_stranger_behind_a_proxy_on_our_machine_does_not_keep_our_bot_out() {
    let api = Api::start().await;
    let list =
        async |key: &str| api.send(api.request(Method::GET, "/admin/payments").header("x-service-key", key)).await;
    for _ in 0..10 {
        assert_eq!(list("guess").await.code(), Code::Forbidden);
    }
    assert_eq!(list("guess").await.code(), Code::RateLimited);
    assert_eq!(list(SERVICE_KEY).await.status, StatusCode::OK);
    api.token(IVAN).await;
    let auth = api.request(Method::POST, "/auth").header("x-service-key", "guess").json(&json!({"user_id": IVAN}));
    assert_eq!(api.send(auth).await.code(), Code::RateLimited);
}

#[test]
fn whoever_needs_the_service_key_is_told_that_guesses_are_refused() {
    let document = serde_json::to_value(evolve_api::openapi()).unwrap();
    let operations = document["paths"].as_object().unwrap().iter().flat_map(|(path, operations)| {
        operations.as_object().unwrap().iter().map(move |(method, operation)| (format!("{method} {path}"), operation))
    });
    let of_admins: Vec<_> =
        operations.filter(|(_, operation)| !operation["security"][0]["service_key"].is_null()).collect();
    assert!(of_admins.len() > 20, "{}", of_admins.len());
    for (name, operation) in of_admins {
        assert!(!operation["responses"]["429"].is_null(), "{name} does not document 429");
    }
}

#[tokio::test]
async fn wrong_tokens_are_counted_and_always_told_so_since_a_bot_must_hear_that_its_key_has_changed() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    let profile = async |token: &str| api.get("/profile/42", Some(token)).await;
    assert_eq!(api.get("/profile/42", None).await.code(), Code::Unauthorized, "nothing is no guess");
    for _ in 0..15 {
        assert_eq!(profile("a.wrong.token").await.code(), Code::Unauthorized);
    }
    let counted =
        async |outcome: &str| api.metric(&format!(r#"auth_failures_total{{proof="token",outcome="{outcome}"}}"#)).await;
    assert_eq!((counted("wrong").await, counted("refused").await), (15.0, 4.0));
    assert_eq!(profile(&token).await.status, StatusCode::OK, "behind one address there are many");
    api.clock.advance(TimeDelta::hours(2));
    for _ in 0..12 {
        assert_eq!(profile(&token).await.code(), Code::Unauthorized, "one that has run out was right");
    }
}

#[tokio::test]
async fn forged_init_data_is_refused_and_the_right_one_taken() {
    let mut setup = Setup::new().await.with("AUTH_RATE_LIMIT", "100/minute");
    setup.clock = Clock::fixed("2026-03-01T12:30:00Z".parse().unwrap());
    let api = setup.start().await;
    let right = include_str!("../../src/auth/init_data_sample.txt").trim_end();
    let forged = right.replace("%3A42%2C", "%3A43%2C");
    assert_ne!(forged, right, "the story needs another person in it");
    let show = async |data: &str| api.post("/auth", None, &json!({"init_data": data})).await;
    for _ in 0..10 {
        assert_eq!(show(&forged).await.code(), Code::Forbidden);
    }
    assert_eq!(show(&forged).await.code(), Code::RateLimited);
    assert_eq!(show(right).await.status, StatusCode::OK);
}

#[tokio::test]
async fn without_redis_each_process_counts_for_itself() {
    let mut redis = tokio::task::spawn_blocking(|| OwnRedis::start().unwrap()).await.unwrap();
    let mut setup = Setup::new().await.with("TRUSTED_PROXY_HOPS", 1);
    setup.redis_url = Some(redis.url());
    let api = setup.start().await;
    redis.kill().unwrap();
    for _ in 0..10 {
        assert_eq!(list(&api, "guess", "6.6.6.6").await.code(), Code::Forbidden);
    }
    assert_eq!(list(&api, "guess", "6.6.6.6").await.code(), Code::RateLimited);
    assert_eq!(list(&api, SERVICE_KEY, "1.2.3.4").await.status, StatusCode::OK);
}
