//! `/settings`: one menu that edits itself.

use evolve_contract::{
    settings::Detail,
    voice::{Mode, Voice},
};
use evolve_testkit::telegram::{TelegramServer, User};

use crate::world::{World, anna, john};

/// Presses the button with this label on a message, as it looks now.
pub(crate) async fn press(world: &World, user: &User, message: i64, label: &str) {
    let messages = world.telegram.messages(user.id);
    let sent = messages.iter().find(|sent| sent.message_id == message).unwrap();
    let data = sent.buttons.iter().flatten().find(|button| button.text.contains(label));
    let data =
        data.and_then(|button| sent.callback_data(&button.text)).unwrap_or_else(|| panic!("no {label:?}: {sent:?}"));
    let update = world.telegram.press(user, message, data);
    world.wait_until_done(update).await;
}

/// Waits for a message to have this in its text or buttons.
pub(crate) async fn turned(world: &World, chat: i64, message: i64, part: &str) {
    let has = |sent: &evolve_testkit::telegram::Sent| {
        sent.message_id == message
            && (sent.text.contains(part) || sent.buttons.iter().flatten().any(|b| b.text.contains(part)))
    };
    world.telegram.wait_for(chat, |sent| sent.iter().any(has)).await;
}

#[tokio::test]
async fn everything_is_set_in_one_message_that_turns_its_own_pages() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "/settings");
    let menu = world.wait_for_last(42, "Настройки").await.message_id;

    press(&world, &anna(), menu, "Ответы").await;
    turned(&world, 42, menu, "Насколько подробно").await;
    press(&world, &anna(), menu, "подробно").await;
    turned(&world, 42, menu, "Ответы: подробно").await;
    assert_eq!(world.api.settings(42).detail, Some(Detail::Long));

    press(&world, &anna(), menu, "Часовой пояс").await;
    turned(&world, 42, menu, "Азия").await;
    press(&world, &anna(), menu, "Азия").await;
    turned(&world, 42, menu, "Токио · UTC+9").await;
    press(&world, &anna(), menu, "Токио").await;
    turned(&world, 42, menu, "Asia/Tokyo").await;

    press(&world, &anna(), menu, "Тихие часы").await;
    turned(&world, 42, menu, "22:00 – 8:00").await;
    press(&world, &anna(), menu, "22:00").await;
    turned(&world, 42, menu, "Тихие часы: 22:00 – 8:00").await;

    press(&world, &anna(), menu, "Начинать разговор").await;
    turned(&world, 42, menu, "Желать доброго утра").await;
    press(&world, &anna(), menu, "доброго утра").await;
    turned(&world, 42, menu, "✓ Желать доброго утра").await;
    assert_eq!(world.api.settings(42).good_morning, Some(true));
    press(&world, &anna(), menu, "Назад").await;
    turned(&world, 42, menu, "Доброе утро от меня: да").await;

    press(&world, &anna(), menu, "🎙 Голос").await;
    turned(&world, 42, menu, "Когда отвечать голосом").await;
    press(&world, &anna(), menu, "Всегда голосом").await;
    turned(&world, 42, menu, "✓ Всегда голосом").await;
    press(&world, &anna(), menu, "Низкий").await;
    turned(&world, 42, menu, "✓ Низкий ♂").await;
    let chosen = world.api.voice(42);
    assert_eq!((chosen.mode, chosen.voice), (Mode::Always, Some(Voice::Deep)));
    press(&world, &anna(), menu, "Назад").await;
    turned(&world, 42, menu, "Ответы голосом: Всегда голосом · Низкий ♂").await;

    press(&world, &anna(), menu, "Язык").await;
    turned(&world, 42, menu, "На каком языке").await;
    press(&world, &anna(), menu, "English").await;
    turned(&world, 42, menu, "Settings").await;
    press(&world, &anna(), menu, "Done").await;
    world.telegram.wait_for(42, |sent| sent.iter().any(|s| s.message_id == menu && s.buttons.is_empty())).await;
    assert_eq!(world.telegram.messages(42).len(), 1, "the menu is one message:\n{}", world.transcript(42));
    // The time where they live is another at each run.
    let shown = world.texts(42).join("\n");
    let lasting: Vec<&str> = shown.lines().filter(|line| !line.starts_with("Time zone")).collect();
    insta::assert_snapshot!(lasting.join("\n"));
}

