//! All replicas together send what Telegram allows, and replies before broadcasts.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use evolve_runtime::clock::Clock;
use evolve_testkit::{
    OwnRedis, TestRedis,
    telegram::{CallOutcome, Fault, FloodLimits, RecordedCall, TelegramServer},
};
use rstest::rstest;

use crate::world::{World, anna, john};

const GROUP: i64 = -1_001;

/// Bots that share a Redis.
async fn sharing() -> World {
    World { redis_url: Some(TestRedis::create().await.url().to_owned()), paces_chats: true, ..World::new().await }
}

/// Bots that have no Redis.
async fn apart() -> World {
    World { paces_chats: true, ..World::new().await }
}

/// Owes a word to each of so many people, beginning with this one; of this priority.
async fn owe(world: &World, first: i64, people: i64, priority: i16) {
    for chat in first..first + people {
        world.telegram.open_chat(chat);
    }
    let insert = "WITH owed AS (
                      INSERT INTO outbox (chat_id, key, method, params, priority, ready_at, created_at)
                      SELECT i, 'word-' || i || '-' || $3, 'sendMessage', jsonb_build_object('chat_id', i, 'text', 'word'),
                             $3, $4, $4
                      FROM generate_series($1, $1 + $2 - 1) i
                  ) SELECT pg_notify('outbox', '')::text";
    sqlx::query(insert)
        .bind(first)
        .bind(people)
        .bind(priority)
        .bind(world.clock.now())
        .execute(&world.database.pool())
        .await
        .unwrap();
}

async fn count(world: &World, condition: &str) -> i64 {
    let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM outbox WHERE {condition}"));
    sqlx::query_as::<_, (i64,)>(sql).fetch_one(&world.database.pool()).await.unwrap().0
}

async fn wait_until_sent(world: &World) {
    evolve_testkit::eventually("all is sent", async || count(world, "state <> 'sent'").await == 0).await;
}

fn refused(world: &World) -> Vec<RecordedCall> {
    let calls = world.telegram.calls_of("sendMessage").into_iter();
    calls.filter(|call| matches!(call.outcome, CallOutcome::Refused { code: 429, .. })).collect()
}

#[tokio::test]
async fn three_bots_share_the_budget_and_telegram_never_has_to_refuse() {
    let mut world = sharing().await;
    world.telegram = TelegramServer::builder().flood_limits(FloodLimits::telegram()).start().await;
    // Each bot alone stays within what Telegram allows, and the three would not. It is half of it, so that a machine that stands
    // still for half a second makes no difference.
    world.messages_per_second = "15";
    owe(&world, 1000, 60, 0).await;
    let _bots = [world.bot().await, world.bot().await, world.bot().await];
    wait_until_sent(&world).await;
    assert_eq!(refused(&world).len(), 0, "Telegram had to refuse");
    assert_eq!(world.telegram.calls_of("sendMessage").len(), 60);
    assert_eq!(count(&world, "attempts <> 1").await, 0, "waiting for one's turn counted as an attempt");
}

/// Owes so many words to one chat.
async fn owe_much(world: &World, chat: i64, words: i64) {
    let insert = "WITH owed AS (
                      INSERT INTO outbox (chat_id, key, method, params, priority, ready_at, created_at)
                      SELECT $1::bigint, 'much-' || i, 'sendMessage',
                             jsonb_build_object('chat_id', $1::bigint, 'text', 'word ' || i), 0, $3::timestamptz, $3::timestamptz
                      FROM generate_series(1, $2::bigint) i
                  ) SELECT pg_notify('outbox', '')::text";
    let insert = sqlx::query(insert).bind(chat).bind(words).bind(world.clock.now());
    insert.execute(&world.database.pool()).await.unwrap();
}

#[rstest]
#[case::with_redis(true)]
#[case::without_redis(false)]
#[tokio::test]
async fn a_group_that_is_sent_much_gets_it_in_order_and_telegram_never_has_to_refuse(#[case] with_redis: bool) {
    let mut world = if with_redis { sharing().await } else { apart().await };
    world.telegram = TelegramServer::builder().flood_limits(FloodLimits::telegram()).start().await;
    world.telegram.group(GROUP, "Друзья");
    // A replica without Redis knows nothing of the others.
    let _bot = world.bot().await;
    owe_much(&world, GROUP, 8).await;
    wait_until_sent(&world).await;
    assert_eq!(refused(&world).len(), 0, "Telegram had to refuse");
    let said: Vec<_> = (1..=8).map(|n| format!("word {n}")).collect();
    assert_eq!(world.texts(GROUP), said);
    assert_eq!(count(&world, "attempts <> 1").await, 0, "waiting for one's turn counted as an attempt");
}

