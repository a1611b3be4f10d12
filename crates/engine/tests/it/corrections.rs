//! What a person puts right is right everywhere: in what is remembered, and in what is summed up.

use chrono::{NaiveDate, TimeDelta};
use evolve_domain::{fact::Category, plan::Plans};
use evolve_engine::{
    memories::{Correction, Memories},
    model::{Script, Step},
    prompt::Persona,
    summary,
};
use evolve_store::facts::Fact;
use serde_json::json;

use crate::turn_support::{IVAN, World, world_of};

fn memories(world: &World) -> Memories {
    Memories::new(world.store(), world.clock.clone(), Plans::default(), Persona::default().default_settings())
}

/// A companion who remembers three things, the first with a day, and sums up what was said.
async fn told() -> World {
    let remember =
        |fact: &str, date: &str| Step::call("remember", json!({"fact": fact, "category": "plans", "date": date}));
    let world = world_of(Script::with(move |request| {
        if request.tools.is_empty() {
            return Step::say(json!({"title": "Экзамен", "summary": "Экзамен в марте."}).to_string());
        }
        match request.context.last().map(|message| message.text()).unwrap_or_default().as_str() {
            "Экзамен в марте" => remember("Экзамен в марте", "2027-03-01"),
            "Учу испанский" => remember("Учит испанский", ""),
            "Зачёт" => remember("Есть зачёт", ""),
            _ => Step::say("Удачи"),
        }
    }))
    .await;
    for text in ["Экзамен в марте", "Учу испанский", "Зачёт"] {
        world.say(text).await.unwrap();
        world.clock.advance(TimeDelta::seconds(1));
    }
    sqlx::query("UPDATE conversations SET ended_at = now()").execute(&world.sql).await.unwrap();
    while summary::sum_up_one(&world.engine).await {}
    assert_eq!(world.count(SUMMED).await, 1);
    world
}

const SUMMED: &str = "SELECT count(*) FROM summaries";

async fn book(world: &World) -> Vec<Fact> {
    let mut facts = world.store().facts().book(IVAN).await.unwrap().facts;
    facts.sort_by_key(|fact| fact.created_at);
    facts
}

/// That its words are these.
fn words(text: &str) -> Correction<'_> {
    Correction { content: Some(text), ..Correction::default() }
}

#[tokio::test]
async fn words_category_and_day_are_put_right_each_by_itself_and_what_was_wrong_is_summed_up_anew() {
    let world = told().await;
    let exam = book(&world).await[0].clone();
    let march = NaiveDate::from_ymd_opt(2027, 3, 1);
    assert_eq!(exam.day, march);
    let right = async |correction| memories(&world).correct(IVAN, exam.id, correction).await.unwrap().fact;
    let same = right(Correction { category: Some(Category::Work), ..words("Экзамен в марте") }).await;
    assert_eq!(
        (same.day, same.category, world.count(SUMMED).await),
        (march, Category::Work, 1),
        "nothing else was wrong"
    );
    let corrected = right(words("Экзамен по физике")).await;
    assert_eq!((corrected.id, corrected.day, corrected.content.as_str()), (exam.id, march, "Экзамен по физике"));
    assert_eq!(world.count(SUMMED).await, 0, "what was wrong is told of still");
    assert_eq!(world.count("SELECT summed_messages::bigint FROM conversations").await, 0);
    while summary::sum_up_one(&world.engine).await {}
    assert_eq!(world.count(SUMMED).await, 1);
    for day in [NaiveDate::from_ymd_opt(2027, 5, 20), None] {
        let moved = right(Correction { day: Some(day), ..Correction::default() }).await;
        assert_eq!((moved.day, moved.content.as_str()), (day, "Экзамен по физике"));
    }
    assert_eq!(world.count(SUMMED).await, 0, "the old day is told of still");
}

#[tokio::test]
async fn what_is_corrected_into_what_is_known_becomes_one_with_it() {
    let world = told().await;
    let [exam, spanish, test]: [Fact; 3] = book(&world).await.try_into().unwrap();
    let one = memories(&world).correct(IVAN, test.id, words("испанский учит!")).await.unwrap().fact;
    assert_eq!((one.id, one.confidence), (spanish.id, 100));
    let left: Vec<_> = book(&world).await.iter().map(|fact| fact.id).collect();
    assert_eq!(left, [exam.id, spanish.id]);
    assert!(world.store().facts().history(IVAN).await.unwrap().is_empty(), "it never held");
}
