//! What an API shows at `/metrics`, and what the page tells of it.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_contract::{
    analytics::AnalyticsQuery,
    chat::ChatRequest,
    client::Bot,
    dialog_stats::StatsPeriod,
    payments::{OfferRequest, ReceivedRequest, RefundedRequest, Way},
};
use evolve_engine::model::{ModelError, Script, Step};
use evolve_runtime::clock::Clock;
use evolve_testkit::{eventually, metrics::unlike_the_page};
use futures::TryStreamExt as _;
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
async fn the_first_piece_of_a_streamed_answer_is_timed_and_comes_before_its_end() {
    let api = Setup::new().await.script(Script::always(Step::say("Раз два\nтри"))).start().await;
    let token = api.token(IVAN).await;
    let body = ChatRequest { message: "Привет".to_owned(), ..ChatRequest::default() };
    let events = api.client.chat_stream(&token, Some("k"), &body).await.unwrap();
    events.try_collect::<Vec<_>>().await.unwrap();
    let first = |what: &str| format!(r#"llm_time_to_first_token_seconds_{what}{{model="script"}}"#);
    assert_eq!(api.metric(&first("count")).await, 1.0);
    let whole = api.metric(r#"llm_request_duration_seconds_sum{model="script",status="success"}"#).await;
    let first = api.metric(&first("sum")).await;
    assert!(0.0 < first && first <= whole, "{first} s of {whole} s");
}

#[tokio::test]
async fn an_answer_of_another_model_is_told_with_what_the_first_one_failed_by() {
    let script = Script::always(Step::Fail(unavailable()));
    let mut setup = Setup::new().await.script(script);
    setup.fallbacks = vec![Script::always(Step::say("Привет!")).named("second")];
    let api = setup.start().await;
    assert_eq!(api.metric("llm_fallback_used_total").await, 0.0);
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    for (line, value) in [
        // Every script is of one model.
        (r#"llm_requests_total{model="script"}"#, 2.0),
        (r#"llm_errors_total{model="script",error_type="unavailable"}"#, 1.0),
        (r#"llm_request_duration_seconds_count{model="script",status="error"}"#, 1.0),
        (r#"llm_request_duration_seconds_count{model="script",status="success"}"#, 1.0),
        ("llm_fallback_used_total", 1.0),
        (r#"http_request_duration_seconds_count{method="POST",route="/chat"}"#, 1.0),
    ] {
        assert_eq!(api.metric(line).await, value, "{line}");
    }
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
async fn the_newest_day_is_told_in_money_and_people_by_every_replica_alike() {
    let noon: DateTime<Utc> = "2026-11-21T11:00:00Z".parse().unwrap();
    let setup = Setup { clock: Clock::fixed(noon), ..Setup::new().await }
        .with("MODEL_PRICES", json!({ "script": { "input": 2.0, "output": 4.0 } }))
        .with("PREMIUM_PRICE", r#"{"stars": 250}"#);
    let api = setup.start().await;
    let (token, key) = (api.token(IVAN).await, SecretString::from(SERVICE_KEY));
    let by = Bot { key: &key, token: &token };
    api.say(&token, "Привет", None).await.unwrap();
    let offer = api.client.offer(by, &OfferRequest { user_id: IVAN, way: Way::Stars }).await.unwrap();
    let paid = ReceivedRequest {
        user_id: IVAN,
        currency: offer.currency,
        amount: offer.amount,
        payload: offer.payload,
        charge_id: "c1".to_owned(),
        ..ReceivedRequest::default()
    };
    for _ in 0..2 {
        api.client.received(by, &paid).await.unwrap();
    }
    api.stop().await;
    let gauges = [
        r#"monthly_recurring_revenue{currency="XTR"}"#,
        r#"day_revenue{currency="XTR"}"#,
        r#"subscribers{plan="premium"}"#,
        "day_churned_subscribers",
        "day_new_people",
        "day_model_cost_dollars",
    ];
    let shown_later = async || {
        setup.clock.advance(TimeDelta::minutes(10));
        // Whatever the schedule says, and whatever became of the last run: it is due for whoever looks first.
        let due = "UPDATE jobs SET due_at = $1, attempts = 0 WHERE name = 'roll_up'";
        sqlx::query(due).bind(setup.clock.now()).execute(&setup.pool()).await.unwrap();
        let maker = setup.start().await;
        eventually("the day is made", async || {
            let told = maker.client.overview(&key, &AnalyticsQuery::default()).await.unwrap();
            told.as_of == Some(setup.clock.now())
        })
        .await;
        // Each looks when it begins.
        let replicas = [setup.start().await, setup.start().await];
        let mut shown = Vec::new();
        for replica in &replicas {
            eventually("the day is shown", async || replica.metrics.encode().contains("\nday_new_people ")).await;
            let mut values = Vec::new();
            for line in gauges {
                values.push(replica.metric(line).await);
            }
            shown.push(values);
        }
        for api in replicas.into_iter().chain([maker]) {
            api.stop().await;
        }
        assert_eq!(shown[0], shown[1]);
        shown.remove(0)
    };
    assert_eq!(shown_later().await, [250.0, 250.0, 1.0, 0.0, 1.0, 40e-6]);

    let api = setup.start().await;
    let token = api.token(IVAN).await;
    let refunded = RefundedRequest { user_id: IVAN, charge_id: "c1".to_owned() };
    api.client.refunded(Bot { key: &key, token: &token }, &refunded).await.unwrap();
    api.stop().await;
    assert_eq!(shown_later().await, [0.0, 0.0, 0.0, 0.0, 1.0, 40e-6], "it was given back");
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
    for query in ["summary", "activity", "recent_dialogs", "top_users", "stats"] {
        let count = format!("stats_query_duration_seconds_count{{query_name=\"{query}\"}}");
        assert_eq!(api.metric(&count).await, 1.0, "{query}");
    }
    assert!(api.metric("process_resident_memory_bytes").await > 0.0);
    let unlike = unlike_the_page("evolve-api", &api.metrics).unwrap();
    assert!(unlike.is_empty(), "run `make generate`:\n{}", unlike.join("\n"));
}
