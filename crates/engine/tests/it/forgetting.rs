//! What is forgotten is gone: from every table, from what the model sees, and it does not come back.

use std::sync::Arc;

use chrono::TimeDelta;
use evolve_domain::plan::Plans;
use evolve_engine::{
    memories::{self, Correction, Filter, Memories, MemoryError},
    model::{Script, Step},
    prompt::Persona,
    summary,
    turn::TurnRequest,
};
use evolve_store::{forgetting::Forgotten, history::At};
use serde_json::json;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::turn_support::{IVAN, World, message, world, world_of};

fn memories(world: &World) -> Memories {
    Memories::new(world.store(), world.clock.clone(), Plans::default(), Persona::default().default_settings())
}

/// A companion who remembers what is said of spiders, sums up that Ivan fears them, and can be told to forget.
fn companion() -> Script {
    Script::with(|request| {
        let asked = request.context.last().map(|message| message.text()).unwrap_or_default();
        if request.tools.is_empty() {
            let summary = if asked.contains("паук") {
                "Боится пауков, любит осень."
            } else {
                "Любит осень."
            };
            // It tells of every message again, also of those from which a fact was taken before.
            let facts = json!([{"fact": "Любит осень", "category": "preferences", "message": 5}]);
            return Step::say(json!({"title": summary, "summary": summary, "facts": facts}).to_string());
        }
        match asked.as_str() {
            "Я очень боюсь пауков" => {
                Step::call("remember", json!({"fact": "Боится пауков", "category": "health"}))
            }
            "Забудь про них" => Step::call("forget", json!({"fact": "Боится пауков"})),
            "" => Step::say("Пауки бывают страшными, понимаю вас"),
            _ => Step::say("Понятно"),
        }
    })
}

/// Ivan tells of spiders, of autumn, and of spiders again; all of it is summed up.
async fn spiders_and_autumn() -> World {
    let world = world_of(companion()).await;
    world.say("Я очень боюсь пауков").await.unwrap();
    world.say("Сегодня дождь").await.unwrap();
    world.say("Люблю осень и дожди").await.unwrap();
    world.say("Опять паук в ванной, боюсь его").await.unwrap();
    for _ in 0..6 {
        world.say("Ну вот").await.unwrap();
    }
    sqlx::query("UPDATE conversations SET ended_at = now()").execute(&world.sql).await.unwrap();
    while summary::sum_up_one(&world.engine).await {}
    assert!(!world.where_it_stands("боится паук").await.is_empty(), "the story told of no spiders");
    world
}

async fn the_fact(world: &World, content: &str) -> Uuid {
    let facts = world.store().facts().book(IVAN).await.unwrap().facts;
    facts.iter().find(|fact| fact.content == content).unwrap_or_else(|| panic!("{facts:?}")).id
}

#[tokio::test]
async fn a_fact_that_is_forgotten_stands_in_no_table_and_what_was_said_beside_it_stays() {
    let world = spiders_and_autumn().await;
    let fact = the_fact(&world, "Боится пауков").await;
    let forgotten = memories(&world).forget(IVAN, fact).await.unwrap();
    assert_eq!(forgotten, Forgotten { facts: 1, messages: 3, summaries: 1 });
    assert_eq!(world.where_it_stands("паук").await, [""; 0]);
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE text = 'Люблю осень и дожди'").await, 1);
    the_fact(&world, "Любит осень").await;
    let page = world.store().history().page(IVAN, At::End, 50).await.unwrap();
    assert!(page.messages.iter().all(|message| !message.text.is_empty()), "an empty message is shown: {page:?}");

    // What is left is summed up anew, and nothing comes back from it.
    while summary::sum_up_one(&world.engine).await {}
    assert_eq!(world.where_it_stands("паук").await, [""; 0]);
    world.say("Что я люблю?").await.unwrap();
    assert!(world.last_system().contains("Любит осень.") && !world.last_system().contains("паук"));
    assert_eq!(world.store().facts().book(IVAN).await.unwrap().facts.len(), 1);

    let again = memories(&world).forget(IVAN, fact).await;
    assert!(matches!(again, Err(MemoryError::NoSuchFact)));
}

