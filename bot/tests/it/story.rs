//! Getting to know each other, and the commands.

use std::collections::BTreeSet;

use chrono::{TimeDelta, Utc};
use evolve_contract::profile::{Onboarding, ProfileData};
use evolve_domain::language::Language;
use evolve_runtime::clock::Clock;
use evolve_testkit::telegram::Sent;

use crate::world::{RunningBot, World, anna, john};

/// The data of the button with this label on the last message that has it.
fn button(world: &World, chat_id: i64, label: &str) -> (i64, String) {
    let messages = world.telegram.messages(chat_id);
    let found =
        messages.iter().rev().find_map(|sent: &Sent| Some((sent.message_id, sent.callback_data(label)?.to_owned())));
    found.unwrap_or_else(|| panic!("no button {label:?}:\n{}", world.transcript(chat_id)))
}

async fn press(world: &World, user: &evolve_testkit::telegram::User, label: &str) {
    let (message, data) = button(world, user.id, label);
    let update = world.telegram.press(user, message, &data);
    world.wait_until_done(update).await;
}

/// What was said, with one line for the buttons of all languages: one language more is the same story.
fn told(world: &World, chat_id: i64) -> String {
    let buttons: Vec<String> = Language::ALL.iter().map(|language| format!("[{}]", language.name())).collect();
    let keyboard = buttons.chunks(2).map(|row| row.concat()).collect::<Vec<_>>().join("\n");
    let transcript = world.transcript(chat_id);
    assert!(transcript.contains(&keyboard), "{transcript}");
    transcript.replace(&keyboard, "[every language]")
}

#[tokio::test]
async fn a_stranger_is_asked_for_language_and_name_once_in_russian() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "/start");
    world.wait_for_last(42, "На каком языке").await;
    press(&world, &anna(), "Русский").await;
    world.wait_for_last(42, "Как мне к вам обращаться").await;
    press(&world, &anna(), "Анна").await;
    world.wait_for_last(42, "Приятно познакомиться").await;
    world.telegram.send_text(anna(), "/start again");
    world.wait_for_last(42, "С возвращением").await;
    insta::assert_snapshot!(told(&world, 42));
    let profile = world.api.profile(42).unwrap();
    assert_eq!(profile.name.as_deref(), Some("Анна"));
    assert_eq!(profile.onboarding, Some(Onboarding::Done));
}

#[tokio::test]
async fn a_stranger_may_choose_another_language_and_another_name() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(john(), "/start from_a_friend");
    let question = world.wait_for_last(7, "Which language").await;
    press(&world, &john(), "Русский").await;
    world.wait_for_last(7, "Как мне к вам обращаться").await;
    // The other button of the same question, pressed a moment later.
    let english = question.callback_data("English").unwrap();
    let update = world.telegram.press(john(), question.message_id, english);
    world.wait_until_done(update).await;
    world.wait_for_last(7, "What should I call you?").await;
    press(&world, &john(), "Another name").await;
    world.telegram.send_text(john(), &"x".repeat(65));
    world.wait_for_last(7, "doesn't look like a name").await;
    world.telegram.send_text(john(), "  <Jack> ");
    world.wait_for_last(7, "Lovely to meet you, <Jack>!").await;
    world.telegram.send_text(john(), "Hello");
    world.wait_for_last(7, "echo: Hello").await;
    insta::assert_snapshot!(told(&world, 7));
    assert_eq!(world.api.profile(7).unwrap().name.as_deref(), Some("<Jack>"));
}

#[tokio::test]
async fn who_just_writes_is_just_answered() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет!");
    world.wait_for_last(42, "echo: Привет!").await;
    let profile = world.api.profile(42).unwrap();
    assert_eq!((profile.name, profile.language.as_deref()), (None, Some("ru")));
    // In the middle of the first conversation, too.
    world.telegram.send_text(anna(), "/start");
    world.wait_for_last(42, "На каком языке").await;
    world.telegram.send_text(anna(), "А что ты умеешь?");
    world.wait_for_last(42, "echo: А что ты умеешь?").await;
    // The language is not asked a second time.
    world.telegram.send_text(anna(), "/start");
    world.wait_for_last(42, "как же мне к вам обращаться").await;
}

#[tokio::test]
async fn old_buttons_do_no_harm() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "/start");
    let question = world.wait_for_last(42, "На каком языке").await;
    press(&world, &anna(), "Русский").await;
    world.wait_for_last(42, "Как мне к вам обращаться").await;
    let name = button(&world, 42, "Анна");
    press(&world, &anna(), "Анна").await;
    world.wait_for_last(42, "Приятно познакомиться").await;
    let before = world.telegram.messages(42).len();
    for (message, data) in [
        (name.0, "name:other"),
        (name.0, "name:keep"),
        (question.message_id, "from-another-version"),
        (question.message_id, "lang:zxx"),
    ] {
        let update = world.telegram.press(anna(), message, data);
        world.wait_until_done(update).await;
    }
    world.telegram.send_text(anna(), "и всё же");
    world.wait_for_last(42, "echo: и всё же").await;
    assert_eq!(world.telegram.messages(42).len(), before + 1);
    assert_eq!(world.api.profile(42).unwrap().onboarding, Some(Onboarding::Done));
    assert_eq!(world.telegram.calls_of("answerCallbackQuery").len(), 6);
}

