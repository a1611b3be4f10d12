//! Neighbours that are away, and updates that cannot be handled.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{TimeDelta, Utc};
use evolve_contract::{
    Code, Problem,
    profile::{Onboarding, ProfileData},
};
use evolve_runtime::{clock::Clock, metrics::Metrics};
use evolve_store::{Store, StoreConfig};
use evolve_testkit::{database::OwnPostgres, proxy::CountingProxy};
use serde_json::json;
use tokio::sync::Notify;

use crate::{
    api::Reply,
    world::{ENCRYPTION_KEY, Mode, World, anna, john},
};

#[tokio::test]
async fn while_the_api_is_away_nothing_is_lost_and_nobody_is_blamed() {
    let world = World::new().await;
    let bot = world.bot().await;
    world.api.set_away(true);
    world.telegram.send_text(anna(), "Раз");
    world.telegram.send_text(anna(), "Два");
    evolve_testkit::eventually("the bot has noticed", async || {
        bot.metric("telegram_inbox_failures_total{reason=\"api_unreachable\"}") >= 2.0
    })
    .await;
    world.api.set_away(false);
    world.wait_for_last(42, "echo: Два").await;
    assert_eq!(world.texts(42), ["echo: Раз", "echo: Два"]);
}

/// Postgres fails over without a word while the companion thinks: what it says is written down at the server that took over, before
/// others may take the message for abandoned and have it answered again.
#[tokio::test]
async fn an_answer_is_written_down_soon_after_postgres_fell_silent() {
    let world = World::new().await;
    let proxy = CountingProxy::postgres(world.database.url()).await.unwrap();
    let go = Arc::new(Notify::new());
    let held = go.clone();
    world.api.answer(move |_, _| Reply::Later(held.clone(), "готово".to_owned()));
    let _bot = world.bot_with(proxy.url(), Mode::Polling).await;
    world.telegram.send_text(anna(), "Подумай");
    world.api.wait_for_calls_of(42, 1).await;
    proxy.silence();
    let begun = Instant::now();
    go.notify_one();
    world.wait_for_last(42, "готово").await;
    // A statement may take 25 seconds; an attempt to write this down may take five.
    assert!(begun.elapsed() < Duration::from_secs(20), "waited for a silent Postgres: {:?}", begun.elapsed());
    assert_eq!(world.texts(42), ["готово"]);
    assert_eq!(world.api.calls().len(), 1, "the companion was asked again");
}

#[tokio::test]
async fn a_busy_api_is_asked_again_when_it_said_to() {
    let world = World::new().await;
    world.api.answer(|call, before| match before {
        0 => Reply::Problem(Problem::new(Code::RateLimited).retry_after(1)),
        1 => Reply::BadGateway,
        _ => Reply::Text(format!("echo: {}", call.request.message)),
    });
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    world.wait_for_last(42, "echo: Привет").await;
    let calls = world.api.calls();
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| call.key == calls[0].key), "not the same key");
}

#[tokio::test]
async fn who_writes_faster_than_profiles_may_be_read_is_answered_all_the_same() {
    let world = World::new().await;
    let done = Some(Onboarding::Done);
    world.api.know(42, ProfileData { language: Some("ru".to_owned()), onboarding: done, ..ProfileData::default() });
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Раз");
    world.wait_for_last(42, "echo: Раз").await;
    world.api.limit_profiles();
    world.telegram.send_text(anna(), "Два");
    world.wait_for_last(42, "echo: Два").await;
}

#[tokio::test]
async fn an_api_of_the_version_before_buries_nobodys_messages() {
    let world = World::new().await;
    world.api.answer(|call, before| match before {
        0..6 => Reply::Problem(Problem::new(Code::InvalidBody)),
        _ => Reply::Text(format!("echo: {}", call.request.message)),
    });
    let bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    world.wait_for_last(42, "echo: Привет").await;
    assert_eq!(world.texts(42), ["echo: Привет"]);
    assert!(bot.metric("telegram_inbox_failures_total{reason=\"api_other_version\"}") >= 6.0);
}

#[tokio::test]
async fn what_waited_for_hours_before_a_rollout_is_given_the_time_that_a_rollout_takes() {
    let mut world = World::new().await;
    world.clock = Clock::fixed(Utc::now());
    world.api.answer(|call, before| match (call.person, before) {
        (42, 0) => Reply::Problem(Problem::new(Code::DatabaseUnavailable)),
        (42, _) if call.request.message == "Раз" => Reply::Problem(Problem::new(Code::InvalidBody)),
        _ => Reply::Text(format!("echo: {}", call.request.message)),
    });
    let _bot = world.bot().await;
    let update = world.telegram.send_text(anna(), "Раз");
    for attempt in 1..=8 {
        world.api.wait_for_calls_of(42, attempt).await;
        world.wait_until_let_go(update).await;
        world.clock.advance(if attempt == 1 { TimeDelta::hours(2) } else { TimeDelta::seconds(75) });
        // Somebody else is answered meanwhile, which also wakes the worker once time has passed.
        world.telegram.send_text(john(), &format!("{attempt}"));
        world.wait_for_last(7, &format!("echo: {attempt}")).await;
    }
    world.api.wait_for_calls_of(42, 9).await;
    world.wait_until_let_go(update).await;
    world.api.answer(|call, _| Reply::Text(format!("echo: {}", call.request.message)));
    world.clock.advance(TimeDelta::seconds(75));
    world.telegram.send_text(john(), "И теперь?");
    world.wait_for_last(42, "echo: Раз").await;
    assert_eq!(world.texts(42), ["echo: Раз"]);
}