#[tokio::test]
async fn a_fact_that_was_put_in_another_language_is_forgotten_with_the_answers_to_its_message() {
    let world = world_of(Script::with(|request| {
        let asked = request.context.last().map(|message| message.text()).unwrap_or_default();
        match asked.as_str() {
            "У меня аллергия на орехи" => {
                Step::call("remember", json!({"fact": "Is allergic to nuts", "category": "health"}))
            }
            "" => Step::say("Тогда никаких орехов"),
            _ => Step::say("Понятно"),
        }
    }))
    .await;
    world.say("У меня аллергия на орехи").await.unwrap();
    world.say("Сегодня дождь").await.unwrap();
    let fact = the_fact(&world, "Is allergic to nuts").await;
    let forgotten = memories(&world).forget(IVAN, fact).await.unwrap();
    assert_eq!((forgotten.facts, forgotten.messages), (1, 2));
    assert_eq!(world.where_it_stands("орех").await, [""; 0]);
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE text = 'Сегодня дождь'").await, 1);
}

#[tokio::test]
async fn a_fact_that_no_key_opens_is_forgotten_with_whatever_may_tell_it_and_is_not_owed_for_ever() {
    let world = spiders_and_autumn().await;
    world.say("Люблю листопад").await.unwrap();
    sqlx::query("UPDATE conversations SET ended_at = now() WHERE ended_at IS NULL").execute(&world.sql).await.unwrap();
    while summary::sum_up_one(&world.engine).await {}
    let eva = TurnRequest { user_id: IVAN + 1, ..message("Я очень боюсь пауков") };
    world.engine.chat(eva, None).await.unwrap();
    world.clock.advance(TimeDelta::minutes(1));
    sqlx::query("UPDATE facts SET forgotten_at = $1 WHERE category = 'health'")
        .bind(world.clock.now())
        .execute(&world.sql)
        .await
        .unwrap();
    sqlx::raw_sql(
        "UPDATE facts SET content = 'broken' WHERE user_id = 42 AND forgotten_at IS NOT NULL;
         INSERT INTO weeks (user_id, starts_on, content, stale, updated_at)
         SELECT 42, '2026-01-05', content, false, now() FROM summaries LIMIT 1",
    )
    .execute(&world.sql)
    .await
    .unwrap();
    assert_eq!(world.count("SELECT count(*) FROM summaries").await, 2);
    world.clock.advance(TimeDelta::minutes(11));
    assert_eq!(memories::settle_owed(&world.engine, || false).await.unwrap(), 2);
    assert_eq!(world.count("SELECT count(*) FROM facts WHERE forgotten_at IS NOT NULL").await, 0);
    let told = "SELECT count(*) FROM messages
                WHERE text = 'Я очень боюсь пауков' OR (user_id = 42 AND text = 'Пауки бывают страшными, понимаю вас')";
    assert_eq!(world.count(told).await, 0);
    let made = "SELECT (SELECT count(*) FROM summaries) + (SELECT count(*) FROM weeks WHERE content IS NOT NULL)";
    assert_eq!(world.count(made).await, 0, "any of them may tell it");
    for other in ["люблю осень и дожди", "люблю листопад"] {
        assert!(!world.where_it_stands(other).await.is_empty(), "{other} is gone");
    }
    while summary::sum_up_one(&world.engine).await {}
    assert_eq!(
        world.count("SELECT count(*) FROM summaries WHERE user_id = 42").await,
        2,
        "its talks are summed up again"
    );
    let facts = world.store().facts().book(IVAN).await.unwrap().facts;
    assert_eq!(facts.iter().map(|fact| fact.content.as_str()).collect::<Vec<_>>(), ["Любит осень"]);
}

