//! `/memory` in Telegram: one message that edits itself, and questions that know what they asked.

use chrono::{Datelike as _, NaiveDate, TimeDelta, Utc};
use evolve_runtime::clock::Clock;
use evolve_testkit::telegram::{Sent, User};

use crate::{
    api::DANGER,
    world::{World, anna, john},
};

/// Presses the button with this label on the last message, as soon as it has one.
async fn press(world: &World, user: User, label: &str) {
    let data =
        |sent: &[Sent]| sent.last().and_then(|last| Some((last.message_id, last.callback_data(label)?.to_owned())));
    let sent = world.telegram.wait_for(user.id, |sent| data(sent).is_some()).await;
    let (message, data) = data(&sent).unwrap();
    let update = world.telegram.press(user, message, &data);
    world.wait_until_done(update).await;
}

fn seven_facts(world: &World) {
    for number in 1..=6 {
        world.api.remember(42, "family", &format!("Факт о близких № {number}"));
    }
    world.api.remember(42, "work", "Работает в <музее>");
    world.api.remember(7, "work", "Somebody else's");
}

#[tokio::test]
async fn a_person_looks_through_corrects_and_forgets_what_is_remembered() {
    let world = World::new().await;
    let _bot = world.bot().await;
    seven_facts(&world);
    world.telegram.send_text(anna(), "/memory");
    world.wait_for_last(42, "7 фактов").await;
    press(&world, anna(), "👪 Близкие и питомцы · 6").await;
    press(&world, anna(), "›").await;
    world.wait_for_last(42, "Страница 2 из 2").await;
    press(&world, anna(), "‹ Назад").await;
    press(&world, anna(), "💼 Работа и учёба · 1").await;
    press(&world, anna(), "1").await;
    press(&world, anna(), "✏️ Исправить").await;
    let question = world.wait_for_last(42, "Как правильно?").await;
    world.telegram.send_reply(anna(), question.message_id, &"я".repeat(301));
    let question = world.wait_for_last(42, "Так запомнить не получится").await;
    world.telegram.send_reply(anna(), question.message_id, "Работает в театре");
    world.wait_for_last(42, "Работает в театре").await;
    press(&world, anna(), "🗑 Забыть").await;
    press(&world, anna(), "Оставить").await;
    world.wait_for_last(42, "Рассказано").await;
    press(&world, anna(), "🗑 Забыть").await;
    world.wait_for_last(42, "насовсем").await;
    press(&world, anna(), "🗑 Забыть").await;
    world.wait_for_last(42, "Забыто").await;
    assert_eq!(world.api.facts(42).len(), 6);
    press(&world, anna(), "🗑 Забыть всё").await;
    press(&world, anna(), "🗑 Да, забыть всё").await;
    world.wait_for_last(42, "Всё забыто").await;
    assert_eq!((world.api.facts(42).len(), world.api.facts(7).len()), (0, 1));
    assert_eq!(world.api.turns(), 0, "something of it went to the companion");
    insta::assert_snapshot!(world.transcript(42));
}

#[tokio::test]
async fn a_person_puts_right_what_a_fact_is_about_and_of_which_day_it_is() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.api.remember(42, "other", "Сдаёт экзамен");
    let answer = async |question: &str, text: &str| {
        let question = world.wait_for_last(42, question).await;
        world.telegram.send_reply(anna(), question.message_id, text);
    };
    world.telegram.send_text(anna(), "/memory");
    press(&world, anna(), "📎 Прочее · 1").await;
    press(&world, anna(), "1").await;
    let shown = world.wait_for_last(42, "Рассказано").await;
    assert!(shown.callback_data("🗓 Когда").is_none(), "it is about no day");
    press(&world, anna(), "🏷 Раздел").await;
    press(&world, anna(), "🗓 Планы").await;
    press(&world, anna(), "🗓 Когда").await;
    answer("К какому дню", "как-нибудь").await;
    answer("Не понимаю, какой это день", "20.05.2031").await;
    world.wait_for_last(42, "Когда: 20 мая 2031").await;
    press(&world, anna(), "✏️ Исправить").await;
    answer("Как правильно?", "Сдаёт экзамен по физике").await;
    world.wait_for_last(42, "Сдаёт экзамен по физике\n\n🗓 Планы\nКогда: 20 мая 2031").await;
    press(&world, anna(), "✏️ Исправить").await;
    answer("Как правильно?", "Сдаёт физику 25 мая 2031 года").await;
    world.wait_for_last(42, "Когда: 25 мая 2031").await;
    press(&world, anna(), "🗓 Когда").await;
    answer("К какому дню", "-").await;
    world.wait_for_last(42, "🗓 Планы\nРассказано").await;
}

