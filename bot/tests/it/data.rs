//! What people may do with what is kept of them.

use chrono::{TimeDelta, Utc};
use evolve_contract::profile::{Onboarding, ProfileData};
use evolve_runtime::clock::Clock;
use evolve_testkit::telegram::User;

use crate::world::{World, anna, john};

/// Presses the button with this label on the newest message that has it, and waits until it was handled.
async fn press(world: &World, user: &User, label: &str) {
    let update = world.telegram.press(user, button(world, user.id, label).0, &button(world, user.id, label).1);
    world.wait_until_done(update).await;
}

fn button(world: &World, chat: i64, label: &str) -> (i64, String) {
    let messages = world.telegram.messages(chat);
    let found = messages.iter().rev().find_map(|sent| Some((sent.message_id, sent.callback_data(label)?.to_owned())));
    found.unwrap_or_else(|| panic!("no button {label:?}:\n{}", world.transcript(chat)))
}

async fn settled(world: &World, chat: i64, part: &str) {
    world.telegram.wait_for(chat, |sent| sent.iter().any(|sent| sent.text.contains(part))).await;
}

#[tokio::test]
async fn who_asks_to_be_forgotten_may_think_about_it_and_change_their_mind() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    world.wait_for_last(42, "echo: Привет").await;
    world.telegram.send_text(anna(), "/delete");
    world.wait_for_last(42, "Хотите, чтобы всё о вас было забыто?").await;
    press(&world, &anna(), "Через 7 дней").await;
    settled(&world, 42, "8 марта 2026").await;
    assert_eq!(world.api.deletion(42), Some(7));
    world.telegram.send_text(anna(), "/delete");
    world.wait_for_last(42, "Ничего не будет удалено").await;
    assert_eq!(world.api.deletion(42), None);

    world.telegram.send_text(anna(), "/delete");
    world.wait_for_last(42, "Хотите, чтобы всё о вас было забыто?").await;
    press(&world, &anna(), "Через 30 дней").await;
    settled(&world, 42, "31 марта 2026").await;
    press(&world, &anna(), "Я передумываю").await;
    assert_eq!(world.api.deletion(42), None);
}

#[tokio::test]
async fn who_asks_to_be_forgotten_at_once_says_so_twice_and_nothing_of_them_is_left_at_the_bot() {
    let mut world = World::new().await;
    world.clock = Clock::fixed(Utc::now());
    let _bot = world.bot().await;
    world.telegram.send_text(john(), "Hello");
    world.wait_for_last(7, "echo: Hello").await;
    world.telegram.send_text(john(), "/delete");
    world.wait_for_last(7, "forget you altogether").await;
    press(&world, &john(), "At once").await;
    settled(&world, 7, "are you sure?").await;
    let yes = button(&world, 7, "Yes, delete everything");
    world.clock.advance(TimeDelta::minutes(16));
    let update = world.telegram.press(john(), yes.0, &yes.1);
    world.wait_until_done(update).await;
    assert!(world.api.profile(7).is_some(), "an old button removed somebody");
    settled(&world, 7, "forget you altogether").await;

    press(&world, &john(), "At once").await;
    settled(&world, 7, "are you sure?").await;
    press(&world, &john(), "Yes, delete everything").await;
    settled(&world, 7, "I have deleted everything").await;
    assert!(world.api.profile(7).is_none());
    let again = world.telegram.press(john(), yes.0, &yes.1);
    world.wait_until_done(again).await;
    assert!(world.api.profile(7).is_none(), "a second press brought them back");
}

#[tokio::test]
async fn old_buttons_of_somebody_who_was_removed_say_so_and_bring_nobody_back() {
    let mut world = World::new().await;
    world.clock = Clock::fixed(Utc::now());
    let _bot = world.bot().await;
    world.telegram.send_text(john(), "/settings");
    let menu = world.wait_for_last(7, "Settings").await.message_id;
    world.telegram.send_text(john(), "/delete");
    world.wait_for_last(7, "forget you altogether").await;
    press(&world, &john(), "At once").await;
    settled(&world, 7, "are you sure?").await;
    press(&world, &john(), "Yes, delete everything").await;
    settled(&world, 7, "I have deleted everything").await;
    let old = [
        [
            "set:page:quiet",
            "set:quiet:22-8",
            "his:before:3",
            "sum:talks:",
            "mem:o",
            "mem:xa",
            "del:in:7",
            "voice:never",
        ],
        ["pay:stars", "renew:off", "refund:1", "again:1", "lang:en", "name:keep", "name:other", "of:another:version"],
    ];
    for data in old.concat() {
        let update = world.telegram.press(john(), menu, data);
        world.wait_until_done(update).await;
        assert!(world.api.profile(7).is_none(), "{data} brought them back");
    }
    let messages = world.telegram.messages(7);
    let menu = messages.iter().find(|sent| sent.message_id == menu).unwrap();
    assert!(menu.text.contains("I have deleted everything") && menu.buttons.is_empty(), "{menu:?}");
}