#[tokio::test]
async fn what_no_key_opens_takes_nothing_with_it_and_may_tell_of_anything() {
    let world = spiders_and_autumn().await;
    sqlx::raw_sql(
        "INSERT INTO facts (id, user_id, category, content, created_at, chain, last_said_at, ended_at)
         SELECT gen_random_uuid(), 42, 'other', 'broken', now(), gen_random_uuid(), now(), ended
         FROM unnest(ARRAY[NULL, now()]) AS ended;
         UPDATE summaries SET content = 'broken';
         INSERT INTO weeks (user_id, starts_on, content, updated_at) VALUES (42, '2026-11-09', 'broken', now())",
    )
    .execute(&world.sql)
    .await
    .unwrap();
    let (memories, fact) = (memories(&world), the_fact(&world, "Боится пауков").await);
    assert_eq!(memories.list(IVAN, &Filter { per_page: 10, ..Filter::default() }).await.unwrap().total, 2);
    memories.one(IVAN, fact).await.unwrap();
    assert!(world.store().facts().history(IVAN).await.unwrap().is_empty());
    memories.forget(IVAN, fact).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM summaries").await, 0);
    assert_eq!(world.count("SELECT count(*) FROM weeks WHERE content IS NOT NULL").await, 0);
}

#[tokio::test]
async fn history_is_forgotten_with_its_fact() {
    let world = world_of(Script::with(|request| {
        let asked = request.context.last().map(|message| message.text()).unwrap_or_default();
        match asked.as_str() {
            "Работаю в цирке" => {
                Step::call("remember", json!({"fact": "Работает в цирке", "category": "work"}))
            }
            "Перешёл в театр" => Step::call(
                "remember",
                json!({"fact": "Работает в театре", "category": "work", "replaces": "Работает в цирке"}),
            ),
            _ => Step::say("Здорово"),
        }
    }))
    .await;
    world.say("Работаю в цирке").await.unwrap();
    world.say("Перешёл в театр").await.unwrap();
    let (_, history) = memories(&world).one(IVAN, the_fact(&world, "Работает в театре").await).await.unwrap();
    assert_eq!(history[0].fact.content, "Работает в цирке");
    memories(&world).forget(IVAN, the_fact(&world, "Работает в театре").await).await.unwrap();
    for piece in ["цирк", "театр"] {
        assert_eq!(world.where_it_stands(piece).await, [""; 0]);
    }
}

#[tokio::test]
async fn what_a_turn_is_asked_to_forget_is_out_of_sight_at_once_and_gone_soon() {
    let world = spiders_and_autumn().await;
    world.say("Забудь про них").await.unwrap();
    world.say("Что нового?").await.unwrap();
    assert!(!world.last_system().contains("[health]"));
    assert_eq!(
        memories::settle_owed(&world.engine, || false).await.unwrap(),
        0,
        "its answer could not be repeated any more"
    );
    world.clock.advance(TimeDelta::minutes(11));
    assert_eq!(memories::settle_owed(&world.engine, || false).await.unwrap(), 1);
    assert_eq!(memories::settle_owed(&world.engine, || false).await.unwrap(), 0);
    assert_eq!(world.where_it_stands("паук").await, [""; 0]);
}

#[tokio::test]
async fn what_stood_in_the_profile_is_forgotten_with_whatever_was_said_of_it() {
    let world = world([
        Step::call("set_profile", json!({"city": "Казань", "name": "Иван"})),
        Step::say("Красивый город, Казань"),
        Step::say("Да"),
        Step::call("forget", json!({"fact": "city"})),
        Step::say("Уже не знаю"),
        Step::say("Не знаю"),
    ])
    .await;
    world.say("Я Иван, живу в Казани").await.unwrap();
    world.say("Сегодня дождь").await.unwrap();
    world.say("Забудь, где я живу").await.unwrap();
    assert!(world.store().facts().book(IVAN).await.unwrap().facts.is_empty());
    world.clock.advance(TimeDelta::minutes(11));
    assert_eq!(memories::settle_owed(&world.engine, || false).await.unwrap(), 1);
    assert_eq!(world.where_it_stands("казан").await, [""; 0]);
    assert_eq!(world.count("SELECT count(*) FROM facts").await, 0);
    assert_eq!(world.count("SELECT count(*) FROM messages WHERE text = 'Сегодня дождь'").await, 1);
    world.say("Где я живу?").await.unwrap();
    assert!(world.last_system().contains("- name: Иван") && !world.last_system().contains("- city"));
}

