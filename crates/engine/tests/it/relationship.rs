//! A relationship grows: stories of turns.

use std::sync::Arc;

use chrono::TimeDelta;
use evolve_domain::relationship::{Decay, Kind, LevelUp, Relationship, rules::DAILY_CAP};
use evolve_engine::{
    model::{ModelError, Script, Step},
    profiles::ProfileError,
    relationships::Relationships,
    turn::TurnReply,
};
use evolve_testkit::proxy::CountingProxy;
use serde_json::json;
use tokio::sync::Notify;

use crate::turn_support::{IVAN, World, keyed, message, world, world_of};

async fn talkative() -> World {
    world_of(Script::always(Step::say("hello"))).await
}

async fn points(world: &World) -> i64 {
    world.count("SELECT points FROM users").await
}

async fn give(world: &World, points: i64) {
    sqlx::query("UPDATE users SET points = $1").bind(points).execute(&world.sql).await.unwrap();
}

fn acquaintance() -> Option<LevelUp> {
    Some(LevelUp { level: 2, name: "Знакомый".to_owned() })
}

#[tokio::test]
async fn coming_every_day_is_worth_more_than_writing_a_lot() {
    let world = talkative().await;
    for _ in 0..50 {
        world.say("hi").await.unwrap();
    }
    assert_eq!(points(&world).await, DAILY_CAP, "grinding was worth it");
    for day in 1..=4 {
        world.clock.advance(TimeDelta::days(1));
        world.say("hi").await.unwrap();
        let expected = DAILY_CAP + (1..=day).map(|day| 1 + (day + 1).min(5)).sum::<i64>();
        assert_eq!(points(&world).await, expected, "day {day}");
    }
}

#[tokio::test]
async fn a_level_is_celebrated_with_the_answer_that_reached_it_and_only_with_that_one() {
    let world = talkative().await;
    world.say("hi").await.unwrap();
    give(&world, 99).await;
    let reached = world.engine.chat(keyed("how are you?", "k"), None).await.unwrap();
    assert_eq!((reached.level_up.clone(), reached.replayed), (acquaintance(), false));
    assert!(world.last_system().contains("Вы только познакомились."), "the level was there before it was reached");
    assert_eq!(world.say("good").await.unwrap().level_up, None);
    assert!(world.last_system().contains("Вы уже знакомы."), "{}", world.last_system());
    // Whoever did not hear the answer asks again and hears the same, whatever happened since.
    sqlx::query("UPDATE settings SET language = 'en'").execute(&world.sql).await.unwrap();
    let again = world.engine.chat(keyed("how are you?", "k"), None).await.unwrap();
    assert_eq!(again, TurnReply { replayed: true, ..reached });
}

#[tokio::test]
async fn a_duplicate_that_waits_for_the_answer_hears_of_the_level_too() {
    let gate = Arc::new(Notify::new());
    let world = world([Step::say("hello"), Step::After(gate.clone(), Box::new(Step::say("once")))]).await;
    world.say("hi").await.unwrap();
    give(&world, 99).await;
    let (replica, _tasks) = world.replica(&world.url, &world.script);
    let release = async {
        world.script.asked(2).await;
        gate.notify_one();
    };
    let (one, two, ()) =
        tokio::join!(world.engine.chat(keyed("hi", "k"), None), replica.chat(keyed("hi", "k"), None), release);
    assert_eq!((one.unwrap().level_up, two.unwrap().level_up), (acquaintance(), acquaintance()));
    assert_eq!(points(&world).await, 100, "one message earned twice");
}

