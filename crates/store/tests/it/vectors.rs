//! What was said is found by its meaning too, where the database has pgvector; and meaning follows what is said.

use std::io::Write as _;

use evolve_domain::{
    fact::Category,
    memory::question::{Names, Question},
};
use evolve_store::{
    corrections::Correction,
    facts::{FactChanges, NewFact},
    memory::Postings,
    messages::RecallLimits,
    vectors::{Meaning, Unplaced},
};
use sqlx::Row as _;
use uuid::Uuid;

use crate::support::{IVAN, World, world};

const MODEL: &str = "toy/3";
const DOG: [f32; 3] = [1.0, 0.0, 0.0];

/// A person who told of a dog, of work and of the weather. Nothing where the server has no pgvector.
async fn a_talk() -> Option<World> {
    let world = world().await;
    if let Err(error) = world.store.vectors().enable().await {
        let row = sqlx::query("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector')");
        let has: bool = row.fetch_one(&world.sql).await.unwrap().get(0);
        assert!(!has, "{error}");
        // Not `eprintln!`: what a passing test prints with that, nobody sees.
        writeln!(std::io::stderr(), "\nSKIPPED: finding by meaning. Install pgvector for this Postgres.\n").unwrap();
        return None;
    }
    for (at, message, reply) in [
        ("2026-04-18T10:00:00Z", "Завели пса, назвали Кексом.", "Поздравляю!"),
        ("2026-05-02T10:00:00Z", "На работе аврал.", "Держись."),
        ("2026-06-03T10:00:00Z", "Льёт весь день.", "Чаю?"),
    ] {
        world.say_at(message, reply, at.parse().unwrap()).await;
    }
    Some(world)
}

/// Where the toy places a text: dogs to one side, everything else to another.
fn placed(messages: &[Unplaced]) -> Vec<f32> {
    messages.iter().flat_map(|message| if message.text.contains("пса") { DOG } else { [0.0, 1.0, 0.2] }).collect()
}

async fn place_all(world: &World) -> Vec<String> {
    let vectors = world.store.vectors();
    let messages = vectors.unplaced(IVAN, MODEL, 100).await.unwrap();
    if !messages.is_empty() {
        vectors.place(IVAN, MODEL, &messages, (&placed(&messages), 3)).await.unwrap();
    }
    messages.into_iter().map(|message| message.text).collect()
}

fn dog() -> Meaning {
    Meaning { model: MODEL.to_owned(), vector: DOG.to_vec() }
}

async fn found(world: &World, meaning: &Meaning) -> Vec<String> {
    let asked = Question::read("Как поживает мой четвероногий друг?", Names::default());
    let found = world.store.memory().find(IVAN, &asked, Some(meaning), 1).await.unwrap();
    found.into_iter().map(|message| message.text).collect()
}

#[tokio::test]
async fn what_was_told_in_other_words_is_found_by_its_meaning_alone() {
    let Some(world) = a_talk().await else { return };
    let asked = Question::read("Как поживает мой четвероногий друг?", Names::default());
    assert!(world.store.memory().find(IVAN, &asked, None, 5).await.unwrap().is_empty(), "no word of it was said");
    assert_eq!(place_all(&world).await.len(), 6);
    assert_eq!(found(&world, &dog()).await, ["Завели пса, назвали Кексом."]);
    let limits = RecallLimits { messages: 2, carried: 10, earlier: 0, weeks: 0, facts: 0 };
    let (messages, postings, meaning) = (world.store.messages(), Postings::default(), dog());
    let recall = messages.recall(IVAN, &[], limits, &asked, &postings, Some(&meaning)).await.unwrap();
    assert_eq!(recall.remembered[0].text, "Завели пса, назвали Кексом.");
    assert!(world.store.memory().find(IVAN + 1, &asked, Some(&meaning), 5).await.unwrap().is_empty(), "another's");
}

