//! Groups.

use chrono::{TimeDelta, Utc};
use evolve_contract::{
    Code, Problem,
    chat::Author,
    profile::{Onboarding, ProfileData},
};
use evolve_runtime::clock::Clock;
use evolve_testkit::telegram::{Doing, Fault, Sent, TelegramServer};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    api::Reply,
    world::{World, anna, john},
};

const ROOM: i64 = -1_001;

/// A group of Anna's, in which the bot has said hello.
async fn group(world: &World) {
    world.telegram.add_to_group(anna(), ROOM, "Друзья");
    world.wait_for_last(ROOM, "Всем привет").await;
}

/// Anna's message in the group, as Telegram sends it, always at the same time. The id of its update.
fn send(world: &World, message_id: i64, more: Value) -> i64 {
    let mut message = json!({
        "message_id": message_id, "date": 1_770_000_000, "chat": { "id": ROOM, "type": "supergroup", "title": "Друзья" },
        "from": { "id": 42, "is_bot": false, "first_name": "Анна", "language_code": "ru" },
    });
    message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.telegram.send_update(json!({ "message": message }))
}

/// The label's button under the last message that has one.
fn data(message: &Sent, label: &str) -> String {
    message.callback_data(label).unwrap_or_else(|| panic!("no {label:?} in {:?}", message.buttons)).to_owned()
}

#[tokio::test]
async fn in_a_group_the_bot_answers_who_speaks_to_it_and_nobody_else() {
    let mut world = World::new().await;
    world.telegram = TelegramServer::builder().reads_groups().start().await;
    let _bot = world.bot().await;
    world.telegram.add_to_group(anna(), ROOM, "Друзья");
    let hello = world.wait_for_last(ROOM, "Telegram показывает мне здесь всё").await;
    // It has said who it is, and so it is known which messages are for it.
    for text in ["Всем доброе утро", "@somebody_else_bot, кто прав?", "/help@somebody_else_bot", "/memory"]
    {
        world.telegram.send_text_in(ROOM, anna(), text);
    }
    world.telegram.send_as_chat(ROOM, -9, "@evolve_test_bot, кто прав?");
    let asked = world.telegram.send_text_in(ROOM, john(), "@Evolve_Test_Bot, who is right?");
    let answer = world.wait_for_last(ROOM, "echo: who is right?").await;
    let question = world.telegram.raw_message(ROOM, answer.reply_to.unwrap()).unwrap();
    assert_eq!(question["text"], "@Evolve_Test_Bot, who is right?");
    world.wait_until_done(asked).await;
    world.telegram.send_reply_in(ROOM, anna(), hello.message_id, "А погода?");
    world.wait_for_last(ROOM, "echo: А погода?").await;
    assert_eq!(world.texts(ROOM).len(), 3, "{:?}", world.texts(ROOM));
    let (inboxed,): (i64,) = sqlx::query_as("SELECT count(*) FROM inbox WHERE chat_id = $1")
        .bind(ROOM)
        .fetch_one(&world.database.pool())
        .await
        .unwrap();
    assert_eq!(inboxed, 3, "what people say to each other was stored");
    let asides = world.api.asides();
    assert_eq!((asides[0].user_id, asides[0].name.as_str(), asides[0].room), (7, "John", Some(ROOM)));
    assert_eq!(asides[0].language.as_deref(), Some("en"));
    let quoted = asides[1].reply_to.clone().unwrap();
    assert_eq!((asides[1].user_id, quoted.author), (42, Author::Companion));
    assert_eq!(world.api.turns(), 0, "a group's message went to the private chat");
    assert!(world.api.profile(7).is_none(), "somebody who never wrote in private was made a profile");
    let drafts = world.telegram.events(ROOM).iter().filter(|it| matches!(it.doing, Doing::Edited { .. })).count();
    assert_eq!(drafts, 0, "an answer in a group was shown as it was made");
}

