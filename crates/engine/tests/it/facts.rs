//! What people tell of themselves is kept once, as it holds now, with what held before; and found though no turn kept it.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::fact::Category;
use evolve_engine::{
    model::{Part, Role, Script, Step},
    summary,
};
use evolve_store::facts::{Fact, FactChanges, NewFact};
use serde_json::{Value, json};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::turn_support::{IVAN, World, message, world, world_of};

fn works(at: &str, replaces: Option<&str>) -> Step {
    Step::call("remember", json!({"fact": format!("работает в {at}"), "category": "work", "replaces": replaces}))
}

/// What a person's facts are, oldest first.
async fn facts(world: &World) -> Vec<String> {
    let mut facts = world.store().facts().book(IVAN).await.unwrap().facts;
    facts.sort_by_key(|fact| fact.created_at);
    facts.into_iter().map(|fact| fact.content).collect()
}

#[tokio::test]
async fn a_new_job_takes_the_place_of_the_old_one_which_is_history() {
    let world = world([
        works("библиотеке", None),
        Step::say("Как интересно!"),
        works("музее", Some("работает в библиотеке")),
        Step::say("Поздравляю!"),
        Step::call("recall", json!({"query": "Где он работал раньше?"})),
        Step::say("В библиотеке"),
    ])
    .await;
    world.say("Я работаю в библиотеке").await.unwrap();
    world.say("Перешёл в музей").await.unwrap();
    world.say("Где я работал раньше?").await.unwrap();
    let system = world.last_system();
    assert!(system.contains("- [work] работает в музее") && !system.contains("библиотеке"), "{system}");
    let results = world.script.requests()[5].context.last().unwrap().clone();
    let Part::ToolResult { value, .. } = &results.parts[0] else { panic!("no result") };
    let before = json!([{"fact": "работает в библиотеке", "told": "2026-11-21", "until": "2026-11-21"}]);
    assert_eq!(value["held_once"], before);
    assert_eq!(world.count("SELECT count(DISTINCT chain) FROM facts").await, 1);
}

#[tokio::test]
async fn what_is_told_again_in_other_words_is_not_stored_twice_but_counts() {
    let world = world([
        Step::call("remember", json!({"fact": "Любит чёрный чай", "category": "preferences"})),
        Step::say("Запомнила"),
        Step::call("remember", json!({"fact": "чёрный чай любит!", "category": "other"})),
        Step::say("Помню"),
    ])
    .await;
    world.say("Люблю чёрный чай").await.unwrap();
    world.say("Говорил, что люблю чёрный чай?").await.unwrap();
    assert_eq!(facts(&world).await, ["Любит чёрный чай"]);
    assert_eq!(world.count("SELECT times_said::bigint FROM facts").await, 2);
}

#[tokio::test]
async fn what_is_over_is_history_and_each_fact_knows_its_message() {
    let world = world([
        Step::call("remember", json!({"fact": "учит испанский", "category": "plans", "date": "2026-12-01"})),
        Step::say("¡Olé!"),
        Step::call("forget", json!({"fact": "учит испанский", "outdated": true})),
        Step::say("Жаль"),
    ])
    .await;
    world.say("Учу испанский").await.unwrap();
    let told = "SELECT count(*) FROM facts f JOIN messages m ON m.id = f.message_id AND m.created_at = f.created_at
                WHERE m.text = 'Учу испанский' AND f.day = '2026-12-01'";
    assert_eq!(world.count(told).await, 1);
    world.say("Бросил испанский").await.unwrap();
    assert!(facts(&world).await.is_empty());
    assert_eq!(world.store().facts().history(IVAN).await.unwrap()[0].content, "учит испанский");
}

#[tokio::test]
async fn the_same_thing_told_in_two_turns_at_once_is_stored_once() {
    let gates = [Arc::new(Notify::new()), Arc::new(Notify::new())];
    let held = gates.clone();
    let world = world_of(Script::with(move |request| {
        let said = |words: &str| request.context.iter().any(|message| message.text().contains(words));
        match request.context.last().map(|message| message.role) {
            // Each has read what is known before either writes.
            Some(Role::Tool) => Step::After(held[usize::from(said("I said"))].clone(), Box::new(Step::say("ok"))),
            _ => Step::call("remember", json!({"fact": "likes tea", "category": "preferences"})),
        }
    }))
    .await;
    let first = world.engine.chat(message("I like tea"), None);
    let second = world.engine.chat(message("I like tea, I said"), None);
    let release = async {
        world.script.asked(4).await;
        gates.iter().for_each(|gate| gate.notify_one());
    };
    let (first, second, ()) = tokio::join!(first, second, release);
    first.unwrap();
    second.unwrap();
    assert_eq!(facts(&world).await, ["likes tea"]);
    assert_eq!(world.count("SELECT times_said::bigint FROM facts").await, 2);
}