#[tokio::test]
async fn commands_answer_in_the_persons_language() {
    let world = World::new().await;
    world.api.know(
        42,
        ProfileData {
            name: Some("Анна <3".to_owned()),
            city: Some("Казань".to_owned()),
            language: Some("ru".to_owned()),
            time_zone: Some("Europe/Moscow".to_owned()),
            onboarding: Some(Onboarding::Done),
            ..ProfileData::default()
        },
    );
    let _bot = world.bot().await;
    for (command, part) in [
        ("/help", "Со мной можно просто разговаривать"),
        ("/profile", "Имя: Анна <3"),
        ("/status", "осталось 21 сообщение из 50"),
        ("/relationship", "осталось 78 очков"),
        ("/reset", "с чистого листа"),
        ("/Status@evolve_test_bot", "осталось 21 сообщение из 50"),
        ("/reset", "ни о чём не говорили"),
        ("/dance", "Такой команды я не знаю"),
    ] {
        world.telegram.send_text(anna(), command);
        world.wait_for_last(42, part).await;
    }
    insta::assert_snapshot!(world.transcript(42));
    assert_eq!(world.api.turns(), 0, "a command went to the companion");
}

#[tokio::test]
async fn what_stands_in_the_profile_is_forgotten_by_a_button_once_it_was_asked_for() {
    let world = World::new().await;
    world.api.know(
        42,
        ProfileData {
            name: Some("Анна".to_owned()),
            city: Some("Казань".to_owned()),
            language: Some("ru".to_owned()),
            onboarding: Some(Onboarding::Done),
            ..ProfileData::default()
        },
    );
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "/profile");
    let page = world.wait_for_last(42, "Город: Казань").await.message_id;
    for (data, part) in [
        ("me:ask:city", "Забыть «Казань» насовсем?"),
        ("me:show", "Город: Казань"),
        ("me:ask:city", "Забыть «Казань» насовсем?"),
        ("me:forget:city", "Имя: Анна"),
        // There is nothing left to ask about.
        ("me:ask:city", "Имя: Анна"),
    ] {
        let update = world.telegram.press(anna(), page, data);
        world.wait_until_done(update).await;
        world.wait_for_last(42, part).await;
    }
    let texts = world.texts(42);
    assert!(texts.len() == 1 && !texts[0].contains("Казань"), "{texts:?}");
    assert_eq!(world.api.profile(42).unwrap().city, None);
}

#[tokio::test]
async fn a_name_and_a_gender_are_asked_about_in_the_persons_words_and_as_what_goes_from_the_profile_alone() {
    let world = World::new().await;
    let (name, gender) = (Some("Анна".to_owned()), Some("female".to_owned()));
    let (language, onboarding) = (Some("ru".to_owned()), Some(Onboarding::Done));
    world.api.know(42, ProfileData { name, gender, language, onboarding, ..ProfileData::default() });
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "/profile");
    let page = world.wait_for_last(42, "Пол: женский").await.message_id;
    for (data, part) in [("me:ask:gender", "Забыть «женский»?"), ("me:ask:name", "Забыть «Анна»?")]
    {
        let update = world.telegram.press(anna(), page, data);
        world.wait_until_done(update).await;
        let asked = world.wait_for_last(42, part).await.text;
        assert!(asked.contains("останутся") && !asked.contains("опустеют"), "{asked}");
    }
    let update = world.telegram.press(anna(), page, "me:forget:gender");
    world.wait_until_done(update).await;
    world.telegram.wait_for(42, |sent| sent.last().is_some_and(|page| !page.text.contains("Пол:"))).await;
    assert_eq!(world.api.profile(42).unwrap().gender, None);
}