#[tokio::test]
async fn who_was_removed_elsewhere_and_writes_again_begins_anew_in_the_language_of_their_app() {
    let world = World::new().await;
    let _bot = world.bot().await;
    let done = Some(Onboarding::Done);
    let russian = ProfileData { language: Some("ru".to_owned()), onboarding: done, ..ProfileData::default() };
    for said in ["Hello", "Look"] {
        world.api.know(7, russian.clone());
        world.telegram.send_text(john(), "It is me");
        world.wait_for_last(7, "echo: It is me").await;
        // By another replica: this one has them in its cache.
        world.api.forget_person(7);
        match said {
            "Hello" => world.telegram.send_text(john(), said),
            _ => world.telegram.send_photo(john(), b"a picture".to_vec(), Some(said)),
        };
        world.wait_for_last(7, &format!("echo: {said}")).await;
        let anew = world.api.profile(7).expect("they are somebody new");
        assert_eq!(anew.language.as_deref(), Some("en"), "{said}");
    }
}

#[tokio::test]
async fn what_was_said_is_turned_page_by_page_and_found_by_its_words() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(john(), "/history");
    let page = world.wait_for_last(7, "What we said").await;
    assert!(page.text.contains("💬 Cats & <dogs>\n\nMe, March 8, 2026, 12:05\n<message> 2"), "{}", page.text);
    let begins = "<message> 5\n\n💬 A new conversation\n\nMe, March 8, 2026, 12:05\n<message> 6";
    assert!(page.text.contains(begins) && page.text.matches("💬").count() == 2, "{}", page.text);
    press(&world, &john(), "← Older").await;
    settled(&world, 7, "You, March 8, 2026, 12:05\n<message> 1").await;
    press(&world, &john(), "Newer →").await;
    settled(&world, 7, "🖼 <message> 3").await;
    assert_eq!(world.telegram.messages(7).len(), 1, "{}", world.transcript(7));
    world.telegram.send_text(john(), "/history my <cat>");
    let found = world.wait_for_last(7, "What I found for “my <cat>”").await;
    assert!(found.text.contains("<message> 1") && found.buttons.is_empty());
    world.telegram.send_text(john(), "/history nothing");
    world.wait_for_last(7, "found nothing like that").await;
}

#[tokio::test]
async fn what_conversations_and_weeks_were_about_is_read_page_by_page() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(john(), "/history");
    world.wait_for_last(7, "What we said").await;
    press(&world, &john(), "💬 Conversations").await;
    let newest = "What we talked about\n\n💬 A new conversation\nMarch 6, 2026\nThis one is still going on.\n\n\
                  💬 Talk <5>\nMarch 5, 2026\nThey spoke of <5>";
    settled(&world, 7, newest).await;
    press(&world, &john(), "← Older").await;
    settled(&world, 7, "What we talked about\n\n💬 Talk <2>\nMarch 2, 2026\nThey spoke of <2>").await;
    press(&world, &john(), "Newest ⇥").await;
    settled(&world, 7, newest).await;
    press(&world, &john(), "📅 Weeks").await;
    settled(&world, 7, "Our weeks, in short\n\n📅 February 23, 2026 – March 1, 2026\nThe week was <5>").await;
    press(&world, &john(), "← Older").await;
    settled(&world, 7, "Our weeks, in short\n\n📅 January 26, 2026 – February 1, 2026\nThe week was <1>").await;
    press(&world, &john(), "Newer →").await;
    settled(&world, 7, "The week was <5>").await;
    press(&world, &john(), "↩ Messages").await;
    settled(&world, 7, "What we said").await;
    assert_eq!(world.telegram.messages(7).len(), 1, "{}", world.transcript(7));
}

#[tokio::test]
async fn people_are_told_what_is_kept_for_how_long_and_who_sees_it() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "/privacy");
    let told = world.wait_for_last(42, "Что о вас хранится").await;
    for part in [
        "(gemini, local)",
        "их можно было найти: 365 дней и не больше",
        "картинки, нарисованные для вас: 90 дней\n",
        "неуслышанные записи",
        "до ответа на них\n",
        "пока не отправлю, а если отправить не вышло — ещё 7 дней\n",
        "в группе и мои ответы там: сутки",
        "inline",
    ] {
        assert!(told.text.contains(part), "{part}: {}", told.text);
    }
}
