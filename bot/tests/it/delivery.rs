//! What is owed to a person arrives, once, whatever Telegram does.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use evolve_runtime::clock::Clock;
use evolve_testkit::telegram::{CallOutcome, Fault, TelegramServer};
use rstest::rstest;
use tokio::sync::Notify;

use crate::{
    api::Reply,
    world::{World, anna, john},
};

#[tokio::test]
async fn a_bot_that_dies_before_it_has_the_answer_answers_once_after_a_restart() {
    let mut world = World::new().await;
    world.clock = Clock::fixed(Utc::now());
    world.api.answer(|_, before| if before == 0 { Reply::Hang } else { Reply::Text("never".to_owned()) });
    let bot = world.bot().await;
    world.telegram.send_text(anna(), "Помнишь меня?");
    world.api.wait_for_calls_of(42, 1).await;
    bot.kill().await;
    // The dead one's lease runs out.
    world.clock.advance(TimeDelta::seconds(61));
    let bot = world.bot().await;
    world.wait_for_last(42, "made: Помнишь меня?").await;
    bot.stop().await;
    assert_eq!(world.texts(42).len(), 1);
    assert_eq!(world.api.turns(), 1, "the turn was made twice");
}

#[tokio::test]
async fn a_bot_that_dies_while_it_sends_sends_after_a_restart() {
    let mut world = World::new().await;
    world.clock = Clock::fixed(Utc::now());
    world.telegram.fault(Fault::hang("sendMessage"));
    let bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    let hung = |telegram: &TelegramServer| {
        telegram.calls_of("sendMessage").iter().any(|call| call.outcome == CallOutcome::Hung).then_some(())
    };
    world.telegram.wait_until("a hanging call", hung).await;
    bot.kill().await;
    world.clock.advance(TimeDelta::seconds(121));
    let bot = world.bot().await;
    world.wait_for_last(42, "echo: Привет").await;
    bot.stop().await;
    assert_eq!(world.texts(42).len(), 1);
    assert_eq!(world.api.calls().len(), 1, "the companion was asked again");
}

#[tokio::test]
async fn a_bot_that_is_told_to_stop_first_answers_whom_it_is_talking_to() {
    let world = World::new().await;
    let go = Arc::new(Notify::new());
    let held = go.clone();
    world.api.answer(move |_, _| Reply::Later(held.clone(), "готово".to_owned()));
    let bot = world.bot().await;
    world.telegram.send_text(anna(), "Подумай");
    world.api.wait_for_calls_of(42, 1).await;
    let stopping = tokio::spawn(bot.stop());
    go.notify_one();
    stopping.await.unwrap();
    assert_eq!(world.texts(42), ["готово"]);
}

#[tokio::test]
async fn a_stopping_bot_waits_for_what_is_under_way_and_leaves_all_the_rest_to_the_next() {
    let world = World::new().await;
    let pool = world.database.pool();
    let count = async |condition: &'static str| {
        let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM outbox WHERE {condition}"));
        sqlx::query_as::<_, (i64,)>(sql).fetch_one(&pool).await.unwrap().0
    };
    for chat in 1000..1100 {
        world.telegram.open_chat(chat);
    }
    // Telegram takes what it is sent, and does not say so.
    world.telegram.keep_back("sendMessage");
    let owe = "INSERT INTO outbox (chat_id, key, method, params, priority, ready_at, created_at)
               SELECT i, 'word-' || i, 'sendMessage', jsonb_build_object('chat_id', i, 'text', 'word'), 0, $1, $1
               FROM generate_series(1000::bigint, 1099) i";
    sqlx::query(owe).bind(world.clock.now()).execute(&pool).await.unwrap();
    let bot = world.bot().await;
    let calls = |telegram: &TelegramServer| telegram.calls_of("sendMessage").len();
    let begun =
        world.telegram.wait_until("all hands are busy", |it| Some(calls(it)).filter(|calls| *calls == 30)).await;
    // The time that it has to finish what runs passes, a second at a time, so that nothing else takes that for a silence.
    let mut stopping = std::pin::pin!(bot.stop());
    for _ in 0..26 {
        assert!(futures::poll!(stopping.as_mut()).is_pending(), "it did not wait for what was under way");
        assert_eq!(count("state = 'sent'").await, 0);
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(1)).await;
        tokio::time::resume();
    }
    assert!(futures::poll!(stopping.as_mut()).is_pending());
    world.telegram.let_go();
    stopping.await;
    assert_eq!(calls(&world.telegram), begun, "something was begun that there was no time for");
    assert_eq!(count("state = 'sent'").await, 30, "what was under way was not written down");
    assert_eq!(count("state = 'pending' AND leased_until IS NULL").await, 70, "what was not sent was not let go");
    let _next = world.bot().await;
    evolve_testkit::eventually("all is sent", async || count("state <> 'sent'").await == 0).await;
    let texts: Vec<_> = (1000..1100).map(|chat| world.texts(chat).len()).collect();
    assert_eq!(texts, [1; 100], "somebody was written to twice, or not at all");
}

