//! How updates come in, and what must not happen to them on the way.

use std::time::Duration;

use evolve_testkit::telegram::{CallOutcome, Fault, TelegramServer};
use serde_json::json;

use crate::world::{Mode, WEBHOOK_SECRET, World, anna};

/// Within this it is asked again after the first few failures (docs/degradation.md), with time for a busy machine.
const RECOVERED: Duration = Duration::from_secs(10);
const SECRET: &str = "X-Telegram-Bot-Api-Secret-Token";

fn update(id: i64, text: &str) -> serde_json::Value {
    json!({ "update_id": id, "message": {
        "message_id": id, "date": 1_770_000_000, "text": text,
        "chat": { "id": 42, "type": "private", "first_name": "Анна" },
        "from": { "id": 42, "is_bot": false, "first_name": "Анна", "language_code": "ru" },
    } })
}

fn refused_polls(world: &World) -> usize {
    let calls = world.telegram.calls_of("getUpdates");
    calls.iter().filter(|call| matches!(call.outcome, CallOutcome::Refused { .. })).count()
}

#[tokio::test]
async fn two_bots_share_the_work_and_only_one_polls() {
    let world = World::new().await;
    let first = world.bot().await;
    world.telegram.wait_until("a poll", |telegram| (!telegram.calls_of("getUpdates").is_empty()).then_some(())).await;
    let second = world.bot().await;
    for n in 0..20 {
        world.telegram.send_text(100 + n, "Привет");
    }
    for n in 0..20 {
        world.telegram.wait_for(100 + n, |sent| sent.len() == 1).await;
    }
    assert_eq!(world.api.turns(), 20);
    assert_eq!(refused_polls(&world), 0);
    // The one that does not poll takes over when the other dies.
    first.kill().await;
    world.telegram.send_text(anna(), "Ты ещё здесь?");
    world.wait_for_last(42, "echo: Ты ещё здесь?").await;
    second.stop().await;
}

#[tokio::test]
async fn another_program_with_the_same_token_is_waited_out() {
    let world = World::new().await;
    let conflict = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
    world.telegram.fault(Fault::refuse("getUpdates", 409, conflict).times(2));
    let bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    world.wait_for_last(42, "echo: Привет").await;
    assert_eq!(bot.metric("telegram_inbox_failures_total{reason=\"conflict\"}"), 2.0);
    assert!(world.recovery("getUpdates") < RECOVERED, "{:?}", world.recovery("getUpdates"));
}

#[tokio::test]
async fn a_telegram_in_trouble_is_asked_again_and_gives_what_it_kept() {
    let world = World::new().await;
    world.telegram.fault(Fault::garbage("getUpdates", 502, "<html>502 Bad Gateway</html>"));
    world.telegram.fault(Fault::drop_before("getUpdates"));
    world.telegram.fault(Fault::flood("getUpdates", 1));
    let bot = world.bot().await;
    world.telegram.send_text(anna(), "Раз");
    world.telegram.send_text(anna(), "Два");
    world.wait_for_last(42, "echo: Два").await;
    assert_eq!(world.texts(42), ["echo: Раз", "echo: Два"]);
    assert_eq!(bot.metric("telegram_inbox_failures_total{reason=\"unavailable\"}"), 2.0);
    assert_eq!(bot.metric("telegram_inbox_failures_total{reason=\"rate_limited\"}"), 1.0);
    assert_eq!(bot.get("/ready").await.status(), 200);
    assert!(world.recovery("getUpdates") < RECOVERED, "{:?}", world.recovery("getUpdates"));
}

#[tokio::test]
async fn a_webhook_that_somebody_set_is_removed_before_polling() {
    let world = World::new().await;
    let call = reqwest::Client::new()
        .post(format!("{}/bot{}/setWebhook", world.telegram.url(), world.telegram.token()))
        .json(&json!({ "url": "http://127.0.0.1:1/old" }));
    assert!(call.send().await.unwrap().status().is_success());
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    world.wait_for_last(42, "echo: Привет").await;
    assert_eq!(world.telegram.webhook_url(), None);
    assert_eq!(refused_polls(&world), 0);
}

#[tokio::test]
async fn updates_come_by_webhook_with_a_secret() {
    let world = World::new().await;
    let bot = world.webhook_bot().await;
    world.telegram.send_text(anna(), "Привет");
    world.wait_for_last(42, "echo: Привет").await;
    assert_eq!(bot.get("/ready").await.status(), 200);
    let set = &world.telegram.calls_of("setWebhook")[0].params;
    assert_eq!(set["max_connections"], 100);
    let kinds = [
        "message",
        "edited_message",
        "message_reaction",
        "callback_query",
        "my_chat_member",
        "pre_checkout_query",
        "inline_query",
    ];
    assert_eq!(set["allowed_updates"], json!(kinds));
}