#[tokio::test]
async fn who_wants_messages_kept_for_less_chooses_for_how_long_and_may_change_their_mind() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "/settings");
    let menu = world.wait_for_last(42, "Наши сообщения хранятся: Как у всех").await.message_id;
    press(&world, &anna(), menu, "🗂 Наши сообщения").await;
    turned(&world, 42, menu, "Как долго хранить").await;
    press(&world, &anna(), menu, "90 дней").await;
    turned(&world, 42, menu, "✓ 90 дней").await;
    assert_eq!(world.api.settings(42).keep_messages_days, Some(90));
    let forged = world.telegram.press(anna(), menu, "set:keep:1");
    world.wait_until_done(forged).await;
    assert_eq!(world.api.settings(42).keep_messages_days, Some(90));
    press(&world, &anna(), menu, "Назад").await;
    turned(&world, 42, menu, "Наши сообщения хранятся: 90 дней").await;
    press(&world, &anna(), menu, "🗂 Наши сообщения").await;
    turned(&world, 42, menu, "Как долго хранить").await;
    press(&world, &anna(), menu, "Как у всех").await;
    turned(&world, 42, menu, "✓ Как у всех").await;
    assert_eq!(world.api.settings(42).keep_messages_days, None);
}

#[tokio::test]
async fn the_list_of_commands_is_in_the_language_that_was_chosen_until_it_is_the_apps_again() {
    let world = World::new().await;
    let _bot = world.bot().await;
    let help = |telegram: &TelegramServer| {
        let commands = telegram.commands_of("chat 7", "");
        commands.iter().find(|one| one["command"] == "help").map(|one| one["description"].to_string())
    };
    world.telegram.send_text(john(), "/settings");
    let menu = world.wait_for_last(7, "Settings").await.message_id;
    assert_eq!(help(&world.telegram), None, "everybody's list is in the app's language");
    let update = world.telegram.press(john(), menu, "set:lang:ru");
    world.wait_until_done(update).await;
    let russian = help(&world.telegram).unwrap();
    assert!(russian.chars().any(|c| ('а'..='я').contains(&c)), "{russian}");
    let update = world.telegram.press(john(), menu, "set:lang:en");
    world.wait_until_done(update).await;
    assert_eq!(help(&world.telegram), None);
}

#[tokio::test]
async fn who_wants_to_be_written_to_says_first_where_they_live() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "/settings");
    let menu = world.wait_for_last(42, "Настройки").await.message_id;
    press(&world, &anna(), menu, "Начинать разговор").await;
    turned(&world, 42, menu, "Желать доброго утра").await;
    let page = world.telegram.messages(42).pop().unwrap().text;
    assert!(page.contains("Часовой пояс: Europe/Moscow, там сейчас"), "{page}");
    press(&world, &anna(), menu, "доброго утра").await;
    turned(&world, 42, menu, "Сначала скажите, где вы живёте").await;
    assert_eq!(world.api.settings(42).good_morning, None);
    press(&world, &anna(), menu, "Азия").await;
    turned(&world, 42, menu, "Токио").await;
    press(&world, &anna(), menu, "Токио").await;
    turned(&world, 42, menu, "Asia/Tokyo").await;
    press(&world, &anna(), menu, "Начинать разговор").await;
    turned(&world, 42, menu, "Желать доброго утра").await;
    press(&world, &anna(), menu, "доброго утра").await;
    turned(&world, 42, menu, "✓ Желать доброго утра").await;
    assert_eq!(world.api.settings(42).good_morning, Some(true));
}

#[tokio::test]
async fn what_is_typed_is_a_reply_to_the_question_and_everything_else_is_talk() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(john(), "/settings");
    let menu = world.wait_for_last(7, "Settings").await.message_id;
    press(&world, &john(), menu, "My wishes").await;
    turned(&world, 7, menu, "Type it").await;
    press(&world, &john(), menu, "Type it").await;
    let question = world.wait_for_last(7, "Reply to this message with your wishes").await;

    world.telegram.send_text(john(), "keep it <informal>");
    world.wait_for_last(7, "echo: keep it <informal>").await;
    assert_eq!(world.api.settings(7).instructions, None, "talk became a wish");

    world.telegram.send_reply(john(), question.message_id, &"a\n".repeat(11));
    world.wait_for_last(7, "Reply to this message with your wishes").await;
    assert!(world.texts(7).iter().any(|text| text.contains("200 characters each")), "{}", world.transcript(7));

    world.telegram.send_reply(john(), question.message_id, "keep it <informal>\n\nno emoji");
    let shown = world.wait_for_last(7, "• keep it <informal>\n• no emoji").await.message_id;
    let wishes = world.api.settings(7).instructions.unwrap();
    assert_eq!(wishes, ["keep it <informal>", "no emoji"]);
    press(&world, &john(), shown, "Clear").await;
    world.telegram.wait_until("cleared", |_| world.api.settings(7).instructions.filter(Vec::is_empty)).await;

    press(&world, &john(), menu, "Back").await;
    turned(&world, 7, menu, "Time zone: ").await;
    press(&world, &john(), menu, "Time zone").await;
    turned(&world, 7, menu, "Type it").await;
    press(&world, &john(), menu, "Type it").await;
    let question = world.wait_for_last(7, "with your city").await.message_id;
    world.telegram.send_reply(john(), question, "Mordor");
    world.telegram.wait_for(7, |sent| sent.iter().any(|s| s.text.contains("don't know that place"))).await;
    world.telegram.send_reply(john(), question, "utc -5");
    world.wait_for_last(7, "Time zone: UTC-5").await;

    world.telegram.send_reply(john(), question, "nowhere, I want to die");
    world.telegram.wait_for(7, |sent| sent.iter().any(|s| s.text.contains("findahelpline.com"))).await;
}

