//! What is over is remembered as history, and can be forgotten as what holds: in talk, and by whoever looks through it.

use chrono::TimeDelta;
use evolve_domain::plan::Plans;
use evolve_engine::{
    memories::{self, Correction, Filter, Listing, Memories, MemoryError},
    model::Step,
    prompt::Persona,
};
use serde_json::json;

use crate::turn_support::{IVAN, World, world};

fn memories(world: &World) -> Memories {
    Memories::new(world.store(), world.clock.clone(), Plans::default(), Persona::default().default_settings())
}

fn remember(fact: &str, replaces: Option<&str>) -> Step {
    Step::call("remember", json!({"fact": fact, "category": "work", "replaces": replaces}))
}

/// Says these, a minute apart: what is asked to be forgotten is known by its time.
async fn talk(world: &World, said: &[&str]) {
    for words in said {
        world.say(words).await.unwrap();
        world.clock.advance(TimeDelta::minutes(1));
    }
}

async fn forget_what_is_owed(world: &World) {
    world.clock.advance(TimeDelta::minutes(11));
    assert_eq!(memories::settle_owed(&world.engine, || false).await.unwrap(), 1);
}

fn texts(listing: &Listing) -> Vec<&str> {
    listing.facts.iter().map(|shown| shown.fact.content.as_str()).collect()
}

/// Ivan learns Spanish, and gives it up.
fn spanish() -> Vec<Step> {
    vec![
        remember("Занимается испанским", None),
        Step::say("¡Olé!"),
        Step::call("forget", json!({"fact": "Занимается испанским", "outdated": true})),
        Step::say("Жаль"),
    ]
}

const SPANISH: [&str; 2] = ["Занимаюсь испанским", "Бросил испанский"];

#[tokio::test]
async fn what_is_over_is_forgotten_in_talk() {
    let forget = [Step::call("forget", json!({"fact": "Занимается испанским"})), Step::say("Хорошо")];
    let world = world(spanish().into_iter().chain(forget)).await;
    talk(&world, &SPANISH).await;
    assert!(!world.where_it_stands("испанск").await.is_empty(), "nothing was told");
    talk(&world, &["Забудь, что я занимался испанским"]).await;
    assert!(world.store().facts().history(IVAN).await.unwrap().is_empty(), "it is shown still");
    forget_what_is_owed(&world).await;
    assert_eq!(world.where_it_stands("испанск").await, [""; 0]);
}

#[tokio::test]
async fn what_is_over_is_listed_apart_found_by_its_words_and_forgotten_there() {
    let more = [remember("Работает в музее", None), Step::say("Ого")];
    let world = world(spanish().into_iter().chain(more)).await;
    talk(&world, &SPANISH).await;
    talk(&world, &["Работаю в музее"]).await;
    let memories = memories(&world);
    let page = Filter { per_page: 10, ..Filter::default() };
    let holding = memories.list(IVAN, &page).await.unwrap();
    assert_eq!((holding.total, holding.past, texts(&holding)), (1, 1, vec!["Работает в музее"]));
    let past = memories.list(IVAN, &Filter { past: true, ..page.clone() }).await.unwrap();
    assert_eq!((past.found, texts(&past)), (1, vec!["Занимается испанским"]));
    let words = Filter { words: Some("испанский".to_owned()), ..page.clone() };
    let found = memories.list(IVAN, &words).await.unwrap();
    let over = &found.facts[0];
    assert!(found.found == 1 && over.ended_on.is_some(), "{found:?}");
    let (shown, before) = memories.one(IVAN, over.fact.id).await.unwrap();
    assert_eq!((&shown, before), (over, Vec::new()));
    let correction = Correction { content: Some("x"), ..Correction::default() };
    let corrected = memories.correct(IVAN, over.fact.id, correction).await;
    assert!(matches!(corrected, Err(MemoryError::NoSuchFact)), "what is over is not put right");

    assert_eq!(memories.forget(IVAN, over.fact.id).await.unwrap().facts, 1);
    assert_eq!(world.where_it_stands("испанск").await, [""; 0]);
    assert_eq!(memories.list(IVAN, &page).await.unwrap(), Listing { past: 0, ..holding });
    let again = memories.forget(IVAN, over.fact.id).await;
    assert!(matches!(again, Err(MemoryError::NoSuchFact)));
}

/// Anna was a nurse, and is a teacher now.
fn teacher() -> Vec<Step> {
    vec![
        remember("Работает медсестрой", None),
        Step::say("Здорово"),
        remember("Преподаёт в школе", Some("Работает медсестрой")),
        Step::say("Ого"),
    ]
}

const TEACHER: [&str; 2] = ["Работаю медсестрой", "Теперь преподаю в школе"];

/// Of the two, the teacher is left.
async fn is_left(world: &World) {
    assert_eq!(world.where_it_stands("медсестр").await, [""; 0]);
    let facts = world.store().facts().book(IVAN).await.unwrap().facts;
    assert_eq!(facts.iter().map(|fact| fact.content.as_str()).collect::<Vec<_>>(), ["Преподаёт в школе"]);
    assert!(world.store().facts().history(IVAN).await.unwrap().is_empty());
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE text = 'Теперь преподаю в школе'").await, 1);
}

#[tokio::test]
async fn what_held_before_something_else_is_forgotten_in_talk_and_that_stays() {
    let forget = [Step::call("forget", json!({"fact": "Работает медсестрой"})), Step::say("Хорошо")];
    let world = world(teacher().into_iter().chain(forget)).await;
    talk(&world, &TEACHER).await;
    talk(&world, &["Забудь, что я работала медсестрой"]).await;
    forget_what_is_owed(&world).await;
    is_left(&world).await;
}

#[tokio::test]
async fn what_held_before_something_else_is_forgotten_by_its_id_and_that_stays() {
    let world = world(teacher()).await;
    talk(&world, &TEACHER).await;
    let past = world.store().facts().history(IVAN).await.unwrap();
    let memories = memories(&world);
    let page = Filter { past: true, per_page: 10, ..Filter::default() };
    assert_eq!(memories.list(IVAN, &page).await.unwrap().found, 0, "it is shown with what took its place");
    assert_eq!(memories.one(IVAN, past[0].id).await.unwrap().0.fact, past[0]);
    assert_eq!(memories.forget(IVAN, past[0].id).await.unwrap().facts, 1);
    is_left(&world).await;
}