#[tokio::test]
async fn a_field_of_one_word_takes_along_what_was_said_of_it_and_a_name_takes_nothing_along() {
    let world = world([
        Step::call("set_profile", json!({"name": "Вера", "occupation": "врач"})),
        Step::say("Трудная работа, врач"),
        Step::say("Доктор поможет"),
        Step::say("Сходите к врачу"),
        Step::call("forget", json!({"fact": "occupation"})),
        Step::say("Уже не знаю"),
        Step::call("forget", json!({"fact": "name"})),
        Step::say("И этого не знаю"),
        Step::say("Нет"),
    ])
    .await;
    let said = [
        "Я Вера, работаю врачом",
        "Вчера ходила к доктору, верю ему",
        "Болит горло",
        "Забудь, кем я работаю",
        "И как меня зовут",
    ];
    for words in said {
        world.say(words).await.unwrap();
        // What is asked to be forgotten is known by its time.
        world.clock.advance(TimeDelta::minutes(1));
    }
    world.clock.advance(TimeDelta::minutes(11));
    assert_eq!(memories::settle_owed(&world.engine, || false).await.unwrap(), 1);
    let of_it = "SELECT count(*) FROM messages WHERE text IN ('Я Вера, работаю врачом', 'Трудная работа, врач')";
    assert_eq!(world.count(of_it).await, 0);
    let others = "SELECT count(*) FROM messages WHERE text IN
                  ('Вчера ходила к доктору, верю ему', 'Доктор поможет', 'Болит горло', 'Сходите к врачу')";
    assert_eq!(world.count(others).await, 4);
    world.say("Ты знаешь, кто я?").await.unwrap();
    assert!(!world.last_system().contains("- name") && !world.last_system().contains("- occupation"));
}

#[tokio::test]
async fn a_summary_that_is_being_made_while_its_fact_is_forgotten_is_not_written() {
    let gate = Arc::new(Notify::new());
    let held = gate.clone();
    let world = world_of(Script::with(move |request| {
        let about_spiders = request.context.last().is_some_and(|message| message.text().contains("паук"));
        match (request.tools.is_empty() && about_spiders, request.tools.is_empty()) {
            (true, _) => {
                let digest = json!({"summary": "Боится пауков."}).to_string();
                Step::After(held.clone(), Box::new(Step::say(digest)))
            }
            (false, true) => Step::say("Ни о чём."),
            (false, false) if about_spiders => {
                Step::call("remember", json!({"fact": "Боится пауков", "category": "health"}))
            }
            _ => Step::say("Понятно"),
        }
    }))
    .await;
    world.say("Я очень боюсь пауков").await.unwrap();
    for _ in 0..9 {
        world.say("Ну вот").await.unwrap();
    }
    let asked = world.script.requests().len();
    let forget = async {
        world.script.asked(asked + 1).await;
        memories(&world).forget(IVAN, the_fact(&world, "Боится пауков").await).await.unwrap();
        gate.notify_one();
    };
    tokio::join!(summary::sum_up_one(&world.engine), forget);
    assert_eq!(world.where_it_stands("паук").await, [""; 0]);
    while summary::sum_up_one(&world.engine).await {}
    assert_eq!(world.count("SELECT summed_messages::bigint FROM conversations").await, 10);
}

/// A companion who remembers spiders and forgets them when asked to, and whose summaries tell of them again wherever they are
/// still mentioned; a summary waits for the gate.
fn telling_again(gate: Option<Arc<Notify>>) -> Script {
    Script::with(move |request| {
        let asked = request.context.last().map(|message| message.text()).unwrap_or_default();
        if request.tools.is_empty() {
            let told = json!({"fact": "Боится пауков", "category": "health", "message": 1});
            let (summary, facts) = if asked.contains("паук") {
                ("Боится пауков.", json!([told]))
            } else {
                ("Ни о чём.", json!([]))
            };
            let digest = Step::say(json!({"summary": summary, "facts": facts}).to_string());
            return match &gate {
                Some(gate) => Step::After(gate.clone(), Box::new(digest)),
                None => digest,
            };
        }
        match asked.as_str() {
            "Я очень боюсь пауков" => {
                Step::call("remember", json!({"fact": "Боится пауков", "category": "health"}))
            }
            "Забудь про них" => Step::call("forget", json!({"fact": "Боится пауков"})),
            _ => Step::say("Понятно"),
        }
    })
}

