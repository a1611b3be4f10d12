//! Talking: one message, one answer, once.

use std::{sync::Arc, time::Duration};

use evolve_contract::{ClientError, Code, chat::ChatRequest};
use evolve_engine::model::{ModelError, Script, Step};
use evolve_testkit::eventually;
use futures::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::sync::Notify;

use crate::harness::{Api, IVAN, Setup};

async fn count(setup: &Setup, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&setup.pool()).await.unwrap()
}

#[tokio::test]
async fn a_person_writes_and_is_answered() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    let body = json!({"message": "Привет!", "timestamp": api.clock.now(), "image_data": null});
    let answer = api.post("/chat", Some(&token), &body).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.json(),
        json!({"response_text": "Привет! Как дела?", "voice_message": null, "image_base64": null})
    );
    assert_eq!(count(&setup, "SELECT count(*) FROM messages").await, 2);
    let status = api.client.status(&token, IVAN).await.unwrap();
    assert_eq!((status.plan.as_str(), status.messages_today, status.messages_limit), ("free", 1, Some(50)));
    assert!(api.client.reset(&token).await.unwrap().ended);
    assert!(!api.client.reset(&token).await.unwrap().ended, "it has ended already");
    let ok = api.metric(r#"chat_requests_total{outcome="ok"}"#).await;
    assert!((ok - 1.0).abs() < f64::EPSILON, "{ok}");
}

#[tokio::test]
async fn the_same_turn_sent_twenty_times_at_once_costs_one_message() {
    let setup = Setup::new().await;
    let gate = Arc::new(Notify::new());
    let setup = setup.script(Script::new([Step::After(Arc::clone(&gate), Box::new(Step::say("Один ответ")))]));
    // Half of them at another replica.
    let (one, two) = (setup.start().await, setup.start().await);
    let token = one.token(IVAN).await;
    let sent = join_all((0..20).map(|i| {
        let api = if i % 2 == 0 { &one } else { &two };
        api.say(&token, "Привет", Some("tg-1"))
    }));
    let answered = async {
        // All of them are there, ten at each replica (and the question itself), before the model answers.
        for api in [&one, &two] {
            let all = async || api.metric("http_requests_in_progress").await >= 11.0;
            eventually("ten requests are in progress", all).await;
        }
        gate.notify_one();
    };
    let (answers, ()) = tokio::join!(sent, answered);
    for answer in answers {
        assert_eq!(answer.unwrap().response_text, "Один ответ");
    }
    assert_eq!(setup.script.requests().len(), 1);
    assert_eq!(count(&setup, "SELECT count(*) FROM messages").await, 2);
    assert_eq!(count(&setup, "SELECT sum(messages) FROM usage_days").await, 1);
    assert_eq!(count(&setup, "SELECT points FROM users").await, 1);
}

async fn the_turn_is_done(setup: &Setup) {
    eventually("the turn is done", async || count(setup, "SELECT count(*) FROM turns WHERE state = 'done'").await == 1)
        .await;
}

#[tokio::test]
async fn a_key_belongs_to_one_request() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    let first = api.say(&token, "Привет", Some("k")).await.unwrap();
    assert_eq!(api.say(&token, "Привет", Some("k")).await.unwrap(), first);
    assert_eq!(api.script.requests().len(), 1);
    let reused = api.say(&token, "Пока", Some("k")).await.unwrap_err();
    assert_eq!(reused.code(), Some(Code::IdempotencyKeyReused));
    let maria = api.token(43).await;
    api.say(&maria, "Пока", Some("k")).await.unwrap();
    let replayed = api.metric(r#"chat_requests_total{outcome="replayed"}"#).await;
    assert!((replayed - 1.0).abs() < f64::EPSILON, "{replayed}");
}

