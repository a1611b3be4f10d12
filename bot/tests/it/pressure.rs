//! When too much waits in the inbox, Telegram keeps the rest.

use evolve_testkit::eventually;
use serde_json::{Value, json};

use crate::world::{RunningBot, WEBHOOK_SECRET, World, anna, john};

const SECRET: &str = "X-Telegram-Bot-Api-Secret-Token";

async fn full(bot: &RunningBot, is_full: f64) {
    eventually("the inbox is full, or is not", async || bot.metric("telegram_inbox_full") == is_full).await;
}

fn message(id: i64, text: &str) -> Value {
    json!({ "update_id": id, "message": {
        "message_id": id, "date": 1_770_000_000, "text": text,
        "chat": { "id": 42, "type": "private", "first_name": "Анна" },
        "from": { "id": 42, "is_bot": false, "first_name": "Анна", "language_code": "ru" },
    } })
}

/// A checkout of an invoice that we never sent.
fn checkout(id: i64) -> Value {
    json!({ "update_id": id, "pre_checkout_query": {
        "id": format!("q{id}"), "from": { "id": 42, "is_bot": false, "first_name": "Анна", "language_code": "ru" },
        "currency": "XTR", "total_amount": 100, "invoice_payload": "forged",
    } })
}

#[tokio::test]
async fn a_full_inbox_refuses_deliveries_but_for_checkouts_and_wishes_to_stop_until_there_is_room() {
    let world = World { inbox_limit: "1", ..World::new().await };
    let bot = world.webhook_bot().await;
    world.telegram.open_chat(anna());
    world.api.set_away(true);
    let (client, url) = (reqwest::Client::new(), format!("{}/telegram/webhook", bot.url));
    let deliver =
        async |body: Value| client.post(&url).header(SECRET, WEBHOOK_SECRET).json(&body).send().await.unwrap();
    assert_eq!(deliver(message(70, "Раз")).await.status(), 200);
    let refused = deliver(message(71, "Два")).await;
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "5");
    assert_eq!(bot.metric("telegram_inbox_full"), 1.0);
    assert_eq!(bot.metric("telegram_inbox_failures_total{reason=\"full\"}"), 1.0);
    let answered: Value = deliver(checkout(72)).await.json().await.unwrap();
    assert_eq!(answered["method"], "answerPreCheckoutQuery");
    assert_eq!(deliver(message(73, "/stop")).await.status(), 200);
    assert_eq!(bot.get("/ready").await.status(), 200, "a replica that is full was taken out of service");
    world.api.set_away(false);
    full(&bot, 0.0).await;
    assert_eq!(deliver(message(71, "Два")).await.status(), 200);
    world.wait_for_last(42, "echo: Два").await;
}

#[tokio::test]
async fn while_the_inbox_is_full_polling_confirms_nothing_and_still_answers_checkouts_and_takes_wishes_to_stop() {
    let world = World { inbox_limit: "2", ..World::new().await };
    world.api.set_away(true);
    let bot = world.bot().await;
    world.telegram.send_text(anna(), "Раз");
    world.telegram.send_text(anna(), "Два");
    full(&bot, 1.0).await;
    world.telegram.send_text(anna(), "Три");
    let query = checkout(0)["pre_checkout_query"].clone();
    world.telegram.send_update(json!({ "pre_checkout_query": query }));
    world
        .telegram
        .wait_until("the checkout is answered", |telegram| {
            (!telegram.calls_of("answerPreCheckoutQuery").is_empty()).then_some(())
        })
        .await;
    world.telegram.send_text(john(), "/stop");
    let pool = world.database.pool();
    eventually("the wish to stop is taken", async || {
        let urgent = "SELECT count(*) FROM inbox WHERE urgent";
        let (urgent,): (i64,) = sqlx::query_as(urgent).fetch_one(&pool).await.unwrap();
        urgent == 1
    })
    .await;
    let stored = "SELECT count(*) FROM inbox WHERE NOT urgent";
    let (stored,): (i64,) = sqlx::query_as(stored).fetch_one(&world.database.pool()).await.unwrap();
    assert_eq!(stored, 2, "more was taken than there was room for");
    assert_eq!(world.telegram.pending_updates().len(), 3, "an update was confirmed that nobody has");
    world.api.set_away(false);
    world.wait_for_last(42, "echo: Три").await;
    assert_eq!(world.texts(42), ["echo: Раз", "echo: Два", "echo: Три"]);
    world.telegram.wait_until_confirmed().await;
    world.telegram.wait_for(7, |sent| !sent.is_empty()).await;
    let (updates,): (i64,) = sqlx::query_as("SELECT count(*) FROM inbox").fetch_one(&pool).await.unwrap();
    assert_eq!((updates, world.texts(7).len()), (4, 1), "what was taken early was taken twice");
}