/// Says each, a minute after the one before.
async fn talk(world: &World, said: &[&str]) {
    for text in said {
        world.say(text).await.unwrap();
        world.clock.advance(TimeDelta::minutes(1));
    }
}

#[tokio::test]
async fn what_was_forgotten_in_a_talk_does_not_come_back_from_its_summary() {
    let world = world_of(telling_again(None)).await;
    talk(&world, &["Я очень боюсь пауков", "Забудь про них"]).await;
    for _ in 0..8 {
        world.say("Ну вот").await.unwrap();
    }
    assert!(!summary::sum_up_one(&world.engine).await, "what is to be forgotten still stands in the messages");
    world.clock.advance(TimeDelta::minutes(11));
    assert_eq!(memories::settle_owed(&world.engine, || false).await.unwrap(), 1);
    assert!(summary::sum_up_one(&world.engine).await, "nobody is owed anything any more");
    assert_eq!(world.where_it_stands("паук").await, [""; 0]);
    assert!(world.store().facts().book(IVAN).await.unwrap().facts.is_empty());
}

#[tokio::test]
async fn what_is_forgotten_in_a_talk_while_that_is_summed_up_does_not_come_back_either() {
    let gate = Arc::new(Notify::new());
    let world = world_of(telling_again(Some(gate.clone()))).await;
    talk(&world, &["Я очень боюсь пауков"]).await;
    for _ in 0..9 {
        world.say("Ну вот").await.unwrap();
    }
    let asked = world.script.requests().len();
    let forget = async {
        world.script.asked(asked + 1).await;
        talk(&world, &["Забудь про них"]).await;
        gate.notify_one();
    };
    tokio::join!(summary::sum_up_one(&world.engine), forget);
    assert_eq!(world.count("SELECT count(*) FROM facts WHERE forgotten_at IS NULL").await, 0);
    world.clock.advance(TimeDelta::minutes(11));
    assert_eq!(memories::settle_owed(&world.engine, || false).await.unwrap(), 1);
    gate.notify_one();
    assert!(summary::sum_up_one(&world.engine).await);
    assert_eq!(world.where_it_stands("паук").await, [""; 0]);
}

#[tokio::test]
async fn what_is_forgotten_while_another_talk_is_summed_up_is_not_learnt_anew_from_that() {
    let gate = Arc::new(Notify::new());
    let world = world_of(telling_again(Some(gate.clone()))).await;
    talk(&world, &["Я очень боюсь пауков"]).await;
    world.store().users().end_conversation(IVAN, world.clock.now()).await.unwrap();
    gate.notify_one();
    assert!(summary::sum_up_one(&world.engine).await);
    for _ in 0..10 {
        world.say("Ну вот").await.unwrap();
    }
    let asked = world.script.requests().len();
    let forget = async {
        world.script.asked(asked + 1).await;
        // What is known is shown with the messages, and so it is told of them.
        memories(&world).forget(IVAN, the_fact(&world, "Боится пауков").await).await.unwrap();
        gate.notify_one();
    };
    tokio::join!(summary::sum_up_one(&world.engine), forget);
    assert!(world.store().facts().book(IVAN).await.unwrap().facts.is_empty(), "it was learnt anew");
    world.clock.advance(TimeDelta::minutes(3));
    for _ in 0..2 {
        gate.notify_one();
        assert!(summary::sum_up_one(&world.engine).await, "both talks are summed up anew");
    }
    assert_eq!(world.where_it_stands("паук").await, [""; 0]);
}

