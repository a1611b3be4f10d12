//! Groups: their settings, their talk of a day, and that nothing is owed where the companion is no more.

use chrono::TimeDelta;
use evolve_domain::language::Language;
use evolve_store::{
    outbox::NewOutgoing,
    rooms::{Answers, KEPT, Room, Spoken},
    turns::{Aside, Usage},
};
use serde_json::json;

use crate::support::{IVAN, World, world};

const ROOM: i64 = -5;

fn owed(chat_id: i64, key: &str) -> NewOutgoing {
    let params = json!({ "chat_id": chat_id, "text": key });
    NewOutgoing { chat_id, user_id: Some(IVAN), key: key.to_owned(), method: "sendMessage".to_owned(), params }
}

async fn speak(world: &World, key: &str, room: Option<(i64, &str)>) {
    let (turn, _) = world.admitted(key).await;
    let usage = Usage { input_tokens: 10, output_tokens: 5 };
    let work = Aside { room, message: "Кто прав?", reply: "Оба", usage, model: "scripted", now: world.now };
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
    assert_eq!(rooms.recall(-100, 10, world.now).await.unwrap().len(), 1);
    rooms.set(-100, Some(None), None, world.now).await.unwrap();
    assert_eq!(rooms.get(-100).await.unwrap().language, None);
}

#[tokio::test]
async fn what_was_said_in_a_group_is_its_context_for_a_day_and_goes_with_its_speaker() {
    let world = world().await;
    let rooms = world.store.rooms();
    speak(&world, "a", Some((ROOM, "Анна"))).await;
    speak(&world, "b", None).await;
    let spoken =
        Spoken { name: "Анна".to_owned(), said: "Кто прав?".to_owned(), reply: "Оба".to_owned() };
    assert_eq!(rooms.recall(ROOM, 10, world.now).await.unwrap(), [spoken]);
    assert_eq!(world.count("SELECT count(*) FROM room_turns WHERE name = 'Анна'").await, 0, "a name lies open");
    assert_eq!(world.count("SELECT input_tokens FROM usage_days").await, 20);
    assert!(rooms.recall(ROOM - 1, 10, world.now).await.unwrap().is_empty());
    let tomorrow = world.now + KEPT;
    assert!(rooms.recall(ROOM, 10, tomorrow).await.unwrap().is_empty());
    assert_eq!(rooms.sweep(tomorrow - TimeDelta::seconds(1)).await.unwrap(), 0);
    assert_eq!(rooms.sweep(tomorrow).await.unwrap(), 1);
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
    assert!(rooms.recall(ROOM, 10, world.now).await.unwrap().is_empty());
    rooms.join(ROOM, world.now).await.unwrap();
    assert!(!rooms.get(ROOM).await.unwrap().left);
    rooms.leave(-77, world.now).await.unwrap();
    assert!(rooms.get(-77).await.unwrap().left, "a group that was not known before");
}