#[tokio::test]
async fn a_group_that_has_chosen_no_language_is_answered_in_the_one_that_its_speaker_chose_in_private() {
    let world = World::new().await;
    let chosen = ProfileData { language: Some("ru".to_owned()), ..ProfileData::default() };
    // John's app speaks English.
    world.api.know(7, ProfileData { onboarding: Some(Onboarding::Done), ..chosen });
    let _bot = world.bot().await;
    group(&world).await;
    world.telegram.send_text_in(ROOM, john(), "@evolve_test_bot кто прав?");
    world.wait_for_last(ROOM, "echo: кто прав?").await;
    assert_eq!(world.api.asides()[0].language.as_deref(), Some("ru"));
    world.telegram.send_text_in(ROOM, john(), "/settings@evolve_test_bot");
    world.wait_for_last(ROOM, "Это могут только администраторы группы").await;
    // What the group has chosen comes before it.
    world.telegram.send_text_in(ROOM, anna(), "/settings@evolve_test_bot");
    let menu = world.wait_for_last(ROOM, "Эта группа").await;
    let update = world.telegram.press_in(ROOM, anna(), menu.message_id, "room:lang:en");
    world.wait_until_done(update).await;
    world.telegram.send_text_in(ROOM, john(), "@evolve_test_bot а теперь?");
    world.wait_for_last(ROOM, "echo: а теперь?").await;
    assert_eq!(world.api.asides()[1].language.as_deref(), Some("en"));
}

#[tokio::test]
async fn where_telegram_hides_mentions_they_are_not_promised_and_replies_and_ask_reach_it() {
    let mut world = World::new().await;
    world.telegram = TelegramServer::builder().hides_mentions().start().await;
    let _bot = world.bot().await;
    world.telegram.add_to_group(anna(), ROOM, "Друзья");
    let hello = world.wait_for_last(ROOM, "сделайте меня администратором").await;
    assert!(!hello.text.contains("упомяните"), "{}", hello.text);
    world.telegram.send_text_in(ROOM, anna(), "@evolve_test_bot, ты тут?");
    world.telegram.send_reply_in(ROOM, anna(), hello.message_id, "А погода?");
    world.wait_for_last(ROOM, "echo: А погода?").await;
    world.telegram.send_text_in(ROOM, anna(), "/ask@evolve_test_bot А завтра?");
    world.wait_for_last(ROOM, "echo: А завтра?").await;
    assert_eq!(world.texts(ROOM).len(), 3, "{:?}", world.texts(ROOM));
}

#[tokio::test]
async fn an_administrator_says_when_it_answers_and_in_which_language_and_nobody_else() {
    let world = World::new().await;
    let _bot = world.bot().await;
    group(&world).await;
    world.telegram.send_text_in(ROOM, john(), "/settings@evolve_test_bot");
    world.wait_for_last(ROOM, "Only this group's administrators").await;
    world.telegram.send_text_in(ROOM, anna(), "/settings@evolve_test_bot");
    let menu = world.wait_for_last(ROOM, "Эта группа").await;
    let mentions = data(&menu, "Только на упоминания");
    let refused = world.telegram.press_in(ROOM, john(), menu.message_id, &mentions);
    world.wait_until_done(refused).await;
    let alert = world.telegram.events(ROOM).into_iter().find_map(|event| match event.doing {
        Doing::CallbackAnswered { text, show_alert: true, .. } => text,
        _ => None,
    });
    assert!(alert.unwrap().contains("administrators"));
    for label in ["Только на упоминания", "English"] {
        let update = world.telegram.press_in(ROOM, anna(), menu.message_id, &data(&menu, label));
        world.wait_until_done(update).await;
    }
    let chosen = |sent: &[Sent]| sent.iter().any(|it| it.callback_data("✓ Mentions only").is_some());
    world.telegram.wait_for(ROOM, chosen).await;
    // A reply is no mention.
    let reply = world.telegram.send_reply_in(ROOM, anna(), menu.message_id, "А погода?");
    world.wait_until_done(reply).await;
    world.telegram.send_text_in(ROOM, anna(), "@evolve_test_bot а погода?");
    world.wait_for_last(ROOM, "echo: а погода?").await;
    assert_eq!(world.api.asides().len(), 1);
    assert_eq!(world.api.asides()[0].language.as_deref(), Some("en"));
    let update = world.telegram.press_in(ROOM, anna(), menu.message_id, "room:answers:off");
    world.wait_until_done(update).await;
    let mention = world.telegram.send_text_in(ROOM, anna(), "@evolve_test_bot а завтра?");
    world.wait_until_done(mention).await;
    assert_eq!(world.api.asides().len(), 1);
}