#[tokio::test]
async fn everything_can_be_forgotten_at_once_and_nobody_else_loses_anything() {
    let world = spiders_and_autumn().await;
    let eva = TurnRequest { user_id: IVAN + 1, ..message("Сегодня дождь, а я боюсь гроз") };
    world.engine.chat(eva, None).await.unwrap();
    let forgotten = memories(&world).forget_all(IVAN).await.unwrap();
    assert_eq!((forgotten.messages, forgotten.summaries), (20, 1));
    for piece in ["паук", "осень", "ванн"] {
        assert_eq!(world.where_it_stands(piece).await, [""; 0]);
    }
    assert!(!world.where_it_stands("гроз").await.is_empty(), "Eva's words are gone");
    assert_eq!(world.count("SELECT count(*) FROM users WHERE points > 0").await, 2, "the relationship is gone");
    world.say("Привет").await.unwrap();
    assert_eq!(world.script.requests().last().unwrap().context.len(), 1);
}

#[tokio::test]
async fn nobody_reads_corrects_or_forgets_what_another_told() {
    let world = spiders_and_autumn().await;
    let eva = TurnRequest { user_id: IVAN + 1, ..message("Привет") };
    world.engine.chat(eva, None).await.unwrap();
    let (fact, memories) = (the_fact(&world, "Боится пауков").await, memories(&world));
    assert!(matches!(memories.one(IVAN + 1, fact).await, Err(MemoryError::NoSuchFact)));
    assert!(matches!(memories.forget(IVAN + 1, fact).await, Err(MemoryError::NoSuchFact)));
    assert!(matches!(
        memories.correct(IVAN + 1, fact, Correction { content: Some("x"), ..Correction::default() }).await,
        Err(MemoryError::NoSuchFact)
    ));
    assert!(matches!(memories.list(77, &Default::default()).await, Err(MemoryError::NobodyThere)));
    assert_eq!(memories.list(IVAN + 1, &Default::default()).await.unwrap().total, 0);
    the_fact(&world, "Боится пауков").await;
}

#[tokio::test]
async fn pictures_recordings_and_what_waits_to_be_tried_again_are_forgotten_with_a_fact_and_with_everything() {
    let world = spiders_and_autumn().await;
    sqlx::raw_sql(
        "UPDATE turns SET reply_picture = 'drawn';
         INSERT INTO audio_files (turn_id, kind, user_id, mime, bytes, model, created_at)
         SELECT id, 'in', user_id, 'audio/ogg', 1, 'ears', now() FROM turns;
         INSERT INTO inbox (update_id, chat_id, user_id, payload, state, ready_at, received_at, finished_at)
         SELECT i, CASE WHEN i > 3 THEN 7 ELSE 42 END, CASE WHEN i > 3 THEN 7 ELSE 42 END, '{\"voice\": {}}',
                CASE i WHEN 2 THEN 'dead' WHEN 3 THEN 'pending' ELSE 'done' END, now(), now(),
                CASE WHEN i <> 3 THEN now() END
         FROM generate_series(1, 4) AS i",
    )
    .execute(&world.sql)
    .await
    .unwrap();
    let drawn = "SELECT count(*) FROM turns WHERE reply_picture IS NOT NULL";
    let (before, heard) = (world.count(drawn).await, world.count("SELECT count(*) FROM audio_files").await);

    memories(&world).forget(IVAN, the_fact(&world, "Боится пауков").await).await.unwrap();
    let left = (world.count(drawn).await, world.count("SELECT count(*) FROM audio_files").await);
    assert!((1..before).contains(&left.0) && (1..heard).contains(&left.1), "{left:?} of {before}, {heard}");
    // What is being worked stays, and what is another's.
    let kept = "SELECT COALESCE(sum(update_id), 0)::bigint FROM inbox WHERE payload IS NOT NULL";
    assert_eq!(world.count(kept).await, 3 + 4);

    memories(&world).forget_all(IVAN).await.unwrap();
    assert_eq!((world.count(drawn).await, world.count("SELECT count(*) FROM audio_files").await), (0, 0));
}