#[tokio::test]
async fn a_token_that_has_run_out_is_renewed_without_anybody_noticing() {
    let world = World::new().await;
    let bot = world.bot().await;
    world.telegram.send_text(anna(), "Раз");
    world.wait_for_last(42, "echo: Раз").await;
    world.api.expire_tokens();
    world.telegram.send_text(anna(), "Два");
    world.wait_for_last(42, "echo: Два").await;
    assert_eq!(bot.metric("telegram_inbox_failures_total{reason=\"api_refuses_key\"}"), 0.0);
}

#[tokio::test]
async fn an_update_that_always_fails_is_given_up_and_the_person_hears_of_it_once() {
    let mut world = World::new().await;
    world.clock = Clock::fixed(Utc::now());
    world.api.answer(|call, _| match call.person {
        42 => Reply::Problem(Problem::new(Code::Internal)),
        _ => Reply::Text(format!("echo: {}", call.request.message)),
    });
    let bot = world.bot().await;
    let poison = world.telegram.send_text(anna(), "Ядовитое");
    for attempt in 1..=5 {
        world.api.wait_for_calls_of(42, attempt).await;
        // Somebody else is answered meanwhile, which also wakes the worker once time has passed.
        world.wait_until_let_go(poison).await;
        world.wait_until_nothing_is_owed().await;
        world.clock.advance(TimeDelta::seconds(60));
        world.telegram.send_text(john(), &format!("{attempt}"));
        world.wait_for_last(7, &format!("echo: {attempt}")).await;
    }
    world.wait_for_last(42, "что-то пошло не так").await;
    assert_eq!(world.texts(42).len(), 1);
    assert_eq!(bot.metric("telegram_inbox_failures_total{reason=\"given_up\"}"), 1.0);
    let pool = world.database.pool();
    let (state, error): (String, Option<String>) =
        sqlx::query_as("SELECT state, error FROM inbox WHERE update_id = $1")
            .bind(poison)
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(state, "dead");
    assert!(error.unwrap().contains("api_problem"));
    // The chat goes on.
    world.api.answer(|call, _| Reply::Text(format!("echo: {}", call.request.message)));
    world.telegram.send_text(anna(), "А теперь?");
    world.wait_for_last(42, "echo: А теперь?").await;
    // Replayed, it is answered, and once, however often it is replayed.
    let config =
        StoreConfig { database_url: world.database.url().into(), pool_size: 2, encryption_key: ENCRYPTION_KEY.into() };
    let store = Store::connect(&config, &Metrics::new()).unwrap();
    assert!(store.failures().replay_update(poison, world.clock.now()).await.unwrap());
    world.wait_for_last(42, "echo: Ядовитое").await;
    world.wait_until_done(poison).await;
    assert!(!store.failures().replay_update(poison, world.clock.now()).await.unwrap());
    assert_eq!(world.texts(42).iter().filter(|text| text.contains("Ядовитое")).count(), 1, "{:?}", world.texts(42));
    let keys: std::collections::HashSet<_> =
        world.api.calls().into_iter().filter(|call| call.request.message == "Ядовитое").map(|call| call.key).collect();
    assert_eq!(keys.len(), 1, "it was asked under another key: {keys:?}");
}

#[tokio::test]
async fn a_report_of_money_that_cannot_be_booked_is_never_given_up_and_its_chat_goes_on_without_it() {
    let mut world = World::new().await;
    world.clock = Clock::fixed(Utc::now());
    let _bot = world.bot().await;
    world.telegram.open_chat(anna());
    let report = world.telegram.send_update(json!({ "message": {
        "message_id": 900, "date": 1_770_000_000, "successful_payment": { "total_amount": "of a new form" },
        "chat": { "id": 42, "type": "private", "first_name": "Анна" },
        "from": { "id": 42, "is_bot": false, "first_name": "Анна", "language_code": "ru" },
    } }));
    let pool = world.database.pool();
    let state = async || -> (String, i32, Option<i64>) {
        let sql = "SELECT state, attempts, chat_id FROM inbox WHERE update_id = $1";
        sqlx::query_as(sql).bind(report).fetch_one(&pool).await.unwrap()
    };
    for attempt in 1..=8 {
        evolve_testkit::eventually("another attempt", async || {
            // What is being sent when time is moved would count as lost, and be sent again.
            let sql = "SELECT attempts >= $2 AND leased_until IS NULL
                              AND NOT EXISTS (SELECT FROM outbox WHERE state = 'pending')
                       FROM inbox WHERE update_id = $1";
            let row: Option<(bool,)> =
                sqlx::query_as(sql).bind(report).bind(attempt).fetch_optional(&pool).await.unwrap();
            row == Some((true,))
        })
        .await;
        world.clock.advance(TimeDelta::minutes(6));
        world.telegram.send_text(john(), &format!("{attempt}"));
        world.wait_for_last(7, &format!("echo: {attempt}")).await;
    }
    assert_eq!((state().await.0.as_str(), state().await.2), ("pending", None));
    assert_eq!(world.texts(42).len(), 1, "they are told once: {:?}", world.texts(42));
    world.telegram.send_text(anna(), "А теперь?");
    world.wait_for_last(42, "echo: А теперь?").await;
}

