//! Inline mode.

use evolve_contract::{Code, Problem, profile::ProfileData};
use serde_json::{Value, json};

use crate::{
    api::Reply,
    world::{World, anna, john},
};

async fn asked(world: &World, words: &str) -> Value {
    let query = world.telegram.ask_inline(anna(), words);
    world.telegram.wait_until("an answer", |telegram| telegram.inline_answer(&query)).await
}

/// A bot that Anna has started.
async fn known() -> World {
    let world = World::new().await;
    world.api.know(42, ProfileData { language: Some("ru".to_owned()), ..ProfileData::default() });
    world
}

#[tokio::test]
async fn a_whole_question_is_answered_in_any_chat_once_and_a_half_typed_one_is_not_paid_for() {
    let world = known().await;
    world.api.answer(|_, _| Reply::Text("**Париж** <3".to_owned()));
    let _bot = world.bot().await;
    for half in ["", "Сто", "Столица Франции"] {
        let answer = asked(&world, half).await;
        assert_eq!(
            (answer["results"].as_array().unwrap().len(), &answer["button"]["start_parameter"]),
            (0, &"do_help".into())
        );
    }
    assert!(world.api.asides().is_empty());
    let answer = asked(&world, "Столица <Франции>?").await;
    let content = &answer["results"][0]["input_message_content"];
    assert_eq!(content["message_text"], "<i>Столица &lt;Франции&gt;?</i>\n\n<b>Париж</b> &lt;3");
    assert_eq!((&answer["is_personal"], &answer["cache_time"]), (&true.into(), &600.into()));
    asked(&world, "Столица <Франции> ??").await;
    let asides = world.api.asides();
    assert_eq!((asides[0].room, asides[0].message.as_str()), (None, "Столица <Франции>?"));
    assert_eq!(asides[0], asides[1]);
    assert_eq!(
        world.api.aside_keys().iter().collect::<std::collections::BTreeSet<_>>().len(),
        1,
        "it was paid for twice"
    );
    let (inboxed,): (i64,) =
        sqlx::query_as("SELECT count(*) FROM inbox").fetch_one(&world.database.pool()).await.unwrap();
    assert_eq!(inboxed, 0, "what somebody typed was stored");
}

#[tokio::test]
async fn who_types_on_is_answered_to_what_they_typed_last() {
    let world = known().await;
    let _bot = world.bot().await;
    let first = world.telegram.ask_inline(anna(), "Как дела?");
    let last = world.telegram.ask_inline(anna(), "Как дела? Всё хорошо?");
    world.telegram.wait_until("an answer", |telegram| telegram.inline_answer(&last)).await;
    assert_eq!(world.telegram.inline_answer(&first), None);
    assert_eq!(world.api.asides().len(), 1);
}

#[tokio::test]
async fn a_stranger_is_shown_the_way_and_who_has_used_up_the_day_hears_so() {
    let world = known().await;
    world.api.answer(|_, _| Reply::Problem(Problem::new(Code::QuotaExhausted).retry_after(60)));
    let _bot = world.webhook_bot().await;
    let query = world.telegram.ask_inline(john(), "What is the capital of France?");
    let answer = world.telegram.wait_until("an answer", |telegram| telegram.inline_answer(&query)).await;
    assert_eq!(answer["button"]["start_parameter"], "inline");
    assert_eq!(answer["button"]["text"], "Let's get to know each other first");
    assert!(world.api.asides().is_empty());
    let answer = asked(&world, "Столица Франции?").await;
    assert_eq!(answer["button"]["start_parameter"], "do_premium");
    // The way leads on: the button opens the private chat.
    world.telegram.send_text(john(), "/start inline");
    world.wait_for_last(7, "Which language").await;
}

#[tokio::test]
async fn a_query_that_telegram_sends_twice_is_answered_once_and_an_answer_that_is_sent_to_us_is_none_of_a_persons() {
    let world = known().await;
    let _bot = world.bot().await;
    asked(&world, "Столица Франции?").await;
    let from = json!({ "id": 42, "is_bot": false, "first_name": "Анна" });
    let again = json!({ "id": "4200000001", "from": from, "query": "Столица Франции?", "offset": "" });
    world.telegram.send_update(json!({ "inline_query": again }));
    // Somebody puts the answer into the private chat with us.
    let us: i64 = world.telegram.token().split(':').next().unwrap().parse().unwrap();
    let chat = json!({ "id": 42, "type": "private", "first_name": "Анна" });
    let via = json!({ "id": us, "is_bot": true, "first_name": "bot" });
    let message = json!({
        "message_id": 900, "date": 1_800_000_000, "chat": chat, "from": from, "text": "Париж", "via_bot": via,
    });
    world.telegram.send_update(json!({ "message": message }));
    world.telegram.send_text(anna(), "Привет");
    world.wait_for_last(42, "echo: Привет").await;
    // Whatever came before is answered by the time that this is.
    let query = world.telegram.ask_inline(john(), "What is the capital of France?");
    world.telegram.wait_until("an answer", |telegram| telegram.inline_answer(&query)).await;
    assert_eq!((world.api.asides().len(), world.api.calls().len()), (1, 1));
    assert_eq!(world.telegram.calls_of("answerInlineQuery").len(), 2);
}

#[tokio::test]
async fn who_may_be_in_danger_gets_whom_to_call_in_their_own_chat_once() {
    let world = known().await;
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    world.wait_for_last(42, "echo: Привет").await;
    asked(&world, "Я не хочу жить, что делать?").await;
    world.wait_for_last(42, "112").await;
    asked(&world, "Я не хочу жить, что мне делать?").await;
    world.telegram.send_text(anna(), "Спасибо");
    world.wait_for_last(42, "echo: Спасибо").await;
    // Another hour may have begun in between.
    assert!((3..=4).contains(&world.texts(42).len()), "{:?}", world.texts(42));
}

#[tokio::test]
async fn who_has_only_spoken_in_a_group_has_not_started_the_bot() {
    let world = World::new().await;
    // So the API tells of somebody who has no settings.
    world.api.know(42, ProfileData::default());
    let _bot = world.bot().await;
    let answer = asked(&world, "Столица Франции?").await;
    assert_eq!(answer["button"]["start_parameter"], "inline");
    assert!(world.api.asides().is_empty());
}

#[tokio::test]
async fn who_was_removed_is_a_stranger_at_once() {
    let world = known().await;
    let _bot = world.bot().await;
    asked(&world, "Столица Франции").await;
    world.api.forget_person(42);
    let answer = asked(&world, "Столица Франции?").await;
    assert_eq!(answer["button"]["start_parameter"], "inline");
    assert!(world.api.asides().is_empty(), "the turn would have made a person of them");
}