#[rstest]
#[case("memory", "?start=do_memory")]
#[case("delete", "?start=do_delete")]
#[case("premium", "?start=do_premium")]
#[case("voice", "?start=do_voice")]
#[case("export", "")]
#[tokio::test]
async fn what_is_between_two_leads_to_the_private_chat(#[case] command: &str, #[case] parameter: &str) {
    let world = World::new().await;
    let _bot = world.bot().await;
    group(&world).await;
    world.telegram.send_text_in(ROOM, anna(), &format!("/{command}@evolve_test_bot"));
    let sent = world.wait_for_last(ROOM, "Это только между нами").await;
    let url = sent.buttons[0][0].url.clone().unwrap();
    assert_eq!(url, format!("https://t.me/evolve_test_bot{parameter}"));
}

#[tokio::test]
async fn the_link_from_a_group_does_in_private_what_was_asked_for() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "/start do_help");
    world.wait_for_last(42, "Со мной можно просто разговаривать").await;
}

#[tokio::test]
async fn a_group_goes_on_as_a_supergroup_with_its_settings() {
    let world = World::new().await;
    let _bot = world.bot().await;
    group(&world).await;
    world.telegram.send_text_in(ROOM, anna(), "/settings@evolve_test_bot");
    let menu = world.wait_for_last(ROOM, "Эта группа").await;
    let update = world.telegram.press_in(ROOM, anna(), menu.message_id, "room:lang:en");
    world.wait_until_done(update).await;
    world.telegram.migrate_group(ROOM, -2_002);
    world.telegram.wait_until_confirmed().await;
    world.telegram.send_text_in(-2_002, anna(), "@evolve_test_bot а погода?");
    world.wait_for_last(-2_002, "echo: а погода?").await;
    assert_eq!(world.api.asides()[0].language.as_deref(), Some("en"));
    assert_eq!(world.texts(-2_002).len(), 1, "it was greeted again: {:?}", world.texts(-2_002));
}

#[tokio::test]
async fn removed_from_a_group_the_bot_owes_nothing_there_and_may_come_back() {
    let world = World::new().await;
    let bot = world.bot().await;
    group(&world).await;
    let left = world.telegram.remove_from_group(anna(), ROOM);
    world.wait_until_done(left).await;
    let state = "SELECT left_at IS NOT NULL FROM rooms WHERE id = $1";
    let has_left = async || {
        let row: (bool,) = sqlx::query_as(state).bind(ROOM).fetch_one(&world.database.pool()).await.unwrap();
        row.0
    };
    assert!(has_left().await);
    let sent = world.telegram.calls_of("sendMessage").len();
    let back = world.telegram.add_to_group(anna(), ROOM, "Друзья");
    world.wait_until_done(back).await;
    assert!(!has_left().await);
    world.telegram.send_text_in(ROOM, anna(), "@evolve_test_bot ты тут?");
    world.wait_for_last(ROOM, "echo: ты тут?").await;
    // Nobody wants to be greeted twice a day.
    assert_eq!(world.telegram.calls_of("sendMessage").len(), sent + 1);
    assert_eq!(bot.metric("telegram_outbox_failures_total{reason=\"forbidden\"}"), 0.0);
}

#[tokio::test]
async fn who_asks_too_much_holds_nobody_up_and_hears_once_a_day_that_the_day_is_used_up() {
    let world = World::new().await;
    world.api.answer(|call, _| match call.person {
        42 => Reply::Problem(Problem::new(Code::RateLimited).retry_after(60)),
        7 => Reply::Problem(Problem::new(Code::QuotaExhausted).retry_after(3600)),
        _ => Reply::Text("Я тут".to_owned()),
    });
    let _bot = world.bot().await;
    group(&world).await;
    world.telegram.send_text_in(ROOM, anna(), "@evolve_test_bot раз");
    for text in ["@evolve_test_bot one", "@evolve_test_bot two"] {
        world.telegram.send_text_in(ROOM, john(), text);
    }
    world.telegram.send_text_in(ROOM, 8, "@evolve_test_bot эй");
    world.wait_for_last(ROOM, "Я тут").await;
    let said: Vec<_> = world.texts(ROOM).into_iter().skip(1).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("can't answer you any more today"), "{said:?}");
}