#[tokio::test]
async fn a_day_without_a_year_is_the_last_one_of_what_happened_and_the_next_one_of_a_plan() {
    let mut world = World::new().await;
    let today = Utc::now().date_naive();
    // At noon, it is the same day where Anna lives.
    world.clock = Clock::fixed(today.and_hms_opt(12, 0, 0).unwrap().and_utc());
    let of = |month, day| NaiveDate::from_ymd_opt(today.year(), month, day).unwrap();
    let last = |month, day| today.year() - i32::from(of(month, day) > today);
    let _bot = world.bot().await;
    world.api.remember(42, "events", "Сдала экзамен");
    world.telegram.send_text(anna(), "/memory");
    press(&world, anna(), "✨ События · 1").await;
    press(&world, anna(), "1").await;
    press(&world, anna(), "🗓 Когда").await;
    let question = world.wait_for_last(42, "К какому дню").await;
    world.telegram.send_reply(anna(), question.message_id, "20.05");
    world.wait_for_last(42, &format!("Когда: 20 мая {}", last(5, 20))).await;
    press(&world, anna(), "✏️ Исправить").await;
    let question = world.wait_for_last(42, "Как правильно?").await;
    world.telegram.send_reply(anna(), question.message_id, "Сдала физику 25 декабря");
    world.wait_for_last(42, &format!("Когда: 25 декабря {}", last(12, 25))).await;
    press(&world, anna(), "🏷 Раздел").await;
    press(&world, anna(), "🗓 Планы").await;
    press(&world, anna(), "✏️ Исправить").await;
    let question = world.wait_for_last(42, "Как правильно?").await;
    world.telegram.send_reply(anna(), question.message_id, "Сдаёт физику 20 мая");
    let next = today.year() + i32::from(of(5, 20) < today);
    world.wait_for_last(42, &format!("Когда: 20 мая {next}")).await;
}

#[tokio::test]
async fn the_button_that_forgets_everything_holds_for_a_quarter_of_an_hour() {
    let mut world = World::new().await;
    world.clock = Clock::fixed(Utc::now());
    let _bot = world.bot().await;
    seven_facts(&world);
    world.telegram.send_text(anna(), "/memory");
    world.wait_for_last(42, "7 фактов").await;
    press(&world, anna(), "🗑 Забыть всё").await;
    let asked = world.wait_for_last(42, "Вернуть это будет нельзя").await;
    assert_eq!(asked.buttons[0][0].text, "Оставить", "what keeps everything stands first");
    let old = asked.callback_data("🗑 Да, забыть всё").unwrap().to_owned();
    world.clock.advance(TimeDelta::minutes(16));
    for data in [old.as_str(), "mem:xa", "mem:xa:9223372036854775807"] {
        let update = world.telegram.press(anna(), asked.message_id, data);
        world.wait_until_done(update).await;
        assert_eq!(world.api.facts(42).len(), 7, "{data} forgot everything");
    }
    let anew = |sent: &[Sent]| sent.last().is_some_and(|last| last.callback_data("🗑 Да, забыть всё") != Some(&old));
    world.telegram.wait_for(42, anew).await;
    press(&world, anna(), "🗑 Да, забыть всё").await;
    world.wait_for_last(42, "Всё забыто").await;
    assert!(world.api.facts(42).is_empty());
}

