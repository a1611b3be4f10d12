//! What happens is written down together with what makes it so; what subscribers are owed goes when it is old.

use chrono::TimeDelta;
use evolve_domain::webhook::EventKind;
use evolve_store::{
    backups::Newest,
    purge::Finished,
    rotate::{Rotated, rotate},
    webhooks::{Kind, NewWebhook},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use uuid::Uuid;

use crate::support::{World, store, world};

async fn happened(world: &World) -> Vec<(String, Option<i64>, Value)> {
    sqlx::query_as("SELECT kind, user_id, data FROM events ORDER BY place").fetch_all(&world.sql).await.unwrap()
}

async fn subscribe(world: &World) -> Uuid {
    let (id, secret) = (Uuid::now_v7(), SecretString::from("whsec_c2VjcmV0"));
    let new = NewWebhook { id, kind: Kind::Generic, url: "https://here/", secret: &secret, events: Vec::new() };
    assert!(world.store.webhooks().create(&new, 1, world.now).await.unwrap());
    assert!(!world.store.webhooks().create(&new, 1, world.now).await.unwrap(), "there are no more than so many");
    id
}

#[tokio::test]
async fn every_kind_is_written_once_by_what_makes_it_so_and_by_nothing_that_was_undone() {
    let world = world().await;
    for statement in [
        "INSERT INTO users (id, plan, created_at, last_seen_at) VALUES (42, 'premium', now(), now())",
        "INSERT INTO payments (id, user_id, charge_id, provider_charge_id, way, currency, amount, matched, paid_at)
         VALUES (gen_random_uuid(), 42, 'charge', '', 'stars', 'XTR', 250, true, now())",
        "UPDATE payments SET refunded_at = now()",
        "UPDATE payments SET refunded_at = now()",
        "UPDATE users SET plan = 'free'",
        "UPDATE users SET plan = 'free', points = 1",
        "INSERT INTO broadcasts (id, key, text, translations, audience, state, send_at, created_at)
         VALUES (gen_random_uuid(), 'k', 'мой секрет', '{}', '{}', 'running', now(), now())",
        "UPDATE broadcasts SET state = 'stopped'",
        "UPDATE broadcasts SET state = 'running'",
        "UPDATE broadcasts SET state = 'done'",
        "INSERT INTO inbox (update_id, ready_at, received_at, payload) VALUES (7, now(), now(), '{\"text\": \"мой секрет\"}')",
        "UPDATE inbox SET state = 'dead', error = 'poison: мой секрет', finished_at = now()",
        "INSERT INTO jobs (name, due_at, attempts) VALUES ('j', now(), 2)",
        "UPDATE jobs SET outcome = 'failed', error = 'мой секрет', finished_at = now()",
        "UPDATE jobs SET attempts = 3, outcome = 'failed', finished_at = now() + interval '1 s'",
        "UPDATE jobs SET attempts = 4, outcome = 'failed', finished_at = now() + interval '2 s'",
    ] {
        sqlx::query(statement).execute(&world.sql).await.unwrap();
    }
    let (newest, day) = (Newest { name: None, since: world.now }, TimeDelta::days(1));
    for told in [true, false] {
        assert_eq!(world.store.backups().tell_old(&newest, day, world.now + day * 2).await.unwrap(), told);
    }
    let mut undone = world.sql.begin().await.unwrap();
    sqlx::query("UPDATE users SET plan = 'premium'").execute(&mut *undone).await.unwrap();
    sqlx::query("UPDATE users SET plan = 'free'").execute(&mut *undone).await.unwrap();
    undone.rollback().await.unwrap();
    let happened = happened(&world).await;
    let kinds: Vec<&str> = happened.iter().map(|(kind, ..)| kind.as_str()).collect();
    let mut known: Vec<&str> =
        EventKind::ALL.iter().filter(|kind| kind.is_chosen()).map(|kind| kind.as_str()).collect();
    // The order of the story.
    known.swap(3, 4);
    assert_eq!(kinds, known);
    let whom: Vec<_> = happened.iter().filter_map(|(_, user_id, _)| *user_id).collect();
    assert_eq!(whom, [42, 42, 42]);
    assert_eq!(happened[5].2, serde_json::json!({ "update_id": 7, "reason": "poison", "attempts": 0 }));
    assert_eq!(world.count("SELECT count(*) FROM events WHERE events::text LIKE '%секрет%'").await, 0);
}

#[tokio::test]
async fn a_job_that_keeps_failing_is_told_once_until_it_comes_through_whichever_of_its_runs_died() {
    let world = world().await;
    let failed = |attempts: i32| {
        let statement = "UPDATE jobs SET attempts = $1, outcome = 'failed', finished_at = clock_timestamp()";
        sqlx::query(statement).bind(attempts).execute(&world.sql)
    };
    sqlx::query("INSERT INTO jobs (name, due_at) VALUES ('j', now())").execute(&world.sql).await.unwrap();
    // Before the fourth, one died.
    for (attempts, told) in [(2, 0), (4, 1), (5, 1)] {
        failed(attempts).await.unwrap();
        assert_eq!(happened(&world).await.len(), told, "after {attempts}");
    }
    let done = "UPDATE jobs SET attempts = 0, outcome = 'done', finished_at = clock_timestamp(), succeeded_at = clock_timestamp()";
    sqlx::query(done).execute(&world.sql).await.unwrap();
    for (attempts, told) in [(1, 1), (3, 2), (4, 2)] {
        failed(attempts).await.unwrap();
        assert_eq!(happened(&world).await.len(), told, "after {attempts} since it came through");
    }
}

#[tokio::test]
async fn what_is_old_goes_with_what_was_owed_for_it_and_what_waits_is_counted() {
    let world = world().await;
    let id = subscribe(&world).await;
    for _ in 0..3 {
        assert!(world.store.webhooks().test(id, Uuid::now_v7(), world.now).await.unwrap());
    }
    let waiting = world.store.queues().waiting(20, world.now).await.unwrap();
    assert!(waiting.iter().any(|queue| (queue.name.as_str(), queue.waiting) == ("webhooks", 3)), "{waiting:?}");
    let page = world.store.webhooks().deliveries(id, None, 2).await.unwrap();
    let rest = world.store.webhooks().deliveries(id, page.last().map(|last| last.id), 2).await.unwrap();
    assert_eq!((page.len(), rest.len()), (2, 1));
    let before = |days| world.now + TimeDelta::days(days) - Finished::Events.kept_for(None);
    assert_eq!(world.store.purge(Finished::Events, before(29), 10).await.unwrap(), 0);
    assert_eq!(world.store.purge(Finished::Events, before(31), 10).await.unwrap(), 3);
    assert_eq!(world.count("SELECT count(*) FROM webhook_deliveries").await, 0);
}

#[tokio::test]
async fn urls_and_secrets_survive_a_change_of_keys() {
    let world = world().await;
    let id = subscribe(&world).await;
    let until = world.now + TimeDelta::days(1);
    assert!(world.store.webhooks().rotate(id, &"whsec_bmV3".into(), until, world.now).await.unwrap());
    let key = fernet::Fernet::generate_key();
    let both = store(&world.url, &format!("{key},{}", world.key));
    assert_eq!(rotate(&both).await.unwrap(), Rotated { seen: 3, changed: 3, ..Rotated::default() });
    let only_new = store(&world.url, &key);
    only_new.webhooks().test(id, Uuid::now_v7(), world.now).await.unwrap();
    let attempt = only_new.webhooks().claim(world.now, TimeDelta::seconds(60)).await.unwrap().unwrap();
    let secrets: Vec<&str> = attempt.secrets.iter().map(|secret| secret.expose_secret()).collect();
    assert_eq!((attempt.url.expose_secret(), secrets), ("https://here/", vec!["whsec_bmV3", "whsec_c2VjcmV0"]));
}