#[tokio::test]
async fn a_stopping_bot_gives_back_what_waits_for_a_second_turn() {
    const GROUP: i64 = -1_001;
    let world = World { paces_chats: true, ..World::new().await };
    let pool = world.database.pool();
    world.telegram.group(GROUP, "Друзья");
    let refusal = "Bad Request: can't parse entities: Unsupported start tag";
    world.telegram.fault(Fault::refuse("sendMessage", 400, refusal));
    let owe = "INSERT INTO outbox (chat_id, key, method, params, priority, ready_at, created_at)
               VALUES ($1, 'word', 'sendMessage', jsonb_build_object('chat_id', $1::bigint, 'text', 'word'), 0, $2, $2)";
    sqlx::query(owe).bind(GROUP).bind(world.clock.now()).execute(&pool).await.unwrap();
    let bot = world.bot().await;
    let is_refused = |telegram: &TelegramServer| (!telegram.calls_of("sendMessage").is_empty()).then_some(());
    world.telegram.wait_until("the first form is refused", is_refused).await;
    bot.hurry().await;
    let (attempts, lease): (i32, Option<DateTime<Utc>>) =
        sqlx::query_as("SELECT attempts, leased_until FROM outbox").fetch_one(&pool).await.unwrap();
    assert_eq!((attempts, lease), (0, None), "it was not handed back");
    let _next = world.bot().await;
    world.wait_for_last(GROUP, "word").await;
    assert_eq!(world.texts(GROUP).len(), 1);
}

#[tokio::test]
async fn a_message_that_telegram_cannot_parse_comes_without_markup() {
    let world = World::new().await;
    world.api.answer(|_, _| Reply::Text("a **b** < c & d".to_owned()));
    let refusal = "Bad Request: can't parse entities: Unsupported start tag";
    world.telegram.fault(Fault::refuse("sendMessage", 400, refusal));
    let bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    let sent = world.wait_for_last(42, "a b").await;
    assert_eq!(sent.text, "a b < c & d");
    assert!(sent.entities.is_empty(), "{sent:?}");
    assert_eq!(bot.metric("telegram_outbox_failures_total{reason=\"markup\"}"), 1.0);
}

#[tokio::test]
async fn a_message_that_telegram_calls_too_long_comes_in_pieces() {
    let world = World::new().await;
    let answer = "Слова, слова, слова. ".repeat(180);
    world.api.answer(move |_, _| Reply::Text(answer.clone()));
    world.telegram.fault(Fault::refuse("sendMessage", 400, "Bad Request: message is too long"));
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    world.telegram.wait_for(42, |sent| sent.len() == 2).await;
    let words: usize = world.texts(42).iter().map(|text| text.matches("слова").count()).sum();
    assert_eq!(words, 360);
}

#[tokio::test]
async fn telegrams_wish_to_wait_is_honoured() {
    let world = World::new().await;
    world.telegram.fault(Fault::flood("sendMessage", 1).chat(42));
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Раз");
    world.telegram.send_text(anna(), "Два");
    world.telegram.send_text(john(), "Meanwhile");
    world.wait_for_last(42, "echo: Два").await;
    assert_eq!(world.texts(42), ["echo: Раз", "echo: Два"]);
    assert_eq!(world.texts(7), ["echo: Meanwhile"]);
    let calls = world.telegram.calls_of("sendMessage");
    let to_anna: Vec<_> = calls.iter().filter(|call| call.chat_id() == Some(42)).collect();
    assert_eq!(to_anna.len(), 3);
    assert!(to_anna[1].at - to_anna[0].at >= Duration::from_secs(1), "it did not wait");
}