#[tokio::test]
async fn what_is_over_is_found_apart_and_forgotten_but_not_put_right() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.api.remember_past(42, "plans", "Учит испанский");
    world.telegram.send_text(anna(), "/memory испанский");
    world.wait_for_last(42, "Раньше: Учит испанский (до 9 марта 2026").await;
    world.telegram.send_text(anna(), "/memory");
    press(&world, anna(), "🕰 Раньше · 1").await;
    world.wait_for_last(42, "Что было раньше").await;
    press(&world, anna(), "1").await;
    let shown = world.wait_for_last(42, "Так было до: 9 марта 2026").await;
    assert!(shown.callback_data("✏️ Исправить").is_none(), "it was true");
    press(&world, anna(), "🗑 Забыть").await;
    world.wait_for_last(42, "насовсем").await;
    press(&world, anna(), "🗑 Забыть").await;
    world.wait_for_last(42, "Забыто").await;
    assert!(world.api.facts(42).is_empty());
}

#[tokio::test]
async fn words_are_searched_for_after_the_command_or_as_an_answer() {
    let world = World::new().await;
    let _bot = world.bot().await;
    seven_facts(&world);
    world.telegram.send_text(anna(), "/memory музее");
    world.wait_for_last(42, "Работает в <музее>").await;
    world.telegram.send_text(anna(), "/memory");
    world.wait_for_last(42, "7 фактов").await;
    press(&world, anna(), "🔎 Найти").await;
    let question = world.wait_for_last(42, "Что найти?").await;
    world.telegram.send_reply(anna(), question.message_id, "близких");
    world.wait_for_last(42, "Страница 1 из 2").await;
    press(&world, anna(), "›").await;
    world.wait_for_last(42, "Страница 2 из 2").await;
    world.telegram.send_text(anna(), "/memory кит");
    world.wait_for_last(42, "ничего не помню").await;
}

#[tokio::test]
async fn a_cry_for_help_in_answer_to_a_question_is_heard_and_neither_remembered_nor_searched_for() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.api.remember(42, "work", "Работает в музее");
    let cry = async |question: &str, label: &str| {
        press(&world, anna(), label).await;
        let question = world.wait_for_last(42, question).await;
        let before = world.texts(42).len();
        world.telegram.send_reply(anna(), question.message_id, DANGER);
        world.wait_for_last(42, &format!("echo: {DANGER}")).await;
        let texts = world.texts(42).split_off(before);
        assert!(texts.len() == 2 && texts[0].contains("звоните"), "{label}: {texts:?}");
        assert_eq!(world.api.facts(42), ["Работает в музее"], "{label}");
    };
    world.telegram.send_text(anna(), "/memory");
    cry("Что найти?", "🔎 Найти").await;
    world.telegram.send_text(anna(), "/memory");
    press(&world, anna(), "💼 Работа и учёба · 1").await;
    press(&world, anna(), "1").await;
    cry("Как правильно?", "✏️ Исправить").await;
}

#[tokio::test]
async fn a_button_of_somebody_elses_fact_opens_nothing_and_a_forged_question_is_just_talk() {
    let world = World::new().await;
    let _bot = world.bot().await;
    seven_facts(&world);
    let own = world.api.remember(7, "plans", "Moves to Riga");
    world.telegram.send_text(anna(), "/memory");
    let message = world.wait_for_last(42, "7 фактов").await.message_id;
    for data in ["mem:f:", "mem:d:", "mem:x:", "mem:e:"] {
        let update = world.telegram.press(anna(), message, &format!("{data}{}", own.simple()));
        world.wait_until_done(update).await;
    }
    for data in ["mem:", "mem:f:7", "mem:c:x", "mem:q:", "mem:zz"] {
        let update = world.telegram.press(anna(), message, data);
        world.wait_until_done(update).await;
    }
    assert!(!world.transcript(42).contains("Riga"));
    assert_eq!(world.api.facts(7), ["Somebody else's", "Moves to Riga"]);
    // An answer to a message of one's own is a message to the companion, whatever that says.
    world.telegram.send_text(anna(), "https://t.me/#memory-search");
    world.wait_for_last(42, "echo: https://t.me/#memory-search").await;
    let answer = world.telegram.messages(42).last().unwrap().message_id;
    world.telegram.send_reply(anna(), answer, "Привет");
    world.wait_for_last(42, "echo: Привет").await;
}

#[tokio::test]
async fn somebody_of_whom_nothing_is_known_is_told_so_in_their_language() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(john(), "/memory");
    world.wait_for_last(7, "I don't remember anything about you yet").await;
}
