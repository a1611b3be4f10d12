//! The companion writes first: to those who allow it, once a day, about what they told, and to nobody else.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::plan::Plans;
use evolve_engine::{
    first::write_to_some,
    memories::{Correction, Memories},
    model::{ModelError, Request, Role, Script, Step},
    prompt::Persona,
};
use evolve_store::preferences::PreferencesPatch;
use serde_json::json;

use crate::turn_support::{IVAN, World, world_of};

/// A companion who remembers an exam, says good morning, and asks after what it is to ask after.
fn companion(request: &Request) -> Step {
    let said = request.context.last().map(|message| message.text()).unwrap_or_default();
    let last = said.lines().last().unwrap_or_default();
    if request.system.contains("# Начинаешь разговор") {
        assert!(request.tools.is_empty() && request.context.first().unwrap().role == Role::User);
        return match last.strip_prefix("- [2026-11-23] ") {
            Some(plan) => Step::say(format!("Ну как: {plan}?")),
            None => Step::say("Доброе утро!"),
        };
    }
    match last {
        "В понедельник экзамен" => Step::call(
            "remember",
            json!({"fact": "Сдаёт экзамен по физике", "category": "plans", "date": "2026-11-23"}),
        ),
        "Хочу на море" => Step::call("remember", json!({"fact": "Хочет на море", "category": "plans"})),
        "В понедельник всё решу" => Step::call(
            "remember",
            json!({"fact": "Хочет умереть, решит в понедельник", "category": "plans", "date": "2026-11-23"}),
        ),
        _ => Step::say("ага"),
    }
}

async fn told(allowed: PreferencesPatch) -> World {
    let world = world_of(Script::with(companion)).await;
    world.say("В понедельник экзамен").await.unwrap();
    allow(&world, &allowed).await;
    world
}

/// By somebody who says that they live in Moscow.
async fn allow(world: &World, allowed: &PreferencesPatch) {
    let defaults = Persona::default().default_settings();
    let allowed = &PreferencesPatch { time_zone: Some(chrono_tz::Europe::Moscow), ..allowed.clone() };
    world.store().preferences().change(IVAN, allowed, defaults, world.clock.now()).await.unwrap().unwrap();
}

fn both() -> PreferencesPatch {
    PreferencesPatch { good_morning: Some(true), follow_ups: Some(true), ..PreferencesPatch::default() }
}

/// Looks once an hour until then, as the job does once a minute.
async fn until(world: &World, time: &str) {
    let time: DateTime<Utc> = time.parse().unwrap();
    while world.clock.now() < time {
        while write_to_some(&world.engine).await {}
        world.clock.advance(TimeDelta::minutes(30));
    }
}

/// What was said first, and when, in Moscow; without its words where it was taken back.
async fn said(world: &World) -> Vec<(String, String)> {
    let sql = "SELECT COALESCE(params ->> 'text', ''), to_char(created_at AT TIME ZONE 'Europe/Moscow', 'DD HH24') FROM outbox
               WHERE method = 'first' ORDER BY id";
    sqlx::query_as(sql).fetch_all(&world.sql).await.unwrap()
}

fn said_at(text: &str, at: &str) -> (String, String) {
    (text.to_owned(), at.to_owned())
}

#[tokio::test]
async fn a_plan_is_asked_after_on_its_evening_and_mornings_are_greeted_before_but_only_once_a_day() {
    let world = told(both()).await;
    let points = world.count("SELECT points FROM users").await;
    until(&world, "2026-11-24T12:00:00Z").await;
    let expected = [
        said_at("Доброе утро!", "22 08"),
        said_at("Ну как: Сдаёт экзамен по физике?", "23 20"),
        said_at("Доброе утро!", "24 08"),
    ];
    let said = said(&world).await;
    assert_eq!(said, expected);
    assert_eq!(world.count("SELECT count(*) FROM proactive_messages WHERE fact_id IS NOT NULL").await, 1);
    assert_eq!(world.count("SELECT points FROM users").await, points, "a first word earns nothing");
    assert!(world.count("SELECT sum(output_tokens)::bigint FROM usage_days WHERE messages = 0").await > 0);
    assert_eq!(world.used_today().await, 1, "it is taken from nobody's quota");

    // What was said first is part of the conversation that it began.
    world.say("Сдал!").await.unwrap();
    let context = world.last_request().context;
    let texts: Vec<String> = context.iter().map(|message| message.text()).collect();
    assert!(texts.iter().any(|text| text.contains("Доброе утро!")), "{texts:?}");
}

