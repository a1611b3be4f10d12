//! What the companion says first, copies, and pictures of days.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_contract::settings::SettingsData;
use evolve_runtime::clock::Clock;
use evolve_testkit::telegram::{Fault, Sent, SentKind};
use serde_json::{Value, json};

use crate::world::{World, anna, john};

/// Owes Anna something, as the API does.
async fn owe(world: &World, method: &str, params: Value) {
    let owed = "INSERT INTO outbox (chat_id, user_id, key, method, params, ready_at, created_at)
                VALUES (42, 42, 'owed-' || gen_random_uuid(), $1, $2, $3, $3)";
    let query = sqlx::query(owed).bind(method).bind(params).bind(world.clock.now());
    query.execute(&world.database.pool()).await.unwrap();
    sqlx::query("SELECT pg_notify('outbox', '')").execute(&world.database.pool()).await.unwrap();
}

fn first(until: DateTime<Utc>) -> Value {
    json!({ "chat_id": 42, "text": "Как прошёл **экзамен**?", "until": until, "language": "ru" })
}

async fn ended(world: &World, state: &str) {
    let pool = world.database.pool();
    evolve_testkit::eventually(state, async || {
        let (pending,): (i64,) =
            sqlx::query_as("SELECT count(*) FROM outbox WHERE state = 'pending'").fetch_one(&pool).await.unwrap();
        pending == 0
    })
    .await;
    let states: Vec<(String,)> =
        sqlx::query_as("SELECT state FROM outbox ORDER BY id DESC LIMIT 1").fetch_all(&pool).await.unwrap();
    assert_eq!(states, [(state.to_owned(),)]);
}

fn on() -> SettingsData {
    SettingsData { good_morning: Some(true), follow_ups: Some(true), ..SettingsData::default() }
}

async fn anna_is_known(world: &World) {
    world.telegram.send_text(anna(), "Привет");
    world.wait_for_last(42, "echo: Привет").await;
    world.api.set(42, on());
}

#[tokio::test]
async fn one_tap_under_what_is_said_first_and_nothing_is_said_first_any_more() {
    let world = World::new().await;
    let _bot = world.bot().await;
    anna_is_known(&world).await;
    owe(&world, "first", first(world.clock.now() + TimeDelta::hours(1))).await;
    let sent = world.wait_for_last(42, "Как прошёл экзамен?").await;
    let update =
        world.telegram.press(anna(), sent.message_id, sent.callback_data("Больше не начинать разговор").unwrap());
    world.wait_until_done(update).await;
    world.wait_for_last(42, "разговор больше не начинаю").await;
    let settings = world.api.settings(42);
    assert_eq!((settings.good_morning, settings.follow_ups), (Some(false), Some(false)));
    let no_button = |sent: &[Sent]| sent.iter().all(|sent| sent.buttons.is_empty());
    world.telegram.wait_for(42, no_button).await;
}

#[tokio::test]
async fn a_good_morning_that_comes_too_late_is_not_sent_at_all() {
    let mut world = World::new().await;
    world.clock = Clock::fixed(Utc::now());
    let _bot = world.bot().await;
    anna_is_known(&world).await;
    owe(&world, "first", first(world.clock.now())).await;
    ended(&world, "dead").await;
    assert_eq!(world.texts(42), ["echo: Привет"]);
}

#[tokio::test]
async fn who_has_blocked_the_bot_is_written_to_first_no_more() {
    let world = World::new().await;
    let _bot = world.bot().await;
    anna_is_known(&world).await;
    world.telegram.fault(Fault::refuse("sendMessage", 403, "Forbidden: bot was blocked by the user"));
    owe(&world, "first", first(world.clock.now() + TimeDelta::hours(1))).await;
    ended(&world, "dead").await;
    assert_eq!(world.api.settings(42).good_morning, Some(false));
}

#[tokio::test]
async fn a_copy_is_asked_for_once_a_day_and_comes_as_a_document() {
    let world = World::new().await;
    let _bot = world.bot().await;
    // Telegram breaks off once: it is fetched anew, since it is kept nowhere.
    world.telegram.fault(Fault::drop_before("sendDocument"));
    world.telegram.send_text(anna(), "/export");
    let sent = world.wait_for_last(42, "откройте index.html").await;
    let file = sent.file.unwrap();
    assert_eq!(sent.kind, SentKind::Document);
    assert_eq!(world.telegram.file(&file.file_id).unwrap().as_ref(), b"PK\x03\x04 a zip");
    assert!(file.name.as_deref().is_some_and(|name| name.starts_with("evolve-") && name.ends_with(".zip")), "{file:?}");
    assert_eq!(world.api.exported(), 2);
    assert!(world.texts(42)[0].contains("Собираю"), "{:?}", world.texts(42));
    world.telegram.send_text(anna(), "/export");
    world.wait_for_last(42, "Сегодня вы об этом уже просили").await;
}

#[tokio::test]
async fn a_copy_that_does_not_get_through_keeps_nobody_waiting_and_is_given_up_after_a_while() {
    let mut world = World::new().await;
    world.clock = Clock::fixed(Utc::now());
    let _bot = world.bot().await;
    anna_is_known(&world).await;
    world.telegram.fault(Fault::drop_before("sendDocument").times(1000));
    world.telegram.send_text(anna(), "/export");
    let pool = world.database.pool();
    let failed_once =
        "SELECT count(*) FROM outbox WHERE method = 'export' AND error IS NOT NULL AND leased_until IS NULL";
    evolve_testkit::eventually("a failed copy", async || {
        let (failed,): (i64,) = sqlx::query_as(failed_once).fetch_one(&pool).await.unwrap();
        failed == 1
    })
    .await;
    world.telegram.send_text(anna(), "Ты тут?");
    world.wait_for_last(42, "echo: Ты тут?").await;
    world.clock.advance(TimeDelta::minutes(31));
    sqlx::query("SELECT pg_notify('outbox', '')").execute(&pool).await.unwrap();
    world.wait_for_last(42, "Не получилось собрать копию").await;
    ended(&world, "sent").await;
}

#[tokio::test]
async fn who_was_removed_while_their_copy_was_made_hears_nothing_and_leaves_nothing() {
    let world = World::new().await;
    let _bot = world.bot().await;
    owe(&world, "export", json!({ "chat_id": 42, "language": "ru" })).await;
    ended(&world, "dead").await;
    assert_eq!(world.texts(42), [""; 0]);
}

#[tokio::test]
async fn who_waits_for_a_copy_that_cannot_be_made_hears_so() {
    let world = World::new().await;
    let _bot = world.bot().await;
    anna_is_known(&world).await;
    owe(&world, "export", json!({ "chat_id": 42, "language": "ru" })).await;
    world.wait_for_last(42, "Не получилось собрать копию").await;
}

#[tokio::test]
async fn the_days_are_shown_as_a_picture_and_told_in_words() {
    let world = World::new().await;
    let _bot = world.bot().await;
    world.telegram.send_text(john(), "/stats");
    let sent = world.wait_for_last(7, "Our last 30 days").await;
    assert_eq!(sent.kind, SentKind::Photo);
    insta::assert_snapshot!(sent.text);
    let picture = world.telegram.file(&sent.file.unwrap().file_id).unwrap();
    assert!(picture.starts_with(b"\x89PNG") && picture.len() > 5_000, "{} bytes", picture.len());
}