#[tokio::test]
async fn turns_of_one_person_that_end_at_once_are_all_answered_and_one_of_them_reaches_the_level() {
    let gate = Arc::new(Notify::new());
    let hold = gate.clone();
    let world =
        world_of(Script::with(move |request| match request.context.last().map(|said| said.text()).as_deref() {
            Some("first") => Step::say("hello"),
            _ => Step::After(hold.clone(), Box::new(Step::say("hello"))),
        }))
        .await;
    world.say("first").await.unwrap();
    give(&world, 97).await;
    let turns = (0..8).map(|i| world.engine.chat(message(&format!("{i}")), None));
    let release = async {
        world.script.asked(9).await;
        // They have all been admitted with the same points, and end together.
        evolve_testkit::eventually("all are answered", async || {
            gate.notify_waiters();
            world.count("SELECT count(*) FROM turns WHERE state = 'done'").await == 9
        })
        .await;
    };
    let (answers, ()) = tokio::join!(futures::future::join_all(turns), release);
    let reached = answers.into_iter().filter_map(|answer| answer.unwrap().level_up).collect::<Vec<_>>();
    assert_eq!(reached, acquaintance().into_iter().collect::<Vec<_>>());
    assert_eq!(points(&world).await, 97 + 8);
}

#[tokio::test]
async fn a_turn_that_fails_earns_nothing_and_does_not_count_as_a_day() {
    let down = ModelError::Unavailable { status: Some(503), reason: "overloaded".to_owned(), retry_after: None };
    let world = world([Step::say("hello"), Step::Fail(down), Step::say("hello")]).await;
    world.say("hi").await.unwrap();
    world.clock.advance(TimeDelta::days(1));
    world.say("hi").await.unwrap_err();
    assert_eq!(points(&world).await, 1);
    world.clock.advance(TimeDelta::days(1));
    world.say("hi").await.unwrap();
    assert_eq!(points(&world).await, 2, "the day of the failure was part of a streak");
    assert_eq!(world.count("SELECT count(*) FROM relationship_events").await, 2);
}

#[tokio::test]
async fn who_comes_back_is_welcome_and_sees_what_it_was_for() {
    let remember = Step::call("remember", json!({"fact": "живёт в Твери", "category": "identity"}));
    let world = world([Step::say("hello"), remember, Step::say("hello again")]).await;
    let view = Relationships::new(
        world.store(),
        world.clock.clone(),
        Relationship { decay: Decay::new(7, 2), ..Relationship::default() },
        evolve_engine::prompt::Persona::default().default_settings(),
    );
    assert!(matches!(view.of(IVAN).await, Err(ProfileError::NotFound)));
    world.say("hi").await.unwrap();
    give(&world, 150).await;
    world.clock.advance(TimeDelta::days(10));
    // Three days beyond the grace; not written yet, but shown.
    let away = view.of(IVAN).await.unwrap();
    assert_eq!((away.points, away.streak, away.points_today), (144, 0, 0));
    assert_eq!((away.lately[0].kind, away.lately[0].points), (Kind::Decay, -6));
    world.say("I live in Tver now").await.unwrap();
    let back = view.of(IVAN).await.unwrap();
    let lately: Vec<_> = back.lately.iter().map(|line| (line.kind, line.points)).collect();
    // The engine of these turns has no decay.
    assert_eq!(
        lately,
        [(Kind::LevelUp, 0), (Kind::Fact, 2), (Kind::Message, 1), (Kind::Return, 5), (Kind::Message, 1)]
    );
    assert_eq!(back.lately[0].level.as_ref().map(|level| level.name.as_str()), Some("Знакомый"));
    assert_eq!((back.points, back.streak, back.points_today, back.points_a_day), (158, 1, 8, DAILY_CAP));
    assert_eq!((back.level.name.as_str(), back.level.points, back.levels), ("Знакомый", 100, 5));
    assert_eq!(back.next.map(|next| (next.name, next.points)), Some(("Друг".to_owned(), 300)));
}

#[tokio::test]
async fn reaching_a_level_costs_no_more_round_trips_than_any_other_turn() {
    let world = world([]).await;
    let proxy = CountingProxy::postgres(&world.url).await.unwrap();
    let (engine, _tasks) = world.replica(proxy.url(), &Script::always(Step::say("hello")));
    for _ in 0..40 {
        engine.chat(message("warm up"), None).await.unwrap();
    }
    sqlx::query("UPDATE users SET points = 99, points_today = 0").execute(&world.sql).await.unwrap();
    proxy.reset();
    assert_eq!(engine.chat(message("hi"), None).await.unwrap().level_up, acquaintance());
    assert_eq!(proxy.statements().len(), 3, "{:#?}", proxy.statements());
}
