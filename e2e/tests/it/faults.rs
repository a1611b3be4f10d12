//! Processes and neighbours that break in the middle.

use std::sync::Arc;

use evolve_engine::model::{ModelError, Script, Step};
use evolve_testkit::telegram::Fault;
use tokio::sync::Notify;

use crate::system::{Mode, ground, parrot};

const IVAN: i64 = 42;

#[tokio::test]
async fn a_bot_killed_while_the_model_thinks_loses_nothing_and_answers_once() {
    let ground = ground().await;
    let gate = Arc::new(Notify::new());
    let script = Script::new([Step::After(gate.clone(), Box::new(Step::say("worth the wait")))]);
    let api = ground.api(Arc::new(script.clone())).await;
    let killed = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(IVAN, "think hard");
    script.asked(1).await;
    drop(killed);
    gate.notify_one();
    let _heir = ground.bot(&api.url, Mode::Polling).await;
    // The dead bot's lease stands in the way until it runs out; the test does not wait for the clock.
    sqlx::query("UPDATE inbox SET leased_until = now() WHERE state = 'pending'").execute(&ground.sql).await.unwrap();
    sqlx::query("SELECT pg_notify('inbox', '')").execute(&ground.sql).await.unwrap();
    ground.wait_for_last(IVAN, |text| text == "worth the wait").await;
    assert_eq!(script.requests().len(), 1, "the model was asked again");
    assert_eq!(ground.telegram.messages(IVAN).len(), 1);
    assert_eq!(ground.count("SELECT sum(messages)::bigint FROM usage_days").await, 1);
}

#[tokio::test]
async fn a_model_that_fails_ends_in_a_kind_message_and_no_lost_quota() {
    let ground = ground().await;
    let blocked = ModelError::Blocked { reason: "SAFETY".to_owned() };
    let api = ground.api(Arc::new(Script::new([Step::Fail(blocked), Step::say("hello again")]))).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(IVAN, "something odd");
    ground.telegram.wait_for(IVAN, |sent| sent.len() == 1).await;
    assert_eq!(ground.count("SELECT sum(messages)::bigint FROM usage_days").await, 0);
    ground.telegram.send_text(IVAN, "hi");
    ground.wait_for_last(IVAN, |text| text == "hello again").await;
}

#[tokio::test]
async fn telegram_refusing_and_resetting_delays_an_answer_and_loses_none() {
    let ground = ground().await;
    ground.telegram.fault(Fault::flood("sendMessage", 1).times(1));
    ground.telegram.fault(Fault::drop_before("sendMessage").times(1));
    ground.telegram.fault(Fault::garbage("sendMessage", 502, "<html>bad gateway</html>").times(1));
    let api = ground.api(parrot()).await;
    let _bot = ground.bot(&api.url, Mode::Polling).await;
    ground.telegram.send_text(IVAN, "hi");
    ground.wait_for_last(IVAN, |text| text == "you said hi").await;
    assert_eq!(ground.telegram.messages(IVAN).len(), 1);
    // A second, one more, two: what is above that is for a busy machine.
    let calls = ground.telegram.calls_of("sendMessage");
    let took = calls.last().unwrap().at - calls.first().unwrap().at;
    assert!(took < std::time::Duration::from_secs(20), "{took:?}");
}

#[tokio::test]
async fn while_the_api_is_away_messages_wait_and_are_answered_in_order_when_it_is_back() {
    let ground = ground().await;
    let api = ground.api(parrot()).await;
    let url = api.url.clone();
    drop(api);
    let _bot = ground.bot(&url, Mode::Polling).await;
    for i in 0..3 {
        ground.telegram.send_text(IVAN, &format!("{i}"));
    }
    ground.telegram.wait_until_confirmed().await;
    let _api = ground.api_at(&url, parrot()).await;
    let sent = ground.telegram.wait_for(IVAN, |sent| sent.len() == 3).await;
    let texts: Vec<_> = sent.iter().map(|sent| sent.text.as_str()).collect();
    assert_eq!(texts, ["you said 0", "you said 1", "you said 2"]);
}