#[tokio::test]
async fn a_command_asks_where_mentions_do_not_arrive_and_needs_no_name() {
    let world = World::new().await;
    let _bot = world.bot().await;
    group(&world).await;
    world.telegram.send_text_in(ROOM, anna(), "/ask@evolve_test_bot кто прав?");
    world.wait_for_last(ROOM, "echo: кто прав?").await;
    world.telegram.send_text_in(ROOM, john(), "/ask who is right?");
    world.wait_for_last(ROOM, "echo: who is right?").await;
    world.telegram.send_text_in(ROOM, anna(), "/ask");
    world.wait_for_last(ROOM, "/ask@evolve_test_bot и свой вопрос").await;
    world.telegram.send_text_in(ROOM, anna(), "/settings");
    world.wait_for_last(ROOM, "Эта группа").await;
    world.telegram.send_text(anna(), "/ask Как дела?");
    world.wait_for_last(42, "echo: Как дела?").await;
}

#[tokio::test]
async fn what_has_no_words_is_excused_and_nobody_fills_the_group_with_our_excuses() {
    let world = World::new().await;
    let _bot = world.bot().await;
    group(&world).await;
    let hello = world.telegram.messages(ROOM)[0].message_id;
    let hello = world.telegram.raw_message(ROOM, hello).unwrap();
    for (message_id, kind) in [(900, "voice"), (901, "sticker"), (902, "video")] {
        let update = send(&world, message_id, json!({ kind: { "file_id": "a" }, "reply_to_message": hello }));
        world.wait_until_done(update).await;
    }
    let captioned = json!({ "voice": { "file_id": "a" }, "reply_to_message": hello, "caption": "Что это?" });
    let update = send(&world, 903, captioned);
    world.wait_until_done(update).await;
    world.telegram.send_text_in(ROOM, john(), "@evolve_test_bot who is right?");
    world.wait_for_last(ROOM, "echo: who is right?").await;
    let excuses = world.texts(ROOM).iter().filter(|text| text.contains("только слова")).count();
    assert_eq!((excuses, world.api.asides().len()), (1, 1));
}

#[tokio::test]
async fn who_speaks_of_danger_is_told_whom_to_call_and_others_do_not_learn_where_they_are() {
    let world = World::new().await;
    let (language, time_zone) = (Some("ru".to_owned()), Some("America/Chicago".to_owned()));
    world.api.know(42, ProfileData { language, time_zone, ..ProfileData::default() });
    let _bot = world.bot().await;
    group(&world).await;
    world.telegram.send_text(anna(), "/help");
    world.wait_for_last(42, "Со мной можно просто разговаривать").await;
    let mention = json!([{ "type": "mention", "offset": 0, "length": 16 }]);
    for message_id in [900, 901] {
        let said = json!({ "text": "@evolve_test_bot I want to die", "entities": mention });
        let update = send(&world, message_id, said);
        world.wait_until_done(update).await;
    }
    world.telegram.send_text_in(ROOM, john(), "@evolve_test_bot who is right?");
    world.wait_for_last(ROOM, "echo: who is right?").await;
    let calls = world.telegram.calls_of("sendMessage");
    let numbers: Vec<_> = calls
        .iter()
        .filter(|call| call.params["text"].as_str().is_some_and(|text| text.contains("findahelpline")))
        .filter(|call| call.chat_id() == Some(ROOM))
        .collect();
    assert_eq!(numbers.len(), 1, "said for each message, or not at all");
    assert!(!numbers[0].params["text"].as_str().unwrap().contains("988"), "others read where they are");
    let reply: Value = match &numbers[0].params["reply_parameters"] {
        Value::String(json) => serde_json::from_str(json).unwrap(),
        other => other.clone(),
    };
    assert_eq!(reply["message_id"], 900, "it is not said to anybody");
    world.telegram.wait_for(42, |sent| sent.iter().any(|sent| sent.text.contains("— 988"))).await;
}

