//! What a bot shows at `/metrics`, and what the page tells of it.

use evolve_testkit::{eventually, metrics::unlike_the_page};
use sqlx::AssertSqlSafe;

use crate::world::{World, anna};

#[tokio::test]
async fn the_page_tells_of_every_metric_that_a_running_bot_shows_and_of_no_other() {
    let world = World::new().await;
    let bot = world.bot().await;
    world.telegram.send_text(anna(), "Привет");
    world.wait_for_last(42, "echo: Привет").await;
    assert_eq!(bot.get("/metrics").await.status(), 200);
    assert!(bot.metric("process_cpu_seconds_total") > 0.0);
    eventually("what was sent is counted", async || bot.metrics.encode().contains("telegram_messages_sent_total{"))
        .await;
    let unlike = unlike_the_page("evolve-bot", &bot.metrics).unwrap();
    assert!(unlike.is_empty(), "run `make generate`:\n{}", unlike.join("\n"));
}

#[tokio::test]
async fn how_long_something_waits_is_shown_whoever_is_to_work_it() {
    let world = World::new().await;
    // Nobody works it for an hour yet.
    for statement in [
        "INSERT INTO inbox (update_id, chat_id, ready_at, received_at, rank)
         VALUES (7, 7, now() + interval '1 hour', now() - interval '2 minutes', now())",
        "INSERT INTO outbox (key, chat_id, method, ready_at, created_at)
         VALUES ('k', 7, 'sendMessage', now() + interval '1 hour', now() - interval '3 minutes')",
        // A broadcast takes as long as it takes.
        "INSERT INTO outbox (key, chat_id, method, priority, ready_at, created_at)
         VALUES ('b', 8, 'sendMessage', 2, now() + interval '1 hour', now() - interval '3 hours')",
    ] {
        sqlx::query(AssertSqlSafe(statement)).execute(&world.database.pool()).await.unwrap();
    }
    let bot = world.bot().await;
    eventually("it is shown how long they wait", async || {
        let ages = (bot.metric("telegram_inbox_oldest_seconds"), bot.metric("telegram_outbox_oldest_seconds"));
        (119.0..180.0).contains(&ages.0) && (179.0..240.0).contains(&ages.1)
    })
    .await;
    assert_eq!(bot.metric("telegram_outbox_waiting"), 2.0);
}
