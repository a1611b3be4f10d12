//! Stories about the stand-in: somebody tries the companion without a key, and it remembers.

use evolve_domain::language::Language;
use evolve_engine::model::{
    Answer, Event, FinishReason, Message, ModelProvider, Part, Request, Role, Scripted, ToolCall, ToolChoice, ToolSpec,
};
use futures::StreamExt;
use rstest::rstest;
use serde_json::{Value, json};

use crate::model_support::{PIXEL, question, texts};

const NOTICE_RU: &str = "\n\n(Отвечает заглушка, а не модель: чтобы поговорить с настоящей, задайте GOOGLE_API_KEY.)";
const NOTICE_EN: &str = "\n\n(This is a stand-in, not a model: set GOOGLE_API_KEY to talk to a real one.)";

fn with_tools(request: Request) -> Request {
    let tool = |name: &str| ToolSpec { name: name.into(), description: String::new(), parameters: Value::Null };
    Request { tools: [tool("remember"), tool("set_profile"), tool("recall")].into(), ..request }
}

async fn ask(request: &Request) -> Answer {
    Scripted.generate(request).await.unwrap()
}

/// The answer without its last line, which must be the notice.
async fn said(request: &Request, notice: &str) -> String {
    let text = ask(request).await.text;
    text.strip_suffix(notice).unwrap_or_else(|| panic!("no notice at the end of {text:?}")).to_owned()
}

/// The system prompt of somebody of whom something is known.
fn known(text: &str) -> Request {
    let system = "You are Eva.\n\n# Profile\n- name: Аня\n- language: ru\n\n# Facts\n- [preferences] любит чай\n\
                  - [identity] живёт в Туле\n- [family] есть кот\n\n# Rules\n- be kind\n";
    Request::new(system, vec![Message::user(text)])
}

#[tokio::test]
async fn what_a_person_tells_is_kept_with_the_tools_and_answered_warmly() {
    let mut request =
        with_tools(question("Привет! Меня зовут Аня, я люблю зелёный чай. Запомни, что в мае у мамы юбилей"));
    let first = ask(&request).await;
    assert_eq!((first.text.as_str(), first.finish), ("", FinishReason::ToolCalls));
    let calls: Vec<(&str, Value)> =
        first.tool_calls.iter().map(|call| (call.name.as_str(), call.args.clone())).collect();
    assert_eq!(
        calls,
        [
            ("set_profile", json!({ "name": "Аня" })),
            ("remember", json!({ "category": "preferences", "fact": "любит зелёный чай" })),
            ("remember", json!({ "category": "other", "fact": "в мае у мамы юбилей" })),
        ]
    );
    let results: Vec<(&ToolCall, Value)> = first.tool_calls.iter().map(|call| (call, json!({ "ok": true }))).collect();
    request.context.push(Message::tool_calls(first.tool_calls.clone()));
    request.context.push(Message::tool_results(results));
    assert_eq!(
        said(&request, NOTICE_RU).await,
        "Очень приятно, Аня!\nСпасибо, что делишься! Запоминаю: любит зелёный чай; в мае у мамы юбилей."
    );
}

#[rstest]
#[case("Как меня зовут?", "Тебя зовут Аня.")]
#[case("Что я люблю?", "Вот что я о тебе помню:\n- любит чай")]
#[case("где я живу", "Вот что я о тебе помню:\n- живёт в Туле")]
#[case("Что ты обо мне помнишь?", "Вот что я о тебе помню:\n- имя: Аня\n- любит чай\n- живёт в Туле\n- есть кот")]
#[case("Кем я работаю?", "Об этом я пока ничего не знаю. Расскажи мне!")]
#[case("Привет", "Привет, Аня! Как у тебя дела?")]
#[case("Мне грустно", "Слушаю тебя, Аня: «Мне грустно». Расскажи мне об этом больше!")]
#[tokio::test]
async fn in_a_later_session_it_answers_from_what_it_remembers(#[case] message: &str, #[case] answer: &str) {
    assert_eq!(said(&with_tools(known(message)), NOTICE_RU).await, answer);
}

