//! A person wants to hear no more of an answer.

use evolve_engine::{
    model::{Role, Script, Step},
    turn::{TurnEvent, TurnReply},
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
        assert!(replica.stop(IVAN).await.unwrap());
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
        assert!(world.engine.stop(IVAN).await.unwrap());
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
    assert!(!world.engine.stop(IVAN).await.unwrap());
    world.say("Расскажи сказку").await.unwrap();
    assert!(!world.engine.stop(IVAN).await.unwrap());
    let mine = async {
        world.script.asked(2).await;
        assert!(!world.engine.stop(IVAN + 1).await.unwrap());
        assert_eq!(
            world.count("SELECT count(*) FROM turns WHERE stop_asked_at IS NULL AND state = 'running'").await,
            1
        );
        assert!(world.engine.stop(IVAN).await.unwrap());
    };
    let (reply, ()) = tokio::join!(world.say("Ещё одну"), mine);
    reply.unwrap();
}