#[tokio::test]
async fn a_caller_that_hangs_up_finds_the_answer_under_its_key() {
    let gate = Arc::new(Notify::new());
    let script = Script::new([Step::After(Arc::clone(&gate), Box::new(Step::say("Вот и ответ")))]);
    let setup = Setup::new().await.script(script);
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    tokio::select! {
        answer = api.say(&token, "Привет", Some("k")) => panic!("answered too early: {answer:?}"),
        () = api.script.asked(1) => {}
    }
    gate.notify_one();
    the_turn_is_done(&setup).await;
    assert_eq!(api.say(&token, "Привет", Some("k")).await.unwrap().response_text, "Вот и ответ");
    assert_eq!(api.script.requests().len(), 1);
}

#[tokio::test]
async fn a_caller_that_waits_too_long_is_told_so_and_the_turn_goes_on() {
    let gate = Arc::new(Notify::new());
    let script = Script::new([Step::After(Arc::clone(&gate), Box::new(Step::say("Вот и ответ")))]);
    let api = Setup::new()
        .await
        .script(script)
        .with("CHAT_TIMEOUT_SECONDS", 1)
        .with("CHAT_RATE_LIMIT", "1000/minute")
        .start()
        .await;
    let token = api.token(IVAN).await;
    let late = api.say(&token, "I want to die", Some("k")).await.unwrap_err();
    assert_eq!(late.code(), Some(Code::Timeout));
    let has_helplines = matches!(&late, ClientError::Problem(problem) if problem.helplines.is_some());
    assert!(has_helplines, "whom to call hangs on a model: {late:?}");
    gate.notify_one();
    let answer = eventually("the answer is there", async || api.say(&token, "I want to die", Some("k")).await).await;
    assert_eq!(answer.response_text, "Вот и ответ");
}

#[tokio::test]
async fn a_stopping_api_finishes_the_turn_that_runs() {
    let gate = Arc::new(Notify::new());
    let script = Script::new([Step::After(Arc::clone(&gate), Box::new(Step::say("Напоследок")))]);
    let setup = Setup::new().await.script(script);
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    tokio::select! {
        answer = api.say(&token, "Привет", Some("k")) => panic!("answered too early: {answer:?}"),
        () = api.script.asked(1) => {}
    }
    let soft = api.tasks.soft();
    let (stopped, ()) = tokio::join!(api.stop(), async {
        soft.cancelled().await;
        gate.notify_one();
    });
    assert_eq!(stopped, ());
    assert_eq!(count(&setup, "SELECT count(*) FROM turns WHERE state = 'done'").await, 1);
}

#[tokio::test]
async fn when_the_days_messages_are_used_up_the_person_is_told_when_to_come_back() {
    let plans = r#"{"free": {"messagesPerDay": 1, "historyMessages": 10, "facts": 50, "images": false}}"#;
    let api = Setup::new().await.with("PLANS", plans).start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Раз", None).await.unwrap();
    let answer = api.post("/chat", Some(&token), &json!({"message": "Два"})).await;
    assert_eq!(answer.code(), Code::QuotaExhausted);
    let resets_at = api.client.status(&token, IVAN).await.unwrap().resets_at;
    let wait = u64::try_from((resets_at - api.clock.now()).num_seconds()).unwrap();
    let told = answer.problem().retry_after.unwrap();
    assert!((wait..=wait + 1).contains(&told), "{told} is not about {wait}");
    api.clock.advance(chrono::TimeDelta::seconds(i64::try_from(told).unwrap()));
    let token = api.token(IVAN).await;
    api.say(&token, "Два", None).await.unwrap();
}

#[tokio::test]
async fn a_model_that_cannot_answer_costs_no_message() {
    let unavailable = ModelError::Unavailable {
        status: Some(503),
        reason: "busy".to_owned(),
        retry_after: Some(Duration::from_secs(77)),
    };
    let table = [
        (unavailable, Code::ModelUnavailable),
        (ModelError::Blocked { reason: "SAFETY".to_owned() }, Code::ModelBlocked),
    ];
    for (failure, expected) in table {
        let api = Setup::new().await.script(Script::always(Step::Fail(failure))).start().await;
        let token = api.token(IVAN).await;
        let answer = api.post("/chat", Some(&token), &json!({"message": "Привет"})).await;
        assert_eq!(answer.code(), expected);
        assert_eq!(answer.header("retry-after").is_some(), expected == Code::ModelUnavailable);
        assert_eq!(api.client.status(&token, IVAN).await.unwrap().messages_today, 0);
    }
}

