//! A checkout is answered within its ten seconds, whatever else happens.

use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use evolve_contract::payments::{Way, payload::Payload};
use evolve_testkit::telegram::{Doing, TelegramServer};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::{
    api::{Reply, SERVICE_KEY},
    world::{Mode, World, anna},
};

const NOWHERE: &str = "postgres://evolve@127.0.0.1:1/evolve";

/// A bill in Anna's chat, made so long ago, for her to pay.
async fn bill(world: &World, age: TimeDelta) -> i64 {
    world.telegram.open_chat(anna());
    let issued_at = Utc::now() - age;
    let payload =
        Payload { way: Way::Stars, user_id: 42, amount: 250, currency: "XTR".to_owned(), issued_at, nonce: 7 };
    let invoice = json!({
        "chat_id": 42, "title": "Премиум", "description": "Премиум", "payload": payload.sign(&SERVICE_KEY.into()),
        "currency": "XTR", "prices": [{ "label": "Премиум", "amount": 250 }],
    });
    let url = format!("{}/bot{}/sendInvoice", world.telegram.url(), world.telegram.token());
    let sent = reqwest::Client::new().post(url).json(&invoice).send().await.unwrap();
    sent.json::<Value>().await.unwrap()["result"]["message_id"].as_i64().unwrap()
}

fn answers(telegram: &TelegramServer) -> Vec<(bool, Option<String>)> {
    let answers = telegram.events(42).into_iter().filter_map(|event| match event.doing {
        Doing::CheckoutAnswered { ok, error, .. } => Some((ok, error)),
        _ => None,
    });
    answers.collect()
}

async fn first_answer(world: &World) -> (bool, Option<String>) {
    world.telegram.wait_until("an answer to the checkout", |telegram| answers(telegram).first().cloned()).await
}

#[rstest]
#[case(Mode::Polling)]
#[case(Mode::Webhook)]
#[tokio::test]
async fn while_postgres_and_the_api_are_away_what_can_be_honoured_is_accepted(#[case] mode: Mode) {
    let world = World::new().await;
    world.api.set_away(true);
    let message = bill(&world, TimeDelta::zero()).await;
    let _bot = world.bot_with(NOWHERE, mode).await;
    if matches!(mode, Mode::Webhook) {
        world.telegram.wait_until("a webhook", |telegram| telegram.webhook_url()).await;
    }
    world.telegram.pay(anna(), message);
    assert_eq!(first_answer(&world).await, (true, None));
    assert_eq!(world.telegram.charges(42).len(), 1);
    // What was paid stays with Telegram until the inbox can have it.
    let kept = |telegram: &TelegramServer| {
        telegram
            .pending_updates()
            .iter()
            .any(|update| update["message"]["successful_payment"].is_object())
            .then_some(())
    };
    world.telegram.wait_until("Telegram to keep the payment", kept).await;
}

#[tokio::test]
async fn an_old_bill_is_refused_in_the_persons_language_while_postgres_is_away_too() {
    let world = World::new().await;
    let message = bill(&world, TimeDelta::hours(25)).await;
    let _bot = world.bot_with(NOWHERE, Mode::Polling).await;
    world.telegram.pay(anna(), message);
    let (ok, error) = first_answer(&world).await;
    assert!(!ok && error.as_deref().is_some_and(|error| error.contains("устарел")), "{error:?}");
}

#[tokio::test]
async fn a_checkout_does_not_wait_for_the_companions_answer_before_it() {
    let world = World::new().await;
    let go = Arc::new(Notify::new());
    let held = go.clone();
    world.api.answer(move |_, _| Reply::Later(held.clone(), "готово".to_owned()));
    let message = bill(&world, TimeDelta::zero()).await;
    let bot = world.bot().await;
    world.telegram.send_text(anna(), "Подумай");
    world.api.wait_for_calls_of(42, 1).await;
    world.telegram.pay(anna(), message);
    assert_eq!(first_answer(&world).await, (true, None));
    assert!(world.texts(42).iter().all(|text| text != "готово"), "the companion was waited for");
    assert_eq!(bot.metric("telegram_checkouts_total{kind=\"accepted\"}"), 1.0);
    go.notify_one();
}