#[rstest]
#[case("What is my name?", "Your name is Аня.")]
#[case("What do I like?", "This is what I remember about you:\n- любит чай")]
#[case("How is the weather", "I am listening, Аня: “How is the weather”. Tell me more about it!")]
#[tokio::test]
async fn it_answers_in_the_language_of_the_message(#[case] message: &str, #[case] answer: &str) {
    assert_eq!(said(&known(message), NOTICE_EN).await, answer);
}

#[tokio::test]
async fn a_stranger_is_asked_for_their_name() {
    assert_eq!(said(&question("what is my name"), NOTICE_EN).await, "You have not told me yet. What is your name?");
    assert_eq!(said(&question("как меня зовут"), NOTICE_RU).await, "Ты мне этого ещё не говоришь. Как тебя зовут?");
}

#[tokio::test]
async fn without_words_it_speaks_the_persons_own_language() {
    let picture = Part::Image { mime: "image/png".into(), bytes: PIXEL.into() };
    let request = Request {
        language: Language::En,
        ..Request::new("", vec![Message { role: Role::User, parts: vec![picture] }])
    };
    assert_eq!(said(&request, NOTICE_EN).await, "Thank you for the picture! A real model will be able to look at it.");
    let request = Request { language: Language::Ru, ..Request::new("", vec![]) };
    assert_eq!(said(&request, NOTICE_RU).await, "Я здесь. Расскажи мне что-нибудь!");
}

#[rstest]
#[case("аня", Some("Аня"))]
#[case("Mary Ann", Some("Mary Ann"))]
#[case("а зачем тебе это знать", None)]
#[case("привет", None)]
#[tokio::test]
async fn a_bare_name_is_understood_when_it_was_asked_for(#[case] message: &str, #[case] name: Option<&str>) {
    let asked = Message::assistant("Ты мне этого ещё не говоришь. Как тебя зовут?\n\n(…)");
    let request = Request::new("", vec![Message::user("Как меня зовут?"), asked, Message::user(message)]);
    let called = ask(&with_tools(request)).await.tool_calls.pop().map(|call| (call.name, call.args));
    assert_eq!(called, name.map(|name| ("set_profile".to_owned(), json!({ "name": name }))));
    assert_eq!(ask(&with_tools(question(message))).await.tool_calls, [], "nobody asked");
}

#[rstest]
#[case::no_tools_are_offered(question("I love tea"))]
#[case::tools_are_forbidden(Request { tool_choice: ToolChoice::None, ..with_tools(question("I love tea")) })]
#[tokio::test]
async fn it_does_not_promise_to_remember_what_it_cannot_keep(#[case] request: Request) {
    let answer = said(&request, NOTICE_EN).await;
    assert_eq!(answer, "Thank you for telling me! I cannot write it down just now, though.");
}

#[tokio::test]
async fn a_tool_that_fails_is_not_glossed_over() {
    let mut request = with_tools(question("I love tea"));
    let calls = ask(&request).await.tool_calls;
    request.context.push(Message::tool_calls(calls.clone()));
    request.context.push(Message::tool_results(vec![(&calls[0], json!({ "error": "full" }))]));
    assert!(said(&request, NOTICE_EN).await.contains("cannot write it down"));
}

#[tokio::test]
async fn it_streams_word_by_word_what_it_would_say_at_once() {
    let request = known("Как меня зовут?");
    let events: Vec<Event> = Scripted.stream(&request).await.unwrap().map(Result::unwrap).collect().await;
    assert_eq!(texts(&events).concat(), ask(&request).await.text);
    assert_eq!(texts(&events)[..3], ["Тебя ", "зовут ", "Аня.\n\n(Отвечает "]);
    assert_eq!(events.last(), Some(&Event::Finished(FinishReason::Stop)));
}
