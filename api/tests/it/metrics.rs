//! What an API shows at `/metrics`, and what the page tells of it.

use evolve_contract::dialog_stats::StatsPeriod;
use evolve_engine::model::{ModelError, Script, Step};
use evolve_runtime::clock::Clock;
use evolve_testkit::metrics::unlike_the_page;
use secrecy::SecretString;
use serde_json::json;

use crate::harness::{IVAN, SERVICE_KEY, Setup};

fn unavailable() -> ModelError {
    ModelError::Unavailable { status: Some(503), reason: "HTTP 503".into(), retry_after: None }
}

#[tokio::test]
async fn a_turn_is_told_in_answers_tokens_and_money_by_model() {
    // A script takes ten tokens for what it is asked, and five for what it says.
    let prices = json!({ "script": { "input": 2.0, "output": 4.0 } });
    let api = Setup::new().await.with("MODEL_PRICES", prices).start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    for (line, value) in [
        (r#"llm_requests_total{model="script"}"#, 1.0),
        (r#"llm_tokens_total{model="script",kind="input"}"#, 10.0),
        (r#"llm_tokens_total{model="script",kind="output"}"#, 5.0),
        (r#"ai_response_duration_seconds_count{status="success"}"#, 1.0),
    ] {
        assert_eq!(api.metric(line).await, value, "{line}");
    }
    let cost = api.metric(r#"llm_cost_dollars_total{model="script"}"#).await;
    assert!((cost - 40e-6).abs() < 1e-9, "{cost}");
    let shown = api.metrics.encode();
    let closed = r#"circuit_breaker_state{breaker="model",name="script"} 0"#;
    assert!(shown.lines().any(|line| line == closed), "{shown}");
    assert!(!shown.contains("kind=\"thinking\""), "what took nothing is shown");
}

#[tokio::test]
async fn a_model_that_fails_again_and_again_shows_an_open_breaker() {
    let script = Script::always(Step::Fail(unavailable()));
    let api = Setup::new().await.script(script).start().await;
    let token = api.token(IVAN).await;
    for _ in 0..5 {
        api.say(&token, "Привет", None).await.unwrap_err();
    }
    assert_eq!(api.metric(r#"circuit_breaker_state{breaker="model",name="script"}"#).await, 2.0);
    assert!(api.metric(r#"ai_response_duration_seconds_count{status="error"}"#).await > 0.0);
}

#[tokio::test]
async fn the_page_tells_of_every_metric_that_a_running_api_shows_and_of_no_other() {
    // By the system's clock, as any but a test's: only that is compared with Postgres'.
    let api = Setup { clock: Clock::system(), ..Setup::new().await }.start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    let key = SecretString::from(SERVICE_KEY);
    api.client.dialog_stats(&key, StatsPeriod::Day).await.unwrap();
    assert_eq!(api.metric("stats_api_requests_total{outcome=\"ok\"}").await, 1.0);
    assert!(api.metric("process_resident_memory_bytes").await > 0.0);
    let unlike = unlike_the_page("evolve-api", &api.metrics).unwrap();
    assert!(unlike.is_empty(), "run `make generate`:\n{}", unlike.join("\n"));
}
