//! What goes first in the queues: replies before broadcasts, and everybody before the hundredth message of one.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_store::{
    inbox::NewUpdate,
    outbox::{ClaimedOutgoing, NewOutgoing, Priority},
};
use serde_json::json;
use uuid::Uuid;

use crate::support::{LEASE, World, world};

fn update(update_id: i64, chat_id: i64) -> NewUpdate {
    NewUpdate { update_id, chat_id: Some(chat_id), user_id: None, payload: json!({}), urgent: false, trace: None }
}

fn owed(chat_id: i64, key: &str, priority: Priority) -> NewOutgoing {
    let params = json!({ "chat_id": chat_id, "text": key });
    NewOutgoing { chat_id, user_id: None, key: key.to_owned(), method: "sendMessage".to_owned(), params, priority }
}

async fn claim(world: &World, up_to: Priority) -> Option<ClaimedOutgoing> {
    world.store.outbox().claim(Uuid::now_v7(), up_to, world.now, LEASE).await.unwrap()
}

/// Broadcasts to as many people.
async fn broadcast(world: &World, people: i64) {
    let insert = "INSERT INTO outbox (key, chat_id, method, params, priority, ready_at, created_at)
                  SELECT 'b' || i, i, 'sendMessage', '{}', 2, $2, $2 FROM generate_series(1, $1) i";
    sqlx::query(insert).bind(people).bind(world.now).execute(&world.sql).await.unwrap();
}

#[tokio::test]
async fn a_reply_goes_before_a_thousand_broadcasts_and_a_notice_in_between() {
    let world = world().await;
    broadcast(&world, 1000).await;
    let outbox = world.store.outbox();
    let late = [owed(5, "reply", Priority::Reply), owed(5, "notice", Priority::Notice)];
    outbox.put(&late, world.now).await.unwrap();
    let first = claim(&world, Priority::Broadcast).await.unwrap();
    assert_eq!((first.key.as_str(), first.priority), ("reply", Priority::Reply));
    // While it is under way, the notice of its chat waits for it; and then for nothing that is less urgent.
    let second = claim(&world, Priority::Notice).await;
    assert!(second.is_none(), "a notice overtook the reply before it: {second:?}");
    assert!(outbox.sent(&first, None, world.now).await.unwrap());
    assert!(claim(&world, Priority::Reply).await.is_none());
    assert_eq!(claim(&world, Priority::Notice).await.unwrap().key, "notice");
    assert!(claim(&world, Priority::Notice).await.is_none(), "a broadcast went though none was wanted");
    assert_eq!(claim(&world, Priority::Broadcast).await.unwrap().key, "b1");
}

#[tokio::test]
async fn a_broadcast_that_cannot_be_sent_holds_up_no_reply_of_its_chat_and_broadcasts_stay_in_order() {
    let world = world().await;
    let outbox = world.store.outbox();
    let both = [owed(5, "first", Priority::Broadcast), owed(5, "second", Priority::Broadcast)];
    outbox.put(&both, world.now).await.unwrap();
    let first = claim(&world, Priority::Broadcast).await.unwrap();
    let later = world.now + TimeDelta::minutes(5);
    outbox.retry(&first, later, "unavailable", true).await.unwrap();
    assert!(claim(&world, Priority::Broadcast).await.is_none(), "the second overtook the first");
    assert!(outbox.is_clear(5).await.unwrap(), "an answer would wait for a broadcast");
    outbox.put(&[owed(5, "reply", Priority::Reply)], world.now).await.unwrap();
    assert!(!outbox.is_clear(5).await.unwrap());
    assert_eq!(outbox.next_ready(world.now).await.unwrap(), Some(later));
    assert_eq!(claim(&world, Priority::Broadcast).await.unwrap().key, "reply");
}

#[tokio::test]
async fn a_bot_of_the_version_before_owes_replies() {
    let world = world().await;
    broadcast(&world, 3).await;
    let insert = "INSERT INTO outbox (key, chat_id, method, params, ready_at, created_at)
                  VALUES ('old', 1, 'sendMessage', '{}', $1, $1)";
    sqlx::query(insert).bind(world.now).execute(&world.sql).await.unwrap();
    assert_eq!(claim(&world, Priority::Reply).await.unwrap().key, "old");
}

#[tokio::test]
async fn whoever_writes_in_floods_has_nobody_wait_for_all_of_it() {
    let world = world().await;
    let inbox = world.store.inbox();
    let second = |n: i64| world.now + TimeDelta::seconds(n);
    let flood: Vec<_> = (0..100).map(|id| update(id, 1)).collect();
    inbox.put(&flood, second(0)).await.unwrap();
    let others: Vec<_> = (0..10).map(|n| update(1000 + n, 100 + n)).collect();
    inbox.put(&others, second(3)).await.unwrap();
    // One worker, so that everything waits for everything.
    let mut order = Vec::new();
    while let Some(claimed) = inbox.claim(Uuid::now_v7(), second(10), LEASE).await.unwrap() {
        assert!(inbox.finish(&claimed, &[], second(10)).await.unwrap());
        order.push(claimed.update_id);
    }
    let last = order.iter().rposition(|id| *id >= 1000).unwrap();
    assert!(last < 15, "others waited for a flood: {order:?}");
    let flood: Vec<_> = order.iter().copied().filter(|id| *id < 1000).collect();
    assert_eq!(flood, (0..100).collect::<Vec<_>>(), "a chat was worked out of order");
}

#[tokio::test]
async fn what_comes_while_others_of_its_chat_wait_ranks_after_them_and_a_minute_later_at_most() {
    let world = world().await;
    let inbox = world.store.inbox();
    for id in 0..70 {
        inbox.put(&[update(id, 1)], world.now).await.unwrap();
    }
    let apart = NewUpdate { chat_id: None, ..update(100, 1) };
    let also_apart = NewUpdate { chat_id: None, ..update(101, 1) };
    inbox.put(&[apart, also_apart], world.now).await.unwrap();
    let ranks: Vec<(DateTime<Utc>,)> =
        sqlx::query_as("SELECT rank FROM inbox ORDER BY update_id").fetch_all(&world.sql).await.unwrap();
    let seconds: Vec<_> = ranks.iter().map(|(rank,)| (*rank - world.now).num_seconds()).collect();
    let expected: Vec<_> = (0..70_i64).map(|waiting| waiting.min(60)).chain([0, 0]).collect();
    assert_eq!(seconds, expected);
}
