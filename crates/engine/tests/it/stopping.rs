//! A person wants to hear no more of an answer.

use evolve_engine::{
    model::{Role, Script, Step},
    turn::{TurnError, TurnEvent, TurnReply},
};
use serde_json::json;
use tokio::sync::mpsc;

use crate::turn_support::{IVAN, World, keyed, world};

/// Says something that is answered by `said` and no more, and stops it at `replica`'s.
async fn stopped(world: &World, said: &str) -> TurnReply {
    let (replica, _tasks) = world.replica(&world.url, &Script::new([]));
    let (sender, mut events) = mpsc::channel(64);
    let stop = async {
        let mut heard = String::new();
        while heard != said {
            let Some(TurnEvent::Delta(more)) = events.recv().await else { panic!("heard {heard:?}") };
            heard.push_str(&more);
        }
        world.script.asked(1).await;
        assert!(replica.stop(IVAN, None).await.unwrap());
    };
    let (reply, ()) = tokio::join!(world.engine.chat(keyed("Расскажи сказку", "k"), Some(sender)), stop);
    reply.unwrap()
}

#[tokio::test]
async fn an_answer_that_is_stopped_is_what_was_said_so_far_and_is_paid_for_once() {
    let world = world([Step::HangAfter("Жили-были дед ".to_owned()), Step::say("Хорошо")]).await;
    let reply = stopped(&world, "Жили-были дед ").await;
    assert_eq!((reply.text.as_str(), reply.stopped), ("Жили-были дед…", false));
    let again = world.engine.chat(keyed("Расскажи сказку", "k"), None).await.unwrap();
    assert_eq!((again.text.as_str(), again.replayed), ("Жили-были дед…", true));
    assert_eq!(world.used_today().await, 1);
    world.say("Спасибо").await.unwrap();
    let context = world.script.requests().pop().unwrap().context;
    assert_eq!((context[1].role, context[1].text()), (Role::Assistant, "Жили-были дед…".to_owned()));
}

#[tokio::test]
async fn an_answer_that_is_stopped_before_its_first_word_is_none_and_the_talk_goes_on() {
    let world = world([
        Step::call("remember", json!({"fact": "любит сказки", "category": "preferences"})),
        Step::HangAfter(String::new()),
        Step::say("Хорошо"),
    ])
    .await;
    let listening = async {
        world.script.asked(2).await;
        assert!(world.engine.stop(IVAN, None).await.unwrap());
    };
    let (reply, ()) = tokio::join!(world.engine.chat(keyed("Расскажи сказку", "k"), None), listening);
    let reply = reply.unwrap();
    assert_eq!((reply.text.as_str(), reply.stopped), ("", true));
    assert!(world.engine.chat(keyed("Расскажи сказку", "k"), None).await.unwrap().stopped);
    assert_eq!(world.count("SELECT count(*) FROM facts").await, 1, "what was told is remembered");
    world.say("Ладно").await.unwrap();
    let context = world.script.requests().pop().unwrap().context;
    assert_eq!(context.len(), 1, "{context:?}");
    assert_eq!(context[0].text(), "Расскажи сказку\nЛадно");
}

#[tokio::test]
async fn a_wish_that_was_not_heard_is_found_with_the_lease() {
    let world = world([Step::HangAfter("Жили-были дед ".to_owned())]).await;
    tokio::join!(
        async {
            let reply = world.engine.chat(keyed("Расскажи сказку", "k"), None).await.unwrap();
            assert!(reply.stopped);
        },
        async {
            world.script.asked(1).await;
            sqlx::query("UPDATE turns SET stop_asked_at = now()").execute(&world.sql).await.unwrap();
            // As after the connection that listens was lost: something may have been missed.
            sqlx::query("SELECT pg_notify('turn_stop', '?')").execute(&world.sql).await.unwrap();
        }
    );
}

#[tokio::test]
async fn nobody_stops_what_has_ended_or_what_is_somebody_elses() {
    let world = world([Step::say("Вот и сказке конец"), Step::HangAfter("Жили-были ".to_owned())]).await;
    assert!(!world.engine.stop(IVAN, None).await.unwrap());
    world.say("Расскажи сказку").await.unwrap();
    assert!(!world.engine.stop(IVAN, None).await.unwrap());
    let mine = async {
        world.script.asked(2).await;
        assert!(!world.engine.stop(IVAN + 1, None).await.unwrap());
        assert_eq!(
            world.count("SELECT count(*) FROM turns WHERE stop_asked_at IS NULL AND state = 'running'").await,
            1
        );
        assert!(world.engine.stop(IVAN, None).await.unwrap());
    };
    let (reply, ()) = tokio::join!(world.say("Ещё одну"), mine);
    reply.unwrap();
}