#[tokio::test]
async fn what_a_turn_shows_anyway_does_not_take_the_place_of_what_was_told_long_ago() {
    let Some(world) = a_talk().await else { return };
    for _ in 0..11 {
        world.say_at("Про пса ещё расскажу.", "И про пса?", "2026-06-04T10:00:00Z".parse().unwrap()).await;
    }
    let vectors = world.store.vectors();
    let messages = vectors.unplaced(IVAN, MODEL, 100).await.unwrap();
    let place = |message: &Unplaced| {
        let is_old = message.text.starts_with("Завели");
        if is_old {
            [0.9, 0.1, 0.0]
        } else if message.text.contains("пса") {
            DOG
        } else {
            [0.0, 1.0, 0.2]
        }
    };
    let placed: Vec<f32> = messages.iter().flat_map(place).collect();
    vectors.place(IVAN, MODEL, &messages, (&placed, 3)).await.unwrap();
    let asked = Question::read("Как поживает мой четвероногий друг?", Names::default());
    let limits = RecallLimits { messages: 24, carried: 10, earlier: 0, weeks: 0, facts: 0 };
    let (messages, postings, meaning) = (world.store.messages(), Postings::default(), dog());
    let recall = messages.recall(IVAN, &[], limits, &asked, &postings, Some(&meaning)).await.unwrap();
    assert_eq!(recall.remembered[0].text, "Завели пса, назвали Кексом.", "22 newer ones stand nearer, and are shown");
}

#[tokio::test]
async fn a_batch_is_as_long_as_it_was_asked_for_and_nothing_is_placed_that_is_too_old_to_be_compared() {
    let Some(world) = a_talk().await else { return };
    place_all(&world).await;
    correct(&world, "Завели кота.").await;
    world.say_at("Купили псу мяч.", "Ура!", "2026-06-04T10:00:00Z".parse().unwrap()).await;
    let texts = async |model: &str| -> Vec<String> {
        let messages = world.store.vectors().unplaced(IVAN, model, 2).await.unwrap();
        messages.into_iter().map(|message| message.text).collect()
    };
    assert_eq!(texts(MODEL).await, ["Завели кота.", "Купили псу мяч."], "what was corrected comes first");
    sqlx::query("UPDATE users SET messages = 20006").execute(&world.sql).await.unwrap();
    assert_eq!(texts(MODEL).await, ["Купили псу мяч.", "Ура!"]);
    assert_eq!(texts("other/3").await, ["Купили псу мяч.", "Ура!"]);
}

#[tokio::test]
async fn each_message_is_placed_once_and_a_new_one_later() {
    let Some(world) = a_talk().await else { return };
    assert_eq!(place_all(&world).await.len(), 6);
    assert_eq!(place_all(&world).await, [""; 0]);
    world.say_at("Купили псу мяч.", "Ура!", "2026-06-04T10:00:00Z".parse().unwrap()).await;
    assert_eq!(place_all(&world).await, ["Купили псу мяч.", "Ура!"]);
    assert_eq!(
        world.store.vectors().unplaced(IVAN, "other/3", 100).await.unwrap().len(),
        8,
        "another model begins anew"
    );
}

#[tokio::test]
async fn vectors_that_cannot_be_compared_find_nothing_and_break_nothing() {
    let Some(world) = a_talk().await else { return };
    place_all(&world).await;
    let other = Meaning { model: "other/3".to_owned(), ..dog() };
    let longer = Meaning { vector: vec![1.0; 5], ..dog() };
    for meaning in [other, longer] {
        assert_eq!(found(&world, &meaning).await, [""; 0], "{meaning:?}");
    }
}

#[tokio::test]
async fn what_was_corrected_is_looked_at_again_even_if_it_was_being_looked_at() {
    let Some(world) = a_talk().await else { return };
    let vectors = world.store.vectors();
    let messages = vectors.unplaced(IVAN, MODEL, 100).await.unwrap();
    correct(&world, "Завели кота.").await;
    vectors.place(IVAN, MODEL, &messages, (&placed(&messages), 3)).await.unwrap();
    assert!(!found(&world, &dog()).await.iter().any(|text| text.contains("кота")), "its vector is of its old words");
    assert_eq!(place_all(&world).await, ["Завели кота."]);
    correct(&world, "Завели пса!").await;
    assert_eq!(place_all(&world).await, ["Завели пса!"]);
    assert_eq!(found(&world, &dog()).await, ["Завели пса!"]);
}

