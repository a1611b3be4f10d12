//! Other systems are told what happens: signed, in order, until they accept it.

use chrono::{DateTime, TimeDelta};
use evolve_engine::webhooks::message;
use evolve_store::webhooks::{Ended, Kind};
use evolve_testkit::eventually;
use serde_json::json;

use crate::{
    turn_support::world,
    webhook_support::{Answer, Receiver, fails, fails_in, subscribed, teller},
};

#[tokio::test]
async fn what_happens_is_told_signed_and_in_order_and_only_to_who_asked_for_it() {
    let world = world([]).await;
    let (teller, receiver, other) = (teller(&world), Receiver::start([]).await, Receiver::start([]).await);
    let (_, secret) = subscribed(&teller, &receiver).await;
    teller.create(Kind::Generic, &other.url, vec!["payment.succeeded".to_owned()]).await.unwrap();
    for job in ["a", "b", "c"] {
        fails(&world, job).await;
    }
    teller.deliver_due().await.unwrap();
    assert_eq!(receiver.jobs(), ["a", "b", "c"]);
    assert_eq!(other.calls().len(), 0);
    let call = &receiver.calls()[0];
    let (id, timestamp) = (call.header("webhook-id"), call.header("webhook-timestamp").parse::<i64>().unwrap());
    assert_eq!(timestamp, world.clock.now().timestamp());
    let signed = message::signature(&secret, id, timestamp, &call.body).unwrap();
    assert_eq!(call.header("webhook-signature"), signed);
    assert_eq!((call.json()["type"].as_str(), &call.json()["data"]["failures"]), (Some("job.failed"), &json!(3)));
    assert_eq!(call.header("content-type"), "application/json");
}

#[tokio::test]
async fn what_fails_is_tried_again_later_and_holds_up_what_comes_after_it() {
    let world = world([]).await;
    let (teller, receiver) = (teller(&world), Receiver::start([Answer::Status(500), Answer::Status(503)]).await);
    let (webhook, _) = subscribed(&teller, &receiver).await;
    fails(&world, "a").await;
    fails(&world, "b").await;
    for (pause, calls) in [(0, 1), (4, 1), (2, 2), (29, 2), (4, 4)] {
        world.clock.advance(TimeDelta::seconds(pause));
        teller.deliver_due().await.unwrap();
        assert_eq!(receiver.calls().len(), calls, "after {pause} s more");
    }
    assert_eq!(receiver.jobs(), ["a", "a", "a", "b"]);
    let ids: Vec<String> = receiver.calls().iter().map(|call| call.header("webhook-id").to_owned()).collect();
    assert!(ids[0] == ids[1] && ids[1] == ids[2] && ids[2] != ids[3], "{ids:?}");
    let (deliveries, next) = teller.deliveries(webhook.id, None).await.unwrap();
    let shown: Vec<_> = deliveries.iter().map(|one| (one.state.as_str(), one.attempts, one.status)).collect();
    assert_eq!((shown, next), (vec![("delivered", 1, Some(200)), ("delivered", 3, Some(200))], None));
}

#[tokio::test]
async fn of_a_replica_that_dies_while_it_sends_another_goes_on_and_the_dead_one_writes_nothing() {
    let world = world([]).await;
    let (teller, receiver) = (teller(&world), Receiver::start([]).await);
    let (webhook, _) = subscribed(&teller, &receiver).await;
    fails(&world, "a").await;
    let store = world.store();
    store.webhooks().fan_out(world.clock.now(), 10).await.unwrap();
    let dead = store.webhooks().claim(world.clock.now(), TimeDelta::seconds(60)).await.unwrap().unwrap();
    fails(&world, "b").await;
    teller.deliver_due().await.unwrap();
    assert_eq!(receiver.calls().len(), 0, "it may still be sending");
    world.clock.advance(TimeDelta::seconds(61));
    teller.deliver_due().await.unwrap();
    assert_eq!(receiver.jobs(), ["a", "b"]);
    let late = Ended::GivenUp { error: "late".to_owned(), reason: "failing" };
    assert!(!store.webhooks().end(&dead, &late, None, world.clock.now()).await.unwrap());
    assert!(teller.all().await.unwrap().iter().all(|one| one.id == webhook.id && one.enabled));
}

#[tokio::test]
async fn several_replicas_tell_everything_once_and_in_order() {
    let world = world([]).await;
    let receiver = Receiver::start([]).await;
    let replicas = [teller(&world), teller(&world), teller(&world)];
    subscribed(&replicas[0], &receiver).await;
    let names: Vec<String> = (10..40).map(|number| format!("j{number}")).collect();
    for name in &names {
        fails(&world, name).await;
    }
    eventually("everything is told", async || {
        let all = futures::future::join_all(replicas.iter().map(|replica| replica.deliver_due())).await;
        assert!(all.iter().all(Result::is_ok), "{all:?}");
        receiver.calls().len() >= names.len()
    })
    .await;
    assert_eq!(receiver.jobs(), names);
}