#[tokio::test]
async fn who_speaks_of_danger_to_a_question_of_the_menu_is_answered_and_it_is_no_setting() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(john(), "/settings");
    let menu = world.wait_for_last(7, "Settings").await.message_id;
    press(&world, &john(), menu, "My wishes").await;
    turned(&world, 7, menu, "Type it").await;
    press(&world, &john(), menu, "Type it").await;
    let question = world.wait_for_last(7, "Reply to this message with your wishes").await.message_id;
    world.telegram.send_reply(john(), question, "I want to die");
    world.wait_for_last(7, "echo: I want to die").await;
    let told = world.texts(7);
    assert!(told.iter().any(|text| text.contains("findahelpline.com")), "{told:?}");
    assert_eq!(world.api.settings(7).instructions, None, "it became a wish");
}

#[tokio::test]
async fn a_button_of_another_version_and_one_that_nobody_made_change_nothing() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "/settings");
    let menu = world.wait_for_last(42, "Настройки").await.message_id;
    for data in [
        "set:detail:epic",
        "set:zone:atlantis",
        "set:quiet:3-3",
        "set:voice:of_god",
        "set:page:vault",
        "set:lang:zxx",
        "set:ask:",
        "set:",
    ] {
        let update = world.telegram.press(anna(), menu, data);
        world.wait_until_done(update).await;
    }
    world.telegram.send_text(anna(), "и всё же");
    world.wait_for_last(42, "echo: и всё же").await;
    assert_eq!(world.telegram.messages(42).len(), 2, "{}", world.transcript(42));
    assert_eq!(world.api.settings(42), Default::default());
}

#[tokio::test]
async fn the_main_commands_are_keys_for_whoever_wants_them_and_words_in_every_language() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "/settings");
    let menu = world.wait_for_last(42, "Кнопки под полем ввода: нет").await.message_id;
    press(&world, &anna(), menu, "Кнопки").await;
    turned(&world, 42, menu, "Показывать главные команды").await;
    press(&world, &anna(), menu, "Кнопки").await;
    let shown = world.wait_for_last(42, "под полем ввода 👇").await;
    let keys: Vec<&str> = shown.keyboard.iter().flatten().map(String::as_str).collect();
    assert_eq!(keys, ["🧠 Память", "💛 Мы с вами", "📊 Статистика", "⚙️ Настройки", "❓ Помощь"]);
    let markup = world.telegram.calls_of("sendMessage").last().unwrap().params["reply_markup"].clone();
    assert_eq!((&markup["resize_keyboard"], &markup["is_persistent"]), (&true.into(), &true.into()));
    assert_eq!(world.api.settings(42).menu_buttons, Some(true));

    world.telegram.send_text(anna(), "⚙️ Настройки");
    world.wait_for_last(42, "Кнопки под полем ввода: да").await;
    // Those that were sent in another language are keys all the same.
    world.telegram.send_text(anna(), "❓ Help");
    let help = world.wait_for_last(42, "эта подсказка").await;
    assert_eq!(help.keyboard.len(), 2, "a question took their place, and they did not come again");
    assert!(world.api.calls().is_empty(), "a key was talk: {:?}", world.api.calls());
    // Words alone are.
    world.telegram.send_text(anna(), "Настройки");
    world.wait_for_last(42, "echo: Настройки").await;

    press(&world, &anna(), menu, "Назад").await;
    turned(&world, 42, menu, "Язык").await;
    press(&world, &anna(), menu, "Язык").await;
    turned(&world, 42, menu, "На каком языке").await;
    press(&world, &anna(), menu, "English").await;
    let shown = world.wait_for_last(42, "below the field where you type 👇").await;
    assert_eq!(shown.keyboard[0][0], "🧠 Memory");
    let update = world.telegram.press(anna(), menu, "set:keys:off");
    world.wait_until_done(update).await;
    world.wait_for_last(42, "are gone").await;
    let markup = world.telegram.calls_of("sendMessage").last().unwrap().params["reply_markup"].clone();
    assert_eq!(markup["remove_keyboard"], true);
    world.telegram.send_text(anna(), "/help");
    assert!(world.wait_for_last(42, "/settings").await.keyboard.is_empty());
}