#[tokio::test]
async fn who_has_only_spoken_in_groups_has_no_chat_in_which_they_could_be_told_whom_to_call() {
    let world = World::new().await;
    // So the API tells of somebody who has no settings.
    world.api.know(42, ProfileData { onboarding: Some(Onboarding::New), ..ProfileData::default() });
    let _bot = world.bot().await;
    group(&world).await;
    let mention = json!([{ "type": "mention", "offset": 0, "length": 16 }]);
    let update = send(&world, 900, json!({ "text": "@evolve_test_bot I want to die", "entities": mention }));
    world.wait_until_done(update).await;
    world.telegram.wait_for(ROOM, |sent| sent.iter().any(|sent| sent.text.contains("findahelpline"))).await;
    let (private,): (i64,) = sqlx::query_as("SELECT count(*) FROM outbox WHERE chat_id = 42")
        .fetch_one(&world.database.pool())
        .await
        .unwrap();
    assert_eq!(private, 0);
}

#[tokio::test]
async fn who_runs_the_group_may_be_anonymous_and_is_told_why_they_are_not_answered() {
    let world = World::new().await;
    let _bot = world.bot().await;
    group(&world).await;
    world.telegram.send_as_chat(ROOM, ROOM, "/settings@evolve_test_bot");
    world.wait_for_last(ROOM, "This group").await;
    world.telegram.send_as_chat(ROOM, ROOM, "@evolve_test_bot who is right?");
    world.wait_for_last(ROOM, "You write in the name of the group").await;
    assert!(world.api.asides().is_empty());
}

#[tokio::test]
async fn where_telegram_does_not_tell_who_runs_the_group_it_is_asked_in_another_way() {
    let world = World::new().await;
    let _bot = world.bot().await;
    group(&world).await;
    let hidden = "Bad Request: member list is inaccessible";
    world.telegram.fault(Fault::refuse("getChatMember", 400, hidden).times(3));
    world.telegram.send_text_in(ROOM, anna(), "/settings@evolve_test_bot");
    world.wait_for_last(ROOM, "Эта группа").await;
    world.telegram.send_text_in(ROOM, john(), "/settings@evolve_test_bot");
    world.wait_for_last(ROOM, "Only this group's administrators").await;
    world.telegram.fault(Fault::refuse("getChatAdministrators", 400, hidden));
    world.telegram.send_text_in(ROOM, anna(), "/settings@evolve_test_bot");
    world.wait_for_last(ROOM, "Сделайте меня администратором").await;
}

#[tokio::test]
async fn who_makes_it_an_administrator_is_told_that_it_sees_everything_from_then_on() {
    let world = World::new().await;
    let _bot = world.bot().await;
    group(&world).await;
    world.telegram.make_admin(anna(), ROOM);
    world.wait_for_last(ROOM, "Telegram показывает мне здесь всё").await;
    assert_eq!(world.texts(ROOM).len(), 2);
}

#[tokio::test]
async fn what_cannot_be_answered_at_all_is_regretted_in_the_group_too() {
    let mut world = World::new().await;
    world.clock = Clock::fixed(Utc::now());
    world.api.answer(|call, _| match call.person {
        42 => Reply::Problem(Problem::new(Code::Internal)),
        _ => Reply::Text(format!("echo: {}", call.request.message)),
    });
    let _bot = world.bot().await;
    group(&world).await;
    let poison = world.telegram.send_text_in(ROOM, anna(), "@evolve_test_bot Ядовитое");
    for attempt in 1..=5 {
        evolve_testkit::eventually("another attempt", async || world.api.asides().len() >= attempt).await;
        // Somebody else is answered meanwhile, which also wakes the worker once time has passed.
        world.wait_until_let_go(poison).await;
        world.wait_until_nothing_is_owed().await;
        world.clock.advance(TimeDelta::seconds(60));
        world.telegram.send_text(john(), &format!("{attempt}"));
        world.wait_for_last(7, &format!("echo: {attempt}")).await;
    }
    let sorry = world.wait_for_last(ROOM, "что-то пошло не так").await;
    assert!(sorry.reply_to.is_some());
}
