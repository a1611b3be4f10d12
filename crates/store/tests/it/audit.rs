//! The log of administrators' acts is added to and nothing else, whoever asks.

use chrono::TimeDelta;
use evolve_store::audit::{Entry, Outcome, Wanted};
use serde_json::json;
use uuid::Uuid;

use crate::support::{IVAN, World, store, world};

fn entry(world: &World, act: &str) -> Entry {
    Entry {
        id: Uuid::now_v7(),
        at: world.now,
        actor: "service-key:5f0c2a91".to_owned(),
        address: None,
        request_id: "request".to_owned(),
        act: act.to_owned(),
        subject: world.store.audit().names("person", IVAN).pop(),
        detail: json!({ "days": 7 }),
    }
}

#[tokio::test]
async fn the_log_is_added_to_and_never_changed_not_even_by_its_owner() {
    let world = world().await;
    let first = entry(&world, "person.grant_premium");
    world.store.audit().write(&first, Outcome::Done).await.unwrap();
    // Whoever is not sure writes it again: what stands there stays.
    world.store.audit().write(&first, Outcome::Failed).await.unwrap();
    for attempt in [
        "UPDATE audit_log SET outcome = 'refused'",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        "INSERT INTO audit_log SELECT * FROM audit_log ON CONFLICT (id) DO UPDATE SET actor = 'nobody'",
        "SELECT forget_audit_log(now() - interval '364 days')",
    ] {
        let refused = sqlx::query(attempt).execute(&world.sql).await.unwrap_err();
        assert_eq!(refused.as_database_error().and_then(|error| error.code()).as_deref(), Some("23001"), "{attempt}");
    }
    let rows = world.store.audit().list(&Wanted::default(), 10).await.unwrap();
    assert_eq!((rows.len(), rows[0].outcome.as_str(), rows[0].id), (1, "done", first.id));
}

#[tokio::test]
async fn what_is_older_than_a_year_can_be_forgotten_which_is_itself_in_the_log() {
    let world = world().await;
    let old = Entry { at: world.now - TimeDelta::days(3660), ..entry(&world, "payment.refund") };
    world.store.audit().write(&old, Outcome::Done).await.unwrap();
    world.store.audit().write(&entry(&world, "payment.decline"), Outcome::Done).await.unwrap();
    let forgotten: (i64,) =
        sqlx::query_as("SELECT forget_audit_log('2018-01-01')").fetch_one(&world.sql).await.unwrap();
    assert_eq!(forgotten, (1,));
    let rows = world.store.audit().list(&Wanted::default(), 10).await.unwrap();
    let acts: Vec<_> = rows.iter().map(|row| row.act.as_str()).collect();
    assert!(acts.len() == 2 && acts.contains(&"audit.forget") && acts.contains(&"payment.decline"), "{acts:?}");
    assert!(sqlx::query("DELETE FROM audit_log").execute(&world.sql).await.is_err(), "the guard is back");
}

#[tokio::test]
async fn a_person_is_found_under_an_older_key_of_the_list_and_under_no_other() {
    let world = world().await;
    world.store.audit().write(&entry(&world, "person.grant_premium"), Outcome::Done).await.unwrap();
    let newer = fernet::Fernet::generate_key();
    for (keys, expected) in [(format!("{newer},{}", world.key), 1), (newer.clone(), 0)] {
        let other = store(&world.url, &keys);
        let subjects = Some(other.audit().names("person", IVAN));
        let found = other.audit().list(&Wanted { subjects, ..Wanted::default() }, 10).await.unwrap();
        assert_eq!(found.len(), expected);
    }
}
