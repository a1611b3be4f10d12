//! A copy of everything holds everything.

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};
use evolve_store::exports::{Asked, SECTIONS};

use crate::support::{IVAN, defaults, world};

/// In the copy by other ways: what was said, facts, summaries, settings.
const OTHERWISE: [&str; 5] = ["messages", "conversations", "summaries", "weeks", "facts"];
/// Not in it: how the others are found (`message_terms` and `message_vectors` are indexes of `messages`, as the vectors of `facts`
/// are of these), and what is under way. So is what waits in the inbox, of which only what could not be answered is copied. `events` repeat
/// what payments say, for other systems. `report_person_days` and `report_tops` count what is in the copy, or is gone from it.
const LEFT_OUT: [&str; 8] = [
    "message_terms",
    "message_vectors",
    "vector_progress",
    "outbox",
    "stops",
    "events",
    "report_person_days",
    "report_tops",
];

#[tokio::test]
async fn every_table_that_holds_something_of_a_person_is_in_their_copy() {
    let world = world().await;
    let tables: Vec<(String,)> = sqlx::query_as(
        "SELECT DISTINCT c.table_name::text FROM information_schema.columns c JOIN pg_class p ON p.relname = c.table_name
         WHERE c.table_schema = 'public' AND c.column_name = 'user_id' AND NOT p.relispartition AND p.relkind IN ('r', 'p')",
    )
    .fetch_all(&world.sql)
    .await
    .unwrap();
    let found: BTreeSet<&str> = tables.iter().map(|(table,)| table.as_str()).collect();
    let known: BTreeSet<&str> = SECTIONS.iter().map(|(table, _)| *table).chain(OTHERWISE).chain(LEFT_OUT).collect();
    assert_eq!(found, known, "put the table into SECTIONS, or say here why it is left out");
    assert!(world.store.exports().sections(IVAN).await.unwrap().values().all(|rows| rows.is_array()));
}

#[tokio::test]
async fn a_copy_is_granted_once_a_day_however_often_and_by_how_many_it_is_asked_for() {
    let world = world().await;
    let exports = world.store.exports();
    assert_eq!(exports.ask(IVAN, defaults(), world.now).await.unwrap(), Asked::Nobody);
    world.say("Привет", "Привет!").await;
    let all = futures::future::join_all((0..4).map(|_| exports.ask(IVAN, defaults(), world.now))).await;
    assert_eq!(all.iter().filter(|asked| matches!(asked, Ok(Asked::Granted))).count(), 1, "{all:?}");
    assert!(exports.is_asked(IVAN, world.now - TimeDelta::hours(24)).await.unwrap());
    assert!(!exports.is_asked(IVAN, world.now).await.unwrap());
    // It is 15 o'clock in Moscow.
    assert_eq!(exports.ask(IVAN, defaults(), world.now + TimeDelta::hours(9)).await.unwrap(), Asked::Granted);
}

#[tokio::test]
async fn conversations_are_read_in_portions_without_a_gap_or_a_repetition() {
    let world = world().await;
    let exports = world.store.exports();
    for day in 0..5 {
        world.say_at("Привет", "Привет!", world.now + TimeDelta::days(day)).await;
        world.store.users().end_conversation(IVAN, world.now + TimeDelta::days(day)).await.unwrap();
    }
    let mut days = Vec::new();
    let mut last = None;
    loop {
        let talks = exports.talks(IVAN, last.as_ref(), 2).await.unwrap();
        days.extend(talks.iter().map(|talk| (talk.started_at - world.now).num_days()));
        if talks.len() < 2 {
            break;
        }
        last = talks.into_iter().next_back();
    }
    assert_eq!(days, [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn a_title_that_no_key_opens_is_left_out_and_takes_no_other_conversation_along() {
    let world = world().await;
    for day in 0..2 {
        world.say_at("Привет", "Привет!", world.now + TimeDelta::days(day)).await;
        world.store.users().end_conversation(IVAN, world.now + TimeDelta::days(day)).await.unwrap();
    }
    let spoil = "UPDATE conversations SET title = 'broken'
                 WHERE started_at = (SELECT min(started_at) FROM conversations)";
    sqlx::query(spoil).execute(&world.sql).await.unwrap();
    let listed = world.store.conversations().list(IVAN, None, 10).await.unwrap();
    assert!(listed.len() == 2 && listed.iter().all(|talk| talk.title.is_none()), "{listed:?}");
    assert_eq!(world.store.exports().talks(IVAN, None, 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_week_that_no_key_opens_is_left_out_and_takes_no_other_along() {
    let world = world().await;
    world.say("Привет", "Привет!").await;
    let told = fernet::Fernet::new(&world.key).unwrap().encrypt("О чае.".as_bytes());
    for (monday, content) in [("2026-11-09", "broken"), ("2026-11-16", told.as_str())] {
        sqlx::query(
            "INSERT INTO weeks (user_id, starts_on, content, stale, updated_at) VALUES ($1, $2::date, $3, false, $4)",
        )
        .bind(IVAN)
        .bind(monday)
        .bind(content)
        .bind(world.now)
        .execute(&world.sql)
        .await
        .unwrap();
    }
    let weeks = world.store.exports().weeks(IVAN).await.unwrap();
    let monday: NaiveDate = "2026-11-16".parse().unwrap();
    assert_eq!(weeks, [(monday, "О чае.".to_owned())]);
}