#[tokio::test]
async fn a_telegram_that_is_in_trouble_gets_the_message_later() {
    let world = World::new().await;
    world.telegram.fault(Fault::garbage("sendMessage", 502, "<html>Bad Gateway</html>"));
    world.telegram.fault(Fault::drop_before("sendMessage").after(1));
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    world.wait_for_last(42, "echo: Привет").await;
    assert_eq!(world.texts(42).len(), 1);
    // After the second failure it waits for two seconds at most; the rest is for a busy machine.
    assert!(world.recovery("sendMessage") < Duration::from_secs(10), "{:?}", world.recovery("sendMessage"));
}

#[tokio::test]
async fn a_message_of_which_nobody_knows_whether_it_came_comes_twice_rather_than_never() {
    let world = World::new().await;
    world.telegram.fault(Fault::drop_after("sendMessage"));
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Раз");
    world.telegram.send_text(anna(), "Два");
    world.wait_for_last(42, "echo: Два").await;
    // The one window that docs/guarantees.md names; what comes after it waits for it.
    assert_eq!(world.texts(42), ["echo: Раз", "echo: Раз", "echo: Два"]);
    assert_eq!(world.api.turns(), 2, "the companion was asked again");
}

#[tokio::test]
async fn a_broadcast_of_which_nobody_knows_whether_it_came_comes_no_second_time() {
    let world = World::new().await;
    let pool = world.database.pool();
    world.telegram.open_chat(anna());
    // Of the first attempt it is known that it did nothing.
    world.telegram.fault(Fault::flood("sendMessage", 1).chat(42));
    world.telegram.fault(Fault::drop_after("sendMessage").chat(42));
    owe(&world, 42, "To all").await;
    sqlx::query("UPDATE outbox SET priority = 2").execute(&pool).await.unwrap();
    let _bot = world.bot().await;
    evolve_testkit::eventually("it has ended", async || state_of(&world, 42).await != "pending").await;
    let ended: (String, Option<String>) =
        sqlx::query_as("SELECT state, error FROM outbox").fetch_one(&pool).await.unwrap();
    assert_eq!(ended, ("dead".to_owned(), Some("unknown".to_owned())));
    world.telegram.send_text(anna(), "Раз");
    world.wait_for_last(42, "echo: Раз").await;
    assert_eq!(world.texts(42), ["To all", "echo: Раз"]);
}

#[rstest]
#[case(403, "Forbidden: bot was blocked by the user")]
#[case(403, "Forbidden: user is deactivated")]
#[case(400, "Bad Request: chat not found")]
#[tokio::test]
async fn what_nobody_asked_for_is_not_tried_again_where_nobody_is(#[case] code: u16, #[case] description: &str) {
    let world = World::new().await;
    let pool = world.database.pool();
    sqlx::query("INSERT INTO users (id, created_at, last_seen_at) VALUES (42, now(), now())")
        .execute(&pool)
        .await
        .unwrap();
    world.telegram.open_chat(anna());
    world.telegram.fault(Fault::refuse("sendMessage", code, description).chat(42));
    owe(&world, 42, "To all").await;
    sqlx::query("UPDATE outbox SET priority = 2").execute(&pool).await.unwrap();
    let _bot = world.bot().await;
    evolve_testkit::eventually("it is given up", async || state_of(&world, 42).await == "dead").await;
    evolve_testkit::eventually("they are known to be away", async || {
        let (away,): (bool,) =
            sqlx::query_as("SELECT blocked_at IS NOT NULL FROM users WHERE id = 42").fetch_one(&pool).await.unwrap();
        away
    })
    .await;
    assert_eq!(world.telegram.calls_of("sendMessage").len(), 1);
}

