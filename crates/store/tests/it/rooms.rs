//! Groups: their settings, their talk of a day, and that nothing is owed where the companion is no more.

use chrono::TimeDelta;
use evolve_domain::language::Language;
use evolve_store::{
    outbox::{NewOutgoing, Priority},
    rooms::{Answers, KEPT, Room, Spoken},
    turns::{Aside, Usage},
};
use serde_json::json;

use crate::support::{IVAN, World, world};

const ROOM: i64 = -5;
const ANSWERS: &str = "SELECT count(*) FROM turns WHERE reply IS NOT NULL";

fn owed(chat_id: i64, key: &str) -> NewOutgoing {
    let params = json!({ "chat_id": chat_id, "text": key });
    NewOutgoing {
        chat_id,
        user_id: Some(IVAN),
        key: key.to_owned(),
        method: "sendMessage".to_owned(),
        params,
        priority: Priority::Reply,
    }
}

async fn speak(world: &World, key: &str, room: Option<(i64, &str)>) {
    speak_in(world, key, room, None).await;
}

async fn speak_in(world: &World, key: &str, room: Option<(i64, &str)>, thread_id: Option<i64>) {
    let (turn, _) = world.admitted(key).await;
    let usage = Usage { input_tokens: 10, output_tokens: 5 };
    let (message, reply) = ("Кто прав?", "Оба");
    let first_ms = Some(700);
    let work = Aside { room, thread_id, message, reply, usage, model: "scripted", first_ms, now: world.now };
    assert!(world.store.turns().persist_aside(&turn, &work).await.unwrap());
    assert!(!world.store.turns().persist_aside(&turn, &work).await.unwrap(), "it ended twice");
}

#[tokio::test]
async fn a_group_is_as_its_administrators_want_it_and_takes_that_along() {
    let world = world().await;
    let rooms = world.store.rooms();
    assert_eq!(rooms.get(ROOM).await.unwrap(), Room::default());
    rooms.set(ROOM, Some(Some(Language::En)), None, world.now).await.unwrap();
    rooms.set(ROOM, None, Some(Answers::Mentions), world.now).await.unwrap();
    let wanted = Room { language: Some(Language::En), answers: Answers::Mentions, left: false };
    assert_eq!(rooms.get(ROOM).await.unwrap(), wanted);
    speak(&world, "a", Some((ROOM, "Анна"))).await;
    for _ in 0..2 {
        rooms.migrate(ROOM, -100).await.unwrap();
        assert_eq!((rooms.get(ROOM).await.unwrap(), rooms.get(-100).await.unwrap()), (Room::default(), wanted));
    }
    assert_eq!(rooms.recall(-100, None, 10, world.now).await.unwrap().len(), 1);
    rooms.set(-100, Some(None), None, world.now).await.unwrap();
    assert_eq!(rooms.get(-100).await.unwrap().language, None);
}

#[tokio::test]
async fn it_may_be_known_that_the_companion_is_in_the_new_group_before_it_is_known_which_that_was() {
    let world = world().await;
    let rooms = world.store.rooms();
    rooms.set(ROOM, Some(Some(Language::En)), Some(Answers::Mentions), world.now).await.unwrap();
    assert!(rooms.join(-100, world.now).await.unwrap());
    rooms.migrate(ROOM, -100).await.unwrap();
    let wanted = Room { language: Some(Language::En), answers: Answers::Mentions, left: false };
    assert_eq!(rooms.get(-100).await.unwrap(), wanted);
    assert!(!rooms.join(-100, world.now).await.unwrap(), "it is greeted again");
    rooms.set(-5_000, None, Some(Answers::Off), world.now).await.unwrap();
    rooms.migrate(-5_000, -100).await.unwrap();
    assert_eq!(rooms.get(-100).await.unwrap(), wanted, "what was chosen in the new group is lost");
}