#[tokio::test]
async fn a_first_word_after_a_fresh_start_is_still_seen_by_the_answer_to_the_reply() {
    let world = told(both()).await;
    world.store().users().end_conversation(IVAN, world.clock.now()).await.unwrap();
    until(&world, "2026-11-22T07:00:00Z").await;
    assert_eq!(said(&world).await.len(), 1);
    world.say("И тебе!").await.unwrap();
    let context = world.last_request().context;
    assert!(
        context.iter().any(|message| message.role == Role::Assistant && message.text() == "Доброе утро!"),
        "{context:?}"
    );
}

#[tokio::test]
async fn nothing_is_said_in_quiet_hours_nor_what_was_not_allowed_nor_after_it_was_forbidden() {
    let quiet = Some(Some("22-10".parse().unwrap()));
    let mornings = PreferencesPatch { quiet, good_morning: Some(true), ..PreferencesPatch::default() };
    let world = told(mornings).await;
    until(&world, "2026-11-23T20:00:00Z").await;
    assert_eq!(said(&world).await, [said_at("Доброе утро!", "22 10"), said_at("Доброе утро!", "23 10")]);
    allow(&world, &PreferencesPatch { good_morning: Some(false), ..PreferencesPatch::default() }).await;
    until(&world, "2026-11-25T20:00:00Z").await;
    assert_eq!(said(&world).await.len(), 2);
    assert_eq!(world.count("SELECT count(*) FROM settings WHERE proactive_at IS NOT NULL").await, 0);
}

#[tokio::test]
async fn who_was_in_danger_or_has_blocked_the_bot_or_does_not_answer_is_left_in_peace() {
    let danger = told(both()).await;
    danger.say("Я больше не хочу жить").await.unwrap();
    until(&danger, "2026-11-25T20:00:00Z").await;
    assert_eq!(said(&danger).await, []);

    // Talking of something else for a while does not make it another life.
    let distracted = told(both()).await;
    distracted.say("Я больше не хочу жить").await.unwrap();
    for _ in 0..8 {
        distracted.say("Какая сегодня погода?").await.unwrap();
    }
    until(&distracted, "2026-11-28T12:00:00Z").await;
    assert_eq!(said(&distracted).await, []);
    until(&distracted, "2026-11-29T12:00:00Z").await;
    assert_eq!(said(&distracted).await, [said_at("Доброе утро!", "29 08")]);

    let blocked = told(both()).await;
    blocked.store().outbox().close(IVAN, blocked.clock.now()).await.unwrap();
    until(&blocked, "2026-11-23T20:00:00Z").await;
    assert_eq!(said(&blocked).await, []);

    let silent = told(both()).await;
    until(&silent, "2026-12-15T20:00:00Z").await;
    assert_eq!(said(&silent).await.len(), 3, "three unanswered words are enough");
    silent.say("Привет!").await.unwrap();
    until(&silent, "2026-12-16T20:00:00Z").await;
    assert_eq!(said(&silent).await.len(), 4);
}

#[tokio::test]
async fn words_that_cannot_be_sent_are_asked_for_twice_and_then_left_for_the_day() {
    let is_first = |request: &Request| request.system.contains("# Начинаешь разговор");
    let longwinded = move |request: &Request| Step::say("утро ".repeat(if is_first(request) { 1000 } else { 1 }));
    let world = world_of(Script::with(longwinded)).await;
    world.say("Привет").await.unwrap();
    allow(&world, &both()).await;
    let spent = "SELECT sum(output_tokens)::bigint FROM usage_days";
    let before = (world.script.requests().len(), world.count(spent).await);
    until(&world, "2026-11-22T20:00:00Z").await;
    assert_eq!(world.script.requests().len() - before.0, 2);
    assert!(world.count(spent).await > before.1, "what they cost is not booked");
    assert_eq!(said(&world).await, []);
}

