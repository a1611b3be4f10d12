//! Where other systems are told from, and where never; and what Slack makes of it.

use std::{
    net::IpAddr,
    sync::{Arc, atomic::AtomicUsize},
};

use chrono::TimeDelta;
use evolve_engine::webhooks::{WebhookError, Wish};
use evolve_runtime::{
    http::ClientConfig,
    outside::{Outside, Refused},
};
use evolve_store::webhooks::Kind;
use evolve_testkit::eventually;

use crate::{
    turn_support::{IVAN, World, world},
    webhook_support::{Answer, Leads, Receiver, fails, of, subscribed, teller},
};

#[tokio::test]
async fn an_address_inside_is_refused_when_it_is_given() {
    let world = world([]).await;
    let (strict, receiver) =
        (of(&world, Outside::new("".parse().unwrap(), ClientConfig::default()).unwrap()), Receiver::start([]).await);
    for url in [receiver.url.as_str(), "https://127.0.0.1/", "https://169.254.169.254/latest/meta-data", "nonsense"] {
        let refused = strict.create(Kind::Generic, url, Vec::new()).await;
        assert!(matches!(refused, Err(WebhookError::UrlRefused(_))), "{url}: {refused:?}");
    }
    let teller = teller(&world);
    let (webhook, _) = subscribed(&teller, &receiver).await;
    let inside = Wish { url: Some("https://10.0.0.1/".to_owned()), ..Wish::default() };
    let refused = teller.change(webhook.id, inside).await;
    assert!(matches!(refused, Err(WebhookError::UrlRefused(Refused::NotPublic(_)))), "{refused:?}");
    let unknown = teller.create(Kind::Generic, &receiver.url, vec!["person.said".to_owned()]).await;
    assert!(matches!(unknown, Err(WebhookError::Invalid { field: "events", .. })), "{unknown:?}");
}

