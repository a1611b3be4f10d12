//! Weeks are summed up when they are over, and told of when their conversations are no longer told of one by one.

use chrono::TimeDelta;
use evolve_domain::{language::Language, plan::Plans};
use evolve_engine::{
    conversations,
    memories::Memories,
    model::{ModelError, Request, Script, Step},
    prompt::Persona,
    summary,
};
use serde_json::json;

use crate::turn_support::{IVAN, World, world_of};

/// A companion who sums up a talk as what the person said first in it, and a week as what its talks were.
fn companion(request: &Request) -> Step {
    let material = request.context.last().map(|message| message.text()).unwrap_or_default();
    if !request.tools.is_empty() {
        return match material.as_str() {
            "Боюсь пауков" => Step::call("remember", json!({"fact": "Боится пауков", "category": "health"})),
            _ => Step::say("ага"),
        };
    }
    if request.system.contains("за одну неделю") {
        return Step::say(format!("Неделя:\n{}", material.replace("\n- ", "; ")));
    }
    let said = material.lines().find_map(|line| line.split_once("Person: ")).map_or("ничего", |(_, said)| said);
    Step::say(json!({"title": said, "summary": format!("Говорил: {said}.")}).to_string())
}

/// A talk a day, each of them ended by silence and summed up, from the Saturday of 21 November on.
async fn talks(world: &World, said: &[&str]) {
    for text in said {
        world.say(text).await.unwrap();
        world.clock.advance(TimeDelta::hours(24));
        while conversations::end_some(&world.engine).await.unwrap() > 0 {}
        while summary::sum_up_one(&world.engine).await {}
        while summary::sum_up_week(&world.engine).await {}
    }
}

/// What the model was last told of earlier times.
fn earlier(world: &World) -> String {
    world.last_system().split_once("# Earlier\n").map(|(_, earlier)| earlier.to_owned()).unwrap_or_default()
}

#[tokio::test]
async fn a_week_that_is_refused_is_asked_for_less_and_less_often() {
    let world = world_of(Script::with(|request| {
        if request.system.contains("за одну неделю") {
            return Step::Fail(ModelError::Blocked { reason: "SAFETY".to_owned() });
        }
        companion(request)
    }))
    .await;
    talks(&world, &["ёлка", "снег"]).await;
    for _ in 0..30 {
        summary::sum_up_due(&world.engine, || false).await;
        world.clock.advance(TimeDelta::minutes(2));
    }
    let tried = "SELECT max(attempts)::bigint FROM weeks WHERE starts_on = '2026-11-16'";
    assert_eq!((world.count(WEEKS).await, world.count(tried).await), (0, 5));
}

const WEEKS: &str = "SELECT count(*) FROM weeks WHERE content IS NOT NULL";

#[tokio::test]
async fn a_week_is_told_of_once_its_conversations_are_not() {
    let world = world_of(Script::with(companion)).await;
    talks(&world, &["ёлка", "снег"]).await;
    assert_eq!(world.count(WEEKS).await, 1, "it is Monday");
    assert!(!summary::sum_up_week(&world.engine).await, "a week that is summed up is left alone");
    world.say("лыжи").await.unwrap();
    assert_eq!(earlier(&world), "Говорил: ёлка.\nГоворил: снег.", "nothing is told twice");
    talks(&world, &["горы", "коньки", "санки", "каток"]).await;
    world.say("Что было?").await.unwrap();
    let expected = "2026-11-16 – 2026-11-22: Неделя: - Говорил: ёлка.; Говорил: снег.\n\
                    Говорил: коньки.\nГоворил: санки.\nГоворил: каток.";
    assert_eq!(earlier(&world), expected);
    assert_eq!(world.count("SELECT count(*) FROM weeks WHERE content NOT LIKE 'gAAAA%'").await, 0);
}

#[tokio::test]
async fn a_week_of_one_conversation_costs_no_model_and_one_that_fails_is_tried_again() {
    let broken = std::sync::atomic::AtomicBool::new(true);
    let world = world_of(Script::with(move |request| {
        if request.system.contains("за одну неделю") && broken.swap(false, std::sync::atomic::Ordering::Relaxed)
        {
            return Step::Fail(ModelError::Unavailable { status: None, reason: "down".to_owned(), retry_after: None });
        }
        companion(request)
    }))
    .await;
    talks(&world, &["ёлка", "снег"]).await;
    assert_eq!(world.count(WEEKS).await, 0);
    world.clock.advance(TimeDelta::seconds(121));
    assert!(summary::sum_up_week(&world.engine).await);
    assert_eq!(world.count(WEEKS).await, 1);
    let asked = world.script.requests().len();
    world.clock.advance(TimeDelta::days(3));
    talks(&world, &["лыжи", "коньки", "санки", "каток", "хоккей"]).await;
    let weeks = world.script.requests()[asked..].iter().filter(|r| r.system.contains("за одну неделю")).count();
    assert_eq!((weeks, world.count(WEEKS).await), (1, 2));
}

#[tokio::test]
async fn talks_and_weeks_are_summed_up_in_the_persons_language_and_not_in_the_companions() {
    let world = world_of(Script::with(companion)).await;
    world.say("Привет").await.unwrap();
    sqlx::query(
        "INSERT INTO settings (user_id, language, time_zone, onboarding, updated_at)
         VALUES (42, 'en', 'Europe/London', 'done', now()) ON CONFLICT (user_id) DO UPDATE SET language = 'en'",
    )
    .execute(&world.sql)
    .await
    .unwrap();
    talks(&world, &["ёлка", "снег"]).await;
    let asked: Vec<_> = world.script.requests().into_iter().filter(|request| request.tools.is_empty()).collect();
    let weeks = asked.iter().filter(|request| request.system.contains("conversations of one week")).count();
    let talks =
        asked.iter().filter(|request| request.system.contains("Update the summary of the conversation")).count();
    assert_eq!((talks, weeks, asked.len()), (2, 1, 3));
    for request in asked {
        assert!(request.system.starts_with("You keep the memory of a companion."), "{}", request.system);
        assert!(request.system.contains("in English") && request.language == Language::En, "{}", request.system);
    }
}

#[tokio::test]
async fn a_talk_whose_summary_no_key_opens_does_not_keep_its_week_from_being_told() {
    let world = world_of(Script::with(companion)).await;
    talks(&world, &["ёлка"]).await;
    sqlx::query("UPDATE summaries SET content = 'broken'").execute(&world.sql).await.unwrap();
    talks(&world, &["снег"]).await;
    assert_eq!(world.count(WEEKS).await, 1);
    let told = world.where_it_stands("говорил: снег").await;
    assert!(told.iter().any(|place| place.starts_with("weeks.content")), "{told:?}");
}

#[tokio::test]
async fn what_is_forgotten_goes_from_its_week_which_is_made_anew() {
    let world = world_of(Script::with(companion)).await;
    talks(&world, &["Боюсь пауков", "снег"]).await;
    assert_eq!(world.count(WEEKS).await, 1);
    let memories =
        Memories::new(world.store(), world.clock.clone(), Plans::default(), Persona::default().default_settings());
    let fact = world.store().facts().book(IVAN).await.unwrap().facts[0].id;
    memories.forget(IVAN, fact).await.unwrap();
    assert_eq!(world.where_it_stands("паук").await, [""; 0]);
    while summary::sum_up_one(&world.engine).await {}
    while summary::sum_up_week(&world.engine).await {}
    assert_eq!(world.count(WEEKS).await, 1);
    assert!(!world.where_it_stands("говорил: снег").await.is_empty());
    memories.forget_all(IVAN).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM weeks").await, 0);
}