#[tokio::test]
async fn replicas_that_look_at_once_say_it_once_and_a_model_that_is_away_is_asked_again_while_it_is_morning() {
    let world = told(both()).await;
    until(&world, "2026-11-22T05:00:00Z").await;
    let failing = Script::always(Step::Fail(ModelError::Unavailable {
        status: None,
        reason: "away".to_owned(),
        retry_after: None,
    }));
    let (broken, _tasks) = world.replica(&world.url, &failing);
    world.clock.advance(TimeDelta::minutes(30));
    while write_to_some(&broken).await {}
    assert_eq!(said(&world).await, []);
    world.clock.advance(TimeDelta::minutes(31));
    let (other, _other_tasks) = world.replica(&world.url, &world.script);
    tokio::join!(write_to_some(&world.engine), write_to_some(&other), write_to_some(&world.engine));
    assert_eq!(said(&world).await.len(), 1);
    // Even if the look itself were forgotten, the day has its word.
    sqlx::query("UPDATE settings SET proactive_at = 'epoch'").execute(&world.sql).await.unwrap();
    while write_to_some(&world.engine).await {}
    assert_eq!(said(&world).await.len(), 1);
}

#[tokio::test]
async fn nobody_is_asked_how_a_plan_to_end_their_life_went() {
    let world = world_of(Script::with(companion)).await;
    world.say("В понедельник всё решу").await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM facts").await, 1);
    allow(&world, &PreferencesPatch { follow_ups: Some(true), ..PreferencesPatch::default() }).await;
    until(&world, "2026-11-25T20:00:00Z").await;
    assert_eq!(said(&world).await, []);
}

#[tokio::test]
async fn a_plan_that_was_put_right_is_asked_after_on_its_day_and_one_without_a_day_not_at_all() {
    let follow_ups = || PreferencesPatch { follow_ups: Some(true), ..PreferencesPatch::default() };
    let right = async |world: &World, words: &str| {
        let defaults = Persona::default().default_settings();
        let memories = Memories::new(world.store(), world.clock.clone(), Plans::default(), defaults);
        let fact = world.store().facts().book(IVAN).await.unwrap().facts[0].id;
        let correction = Correction { content: Some(words), ..Correction::default() };
        world.clock.advance(TimeDelta::minutes(1));
        memories.correct(IVAN, fact, correction).await.unwrap();
    };
    let exam = told(follow_ups()).await;
    right(&exam, "Сдаёт экзамен по химии").await;
    until(&exam, "2026-12-03T12:00:00Z").await;
    assert_eq!(said(&exam).await, [said_at("Ну как: Сдаёт экзамен по химии?", "23 20")]);

    for (is_right, times) in [(false, 1), (true, 0)] {
        let sea = world_of(Script::with(companion)).await;
        sea.say("Хочу на море").await.unwrap();
        allow(&sea, &follow_ups()).await;
        if is_right {
            right(&sea, "Хочет на море в мае").await;
        }
        until(&sea, "2026-12-03T12:00:00Z").await;
        assert_eq!(said(&sea).await.len(), times);
    }
}

#[tokio::test]
async fn nobody_is_written_to_who_never_said_where_they_live() {
    let world = told(PreferencesPatch { good_morning: Some(true), ..PreferencesPatch::default() }).await;
    sqlx::query("UPDATE settings SET zone_is_chosen = false").execute(&world.sql).await.unwrap();
    until(&world, "2026-11-24T12:00:00Z").await;
    assert_eq!(said(&world).await, []);
    allow(&world, &PreferencesPatch::default()).await;
    until(&world, "2026-11-25T12:00:00Z").await;
    assert_eq!(said(&world).await, [said_at("Доброе утро!", "25 08")]);
}