#[tokio::test]
async fn each_topic_has_its_own_context() {
    let world = world().await;
    for (key, thread_id) in [("a", None), ("b", Some(7)), ("c", Some(8))] {
        speak_in(&world, key, Some((ROOM, "Анна")), thread_id).await;
        assert_eq!(world.store.rooms().recall(ROOM, thread_id, 10, world.now).await.unwrap().len(), 1);
    }
    assert!(world.store.rooms().recall(ROOM, Some(9), 10, world.now).await.unwrap().is_empty());
}

#[tokio::test]
async fn whoever_speaks_in_a_group_may_have_the_bot_blocked() {
    let world = world().await;
    let blocked = "SELECT count(*) FROM users WHERE blocked_at IS NOT NULL";
    for (is_aside, still_blocked) in [(true, 1), (false, 0)] {
        world.say("Привет", "Здравствуй").await;
        sqlx::query("UPDATE users SET blocked_at = now()").execute(&world.sql).await.unwrap();
        world.admit_as(if is_aside { "group" } else { "private" }, is_aside).await;
        assert_eq!(world.count(blocked).await, still_blocked);
    }
}

#[tokio::test]
async fn what_was_said_in_a_group_is_its_context_for_a_day_and_goes_with_its_speaker() {
    let world = world().await;
    let rooms = world.store.rooms();
    speak(&world, "a", Some((ROOM, "Анна"))).await;
    speak(&world, "b", None).await;
    let spoken =
        Spoken {
            user_id: IVAN, name: "Анна".to_owned(), said: "Кто прав?".to_owned(), reply: "Оба".to_owned()
        };
    assert_eq!(rooms.recall(ROOM, None, 10, world.now).await.unwrap(), [spoken]);
    assert_eq!(world.count("SELECT count(*) FROM room_turns WHERE name = 'Анна'").await, 0, "a name lies open");
    assert_eq!(world.count("SELECT input_tokens FROM usage_days").await, 20);
    assert!(rooms.recall(ROOM - 1, None, 10, world.now).await.unwrap().is_empty());
    let tomorrow = world.now + KEPT;
    assert!(rooms.recall(ROOM, None, 10, tomorrow).await.unwrap().is_empty());
    assert_eq!(rooms.sweep(tomorrow - TimeDelta::seconds(1)).await.unwrap(), 0);
    assert_eq!(rooms.sweep(tomorrow).await.unwrap(), 1);
    assert_eq!(world.count(ANSWERS).await, 1, "the answer is kept that is no context any more");
    speak(&world, "c", Some((ROOM, "Анна"))).await;
    let deleted = world.store.users().delete(IVAN).await.unwrap();
    assert_eq!((deleted.counts["room_turns"], deleted.remaining), (1, 0));
}

#[tokio::test]
async fn where_it_was_removed_nothing_is_owed_and_what_was_said_is_forgotten() {
    let world = world().await;
    let (rooms, outbox) = (world.store.rooms(), world.store.outbox());
    rooms.join(ROOM, world.now).await.unwrap();
    speak(&world, "a", Some((ROOM, "Анна"))).await;
    outbox.put(&[owed(ROOM, "a"), owed(IVAN, "b")], world.now).await.unwrap();
    rooms.leave(ROOM, world.now).await.unwrap();
    assert!(rooms.get(ROOM).await.unwrap().left);
    assert!(outbox.is_clear(ROOM).await.unwrap() && !outbox.is_clear(IVAN).await.unwrap());
    assert!(rooms.recall(ROOM, None, 10, world.now).await.unwrap().is_empty());
    assert_eq!(world.count(ANSWERS).await, 0);
    rooms.join(ROOM, world.now).await.unwrap();
    speak(&world, "c", Some((ROOM, "Анна"))).await;
    rooms.forget(ROOM).await.unwrap();
    assert_eq!(world.count(ANSWERS).await, 0);
    assert!(!rooms.get(ROOM).await.unwrap().left);
    rooms.leave(-77, world.now).await.unwrap();
    assert!(rooms.get(-77).await.unwrap().left, "a group that was not known before");
}
