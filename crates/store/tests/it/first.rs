//! What the companion says first: not what no longer fits, and what is never sent was never said.

use chrono::{NaiveDate, TimeDelta};
use evolve_domain::profile::ProfilePatch;
use evolve_store::{
    first::{About, Candidate, First},
    history::At,
    outbox::Priority,
    preferences::PreferencesPatch,
    turns::Usage,
};
use uuid::Uuid;

use crate::support::{IVAN, LEASE, World, defaults, world};

/// Somebody who has told something, and allows everything.
async fn talkative() -> World {
    let world = world().await;
    world.say("Привет", "Привет!").await;
    allow(&world, IVAN).await;
    world
}

async fn allow(world: &World, user_id: i64) {
    let both = PreferencesPatch { good_morning: Some(true), follow_ups: Some(true), ..PreferencesPatch::default() };
    world.store.preferences().change(user_id, &both, defaults(), world.now).await.unwrap().unwrap();
}

/// A look at whoever is to be looked at, as if it were time.
async fn look(world: &World) -> Vec<Candidate> {
    sqlx::query("UPDATE settings SET proactive_at = 'epoch' WHERE proactive_at IS NOT NULL")
        .execute(&world.sql)
        .await
        .unwrap();
    world.store.first().claim(5, 12, defaults(), world.now, LEASE).await.unwrap()
}

async fn look_at_them(world: &World) -> Candidate {
    let mut found = look(world).await;
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn how_did_it_go(world: &World) -> First<'static> {
    First {
        day: NaiveDate::from_ymd_opt(2026, 11, 21).unwrap(),
        about: Some(About { fact_id: Uuid::now_v7(), chain: Uuid::now_v7(), day: None }),
        text: "Как прошёл экзамен?",
        until: world.now + TimeDelta::hours(1),
        message_id: Uuid::now_v7(),
        turn_id: Uuid::now_v7(),
        conversation_id: Uuid::now_v7(),
        usage: Usage { input_tokens: 10, output_tokens: 5 },
        now: world.now,
    }
}

async fn says(world: &World, candidate: &Candidate) -> bool {
    world.store.first().say(candidate, &how_did_it_go(world)).await.unwrap()
}

/// That nothing is left of the one thing that was said first but that its day had it.
async fn is_unsaid(world: &World) {
    let shown = world.store.history().page(IVAN, At::End, 10).await.unwrap().messages;
    assert!(shown.iter().all(|message| message.text != "Как прошёл экзамен?"), "{shown:?}");
    assert_eq!(world.count("SELECT count(*) FROM message_terms WHERE term LIKE 'экзам%'").await, 0);
    let candidate = look_at_them(world).await;
    assert_eq!((candidate.newest.len(), candidate.asked), (2, Vec::new()));
    assert_eq!(candidate.wrote_first_on, NaiveDate::from_ymd_opt(2026, 11, 21));
}

#[tokio::test]
async fn what_changed_since_the_look_keeps_it_from_being_said() {
    let world = talkative().await;
    let (preferences, users) = (world.store.preferences(), world.store.users());

    let candidate = look_at_them(&world).await;
    let quiet = PreferencesPatch { quiet: Some("22-8".parse().ok()), ..PreferencesPatch::default() };
    preferences.change(IVAN, &quiet, defaults(), world.now).await.unwrap();
    assert!(!says(&world, &candidate).await, "their quiet hours are others now");

    let candidate = look_at_them(&world).await;
    let moved = ProfilePatch { time_zone: Some(chrono_tz::Asia::Omsk), ..ProfilePatch::default() };
    users.update(IVAN, &moved, defaults(), world.now).await.unwrap();
    assert!(!says(&world, &candidate).await, "it is another hour there");

    for (change, back) in [
        ("INSERT INTO deletions VALUES (42, now(), now() + interval '7 days')", "DELETE FROM deletions"),
        ("UPDATE users SET facts_version = facts_version + 1", "SELECT 1"),
    ] {
        let candidate = look_at_them(&world).await;
        sqlx::query(change).execute(&world.sql).await.unwrap();
        assert!(!says(&world, &candidate).await, "{change}");
        sqlx::query(back).execute(&world.sql).await.unwrap();
    }

    let candidate = look_at_them(&world).await;
    let (_turn, _person) = world.admitted("asked meanwhile").await;
    assert!(!says(&world, &candidate).await, "they are being answered");
    sqlx::query("UPDATE turns SET state = 'failed'").execute(&world.sql).await.unwrap();
    assert!(says(&world, &candidate).await);
}

#[tokio::test]
async fn what_waits_to_be_sent_when_they_want_no_more_of_it_was_never_said() {
    let world = talkative().await;
    let candidate = look_at_them(&world).await;
    assert!(says(&world, &candidate).await);
    let longer = PreferencesPatch { talk_of: Some(vec!["чай".to_owned()]), ..PreferencesPatch::default() };
    world.store.preferences().change(IVAN, &longer, defaults(), world.now).await.unwrap();
    let waiting = "SELECT count(*) FROM outbox WHERE state = 'pending'";
    assert_eq!(world.count(waiting).await, 1, "what has nothing to do with it took it back");
    let quiet = PreferencesPatch { quiet: Some("9-23".parse().ok()), ..PreferencesPatch::default() };
    world.store.preferences().change(IVAN, &quiet, defaults(), world.now).await.unwrap();
    assert_eq!(world.count(waiting).await, 0);
    is_unsaid(&world).await;
}

#[tokio::test]
async fn what_came_too_late_to_be_sent_was_never_said_and_may_be_asked_again() {
    let world = talkative().await;
    let candidate = look_at_them(&world).await;
    assert!(says(&world, &candidate).await);
    let candidate = look_at_them(&world).await;
    assert_eq!((candidate.newest.len(), candidate.asked.len()), (3, 1));
    let owed = world.store.outbox().claim(Uuid::now_v7(), Priority::Notice, world.now, LEASE).await.unwrap().unwrap();
    assert!(world.store.outbox().bury(&owed, "too late", world.now).await.unwrap());
    is_unsaid(&world).await;
}

#[tokio::test]
async fn somebody_who_cannot_be_read_keeps_nobody_else_waiting() {
    let world = talkative().await;
    world.store.users().update(43, &ProfilePatch::default(), defaults(), world.now).await.unwrap();
    allow(&world, 43).await;
    sqlx::query("UPDATE users SET profile = 'no token' WHERE id = 42").execute(&world.sql).await.unwrap();
    let readable: Vec<i64> = look(&world).await.iter().map(|candidate| candidate.user_id).collect();
    assert_eq!(readable, [43]);
    let later = world.store.first().claim(5, 12, defaults(), world.now + LEASE, LEASE).await.unwrap();
    assert_eq!(later.len(), 1, "it is tried again all the time");
}