#[rstest]
#[case::with_redis(true)]
#[case::without_redis(false)]
#[tokio::test]
async fn what_is_sent_a_second_time_in_another_form_takes_a_turn_too(#[case] with_redis: bool) {
    let mut world = if with_redis { sharing().await } else { apart().await };
    world.telegram = TelegramServer::builder().flood_limits(FloodLimits::telegram()).start().await;
    world.telegram.group(GROUP, "Друзья");
    world.telegram.fault(Fault::refuse("sendMessage", 400, "Bad Request: can't parse entities: Unsupported start tag"));
    let _bot = world.bot().await;
    owe_much(&world, GROUP, 2).await;
    wait_until_sent(&world).await;
    assert_eq!(world.texts(GROUP), ["word 1", "word 2"]);
    let calls = world.telegram.calls_of("sendMessage");
    assert_eq!(calls.len(), 3, "{calls:?}");
    let gaps = calls.windows(2).map(|two| two[1].at - two[0].at);
    assert!(gaps.min().unwrap() >= Duration::from_secs(1), "{calls:?}");
}

#[tokio::test]
async fn a_pause_that_telegram_told_one_bot_is_kept_by_the_next() {
    let world = sharing().await;
    for chat in [1, 2] {
        world.telegram.fault(Fault::flood("sendMessage", 5).chat(chat));
    }
    let first = world.bot().await;
    owe(&world, 1, 2, 0).await;
    let noted = "error = 'rate_limited' AND leased_until IS NULL";
    evolve_testkit::eventually("two chats were told to wait", async || count(&world, noted).await == 2).await;
    // Nothing of it is left but what Redis knows.
    first.kill().await;
    let told = refused(&world).iter().map(|call| call.at).max().unwrap();
    owe(&world, 3, 1, 0).await;
    let _second = world.bot().await;
    wait_until_sent(&world).await;
    let calls = world.telegram.calls_of("sendMessage");
    let third = calls.iter().find(|call| call.chat_id() == Some(3)).unwrap();
    assert!(third.at - told >= Duration::from_millis(4900), "{:?}", third.at - told);
    assert_eq!(refused(&world).len(), 2);
}

#[tokio::test]
async fn a_reply_overtakes_a_thousand_broadcasts_one_of_them_in_its_own_chat() {
    let mut world = sharing().await;
    world.messages_per_second = "10";
    owe(&world, 1000, 1000, 2).await;
    owe(&world, 42, 1, 2).await;
    let _bots = [world.bot().await, world.bot().await];
    evolve_testkit::eventually("broadcasts are sent", async || count(&world, "state = 'sent'").await >= 5).await;
    world.telegram.send_text(anna(), "Привет");
    world.wait_for_last(42, "echo: Привет").await;
    let waiting = count(&world, "state = 'pending' AND priority = 2").await;
    assert!(waiting > 500, "only {waiting} broadcasts still wait");
    let of_the_chat = count(&world, "state = 'pending' AND priority = 2 AND chat_id = 42").await;
    assert_eq!(of_the_chat, 1, "the broadcast of the chat went first");
}

#[tokio::test]
async fn when_redis_goes_and_when_it_hangs_messages_go_on() {
    let mut redis = tokio::task::spawn_blocking(|| OwnRedis::start().unwrap()).await.unwrap();
    let world = World { redis_url: Some(redis.url()), ..World::new().await };
    let bot = world.bot().await;
    world.telegram.send_text(anna(), "Раз");
    world.wait_for_last(42, "echo: Раз").await;
    assert!(bot.metric("redis_calls_total{operation=\"pace\",outcome=\"ok\"}") >= 1.0);
    redis.freeze();
    world.telegram.send_text(anna(), "Два");
    world.wait_for_last(42, "echo: Два").await;
    redis.thaw();
    redis.kill().unwrap();
    for text in ["Три", "Четыре"] {
        world.telegram.send_text(anna(), text);
        world.wait_for_last(42, &format!("echo: {text}")).await;
    }
    world.telegram.send_text(john(), "Hello");
    world.wait_for_last(7, "echo: Hello").await;
    assert_eq!(world.texts(42).len(), 4);
    assert!(bot.metric("redis_calls_total{operation=\"pace\",outcome=\"failed\"}") >= 1.0);
}

#[tokio::test]
async fn a_bot_whose_machine_is_an_hour_ahead_works_what_comes_at_once_and_takes_nothing_from_others() {
    let mut world = World::new().await;
    world.clock = Clock::on_a_machine_wrong_by(TimeDelta::hours(1));
    let pool = world.database.pool();
    // Another replica works on it, for half an hour yet.
    let held = "INSERT INTO inbox (update_id, chat_id, payload, attempts, ready_at, received_at, rank, leased_by, leased_until)
                VALUES (1, 9, '{}', 1, $1, $1, $1, gen_random_uuid(), $1 + interval '30 minutes')";
    sqlx::query(held).bind(Utc::now()).execute(&pool).await.unwrap();
    let bot = world.bot().await;
    let update = world.telegram.send_text(anna(), "Привет");
    world.wait_for_last(42, "echo: Привет").await;
    let (attempts,): (i32,) =
        sqlx::query_as("SELECT attempts FROM inbox WHERE update_id = 1").fetch_one(&pool).await.unwrap();
    assert_eq!(attempts, 1, "it took over what another was working on");
    let (off,): (f64,) = sqlx::query_as(
        "SELECT abs(extract(epoch FROM received_at - clock_timestamp()))::float8 FROM inbox WHERE update_id = $1",
    )
    .bind(update)
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!(off < 60.0, "it was written down {off} s off");
    assert!((bot.metric("clock_offset_seconds") - 3600.0).abs() < 60.0);
}