#[tokio::test]
async fn telegrams_menu_shows_everybody_their_commands_in_both_languages_and_old_ones_go() {
    let world = World::new().await;
    let old = serde_json::json!({ "commands": [{ "command": "dance", "description": "Dance" }] });
    let http = reqwest::Client::new();
    let url = format!("{}/bot{}/setMyCommands", world.telegram.url(), world.telegram.token());
    http.post(&url).json(&old).send().await.unwrap();
    let bot = world.bot().await;
    let shown = |scope: &'static str, language: &'static str| {
        move |telegram: &evolve_testkit::telegram::TelegramServer| {
            let commands = telegram.commands_of(scope, language);
            (!commands.is_empty())
                .then(|| commands.iter().map(|c| format!("{}: {}", c["command"], c["description"])).collect::<Vec<_>>())
        }
    };
    let mut page = Vec::new();
    for scope in ["all_private_chats", "all_group_chats", "all_chat_administrators"] {
        for language in ["", "ru"] {
            let commands = world.telegram.wait_until("commands", shown(scope, language)).await;
            page.push(format!("{scope} {language:?}\n{}", commands.join("\n")));
        }
    }
    insta::assert_snapshot!(page.join("\n\n"));
    world.telegram.wait_until("no old ones", |telegram| telegram.commands("").is_empty().then_some(())).await;
    // A list for each language that Telegram knows, which are those of two letters, and one for whoever speaks none of them.
    let codes = Language::ALL.iter().filter_map(|language| language.as_str().split('-').next());
    let lists = 1 + codes.filter(|code| code.len() == 2).collect::<BTreeSet<_>>().len();
    let looked = |times: usize| {
        move |telegram: &evolve_testkit::telegram::TelegramServer| {
            (telegram.calls_of("getMyCommands").len() >= times * 4 * lists).then_some(())
        }
    };
    world.telegram.wait_until("a look at all", looked(1)).await;
    let set = world.telegram.calls_of("setMyCommands").len();
    bot.stop().await;
    // The next one has nothing to change.
    let _bot = world.bot().await;
    world.telegram.wait_until("a second look at all", looked(2)).await;
    assert_eq!(world.telegram.calls_of("setMyCommands").len(), set);
    assert_eq!(world.telegram.calls_of("deleteMyCommands").len(), 1);
}

#[tokio::test]
async fn a_reset_with_nothing_to_end_says_so() {
    let world = World::new().await;
    world.api.end_conversation();
    let _bot = world.bot().await;
    world.telegram.send_text(john(), "/reset");
    world.wait_for_last(7, "We weren't in the middle of anything").await;
}

/// Kills the bot when it has changed a profile and nobody has heard of it, and starts another.
async fn die_in_the_middle(world: &World, bot: RunningBot, act: impl AsyncFnOnce()) -> RunningBot {
    let before = world.api.profile_updates();
    world.api.hang_after_updates(true);
    act().await;
    evolve_testkit::eventually("the profile is changed", async || world.api.profile_updates() > before).await;
    bot.kill().await;
    world.api.hang_after_updates(false);
    // The dead one's lease runs out.
    world.clock.advance(TimeDelta::seconds(61));
    world.bot().await
}

#[tokio::test]
async fn a_bot_that_dies_in_the_first_conversation_goes_on_where_it_was() {
    let mut world = World::new().await;
    world.clock = Clock::fixed(Utc::now());
    let bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет!");
    world.wait_for_last(42, "echo: Привет!").await;
    let bot = die_in_the_middle(&world, bot, async || {
        world.telegram.send_text(anna(), "/start");
    })
    .await;
    world.wait_for_last(42, "На каком языке").await;
    press(&world, &anna(), "Русский").await;
    world.wait_for_last(42, "Как мне к вам обращаться").await;
    press(&world, &anna(), "Другое имя").await;
    let bot = die_in_the_middle(&world, bot, async || {
        world.telegram.send_text(anna(), "Аня");
    })
    .await;
    world.wait_for_last(42, "Приятно познакомиться, Аня!").await;
    bot.stop().await;
    assert_eq!(world.api.turns(), 1, "the name went to the companion");
}

#[tokio::test]
async fn a_button_that_is_pressed_twice_changes_nothing_more() {
    let world = World::new().await;
    let bot = world.bot().await;
    world.telegram.send_text(anna(), "/start");
    let question = world.wait_for_last(42, "На каком языке").await;
    let russian = question.callback_data("Русский").unwrap();
    for _ in 0..2 {
        let update = world.telegram.press(anna(), question.message_id, russian);
        world.wait_until_done(update).await;
    }
    world.telegram.send_text(anna(), "Привет");
    world.wait_for_last(42, "echo: Привет").await;
    for reason in ["not_modified", "refused"] {
        assert_eq!(bot.metric(&format!("telegram_outbox_failures_total{{reason=\"{reason}\"}}")), 0.0, "{reason}");
    }
    bot.stop().await;
    let query = "SELECT count(*) FROM outbox WHERE state <> 'sent'";
    let (not_sent,): (i64,) = sqlx::query_as(query).fetch_one(&world.database.pool()).await.unwrap();
    assert_eq!(not_sent, 0);
}

#[tokio::test]
async fn a_name_is_understood_though_another_replica_asked_for_it() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    world.wait_for_last(42, "echo: Привет").await;
    // "Another name" was pressed, and another replica saw to it.
    let profile = world.api.profile(42).unwrap();
    world.api.know(42, ProfileData { onboarding: Some(Onboarding::Name), ..profile });
    world.telegram.send_text(anna(), "Аня");
    world.wait_for_last(42, "Приятно познакомиться, Аня!").await;
}