/// The same request, and `stop` once the model was asked so many times.
async fn stop_when_asked(world: &World, times: usize, keys: &[&str]) -> bool {
    world.script.asked(times).await;
    let keys: Vec<_> = keys.iter().map(|key| (*key).to_owned()).collect();
    world.engine.stop(IVAN, Some(&keys)).await.unwrap()
}

#[tokio::test]
async fn a_wish_is_about_the_answers_that_it_names_and_no_other() {
    let world = world([Step::HangAfter("Жили-были ".to_owned())]).await;
    let stop = async {
        assert!(!stop_when_asked(&world, 1, &[]).await);
        let other = [String::from("other")];
        assert!(world.engine.stop(IVAN, Some(&other)).await.unwrap(), "it is kept for when that comes");
        assert_eq!(world.count("SELECT count(*) FROM turns WHERE stop_asked_at IS NOT NULL").await, 0);
        assert!(stop_when_asked(&world, 1, &["k"]).await);
    };
    let (reply, ()) = tokio::join!(world.engine.chat(keyed("Расскажи сказку", "k"), None), stop);
    assert!(reply.unwrap().stopped);
    assert!(!stop_when_asked(&world, 1, &["k"]).await, "it has ended");
}

#[tokio::test]
async fn a_wish_that_comes_before_its_turn_has_begun_is_not_lost() {
    let world = world([Step::say("Привет"), Step::say("Хорошо")]).await;
    world.say("Привет").await.unwrap();
    assert!(stop_when_asked(&world, 1, &["k"]).await);
    assert!(stop_when_asked(&world, 1, &["k"]).await, "twice is the same");
    let reply = world.engine.chat(keyed("Расскажи сказку", "k"), None).await.unwrap();
    assert!(reply.stopped && reply.text.is_empty(), "{reply:?}");
    assert_eq!(world.script.requests().len(), 1, "no model was asked");
    assert_eq!(world.count("SELECT count(*) FROM stops").await, 0);
    assert_eq!(world.engine.chat(keyed("Ладно", "k2"), None).await.unwrap().text, "Хорошо");
}

#[tokio::test]
async fn a_wish_outlives_the_process_that_heard_it() {
    let world = world([Step::say("Привет")]).await;
    world.say("Привет").await.unwrap();
    let (replica, tasks) = world.replica(&world.url, &Script::new([Step::Hang]));
    let died = tokio::spawn(async move { replica.chat(keyed("Расскажи сказку", "k"), None).await.map(drop) });
    evolve_testkit::eventually("it runs", async || {
        world.count("SELECT count(*) FROM turns WHERE state = 'running'").await == 1
    })
    .await;
    died.abort();
    drop(tasks);
    sqlx::query("UPDATE turns SET stop_asked_at = now() WHERE state = 'running'").execute(&world.sql).await.unwrap();
    world.clock.advance(chrono::TimeDelta::minutes(2));
    let reply = world.engine.chat(keyed("Расскажи сказку", "k"), None).await.unwrap();
    assert!(reply.stopped, "{reply:?}");
}

#[tokio::test]
async fn what_was_said_until_the_stop_is_counted() {
    let world = world([Step::HangAfter("Жили-были дед ".to_owned())]).await;
    stopped(&world, "Жили-были дед ").await;
    assert!(world.count("SELECT sum(input_tokens)::bigint FROM usage_days").await > 100);
    assert!(world.count("SELECT sum(output_tokens)::bigint FROM usage_days").await > 3);
}

#[tokio::test]
async fn a_turn_that_a_stopping_process_has_no_time_for_is_made_by_another_at_once_and_counts_once() {
    // Time stands still: no lease runs out, so only what is handed back can be taken over.
    let world = world([Step::say("Вот и сказке конец")]).await;
    let hanging = Script::new([Step::HangAfter("Жили-были ".to_owned())]);
    let (stopping, tasks) = world.replica(&world.url, &hanging);
    let begun = stopping.chat(keyed("Расскажи сказку", "k"), None);
    let waiting = async {
        hanging.asked(1).await;
        // Somebody waits for it already: they take it over.
        let heir = world.engine.chat(keyed("Расскажи сказку", "k"), None);
        let stop = async {
            tokio::task::yield_now().await;
            tasks.stop(std::future::ready(())).await.unwrap();
        };
        tokio::join!(heir, stop).0
    };
    let (begun, heir) = tokio::join!(begun, waiting);
    assert!(matches!(begun, Err(TurnError::Superseded)), "{begun:?}");
    assert_eq!(heir.unwrap().text, "Вот и сказке конец");
    assert_eq!(world.used_today().await, 1);
    assert_eq!(world.count("SELECT count(*) FROM messages").await, 2, "an attempt that was handed back left a trace");
}