/// A model that answers turns with a word, and passes over the past with what is given.
fn digesting(digest: Value) -> Script {
    Script::with(move |request| if request.tools.is_empty() { Step::say(digest.to_string()) } else { Step::say("ага") })
}

async fn ten_messages(world: &World, first: &str) {
    world.say(first).await.unwrap();
    for _ in 0..9 {
        world.say("Вот так").await.unwrap();
    }
}

#[tokio::test]
async fn a_fact_that_no_turn_kept_is_found_when_its_message_is_summed_up() {
    let world = world_of(digesting(json!({
        "title": "Новая собака",
        "summary": "Завёл собаку.",
        "facts": [
            {"fact": "Завёл собаку по имени Кекс", "category": "family", "message": 1, "confidence": 0.9},
            {"fact": "Companion's own words", "category": "other", "message": 2},
            {"fact": "Of a message that is not there", "category": "other", "message": 77},
            {"fact": "From nowhere", "category": "other"},
        ],
    })))
    .await;
    ten_messages(&world, "Мы завели собаку, назвали Кексом").await;
    assert!(summary::sum_up_one(&world.engine).await);
    assert_eq!(facts(&world).await, ["Завёл собаку по имени Кекс"]);
    let source = "SELECT count(*) FROM facts f JOIN messages m ON m.id = f.message_id WHERE m.text LIKE 'Мы завели%'
                  AND f.turn_id IS NULL AND f.confidence = 90 AND f.created_at = m.created_at";
    assert_eq!(world.count(source).await, 1);
    assert_eq!(world.count("SELECT count(*) FROM conversations WHERE title LIKE 'gAAAA%'").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM facts WHERE content LIKE '%Кекс%'").await, 0, "stored in clear");
    world.say("И что?").await.unwrap();
    assert!(world.last_system().contains("- [family] Завёл собаку по имени Кекс"));
    assert!(world.last_system().contains("Завёл собаку."));
}

#[tokio::test]
async fn the_pass_knows_what_is_known_and_brings_it_up_to_date() {
    let world = world_of(Script::with(|request| {
        let asked = request.context.last().map(|message| message.text()).unwrap_or_default();
        if request.tools.is_empty() {
            assert!(asked.contains("# Facts so far\n- [2026-11-21 12:01] живёт в Перми\n"), "{asked}");
            let lives = |town: &str, message: u8| {
                // As it stands there.
                let replaces = "- [2026-11-21 12:01] живёт в Перми";
                json!({"fact": format!("живёт в {town}"), "category": "identity", "message": message, "replaces": replaces})
            };
            let facts = [lives("Твери", 3), lives("Омске", 1)];
            return Step::say(json!({"summary": "Переезд.", "facts": facts}).to_string());
        }
        Step::say("ага")
    }))
    .await;
    world.say("Живу в Омске").await.unwrap();
    world.clock.advance(TimeDelta::minutes(1));
    let lives = NewFact::new(Uuid::now_v7(), Category::Identity, "живёт в Перми");
    let changes = FactChanges { learnt: vec![lives], ..FactChanges::default() };
    assert!(world.store().facts().write(IVAN, &changes, world.clock.now()).await.unwrap());
    world.clock.advance(TimeDelta::minutes(1));
    ten_messages(&world, "Переехал в Тверь").await;
    assert!(summary::sum_up_one(&world.engine).await);
    assert_eq!(facts(&world).await, ["живёт в Твери"]);
    assert_eq!(world.store().facts().history(IVAN).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_older_message_overturns_nothing_that_was_told_or_put_right_since_and_is_counted_at_its_own_time() {
    let age =
        |age: u8, message: u8| json!({"fact": format!("Ей {age} лет"), "category": "identity", "message": message});
    let tea = json!({"fact": "любит чай", "category": "preferences", "message": 3});
    let facts = [age(35, 1), tea];
    let world = world_of(digesting(json!({"summary": "О возрасте.", "facts": facts}))).await;
    world.say("Мне 35").await.unwrap();
    world.clock.advance(TimeDelta::minutes(1));
    let learnt = ["Ей 36 лет", "Любит чай"].map(|fact| NewFact::new(Uuid::now_v7(), Category::Identity, fact)).to_vec();
    let changes = FactChanges { learnt, ..FactChanges::default() };
    assert!(world.store().facts().write(IVAN, &changes, world.clock.now()).await.unwrap());
    world.clock.advance(TimeDelta::minutes(1));
    world.say("Люблю чай").await.unwrap();
    let said_at = world.clock.now();
    world.clock.advance(TimeDelta::minutes(1));
    ten_messages(&world, "Вот").await;
    assert!(summary::sum_up_one(&world.engine).await);
    let mut known = self::facts(&world).await;
    known.sort();
    assert_eq!(known, ["Ей 36 лет", "Любит чай"]);
    assert!(world.store().facts().history(IVAN).await.unwrap().is_empty());
    let told: Vec<(DateTime<Utc>,)> =
        sqlx::query_as("SELECT last_said_at FROM facts WHERE times_said = 2").fetch_all(&world.sql).await.unwrap();
    assert_eq!(told, [(said_at,)], "a message that is not summed up yet would be taken for older than it");
}

#[tokio::test]
async fn a_plan_that_is_moved_keeps_its_old_day_as_history_and_one_named_as_it_is_shown_is_understood() {
    let exam = |date: &str, replaces: Option<&str>| {
        let told = json!({"fact": "сдаёт экзамен", "category": "plans", "date": date, "replaces": replaces});
        Step::call("remember", told)
    };
    let world = world([
        exam("2026-12-12", None),
        Step::say("Удачи!"),
        exam("2026-12-20", Some("- [plans, 2026-12-12] сдаёт экзамен")),
        Step::say("Ясно"),
        Step::call("forget", json!({"fact": "[plans, 2026-12-20] сдаёт экзамен", "outdated": true})),
        Step::say("Ясно"),
    ])
    .await;
    world.say("Экзамен двенадцатого").await.unwrap();
    world.clock.advance(TimeDelta::minutes(1));
    world.say("Перенесли на двадцатое").await.unwrap();
    let days = async || {
        let (book, past) =
            (world.store().facts().book(IVAN).await.unwrap(), world.store().facts().history(IVAN).await.unwrap());
        let days = |facts: Vec<Fact>| facts.into_iter().map(|fact| fact.day.unwrap().to_string()).collect::<Vec<_>>();
        (days(book.facts), days(past))
    };
    assert_eq!(days().await, (vec!["2026-12-20".to_owned()], vec!["2026-12-12".to_owned()]));
    assert_eq!(world.count("SELECT count(DISTINCT chain) FROM facts").await, 1);
    world.clock.advance(TimeDelta::minutes(1));
    world.say("Экзамена не будет").await.unwrap();
    assert_eq!(days().await.0, [""; 0]);
}

#[tokio::test]
async fn a_fact_that_a_turn_keeps_during_the_pass_is_not_stored_twice() {
    let gate = Arc::new(Notify::new());
    let pass_gate = gate.clone();
    let world = world_of(Script::with(move |request| {
        if request.tools.is_empty() {
            let fact = json!({"fact": "Has a parrot", "category": "family", "message": 1});
            let digest = Step::say(json!({"summary": "A parrot.", "facts": [fact]}).to_string());
            return Step::After(pass_gate.clone(), Box::new(digest));
        }
        Step::say("ok")
    }))
    .await;
    ten_messages(&world, "I have a parrot").await;
    let asked = world.script.requests().len();
    let tell = async {
        world.script.asked(asked + 1).await;
        let changes = FactChanges {
            learnt: vec![NewFact::new(Uuid::now_v7(), Category::Family, "has a parrot")],
            ..FactChanges::default()
        };
        assert!(world.store().facts().write(IVAN, &changes, world.clock.now()).await.unwrap());
        gate.notify_one();
    };
    let (summed, ()) = tokio::join!(summary::sum_up_one(&world.engine), tell);
    assert!(summed);
    assert_eq!(facts(&world).await, ["has a parrot"]);
    assert_eq!(world.count("SELECT summed_messages::bigint FROM conversations").await, 10);
}

#[tokio::test]
async fn of_more_facts_than_fit_a_turn_sees_those_that_its_message_is_about_and_premium_sees_more() {
    let world = world_of(Script::always(Step::say("ок"))).await;
    world.say("Привет").await.unwrap();
    let filler = |number: usize| format!("Событие номер {number}: {}", "ходил в кино на длинную комедию ".repeat(4));
    let mut learnt: Vec<_> =
        (0..300).map(|number| NewFact::new(Uuid::now_v7(), Category::Events, filler(number))).collect();
    learnt.insert(0, NewFact::new(Uuid::now_v7(), Category::Preferences, "Собирает почтовые марки"));
    let changes = FactChanges { learnt, ..FactChanges::default() };
    assert!(world.store().facts().write(IVAN, &changes, world.clock.now()).await.unwrap());
    world.make_premium().await;
    world.say("Какие марки мне купить?").await.unwrap();
    let premium = world.last_system();
    assert!(premium.contains("Собирает почтовые марки"), "{premium}");
    world.say("А в кино?").await.unwrap();
    assert!(!world.last_system().contains("марки"), "what a message is about made no difference");
    sqlx::query("UPDATE users SET plan = 'free'").execute(&world.sql).await.unwrap();
    world.say("Кино?").await.unwrap();
    let free = world.last_system();
    let shown = |system: &str| system.matches("Событие номер").count();
    assert!(shown(&free) < shown(&premium) && shown(&premium) < 300, "{} {}", shown(&free), shown(&premium));
}
