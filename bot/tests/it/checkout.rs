//! A checkout is answered within its ten seconds, whatever else happens.

use std::{sync::Arc, time::Duration};

use chrono::{TimeDelta, Utc};
use evolve_contract::{
    payments::{
        Way,
        payload::{KEY_PURPOSE, Payload},
    },
    profile::{Onboarding, ProfileData},
};
use evolve_store::Keyring;
use evolve_testkit::{
    proxy::CountingProxy,
    telegram::{Doing, TelegramServer},
};
use rstest::rstest;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::{
    api::Reply,
    world::{ENCRYPTION_KEY, Mode, WEBHOOK_SECRET, World, anna},
};

const NOWHERE: &str = "postgres://evolve@127.0.0.1:1/evolve";

/// A bill in Anna's chat, made so long ago, for her to pay.
async fn bill(world: &World, age: TimeDelta) -> i64 {
    world.telegram.open_chat(anna());
    let issued_at = Utc::now() - age;
    let payload =
        Payload { way: Way::Stars, user_id: 42, amount: 250, currency: "XTR".to_owned(), issued_at, nonce: 7 };
    let invoice = json!({
        "chat_id": 42, "title": "Премиум", "description": "Премиум", "payload": payload.sign(&payload_key()),
        "currency": "XTR", "prices": [{ "label": "Премиум", "amount": 250 }],
    });
    let url = format!("{}/bot{}/sendInvoice", world.telegram.url(), world.telegram.token());
    let sent = reqwest::Client::new().post(url).json(&invoice).send().await.unwrap();
    sent.json::<Value>().await.unwrap()["result"]["message_id"].as_i64().unwrap()
}

/// What bot and API sign bills with.
fn payload_key() -> SecretString {
    Keyring::parse(&ENCRYPTION_KEY.into()).unwrap().signing_keys(KEY_PURPOSE).remove(0)
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
async fn a_bill_is_refused_in_the_language_that_the_person_chose_where_it_is_at_hand() {
    let world = World::new().await;
    let (language, onboarding) = (Some("en".to_owned()), Some(Onboarding::Done));
    world.api.know(42, ProfileData { language, onboarding, ..ProfileData::default() });
    let message = bill(&world, TimeDelta::hours(25)).await;
    let _bot = world.bot().await;
    world.telegram.send_text(anna(), "Hi");
    world.wait_for_last(42, "echo: Hi").await;
    world.telegram.pay(anna(), message);
    let (ok, error) = first_answer(&world).await;
    assert!(!ok && error.as_deref().is_some_and(|error| error.contains("out of date")), "{error:?}");
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

#[tokio::test]
async fn a_checkout_is_answered_while_what_came_before_it_cannot_be_stored() {
    let world = World::new().await;
    let proxy = CountingProxy::postgres(world.database.url()).await.unwrap();
    let message = bill(&world, TimeDelta::zero()).await;
    let _bot = world.bot_with(proxy.url(), Mode::Polling).await;
    world.telegram.send_text(anna(), "Раз");
    world.wait_for_last(42, "echo: Раз").await;
    proxy.stall();
    world.telegram.send_text(anna(), "Два");
    world.telegram.pay(anna(), message);
    // Telegram waits ten seconds, and not for Postgres.
    let answer = tokio::time::timeout(Duration::from_secs(8), first_answer(&world)).await;
    assert_eq!(answer.unwrap(), (true, None));
    proxy.restore();
    world.wait_for_last(42, "echo: Два").await;
}

#[tokio::test]
async fn a_checkout_that_a_webhook_brings_is_answered_in_the_answer_to_it() {
    let world = World::new().await;
    let message = bill(&world, TimeDelta::zero()).await;
    let bot = world.webhook_bot().await;
    // Whatever the bot would call by itself does not come through.
    let url = format!("{}/telegram/webhook/main", bot.url);
    let query = json!({ "update_id": 900_001, "pre_checkout_query": {
        "id": "q", "from": { "id": 42, "is_bot": false, "first_name": "Анна" },
        "currency": "XTR", "total_amount": 1, "invoice_payload": "forged",
    } });
    let sent = reqwest::Client::new().post(url).header("x-telegram-bot-api-secret-token", WEBHOOK_SECRET).json(&query);
    let answer = sent.send().await.unwrap().json::<Value>().await.unwrap();
    assert_eq!((&answer["method"], &answer["ok"]), (&json!("answerPreCheckoutQuery"), &json!(false)));
    world.telegram.pay(anna(), message);
    assert_eq!(first_answer(&world).await, (true, None));
}
