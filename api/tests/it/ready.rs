//! Probes, metrics, and what every answer carries.

use evolve_testkit::eventually;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::harness::{Api, IVAN, Setup};

#[tokio::test]
async fn readiness_shows_each_neighbour_in_the_seeds_shape() {
    let api = Api::start().await;
    let answer = api.get("/ready", None).await;
    assert_eq!(answer.status, StatusCode::OK);
    let closed = json!({"state": "CLOSED", "failure_count": 0});
    assert_eq!(
        answer.json(),
        json!({
            "status": "ready",
            "database": {"status": "healthy"},
            "redis": {"status": "healthy", "circuit_breaker": closed},
            "script": {"status": "healthy", "circuit_breaker": closed},
        })
    );
}

#[tokio::test]
async fn health_tells_how_long_the_process_runs_and_how_its_connections_stand() {
    let api = Api::start().await;
    let health = eventually("it has run for a second", async || {
        let health = api.get("/health", None).await.json();
        (health["uptime_seconds"].as_u64()? >= 1).then_some(health)
    })
    .await;
    assert_eq!((&health["status"], &health["pool"]["max"]), (&json!("healthy"), &json!(5)));
    for figure in ["size", "in_use", "waiting"] {
        assert!(health["pool"][figure].is_u64(), "{figure} of {health}");
    }
}

#[tokio::test]
async fn without_a_redis_url_redis_is_shown_as_disabled() {
    let mut setup = Setup::new().await;
    setup.redis_url = None;
    let api = setup.start().await;
    let answer = api.get("/ready", None).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["redis"], json!({"status": "disabled"}));
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    api.client.profile(&token, IVAN).await.unwrap();
}

#[tokio::test]
async fn metrics_count_requests_by_route_and_never_by_person() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    api.client.profile(&token, IVAN).await.unwrap();
    api.get("/nowhere/at/all", None).await;
    let answer = api.get("/metrics", None).await;
    assert!(answer.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    for line in [
        r#"chat_requests_total{outcome="ok"} 1"#,
        "chat_requests_duration_seconds_count 1",
        r#"http_requests_total{method="GET",route="/profile/{user_id}",status="200"} 1"#,
        r#"http_requests_total{method="GET",route="unmatched",status="404"} 1"#,
        "cache_misses_total 1",
    ] {
        assert!(answer.text.lines().any(|l| l == line), "{line} is not in\n{}", answer.text);
    }
    assert!(!answer.text.contains("42\""), "a person's id is in a label");
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_protect_browsers() {
    let api = Api::start().await;
    for path in ["/health", "/nowhere", "/profile/42", "/docs/", "/openapi.json"] {
        let answer = api.get(path, None).await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(policy.contains("script-src"), path == "/docs/", "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"), "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"), "{path}");
        assert!(answer.header("permissions-policy").unwrap().contains("microphone=()"), "{path}");
        assert_eq!(answer.header("strict-transport-security"), None, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
}

#[tokio::test]
async fn refusals_of_every_kind_and_preflights_carry_them_too() {
    let setup = Setup::new().await.with("CORS_ORIGINS", "https://app.example.org").with("AUTH_RATE_LIMIT", "1/minute");
    let api = setup.start().await;
    let json = |body: String| api.request(Method::POST, "/auth").header("content-type", "application/json").body(body);
    let preflight = api.request(Method::OPTIONS, "/chat").header("origin", "https://app.example.org");
    for (request, status) in [
        (api.request(Method::PUT, "/chat"), StatusCode::METHOD_NOT_ALLOWED),
        (api.request(Method::POST, "/chat"), StatusCode::UNAUTHORIZED),
        (json("a".repeat(70_000)), StatusCode::PAYLOAD_TOO_LARGE),
        (json("{}".to_owned()), StatusCode::TOO_MANY_REQUESTS),
        (api.request(Method::POST, "/admin/broadcasts"), StatusCode::NOT_FOUND),
        (preflight.header("access-control-request-method", "POST"), StatusCode::OK),
    ] {
        let answer = api.send(request).await;
        assert_eq!(answer.status, status);
        for name in ["x-content-type-options", "x-frame-options", "content-security-policy", "permissions-policy"] {
            assert!(answer.header(name).is_some(), "{name} of {status}");
        }
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{status}");
    }
}

#[tokio::test]
async fn behind_tls_browsers_are_told_to_come_by_it_alone() {
    let api = Api::start().await;
    for (proto, expected) in [
        ("https", Some("max-age=31536000")),
        ("http, HTTPS", Some("max-age=31536000")),
        ("https, http", None),
        ("http", None),
        ("", None),
    ] {
        let answer = api.send(api.request(Method::GET, "/health").header("x-forwarded-proto", proto)).await;
        assert_eq!(answer.header("strict-transport-security"), expected, "{proto:?}");
    }
}

#[tokio::test]
async fn only_pages_of_the_listed_origins_may_call() {
    let api = Setup::new().await.with("CORS_ORIGINS", "https://app.example.org").start().await;
    let preflight = async |origin: &str| {
        let request = api.request(Method::OPTIONS, "/chat").header("origin", origin);
        api.send(request.header("access-control-request-method", "POST")).await
    };
    let allowed = preflight("https://app.example.org").await;
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://app.example.org"));
    let headers = allowed.header("access-control-allow-headers").unwrap();
    assert!(headers.contains("idempotency-key") && headers.contains("x-api-key"), "{headers}");
    assert_eq!(allowed.header("access-control-allow-methods"), Some("GET,POST,PUT,PATCH,DELETE"));
    assert_eq!(
        allowed.header("access-control-allow-credentials"),
        None,
        "tokens are shown, not sent along by browsers"
    );
    assert_eq!(preflight("https://evil.example.org").await.header("access-control-allow-origin"), None);
    let problem = api.send(api.request(Method::GET, "/profile/1").header("origin", "https://app.example.org")).await;
    assert_eq!(
        problem.header("access-control-allow-origin"),
        Some("https://app.example.org"),
        "problems can be read too"
    );
}
