//! What our bot asks for in groups, and from other chats.

use evolve_contract::{aside::AsideRequest, client::Bot};
use evolve_engine::model::{Script, Step};
use reqwest::StatusCode;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::harness::{Answer, Api, IVAN, SERVICE_KEY, Setup};

fn asked(message: &str) -> AsideRequest {
    let message = message.to_owned();
    AsideRequest { user_id: IVAN, message, name: "Иван".to_owned(), room: Some(-5), ..AsideRequest::default() }
}

async fn post(api: &Api, key: Option<&str>, body: &Value) -> Answer {
    let request = api.request(reqwest::Method::POST, "/chat/aside").bearer_auth(api.token(IVAN).await).json(body);
    api.send(match key {
        Some(key) => request.header("x-service-key", key),
        None => request,
    })
    .await
}

#[tokio::test]
async fn only_our_bot_asks_what_was_said_in_a_group() {
    let api = Setup::new().await.script(Script::always(Step::say("Оба"))).start().await;
    let body = serde_json::to_value(asked("Кто прав?")).unwrap();
    for key in [None, Some("another key")] {
        assert_eq!(post(&api, key, &body).await.status, StatusCode::FORBIDDEN);
    }
    let (key, token) = (SecretString::from(SERVICE_KEY), api.token(IVAN).await);
    let bot = Bot { key: &key, token: &token };
    let answer = api.client.aside(bot, "g1", &asked("Кто прав?")).await.unwrap();
    assert_eq!((answer.response_text.as_str(), answer.level_up), ("Оба", None));
    let theirs = AsideRequest { user_id: IVAN + 1, ..asked("Кто прав?") };
    assert!(api.client.aside(bot, "g2", &theirs).await.is_err());
}

#[tokio::test]
async fn what_it_is_asked_has_bounds() {
    let api = Setup::new().await.with("ASIDE_RATE_LIMIT", "100/minute").start().await;
    let whole = serde_json::to_value(asked("Кто прав?")).unwrap();
    for (field, wrong) in [
        ("message", json!("  ")),
        ("message", json!("я".repeat(16_385))),
        ("name", json!("я".repeat(257))),
        ("room", json!(42)),
        ("thread", json!(0)),
        ("language", json!("klingon")),
        ("reply_to", json!({"author": "other", "text": "я".repeat(4097)})),
    ] {
        let mut body = whole.clone();
        body[field] = wrong;
        let answer = post(&api, Some(SERVICE_KEY), &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}: {}", answer.text);
    }
}

#[tokio::test]
async fn it_is_limited_apart_from_the_private_chat() {
    let api = Setup::new().await.with("ASIDE_RATE_LIMIT", "1/minute").start().await;
    let (key, token) = (SecretString::from(SERVICE_KEY), api.token(IVAN).await);
    let bot = Bot { key: &key, token: &token };
    for _ in 0..2 {
        api.client.aside(bot, "g1", &asked("Кто прав?")).await.expect("the same again is no new message");
    }
    let error = api.client.aside(bot, "g2", &asked("А ещё?")).await.unwrap_err();
    assert_eq!(error.code(), Some(evolve_contract::Code::RateLimited));
    api.say(&token, "Привет", None).await.unwrap();
}