#[tokio::test]
async fn who_was_under_way_in_many_processes_that_died_is_answered_all_the_same_and_one_at_a_time() {
    let world = World::new().await;
    let bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    world.telegram.send_text(john(), "Hello");
    world.wait_for_last(42, "echo: Привет").await;
    world.wait_for_last(7, "echo: Hello").await;
    bot.stop().await;
    // Six processes died over each of two messages; the first is being answered while the second is due.
    world.telegram.send_text(anna(), "Раз");
    world.telegram.send_text(john(), "Two");
    let updates = world.telegram.pending_updates();
    let pool = world.database.pool();
    for update in &updates {
        let (id, person) = (update["update_id"].as_i64(), update["message"]["from"]["id"].as_i64());
        let sql = "INSERT INTO inbox (update_id, chat_id, user_id, payload, attempts, ready_at, received_at, rank)
                   VALUES ($1, $2, $2, $3, 6, now(), now(), now())";
        sqlx::query(sql).bind(id).bind(person).bind(update).execute(&pool).await.unwrap();
    }
    let go = Arc::new(Notify::new());
    let held = Arc::clone(&go);
    world.api.answer(move |call, _| Reply::Later(held.clone(), format!("echo: {}", call.request.message)));
    let _bot = world.bot().await;
    let under_way = "SELECT count(*) FILTER (WHERE leased_until > now()), count(*) FILTER (WHERE error = 'suspected')
                     FROM inbox WHERE state = 'pending'";
    evolve_testkit::eventually("one is worked and the other waits for it", async || {
        sqlx::query_as::<_, (i64, i64)>(under_way).fetch_one(&pool).await.unwrap() == (1, 1)
    })
    .await;
    go.notify_one();
    world.wait_for_last(42, "echo: Раз").await;
    go.notify_one();
    world.wait_for_last(7, "echo: Two").await;
}

#[tokio::test]
async fn what_takes_every_process_down_is_set_aside_and_its_person_told() {
    let world = World::new().await;
    let _bot = world.bot().await;
    let sql = "INSERT INTO inbox (update_id, chat_id, user_id, payload, attempts, ready_at, received_at, rank)
               VALUES (1, 42, 42, $1, 12, now(), now(), now())";
    let payload = json!({ "update_id": 1, "message": {
        "message_id": 900, "date": 1_770_000_000, "text": "Привет",
        "chat": { "id": 42, "type": "private", "first_name": "Анна" },
        "from": { "id": 42, "is_bot": false, "first_name": "Анна", "language_code": "ru" },
    } });
    world.telegram.open_chat(anna());
    sqlx::query(sql).bind(payload).execute(&world.database.pool()).await.unwrap();
    world.telegram.send_text(john(), "Hello");
    world.wait_for_last(7, "echo: Hello").await;
    evolve_testkit::eventually("Anna is told", async || world.texts(42).len() == 1).await;
    let (state, error): (String, String) = sqlx::query_as("SELECT state, error FROM inbox WHERE update_id = 1")
        .fetch_one(&world.database.pool())
        .await
        .unwrap();
    assert_eq!((state.as_str(), error.as_str()), ("dead", "every attempt crashed"));
}

#[tokio::test]
async fn while_postgres_is_away_telegram_keeps_the_updates() {
    let world = World::new().await;
    let mut postgres = OwnPostgres::migrated().await.unwrap();
    let bot = world.bot_with(&postgres.url(), Mode::Polling).await;
    world.telegram.send_text(anna(), "Раз");
    world.wait_for_last(42, "echo: Раз").await;
    postgres.kill().unwrap();
    world.telegram.send_text(anna(), "Два");
    assert_eq!(bot.get("/ready").await.status(), 503);
    assert_eq!(world.telegram.pending_updates().len(), 1, "an update was confirmed that nobody has");
    let postgres =
        tokio::task::spawn_blocking(move || postgres.start_again().map(|()| postgres)).await.unwrap().unwrap();
    world.wait_for_last(42, "echo: Два").await;
    world.telegram.wait_until_confirmed().await;
    assert_eq!(world.texts(42), ["echo: Раз", "echo: Два"]);
    bot.kill().await;
    drop(postgres);
}