#[tokio::test]
async fn a_turn_that_panics_is_a_fault_of_ours_and_the_api_lives_on() {
    let script = Script::with(|request| match request.context.last().map(evolve_engine::model::Message::text) {
        Some(text) if text.contains("бум") => panic!("as the story wants it"),
        _ => Step::say("Живы"),
    });
    let api = Setup::new().await.script(script).start().await;
    let token = api.token(IVAN).await;
    let answer = api.post("/chat", Some(&token), &json!({"message": "бум"})).await;
    assert_eq!(answer.code(), Code::Internal);
    assert!(!answer.text.contains("as the story wants it"));
    assert_eq!(api.say(&token, "Привет", None).await.unwrap().response_text, "Живы");
}

#[tokio::test]
async fn what_is_no_message_is_refused_before_it_costs_anything() {
    let api = Setup::new().await.with("CHAT_RATE_LIMIT", "100/minute").start().await;
    let token = api.token(IVAN).await;
    for body in [
        json!({"message": ""}),
        json!({"message": "  \n"}),
        json!({"message": "a\u{0}b"}),
        json!({"message": "я".repeat(16_385)}),
        json!({"message": "a", "timestamp": "1999-01-01T00:00:00Z"}),
        json!({"message": "a", "timestamp": "2999-01-01T00:00:00Z"}),
    ] {
        assert_eq!(api.post("/chat", Some(&token), &body).await.code(), Code::InvalidValue);
    }
    for key in ["", "two words", &"k".repeat(256)] {
        let request = api.request(Method::POST, "/chat").bearer_auth(&token).json(&json!({"message": "a"}));
        assert_eq!(api.send(request.header("idempotency-key", key)).await.code(), Code::InvalidValue, "{key:?}");
    }
    assert!(api.script.requests().is_empty());
    api.client
        .chat(&token, None, &ChatRequest { message: "я".repeat(16_384), ..ChatRequest::default() })
        .await
        .unwrap();
}

#[tokio::test]
async fn who_speaks_of_danger_is_told_whom_to_call_where_they_are_whether_or_not_a_model_answers() {
    let api = Setup::new().await.script(Script::new([Step::say("Я рядом."), Step::say("Рада!")])).start().await;
    let token = api.token(IVAN).await;
    let profile = json!({"user_id": IVAN, "data": {"language": "en", "time_zone": "America/Chicago"}});
    api.post("/profile", Some(&token), &profile).await;
    let danger = json!({"message": "I want to die"});
    let answered = api.post("/chat", Some(&token), &danger).await;
    assert_eq!(answered.status, StatusCode::OK);
    let expected = json!({
        "lines": [
            {"name": "988 Suicide & Crisis Lifeline", "contact": "988"},
            {"name": "Find A Helpline", "contact": "findahelpline.com"},
        ],
        "emergency": "911",
    });
    assert_eq!(answered.json()["helplines"], expected);
    let well = api.say(&token, "I want to live by the sea", None).await.unwrap();
    assert_eq!((well.response_text.as_str(), well.helplines), ("Рада!", None));
    // The script is over.
    let unanswered = api.post("/chat", Some(&token), &danger).await;
    assert_eq!(unanswered.code(), Code::ModelUnavailable);
    assert_eq!(unanswered.json()["helplines"], expected);
    let refused = json!({"message": "I want to die", "image_data": "%%%"});
    let refused = api.post("/chat", Some(&token), &refused).await;
    assert_eq!(refused.code(), Code::InvalidImage);
    assert_eq!(refused.json()["helplines"], expected);
}