#[tokio::test]
async fn who_does_not_know_the_secret_gets_nothing_in() {
    let world = World::new().await;
    let bot = world.webhook_bot().await;
    let url = format!("{}/telegram/webhook/main", bot.url);
    let client = reqwest::Client::new();
    let longer = format!("{WEBHOOK_SECRET}x");
    for secret in ["wrong", "", longer.as_str(), &WEBHOOK_SECRET[1..]] {
        let answer = client.post(&url).header(SECRET, secret).json(&update(5, "Пусти")).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{secret:?}");
    }
    assert_eq!(client.post(&url).json(&update(5, "Пусти")).send().await.unwrap().status(), 403);
    let pool = world.database.pool();
    let (stored,): (i64,) = sqlx::query_as("SELECT count(*) FROM inbox").fetch_one(&pool).await.unwrap();
    assert_eq!(stored, 0);
    assert_eq!(bot.metric("telegram_inbox_failures_total{reason=\"wrong_secret\"}"), 5.0);
}

#[tokio::test]
async fn the_webhook_is_served_at_the_seeds_path_as_well_and_asks_for_the_secret_there_too() {
    let world = World::new().await;
    let bot = world.webhook_bot().await;
    world.telegram.open_chat(anna());
    let url = format!("{}/api/v1/webhooks/telegram", bot.url);
    let client = reqwest::Client::new();
    let refused = client.post(&url).header(SECRET, "wrong").json(&update(80, "Пусти")).send().await.unwrap();
    assert_eq!(refused.status(), 403);
    let taken = client.post(&url).header(SECRET, WEBHOOK_SECRET).json(&update(81, "Раз")).send().await.unwrap();
    assert_eq!(taken.status(), 200);
    world.wait_for_last(42, "echo: Раз").await;
}

#[tokio::test]
async fn an_update_that_is_delivered_twice_is_answered_once() {
    let world = World::new().await;
    let bot = world.webhook_bot().await;
    world.telegram.open_chat(anna());
    let url = format!("{}/telegram/webhook", bot.url);
    let client = reqwest::Client::new();
    for body in [update(70, "Раз"), update(70, "Раз"), update(71, "Два"), update(70, "Раз")] {
        let answer = client.post(&url).header(SECRET, WEBHOOK_SECRET).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    world.wait_for_last(42, "echo: Два").await;
    assert_eq!(world.texts(42), ["echo: Раз", "echo: Два"]);
}

#[tokio::test]
async fn rubbish_is_refused_and_blocks_nobody() {
    let world = World::new().await;
    let bot = world.webhook_bot().await;
    world.telegram.open_chat(anna());
    let url = format!("{}/telegram/webhook", bot.url);
    let client = reqwest::Client::new();
    let with_nul = update(8, "a\u{0}b").to_string();
    for (body, status) in [
        ("rubbish".to_owned(), 400),
        ("{}".to_owned(), 400),
        ("[1]".to_owned(), 400),
        (format!("{{\"update_id\": 1, \"x\": \"{}\"}}", "x".repeat(2_000_000)), 413),
        ("{\"update_id\": 7, \"message\": 5}".to_owned(), 200),
        (with_nul, 200),
    ] {
        let answer = client.post(&url).header(SECRET, WEBHOOK_SECRET).body(body.clone()).send().await.unwrap();
        assert_eq!(answer.status(), status, "{}", &body[..body.len().min(40)]);
    }
    world.wait_for_last(42, "echo: a\u{fffd}b").await;
    world.wait_until_done(7).await;
}

#[tokio::test]
async fn while_postgres_is_away_a_delivery_is_refused_so_that_telegram_keeps_it() {
    let world = World::new().await;
    let bot = world.bot_with("postgres://evolve@127.0.0.1:1/evolve", Mode::Webhook).await;
    let url = format!("{}/telegram/webhook/main", bot.url);
    let request = reqwest::Client::new().post(url).header(SECRET, WEBHOOK_SECRET).json(&update(5, "Привет"));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "5");
}

#[tokio::test]
async fn a_token_that_telegram_refuses_stops_the_bot_and_says_which_variable() {
    let mut world = World::new().await;
    let other = TelegramServer::builder().token("1234567:AAanother-token-that-is-not-ours-00").start().await;
    world.telegram_url = Some(other.url());
    let failure = world.bot().await.failure().await;
    assert!(failure.contains("TELEGRAM_BOT_TOKEN"), "{failure}");
    assert!(!failure.contains(world.telegram.token()), "the token shows");
}

#[tokio::test]
async fn health_is_always_there_and_readiness_needs_postgres() {
    let world = World::new().await;
    let bot = world.bot_with("postgres://evolve@127.0.0.1:1/evolve", Mode::Polling).await;
    let health = bot.get("/health").await;
    assert_eq!(health.status(), 200);
    let body: serde_json::Value = health.json().await.unwrap();
    assert_eq!((&body["status"], &body["rate_limiter"]), (&json!("healthy"), &json!("local")));
    assert!(body["uptime_seconds"].is_u64(), "{body}");
    for figure in ["size", "in_use", "max", "waiting"] {
        assert!(body["pool"][figure].is_u64(), "{figure} of {body}");
    }
    let ready = bot.get("/ready").await;
    assert_eq!(ready.status(), 503);
    let body: serde_json::Value = ready.json().await.unwrap();
    assert_eq!((&body["status"], &body["database"]["status"]), (&json!("not_ready"), &json!("unhealthy")));
    let metrics = bot.get("/metrics").await.text().await.unwrap();
    assert!(metrics.contains("telegram_updates_in_progress 0"), "{metrics}");
}
