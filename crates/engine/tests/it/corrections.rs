//! What a person puts right is right everywhere: in what is remembered, and in what is summed up.

use chrono::{NaiveDate, TimeDelta};
use evolve_domain::plan::Plans;
use evolve_engine::{
    memories::Memories,
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

#[tokio::test]
async fn other_words_have_no_day_and_the_conversation_is_summed_up_anew() {
    let world = told().await;
    let exam = book(&world).await[0].clone();
    assert_eq!(exam.day, NaiveDate::from_ymd_opt(2027, 3, 1));
    memories(&world).correct(IVAN, exam.id, None, Some("work".parse().unwrap())).await.unwrap();
    let same = memories(&world).correct(IVAN, exam.id, Some("Экзамен в марте"), None).await.unwrap().fact;
    assert_eq!((same.day, world.count(SUMMED).await), (exam.day, 1), "nothing was wrong with it");
    let corrected = memories(&world).correct(IVAN, exam.id, Some("Экзамен в мае"), None).await.unwrap().fact;
    assert_eq!((corrected.id, corrected.day, corrected.content.as_str()), (exam.id, None, "Экзамен в мае"));
    assert_eq!(world.count(SUMMED).await, 0, "what was wrong is told of still");
    assert_eq!(world.count("SELECT summed_messages::bigint FROM conversations").await, 0);
}

#[tokio::test]
async fn what_is_corrected_into_what_is_known_becomes_one_with_it() {
    let world = told().await;
    let [exam, spanish, test]: [Fact; 3] = book(&world).await.try_into().unwrap();
    let one = memories(&world).correct(IVAN, test.id, Some("испанский учит!"), None).await.unwrap().fact;
    assert_eq!((one.id, one.confidence), (spanish.id, 100));
    let left: Vec<_> = book(&world).await.iter().map(|fact| fact.id).collect();
    assert_eq!(left, [exam.id, spanish.id]);
    assert!(world.store().facts().history(IVAN).await.unwrap().is_empty(), "it never held");
}