#[tokio::test]
async fn somebody_who_blocked_the_bot_is_left_alone_and_nobody_else_notices() {
    let world = World::new().await;
    let bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    world.wait_for_last(42, "echo: Привет").await;
    world.telegram.fault(Fault::refuse("sendMessage", 403, "Forbidden: bot was blocked by the user").chat(42));
    world.telegram.send_text(anna(), "и пока");
    evolve_testkit::eventually("the row is given up", async || {
        bot.metric("telegram_outbox_failures_total{reason=\"forbidden\"}") >= 1.0
    })
    .await;
    // Telegram says so of itself, too; what is still owed then is not tried at all.
    world.telegram.block(42);
    world.telegram.send_text(john(), "Hello");
    world.wait_for_last(7, "echo: Hello").await;
    let pool = world.database.pool();
    evolve_testkit::eventually("nothing is owed", async || {
        let (owed,): (i64,) =
            sqlx::query_as("SELECT count(*) FROM outbox WHERE state = 'pending'").fetch_one(&pool).await.unwrap();
        owed == 0
    })
    .await;
}

#[tokio::test]
async fn what_was_sent_is_forgotten_by_the_outbox() {
    let world = World::new().await;
    let bot = world.bot().await;
    world.telegram.send_text(anna(), "Секрет");
    let sent = world.wait_for_last(42, "echo: Секрет").await;
    bot.stop().await;
    let pool = world.database.pool();
    type Row = (String, Option<i64>, Option<serde_json::Value>, Option<i64>);
    let rows: Vec<Row> =
        sqlx::query_as("SELECT state, message_id, params, user_id FROM outbox").fetch_all(&pool).await.unwrap();
    assert_eq!(rows, [("sent".to_owned(), Some(sent.message_id), None, Some(42))]);
}

#[tokio::test]
async fn what_is_owed_to_a_group_follows_it_when_it_becomes_a_supergroup() {
    let world = World::new().await;
    world.telegram.group(-100, "A group");
    world.telegram.migrate_group(-100, -100_500);
    // It is told so only when it sends something.
    world.telegram.forget_updates();
    owe(&world, -100, "Всем привет").await;
    let _bot = world.bot().await;
    world.wait_for_last(-100_500, "Всем привет").await;
}

#[tokio::test]
async fn a_message_is_given_up_after_a_day_and_no_sooner() {
    let mut world = World::new().await;
    world.clock = Clock::fixed(Utc::now());
    world.telegram.open_chat(anna());
    world.telegram.open_chat(john());
    world.telegram.fault(Fault::garbage("sendMessage", 502, "<html>").chat(42).times(100));
    let bot = world.bot().await;
    owe(&world, 42, "Доброе утро").await;
    let failures = || bot.metric("telegram_outbox_failures_total{reason=\"unavailable\"}");
    for (round, hours) in [(1.0, 0), (2.0, 23), (3.0, 2)] {
        world.clock.advance(TimeDelta::hours(hours));
        owe(&world, 7, "wake up").await;
        evolve_testkit::eventually("another attempt failed", async || failures() >= round).await;
        let dead = state_of(&world, 42).await == "dead";
        if hours < 2 {
            assert!(!dead, "given up after {hours} hours");
        }
    }
    evolve_testkit::eventually("it is given up", async || state_of(&world, 42).await == "dead").await;
}

/// Puts a message into the outbox, as any part of the product may.
async fn owe(world: &World, chat_id: i64, text: &str) {
    let insert = "WITH owed AS (INSERT INTO outbox (chat_id, key, method, params, ready_at, created_at)
                  VALUES ($1, gen_random_uuid()::text, 'sendMessage', $2, $3, $3))
                  SELECT pg_notify('outbox', '')::text";
    let params = serde_json::json!({ "chat_id": chat_id, "text": text });
    sqlx::query(insert)
        .bind(chat_id)
        .bind(params)
        .bind(world.clock.now())
        .execute(&world.database.pool())
        .await
        .unwrap();
}

async fn state_of(world: &World, chat_id: i64) -> String {
    let query = "SELECT state FROM outbox WHERE chat_id = $1 ORDER BY id LIMIT 1";
    let (state,): (String,) = sqlx::query_as(query).bind(chat_id).fetch_one(&world.database.pool()).await.unwrap();
    state
}
