//! The answer as it is made.

use std::{sync::Arc, time::Duration};

use evolve_contract::{
    Code,
    chat::{ChatEvent, ChatRequest, ChatResponse},
};
use evolve_engine::model::{ModelError, Script, Step};
use futures::TryStreamExt as _;
use reqwest::Method;
use serde_json::json;
use tokio::sync::Notify;

use crate::harness::{Api, IVAN, Setup};

async fn stream(api: &Api, token: &str, key: &str) -> Vec<ChatEvent> {
    let body = ChatRequest { message: "Привет".to_owned(), ..ChatRequest::default() };
    api.client.chat_stream(token, Some(key), &body).await.unwrap().try_collect().await.unwrap()
}

fn text_since_restart(events: &[ChatEvent]) -> String {
    events.iter().fold(String::new(), |text, event| match event {
        ChatEvent::Delta(more) => text + more,
        ChatEvent::Restart => String::new(),
        ChatEvent::Heard(_) | ChatEvent::Done(_) | ChatEvent::Error(_) => text,
    })
}

#[tokio::test]
async fn a_stream_of_deltas_ends_in_the_same_json_as_without_streaming() {
    let api = Setup::new().await.script(Script::always(Step::say("Раз два\nтри"))).start().await;
    let token = api.token(IVAN).await;
    let events = stream(&api, &token, "k").await;
    assert!(events.iter().filter(|event| matches!(event, ChatEvent::Delta(_))).count() > 1, "{events:?}");
    assert_eq!(text_since_restart(&events), "Раз два\nтри");
    let whole = api.say(&token, "Привет", Some("k")).await.unwrap();
    assert_eq!(events.last(), Some(&ChatEvent::Done(whole.clone())));
    assert_eq!(stream(&api, &token, "k").await, [ChatEvent::Done(whole)], "a replay");
    assert_eq!(api.script.requests().len(), 1);
}

#[tokio::test]
async fn the_stream_is_made_for_proxies() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    let request = api.request(Method::POST, "/chat").bearer_auth(&token).json(&json!({"message": "Привет"}));
    let answer = api.send(request.header("accept", "application/json;q=0.1, text/event-stream")).await;
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    assert_eq!(answer.header("x-accel-buffering"), Some("no"));
    assert_eq!(answer.header("ratelimit-remaining"), Some("9"));
    assert!(answer.text.ends_with("\n\n") && answer.text.contains("event: done\ndata: {"), "{}", answer.text);
}

#[tokio::test]
async fn when_another_model_takes_over_what_was_streamed_is_void() {
    let busy = ModelError::Unavailable { status: Some(503), reason: "busy".to_owned(), retry_after: None };
    let mut setup = Setup::new().await.script(Script::always(Step::FailAfter("Нача".to_owned(), busy)).named("first"));
    setup.fallbacks = vec![Script::always(Step::say("Сначала и до конца")).named("second")];
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    let events = stream(&api, &token, "k").await;
    assert!(events.contains(&ChatEvent::Restart), "{events:?}");
    assert_eq!(text_since_restart(&events), "Сначала и до конца");
    let done =
        ChatResponse { response_text: "Сначала и до конца".to_owned(), ..ChatResponse::default() };
    assert_eq!(events.last(), Some(&ChatEvent::Done(done)));
}

#[tokio::test]
async fn a_stream_that_has_begun_ends_with_the_problem() {
    let blocked = ModelError::Blocked { reason: "SAFETY".to_owned() };
    let api = Setup::new().await.script(Script::always(Step::FailAfter("Нача".to_owned(), blocked))).start().await;
    let token = api.token(IVAN).await;
    let events = stream(&api, &token, "k").await;
    assert!(matches!(events.first(), Some(ChatEvent::Delta(_))), "{events:?}");
    let Some(ChatEvent::Error(problem)) = events.last() else { panic!("{events:?}") };
    assert_eq!(problem.code, Code::ModelBlocked);
    assert!(problem.request_id.is_some());
    let request = api.request(Method::POST, "/chat").bearer_auth(&token).json(&json!({"message": "Привет"}));
    let request = request.header("accept", "text/event-stream").header("accept-language", "ru");
    let answer = api.send(request).await;
    assert!(answer.text.contains("Модели отказались на это отвечать"), "{}", answer.text);
}

#[tokio::test]
async fn a_model_that_thinks_long_does_not_keep_the_stream_from_beginning() {
    let gate = Arc::new(Notify::new());
    let script = Script::new([Step::After(Arc::clone(&gate), Box::new(Step::say("Подумав, отвечу")))]);
    let api = Setup::new().await.script(script).start().await;
    let token = api.token(IVAN).await;
    let body = ChatRequest { message: "Привет".to_owned(), ..ChatRequest::default() };
    let events = api.client.chat_stream(&token, None, &body).await.unwrap();
    gate.notify_one();
    let events: Vec<ChatEvent> = events.try_collect().await.unwrap();
    assert_eq!(text_since_restart(&events), "Подумав, отвечу");
    assert!(matches!(events.last(), Some(ChatEvent::Done(_))), "{events:?}");
}

#[tokio::test]
async fn a_listener_that_hangs_up_finds_the_answer_under_its_key() {
    let gate = Arc::new(Notify::new());
    let script = Script::new([Step::After(Arc::clone(&gate), Box::new(Step::say("Вот и ответ")))]);
    let api = Setup::new().await.script(script).start().await;
    let token = api.token(IVAN).await;
    let body = ChatRequest { message: "Привет".to_owned(), ..ChatRequest::default() };
    let stream = api.client.chat_stream(&token, Some("k"), &body).await.unwrap();
    drop(stream);
    gate.notify_one();
    assert_eq!(api.say(&token, "Привет", Some("k")).await.unwrap().response_text, "Вот и ответ");
    assert_eq!(api.script.requests().len(), 1);
}

#[tokio::test]
async fn what_fails_at_once_is_an_ordinary_problem() {
    let api = Setup::new()
        .await
        .script(Script::always(Step::Fail(ModelError::RateLimited { retry_after: Some(Duration::from_secs(9)) })))
        .start()
        .await;
    let token = api.token(IVAN).await;
    let body = ChatRequest { message: "Привет".to_owned(), ..ChatRequest::default() };
    let Err(error) = api.client.chat_stream(&token, None, &body).await else { panic!("a stream began") };
    assert_eq!(error.code(), Some(Code::ModelUnavailable));
    let refused = ChatRequest { message: String::new(), ..ChatRequest::default() };
    let Err(error) = api.client.chat_stream(&token, None, &refused).await else { panic!("a stream began") };
    assert_eq!(error.code(), Some(Code::InvalidValue));
}
