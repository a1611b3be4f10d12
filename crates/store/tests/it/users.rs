//! People: their profile, and their removal.

use std::collections::BTreeSet;

use evolve_domain::{language::Language, profile::ProfilePatch};
use evolve_store::{
    inbox::NewUpdate,
    outbox::{NewOutgoing, Priority},
};
use serde_json::json;

use crate::support::{IVAN, defaults, learning, work, world};

#[tokio::test]
async fn a_profile_is_encrypted_and_changes_field_by_field() {
    let world = world().await;
    assert!(world.store.users().profile(IVAN, defaults()).await.unwrap().is_none());
    let patch = ProfilePatch {
        name: Some(Some("Иван".to_owned())),
        city: Some(Some("Тверь".to_owned())),
        ..ProfilePatch::default()
    };
    world.store.users().update(IVAN, &patch, defaults(), world.now).await.unwrap();
    let patch = ProfilePatch { city: Some(None), language: Some(Language::En), ..ProfilePatch::default() };
    let written = world.store.users().update(IVAN, &patch, defaults(), world.now).await.unwrap();
    let read = world.store.users().profile(IVAN, defaults()).await.unwrap().unwrap();
    assert_eq!(read, written);
    assert_eq!(read.profile.name.as_deref(), Some("Иван"));
    assert_eq!(read.profile.city, None);
    assert_eq!(read.settings.language, Language::En);
    assert_eq!(world.count("SELECT count(*) FROM users WHERE profile LIKE '%Иван%'").await, 0);
}

#[tokio::test]
async fn concurrent_changes_of_one_profile_are_all_kept() {
    let world = world().await;
    let patches = [
        ProfilePatch { name: Some(Some("Иван".to_owned())), ..ProfilePatch::default() },
        ProfilePatch { city: Some(Some("Тверь".to_owned())), ..ProfilePatch::default() },
        ProfilePatch { gender: Some(Some("male".to_owned())), ..ProfilePatch::default() },
        ProfilePatch { occupation: Some(Some("повар".to_owned())), ..ProfilePatch::default() },
    ];
    let users = world.store.users();
    let all = patches.iter().map(|patch| users.update(IVAN, patch, defaults(), world.now));
    futures::future::try_join_all(all).await.unwrap();
    let profile = world.store.users().profile(IVAN, defaults()).await.unwrap().unwrap().profile;
    assert!(
        profile.name.is_some() && profile.city.is_some() && profile.gender.is_some() && profile.occupation.is_some()
    );
}

#[tokio::test]
async fn deletion_removes_everything_and_proves_it() {
    let world = world().await;
    let (turn, person) = world.admitted("a").await;
    let learnt = learning("likes tea");
    let mut done = work("I like tea", "Noted", world.now);
    done.facts = &learnt;
    assert!(world.store.turns().persist(&turn, &person, &done).await.unwrap().is_written());
    let update = NewUpdate {
        update_id: 1,
        chat_id: Some(IVAN),
        user_id: Some(IVAN),
        payload: json!({"update_id": 1}),
        urgent: false,
        trace: None,
    };
    world.store.inbox().put(std::slice::from_ref(&update), world.now).await.unwrap();
    let owed = NewOutgoing {
        chat_id: IVAN,
        user_id: Some(IVAN),
        key: "k".to_owned(),
        method: "sendMessage".to_owned(),
        params: json!({"text": "secret"}),
        priority: Priority::Reply,
    };
    world.store.outbox().put(&[owed], world.now).await.unwrap();
    let running = world.admitted("b").await;

    let deleted = world.store.users().delete(IVAN).await.unwrap();
    assert_eq!(deleted.remaining, 0);
    assert_eq!((deleted.counts["users"], deleted.counts["messages"], deleted.counts["turns"]), (1, 2, 2));

    let late = world.store.turns().persist(&running.0, &running.1, &work("hi", "hello", world.now)).await.unwrap();
    assert!(!late.is_written(), "a turn that was under way brought a deleted person back");
    assert_eq!(world.store.inbox().put(&[update], world.now).await.unwrap(), 0, "Telegram's repetition came through");
    assert_eq!(world.count("SELECT count(*) FROM inbox WHERE payload IS NOT NULL OR chat_id IS NOT NULL").await, 0);

    // Whatever table has a user_id was cleared: a new one that the removal forgets is found here.
    let tables: Vec<(String,)> = sqlx::query_as(
        "SELECT DISTINCT c.table_name::text FROM information_schema.columns c JOIN pg_class p ON p.relname = c.table_name
         WHERE c.table_schema = 'public' AND c.column_name = 'user_id' AND NOT p.relispartition AND p.relkind IN ('r', 'p')",
    )
    .fetch_all(&world.sql)
    .await
    .unwrap();
    let known: BTreeSet<_> = deleted.counts.keys().map(String::as_str).collect();
    for (table,) in &tables {
        assert!(known.contains(table.as_str()), "the removal does not know of {table}");
    }
    assert!(tables.len() >= 10);
}

#[tokio::test]
async fn what_a_removal_leaves_is_counted_in_every_table() {
    let world = world().await;
    world.say("Hi", "Hello").await;
    world.store.consents().decide(IVAN, 1, true, world.now).await.unwrap();
    sqlx::raw_sql(
        "INSERT INTO message_vectors (user_id, number, month, model) SELECT id, 1, '2026-11-01', 'm' FROM users;
         INSERT INTO vector_progress (user_id, model, upto) SELECT id, 'm', 1 FROM users;
         CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER keep BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION keep();
         CREATE TRIGGER keep BEFORE DELETE ON consents FOR EACH ROW EXECUTE FUNCTION keep();
         CREATE TRIGGER keep BEFORE DELETE ON message_vectors FOR EACH ROW EXECUTE FUNCTION keep();
         CREATE TRIGGER keep BEFORE DELETE ON vector_progress FOR EACH ROW EXECUTE FUNCTION keep();",
    )
    .execute(&world.sql)
    .await
    .unwrap();
    assert_eq!(world.store.users().delete(IVAN).await.unwrap().remaining, 4);
}