#[tokio::test]
async fn what_was_forgotten_or_removed_has_no_vector_even_if_it_was_being_looked_at() {
    let Some(world) = a_talk().await else { return };
    let vectors = world.store.vectors();
    place_all(&world).await;
    let old = world.store.vectors().unplaced(IVAN, "other/3", 100).await.unwrap();
    world.store.forgetting().everything(IVAN).await.unwrap();
    vectors.place(IVAN, "other/3", &old, (&placed(&old), 3)).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM message_vectors").await, 0);
    world.say_at("Привет, пса зовут Кекс.", "Привет!", "2026-07-01T10:00:00Z".parse().unwrap()).await;
    assert_eq!(place_all(&world).await.len(), 2, "numbers begin anew");
    assert_eq!(world.store.users().delete(IVAN).await.unwrap().remaining, 0);
    assert_eq!(world.count("SELECT count(*) FROM message_vectors").await, 0);
    assert_eq!(world.count("SELECT count(*) FROM vector_progress").await, 0);
}

#[tokio::test]
async fn a_fact_s_vector_is_encrypted_and_goes_with_its_words() {
    let world = world().await;
    world.say("Завели пса, пью чай, живу у моря.", "Хорошо!").await;
    let facts = world.store.facts();
    let learnt: Vec<NewFact> = ["завели пса", "пьёт чай", "живёт у моря"]
        .map(|text| NewFact::new(Uuid::now_v7(), Category::Other, text))
        .to_vec();
    let [dog, tea, sea] = [learnt[0].id, learnt[1].id, learnt[2].id];
    assert!(facts.write(IVAN, &FactChanges { learnt, ..FactChanges::default() }, world.now).await.unwrap());
    let unplaced = async |model: &str| -> Vec<String> {
        let unplaced = facts.unplaced(IVAN, model, 100).await.unwrap();
        unplaced.into_iter().map(|fact| fact.content).collect()
    };
    let all = facts.unplaced(IVAN, MODEL, 100).await.unwrap();
    let vectors = vec![DOG.to_vec(); 3];
    facts.place(IVAN, MODEL, &all, &vectors).await.unwrap();
    assert_eq!(unplaced(MODEL).await, [""; 0]);
    assert_eq!(unplaced("other/3").await.len(), 3, "another model begins anew");
    assert_eq!(world.count("SELECT count(*) FROM facts WHERE meaning LIKE 'gAAAA%'").await, 3);

    let right = async |fact: Uuid, words: Option<&str>| {
        let done = facts.correct(IVAN, fact, Correction::Is(words), Category::Family, None, world.now).await.unwrap();
        assert!(done.is_some());
    };
    right(dog, Some("завели кота")).await;
    right(tea, None).await;
    facts.place(IVAN, MODEL, &all, &vectors).await.unwrap();
    assert_eq!(unplaced(MODEL).await, ["завели кота"], "the vector is of its old words; the others keep theirs");

    let version = facts.book(IVAN).await.unwrap().version;
    let gone = FactChanges { version, forgotten: vec![sea], ..FactChanges::default() };
    assert!(facts.write(IVAN, &gone, world.now).await.unwrap());
    world.store.forgetting().settle(IVAN).await.unwrap();
    facts.place(IVAN, "other/3", &all, &vectors).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM facts").await, 2);
    assert_eq!(
        world.count("SELECT count(*) FROM facts WHERE meaning IS NOT NULL").await,
        1,
        "of what is left unchanged"
    );
}

/// Says that the first message says something else.
async fn correct(world: &World, text: &str) {
    let key: (String,) =
        sqlx::query_as("SELECT key FROM turns ORDER BY started_at LIMIT 1").fetch_one(&world.sql).await.unwrap();
    let said = world.store.turns().said_under(IVAN, &key.0).await.unwrap().unwrap();
    assert!(world.store.turns().correct(IVAN, &said, text, world.now).await.unwrap());
}
