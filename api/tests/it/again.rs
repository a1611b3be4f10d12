//! Stopping, answering anew, editing: what a caller of the API sees.

use evolve_contract::{
    Code,
    chat::{Again, Author, ChatEvent, ChatRequest, Quoted, StopRequest},
};
use evolve_engine::model::{Script, Step};
use futures::TryStreamExt as _;
use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Api, IVAN, Setup};

async fn ask(api: &Api, token: &str, key: &str, body: ChatRequest) -> Result<String, Code> {
    let answer = api.client.chat(token, Some(key), &body).await;
    answer.map(|answer| answer.response_text).map_err(|error| error.code().unwrap())
}

fn again() -> ChatRequest {
    ChatRequest { again: Some(Again::Last), ..ChatRequest::default() }
}

#[tokio::test]
async fn an_answer_under_way_on_one_replica_is_stopped_through_another() {
    let setup = Setup::new().await.script(Script::always(Step::HangAfter("Раз два ".to_owned())));
    let (one, other) = (setup.start().await, setup.start().await);
    let token = one.token(IVAN).await;
    assert!(!other.client.stop(&token, &StopRequest::default()).await.unwrap().stopping);
    let body = ChatRequest { message: "Считай".to_owned(), ..ChatRequest::default() };
    let mut events = std::pin::pin!(one.client.chat_stream(&token, Some("k"), &body).await.unwrap());
    assert!(matches!(events.try_next().await.unwrap(), Some(ChatEvent::Delta(_))));
    assert!(matches!(events.try_next().await.unwrap(), Some(ChatEvent::Delta(_))));
    assert!(other.client.stop(&token, &StopRequest::default()).await.unwrap().stopping);
    let Some(ChatEvent::Done(answer)) = events.try_next().await.unwrap() else { panic!("it goes on") };
    assert_eq!(answer.response_text, "Раз два…");
    assert!(!other.client.stop(&token, &StopRequest::default()).await.unwrap().stopping);
}

#[tokio::test]
async fn the_last_answer_is_made_anew_and_an_edit_is_answered_or_only_kept() {
    let steps = ["один", "два", "три", "четыре"].map(Step::say);
    let api = Setup::new().await.script(Script::new(steps)).start().await;
    let token = api.token(IVAN).await;
    assert_eq!(ask(&api, &token, "r0", again()).await, Err(Code::NothingToRepeat));
    let edited = |of: &str, message: &str| ChatRequest {
        message: message.to_owned(),
        again: Some(Again::Edited(of.to_owned())),
        ..ChatRequest::default()
    };
    api.say(&token, "Раз", Some("m1")).await.unwrap();
    assert_eq!(ask(&api, &token, "r1", again()).await.unwrap(), "два");
    assert_eq!(ask(&api, &token, "e1", edited("m1", "Раз-два")).await.unwrap(), "три");
    api.say(&token, "Ещё", Some("m2")).await.unwrap();
    assert_eq!(ask(&api, &token, "e2", edited("m1", "Раз!")).await.unwrap(), "");
    assert_eq!(ask(&api, &token, "e3", edited("m3", "Раз!")).await, Err(Code::MessageNotFound));
    let quoting = ChatRequest {
        message: "Почему?".to_owned(),
        reply_to: Some(Quoted { author: Author::Companion, text: "три".to_owned() }),
        ..ChatRequest::default()
    };
    ask(&api, &token, "q", quoting).await.unwrap_err();
    let context = api.script.requests().pop().unwrap().context.pop().unwrap().text();
    assert_eq!(context, "# In reply to\n- You: три\nПочему?");
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused_with_how_to_mend_it() {
    let api = Api::start().await;
    let token = api.token(IVAN).await;
    for (body, part) in [
        (json!({"message": "hi", "again": "last"}), "must be empty"),
        (json!({"message": "hi", "again": {"edited": "two words"}}), "Idempotency-Key of a message"),
        (json!({"message": " ", "again": {"edited": "m1"}}), "message is empty"),
        (json!({"message": "hi", "again": {"corrected": ""}}), "Idempotency-Key of a message"),
        (json!({"message": "hi", "reply_to": {"author": "other", "text": "я".repeat(4097)}}), "4096 characters"),
    ] {
        let answer = api.post("/chat", Some(&token), &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert!(answer.problem().detail.unwrap().contains(part), "{body}: {}", answer.text);
    }
}
