//! Flags and prompts: what those who run the bot set while everything runs.

use std::{sync::Arc, time::Duration};

use evolve_contract::{
    Code,
    chat::{ChatEvent, ChatRequest},
    flags::{FlagData, FlagUpdate, FlagsQuery},
    prompts::{PromptChoice, PromptPreviewRequest, PromptQuery, PromptRequest},
};
use evolve_engine::model::{Script, Step, ToolChoice};
use evolve_testkit::eventually;
use futures::StreamExt as _;
use reqwest::Method;
use secrecy::SecretString;
use tokio::sync::Notify;

use crate::harness::{Api, IVAN, SERVICE_KEY, Setup};

fn key() -> SecretString {
    SecretString::from(SERVICE_KEY)
}

/// People of these tests say a lot in a moment that does not pass.
async fn patient() -> Setup {
    Setup::new().await.with("CHAT_RATE_LIMIT", "1000/minute").with("AUTH_RATE_LIMIT", "1000/minute")
}

async fn flag(api: &Api, name: &str, person: Option<i64>) -> FlagData {
    let flags = api.client.flags(&key(), FlagsQuery { person }).await.unwrap().flags;
    flags.into_iter().find(|flag| flag.name == name).unwrap()
}

fn percent(percent: u8) -> FlagUpdate {
    FlagUpdate { percent, ..FlagUpdate::default() }
}

/// How many events an answer comes in.
async fn events(api: &Api, token: &str) -> usize {
    let request = ChatRequest { message: "Привет".to_owned(), ..ChatRequest::default() };
    let events: Vec<_> = api.client.chat_stream(token, None, &request).await.unwrap().collect().await;
    assert!(matches!(events.last().unwrap(), Ok(ChatEvent::Done(_))), "{events:?}");
    events.len()
}

#[tokio::test]
async fn a_flag_that_is_turned_is_in_force_here_at_once_and_elsewhere_in_a_moment_and_its_history_is_kept() {
    let setup = patient().await;
    let (api, replica) = (setup.start().await, setup.start().await);
    let token = api.token(IVAN).await;
    let untouched = flag(&api, "streaming", Some(IVAN)).await;
    assert_eq!((untouched.percent, untouched.has, untouched.updated_at), (100, Some(true), None));
    assert!(events(&api, &token).await > 1, "it is shown while it is made");

    let off = FlagUpdate { note: "Telegram отвечает 429".to_owned(), ..percent(0) };
    assert_eq!(api.client.turn_flag(&key(), "streaming", &off).await.unwrap().percent, 0);
    assert_eq!(events(&api, &token).await, 1, "it comes whole");
    eventually("the other replica knows", async || events(&replica, &token).await == 1).await;

    // Who is named has it all the same, and is not to be read anywhere.
    let named = FlagUpdate { people: Some(vec![IVAN]), ..percent(0) };
    assert_eq!(api.client.turn_flag(&key(), "streaming", &named).await.unwrap().people, 1);
    assert!(events(&api, &token).await > 1);
    assert_eq!(flag(&api, "streaming", Some(43)).await.has, Some(false));
    let (kept,): (Vec<String>,) = sqlx::query_as("SELECT people FROM flags").fetch_one(&setup.pool()).await.unwrap();
    assert!(kept[0].starts_with("person:") && !kept[0].ends_with(":42"), "{kept:?}");
    let left = api.client.turn_flag(&key(), "streaming", &percent(0)).await.unwrap();
    assert_eq!(left.people, 1, "whoever is not mentioned stays");

    let history = api.client.flag_history(&key(), "streaming").await.unwrap().changes;
    assert_eq!(history.len(), 3);
    assert_eq!((history[2].note.as_str(), history[2].people), ("Telegram отвечает 429", 0));
    assert!(history[0].changed_by.starts_with("service-key:"), "{history:?}");
    let log = "SELECT subject, outcome FROM audit_log WHERE act = 'flag.turn' ORDER BY id LIMIT 1";
    let logged: (String, String) = sqlx::query_as(log).fetch_one(&setup.pool()).await.unwrap();
    assert_eq!(logged, ("flag:streaming".to_owned(), "done".to_owned()));
}

#[tokio::test]
async fn tools_can_be_switched_off() {
    let setup = Setup::new().await;
    let api = setup.start().await;
    let token = api.token(IVAN).await;
    api.say(&token, "Привет", None).await.unwrap();
    api.client.turn_flag(&key(), "tools", &percent(0)).await.unwrap();
    api.say(&token, "Запомни", None).await.unwrap();
    let choices: Vec<ToolChoice> = setup.script.requests().iter().map(|request| request.tool_choice).collect();
    assert_eq!(choices, [ToolChoice::Auto, ToolChoice::None]);
}