#[tokio::test]
async fn what_is_committed_late_is_told_late_and_not_passed_over() {
    let world = world([]).await;
    let (teller, receiver) = (teller(&world), Receiver::start([]).await);
    subscribed(&teller, &receiver).await;
    let mut slow = world.sql.begin().await.unwrap();
    fails_in(&mut slow, "written first").await;
    fails(&world, "committed first").await;
    teller.deliver_due().await.unwrap();
    assert_eq!(receiver.jobs(), ["committed first"]);
    slow.commit().await.unwrap();
    teller.deliver_due().await.unwrap();
    assert_eq!(receiver.jobs(), ["committed first", "written first"]);
}

#[tokio::test]
async fn who_is_slow_holds_up_nobody_else() {
    let world = world([]).await;
    let teller = teller(&world);
    let (slow, quick) = (Receiver::start([Answer::Slow]).await, Receiver::start([]).await);
    subscribed(&teller, &slow).await;
    subscribed(&teller, &quick).await;
    for job in ["a", "b", "c"] {
        fails(&world, job).await;
    }
    let (done, ()) = tokio::join!(teller.deliver_due(), async {
        eventually("the quick one is told everything", async || quick.calls().len() == 3).await;
        assert_eq!(slow.calls().len(), 1, "and the slow one nothing before it has accepted the first");
        slow.gate.notify_one();
    });
    done.unwrap();
    assert_eq!((slow.jobs(), quick.jobs()), (quick.jobs(), vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]));
}

#[tokio::test]
async fn who_accepts_nothing_for_a_day_is_disabled_and_told_again_when_enabled() {
    let world = world([]).await;
    let broken = std::iter::repeat_with(|| Answer::Status(500)).take(12);
    let (teller, receiver) = (teller(&world), Receiver::start(broken).await);
    let (webhook, _) = subscribed(&teller, &receiver).await;
    fails(&world, "a").await;
    fails(&world, "b").await;
    for _ in 0..14 {
        teller.deliver_due().await.unwrap();
        world.clock.advance(TimeDelta::hours(7));
    }
    assert_eq!(receiver.calls().len(), 12);
    let stands = teller.all().await.unwrap().remove(0);
    assert_eq!((stands.enabled, stands.disabled_reason.as_deref(), stands.waiting), (false, Some("failing"), 1));
    fails(&world, "while it was disabled").await;
    teller.deliver_due().await.unwrap();

    let enable = evolve_engine::webhooks::Wish { enabled: Some(true), ..Default::default() };
    let stands = teller.change(webhook.id, enable).await.unwrap();
    assert_eq!((stands.enabled, stands.disabled_reason, stands.failing_since), (true, None, None));
    assert_eq!(teller.replay_failed(webhook.id).await.unwrap().count, 1);
    teller.deliver_due().await.unwrap();
    assert_eq!(receiver.jobs()[12..], ["a", "b"]);
    let (replayed, next) = teller.replay(webhook.id, DateTime::UNIX_EPOCH).await.unwrap();
    assert_eq!((replayed.count, next), (3, None));
    assert_eq!(teller.replay(webhook.id, DateTime::UNIX_EPOCH).await.unwrap().0.count, 0, "it waits already");
    teller.deliver_due().await.unwrap();
    assert_eq!(receiver.jobs()[14..], ["a", "b", "while it was disabled"]);
    let id = |place: usize| receiver.calls()[place].header("webhook-id").to_owned();
    assert_eq!((id(0), id(13)), (id(14), id(15)), "what is told again is known by its id");
}

#[tokio::test]
async fn who_says_that_it_is_gone_is_told_nothing_more() {
    let world = world([]).await;
    let (teller, receiver) = (teller(&world), Receiver::start([Answer::Status(410)]).await);
    subscribed(&teller, &receiver).await;
    fails(&world, "a").await;
    fails(&world, "b").await;
    teller.deliver_due().await.unwrap();
    let stands = teller.all().await.unwrap().remove(0);
    assert_eq!((receiver.calls().len(), stands.disabled_reason.as_deref()), (1, Some("gone")));
}

#[tokio::test]
async fn a_rotated_secret_signs_beside_the_one_before_for_a_day() {
    let world = world([]).await;
    let (teller, receiver) = (teller(&world), Receiver::start([]).await);
    let (webhook, old) = subscribed(&teller, &receiver).await;
    let (_, new) = teller.rotate(webhook.id).await.unwrap();
    for _ in 0..2 {
        teller.test(webhook.id).await.unwrap();
        teller.deliver_due().await.unwrap();
        world.clock.advance(TimeDelta::hours(25));
    }
    let signed = |place: usize, secrets: &[_]| {
        let call = &receiver.calls()[place];
        let timestamp = call.header("webhook-timestamp").parse().unwrap();
        let expected = message::signatures(secrets, call.header("webhook-id"), timestamp, &call.body);
        assert_eq!(
            (call.header("webhook-signature"), call.json()["type"].as_str()),
            (expected.as_str(), Some("webhook.test"))
        );
    };
    signed(0, &[new.clone(), old]);
    signed(1, std::slice::from_ref(&new));
    // A form that is sent twice: what they have is not thrown away for what nobody has read.
    teller.rotate(webhook.id).await.unwrap();
    let (_, newest) = teller.rotate(webhook.id).await.unwrap();
    teller.test(webhook.id).await.unwrap();
    teller.deliver_due().await.unwrap();
    signed(2, &[newest, new]);
}