#[tokio::test]
async fn a_name_that_leads_inside_later_is_refused_when_it_is_asked() {
    let world = world([]).await;
    let leads = ["8.8.8.8", "127.0.0.1"].map(|address| address.parse::<IpAddr>().unwrap()).to_vec();
    let leads = Arc::new(Leads(leads, AtomicUsize::new(0)));
    let teller = of(&world, Outside::resolving("".parse().unwrap(), ClientConfig::default(), leads).unwrap());
    let (webhook, _) = teller.create(Kind::Generic, "https://hooks.example.org/in", Vec::new()).await.unwrap();
    fails(&world, "a").await;
    teller.deliver_due().await.unwrap();
    let (deliveries, _) = teller.deliveries(webhook.id, None).await.unwrap();
    assert_eq!((deliveries[0].state.as_str(), deliveries[0].status), ("waiting", None));
    let error = deliveries[0].error.clone().unwrap();
    assert!(error.contains("hooks.example.org is at no public address"), "{error}");
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_no_error_shows_the_url() {
    let world = world([]).await;
    let (teller, receiver) = (teller(&world), Receiver::start([Answer::Away]).await);
    let (webhook, _) = subscribed(&teller, &receiver).await;
    let (nobody, _) = teller.create(Kind::Generic, "http://127.0.0.1:1/?token=hidden", Vec::new()).await.unwrap();
    fails(&world, "a").await;
    teller.deliver_due().await.unwrap();
    assert_eq!(receiver.calls().len(), 1);
    for (id, expected) in
        [(webhook.id, "HTTP 307: redirects are not followed"), (nobody.id, "it could not be connected to")]
    {
        let (deliveries, _) = teller.deliveries(id, None).await.unwrap();
        assert_eq!((deliveries[0].state.as_str(), deliveries[0].error.as_deref()), ("waiting", Some(expected)));
    }
    assert_eq!(
        world.count("SELECT count(*) FROM webhooks WHERE url LIKE '%127.0.0.1%' OR secret LIKE 'whsec%'").await,
        0
    );
}

#[tokio::test]
async fn slack_is_told_in_a_line_and_waited_for_as_it_asks() {
    let world = world([]).await;
    let (teller, receiver) = (teller(&world), Receiver::start([Answer::Wait(120)]).await);
    teller.create(Kind::Slack, &receiver.url, vec!["payment.succeeded".to_owned()]).await.unwrap();
    for statement in [
        "INSERT INTO users (id, created_at, last_seen_at) VALUES (42, now(), now())",
        "INSERT INTO payments (id, user_id, charge_id, provider_charge_id, way, currency, amount, matched, paid_at)
         VALUES ('00000000-0000-7000-8000-000000000001', 42, 'charge', '', 'stars', 'XTR', 250, true, now())",
    ] {
        sqlx::query(statement).execute(&world.sql).await.unwrap();
    }
    for (pause, calls) in [(0, 1), (119, 1), (2, 2)] {
        world.clock.advance(TimeDelta::seconds(pause));
        teller.deliver_due().await.unwrap();
        assert_eq!(receiver.calls().len(), calls, "after {pause} s more");
    }
    let call = &receiver.calls()[1];
    let text = "💳 Оплата 250 ⭐: человек 42, платёж 00000000-0000-7000-8000-000000000001";
    assert_eq!(call.json(), serde_json::json!({ "text": text }));
    assert_eq!(call.header("webhook-signature"), "");
}

/// Ivan comes, and his premium is over.
async fn ends(world: &World) {
    for statement in [
        "INSERT INTO users (id, plan, created_at, last_seen_at) VALUES (42, 'premium', now(), now())",
        "UPDATE users SET plan = 'free' WHERE id = 42",
    ] {
        sqlx::query(statement).execute(&world.sql).await.unwrap();
    }
}

const QUOTED: &str = "SELECT count(*) FROM webhook_deliveries WHERE error LIKE '%\"user_id\":42%'";

#[tokio::test]
async fn of_who_was_removed_others_are_told_what_but_not_whom() {
    let world = world([]).await;
    let (teller, receiver) = (teller(&world), Receiver::start([Answer::Status(500)]).await);
    subscribed(&teller, &receiver).await;
    ends(&world).await;
    teller.deliver_due().await.unwrap();
    let removed = world.store().users().delete(IVAN).await.unwrap();
    assert_eq!((removed.counts["events"], removed.remaining), (1, 0));
    world.clock.advance(TimeDelta::minutes(1));
    teller.deliver_due().await.unwrap();
    let told: Vec<_> = receiver.calls().iter().map(|call| call.json()["data"]["user_id"].as_i64()).collect();
    assert_eq!(told, [Some(42), None]);
    assert_eq!(world.where_it_stands("hook?token=hidden").await.len(), 1, "encrypted, where it is kept");
}

#[tokio::test]
async fn who_was_removed_is_not_quoted_in_a_refusal_and_a_version_before_leaves_nothing_either() {
    let world = world([]).await;
    let (teller, receiver) = (teller(&world), Receiver::start([Answer::Quote]).await);
    let (webhook, _) = subscribed(&teller, &receiver).await;
    ends(&world).await;
    teller.deliver_due().await.unwrap();
    assert_eq!(world.count(QUOTED).await, 1);
    // All that such a version does about events.
    sqlx::query("DELETE FROM users WHERE id = 42").execute(&world.sql).await.unwrap();
    let (deliveries, _) = teller.deliveries(webhook.id, None).await.unwrap();
    assert_eq!((deliveries[0].status, deliveries[0].error.as_deref()), (Some(400), None));
    assert_eq!(world.count("SELECT count(*) FROM events WHERE user_id IS NOT NULL").await, 0);
}

#[tokio::test]
async fn who_is_removed_while_a_subscriber_is_asked_is_not_quoted_in_its_refusal_either() {
    let world = world([]).await;
    let (teller, receiver) = (teller(&world), Receiver::start([Answer::SlowQuote]).await);
    subscribed(&teller, &receiver).await;
    ends(&world).await;
    let (done, ()) = tokio::join!(teller.deliver_due(), async {
        eventually("it is asked", async || receiver.calls().len() == 1).await;
        world.store().users().delete(IVAN).await.unwrap();
        receiver.gate.notify_one();
    });
    done.unwrap();
    assert_eq!((receiver.calls().len(), world.count(QUOTED).await), (1, 0));
    assert_eq!(world.count("SELECT count(*) FROM webhook_deliveries WHERE status = 400").await, 1);
}