#[tokio::test]
async fn a_flag_that_is_not_there_and_values_out_of_bounds_are_refused() {
    let api = Api::start().await;
    let code = async |name: &str, update: &FlagUpdate| {
        api.client.turn_flag(&key(), name, update).await.unwrap_err().code().unwrap()
    };
    assert_eq!(code("magic", &percent(1)).await, Code::FlagNotFound);
    assert_eq!(code("voice", &percent(101)).await, Code::InvalidValue);
    let plan = |plan: &str| FlagUpdate { plan: Some(plan.to_owned()), ..percent(10) };
    assert_eq!(code("voice", &plan("gold")).await, Code::InvalidValue);
    assert_eq!(code("streaming", &plan("premium")).await, Code::InvalidValue, "nobody's plan is known there");
    assert_eq!(api.client.turn_flag(&key(), "voice", &plan("premium")).await.unwrap().plan.as_deref(), Some("premium"));
    let token = api.token(IVAN).await;
    assert_eq!(api.get("/api/v1/admin/flags", Some(&token)).await.code(), Code::Forbidden);
}

#[tokio::test]
async fn a_prompt_is_seen_before_it_is_used_is_used_by_all_and_is_taken_back() {
    let script = Script::always(Step::say("Ахой!"));
    let setup = patient().await.script(script);
    let (api, replica) = (setup.start().await, setup.start().await);
    let told = async |api: &Api| {
        let token = api.token(IVAN).await;
        api.say(&token, "Привет", None).await.unwrap();
        setup.script.requests().last().unwrap().system.clone()
    };
    const PIRATE: &str = "Ты — старый пират, и говоришь как пират.";
    let draft = PromptPreviewRequest {
        content: Some(PIRATE.to_owned()),
        message: Some("Кто ты?".to_owned()),
        ..PromptPreviewRequest::default()
    };
    let seen = api.client.preview_prompt(&key(), "persona", &draft).await.unwrap();
    assert!(seen.system.starts_with(PIRATE) && seen.tokens > 100, "{seen:?}");
    assert_eq!((seen.answer.as_deref(), setup.script.requests().len()), (Some("Ахой!"), 1));
    assert!(!told(&api).await.contains(PIRATE), "it was only looked at");

    let written = PromptRequest { content: PIRATE.to_owned(), note: "День пирата".to_owned() };
    assert_eq!(api.client.write_prompt(&key(), "persona", &written).await.unwrap().version, Some(1));
    assert!(told(&api).await.starts_with(PIRATE));
    eventually("the other replica knows", async || told(&replica).await.starts_with(PIRATE)).await;
    let second = PromptRequest { content: "Ты — юнга.".to_owned(), note: String::new() };
    assert_eq!(api.client.write_prompt(&key(), "persona", &second).await.unwrap().version, Some(2));

    api.client.choose_prompt(&key(), "persona", PromptChoice { version: Some(1) }).await.unwrap();
    let shown = api.client.prompt(&key(), "persona", PromptQuery::default()).await.unwrap();
    assert_eq!((shown.prompt.version, shown.content.as_deref()), (Some(1), Some(PIRATE)));
    let versions: Vec<i32> = shown.versions.iter().map(|version| version.version).collect();
    assert_eq!((versions, shown.versions[1].note.as_str()), (vec![2, 1], "День пирата"));
    api.client.choose_prompt(&key(), "persona", PromptChoice { version: None }).await.unwrap();
    assert!(!told(&api).await.contains("пират"));
    let all = api.client.prompts(&key()).await.unwrap().prompts;
    assert!(all.iter().any(|prompt| prompt.name == "rules_ru") && all.iter().all(|prompt| prompt.version.is_none()));
}

#[tokio::test]
async fn a_preview_may_take_as_long_as_a_model_does() {
    let may_answer = Arc::new(Notify::new());
    let setup = Setup::new().await.script(Script::new([Step::After(may_answer.clone(), Box::new(Step::say("Ахой!")))]));
    let api = setup.start().await;
    let (key, draft) =
        (key(), PromptPreviewRequest { message: Some("Кто ты?".to_owned()), ..PromptPreviewRequest::default() });
    let later = async {
        eventually("a model is asked", async || !setup.script.requests().is_empty()).await;
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(45)).await;
        tokio::time::resume();
        may_answer.notify_one();
    };
    let (seen, ()) = futures::join!(api.client.preview_prompt(&key, "persona", &draft), later);
    assert_eq!(seen.unwrap().answer.as_deref(), Some("Ахой!"));
}

#[tokio::test]
async fn what_is_no_prompt_and_what_is_none_of_ours_to_write_is_refused() {
    let api = Api::start().await;
    let write = async |name: &str, content: &str| {
        let body = PromptRequest { content: content.to_owned(), note: String::new() };
        api.client.write_prompt(&key(), name, &body).await.unwrap_err().code().unwrap()
    };
    assert_eq!(write("content_never", "Можно всё").await, Code::PromptNotFound);
    assert_eq!(write("persona", " ").await, Code::InvalidValue);
    // As long as one may be, of letters of two bytes each, is longer than any other body may be.
    assert_eq!(write("persona", &"ы".repeat(32_769)).await, Code::InvalidValue);
    let missing = api.client.choose_prompt(&key(), "persona", PromptChoice { version: Some(7) }).await.unwrap_err();
    assert_eq!(missing.code(), Some(Code::PromptNotFound));
    let odd = api.request(Method::POST, "/api/v1/admin/prompts/persona/preview").header("x-service-key", SERVICE_KEY);
    let odd = api.send(odd.json(&serde_json::json!({ "level": 11 }))).await;
    assert_eq!(odd.code(), Code::InvalidValue);
}
