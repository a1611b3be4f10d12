//! The inbox and the outbox under many workers.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Mutex,
};

use chrono::{DateTime, TimeDelta, Utc};
use evolve_store::{
    Store,
    inbox::NewUpdate,
    lock::Lock,
    outbox::{ClaimedOutgoing, NewOutgoing, Priority},
};
use serde_json::json;
use uuid::Uuid;

use crate::support::{World, store, world};

const LEASE: TimeDelta = TimeDelta::seconds(60);

fn update(update_id: i64, chat_id: i64) -> NewUpdate {
    NewUpdate {
        update_id,
        chat_id: Some(chat_id),
        user_id: Some(chat_id),
        payload: json!({"update_id": update_id}),
        urgent: false,
        trace: None,
    }
}

fn owed(chat_id: i64, key: &str) -> NewOutgoing {
    NewOutgoing {
        chat_id,
        user_id: Some(chat_id),
        key: key.to_owned(),
        method: "sendMessage".to_owned(),
        params: json!({"chat_id": chat_id, "text": key}),
        priority: Priority::Reply,
    }
}

/// The next call of any kind.
async fn claim(world: &World, now: DateTime<Utc>) -> Option<ClaimedOutgoing> {
    world.store.outbox().claim(Uuid::now_v7(), Priority::Broadcast, now, LEASE).await.unwrap()
}

#[tokio::test]
async fn an_update_that_comes_twice_is_stored_once() {
    let world = world().await;
    let inbox = world.store.inbox();
    assert_eq!(inbox.put(&[update(1, 5), update(2, 5)], world.now).await.unwrap(), 2);
    assert_eq!(inbox.put(&[update(2, 5), update(3, 5)], world.now).await.unwrap(), 1);
}

#[tokio::test]
async fn an_update_keeps_where_in_its_trace_it_came_however_often_it_is_claimed() {
    let world = world().await;
    let inbox = world.store.inbox();
    let trace = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
    inbox.put(&[NewUpdate { trace: trace.clone(), ..update(1, 5) }, update(2, 6)], world.now).await.unwrap();
    let claimed = async || inbox.claim(Uuid::now_v7(), world.now, LEASE).await.unwrap().unwrap();
    let first = claimed().await;
    inbox.hand_back(&first, world.now).await.unwrap();
    for (expected, trace) in [(1, trace), (2, None)] {
        let update = claimed().await;
        assert_eq!((update.update_id, update.trace), (expected, trace));
    }
    // Nobody told of a trace here, and nothing is made up.
    world.store.outbox().put(&[owed(5, "a")], world.now).await.unwrap();
    assert_eq!(claim(&world, world.now).await.unwrap().trace, None);
}

#[tokio::test]
async fn deliveries_that_overtake_each_other_are_worked_by_number_and_never_beside_each_other() {
    let world = world().await;
    let (inbox, other) = (world.store.inbox(), Uuid::now_v7());
    let soon = world.now + TimeDelta::seconds(1);
    for (number, at) in [(3, world.now), (2, soon)] {
        inbox.put(&[update(number, 5)], at).await.unwrap();
    }
    let second = inbox.claim(Uuid::now_v7(), soon, LEASE).await.unwrap().unwrap();
    assert_eq!(second.update_id, 2, "it came later, and is the older one");
    // A replica had it all the time, and stores it now.
    inbox.put(&[update(1, 5)], soon).await.unwrap();
    assert!(inbox.claim(other, soon, LEASE).await.unwrap().is_none(), "two of a chat are worked at once");
    assert!(inbox.finish(&second, &[], soon).await.unwrap());
    for expected in [1, 3] {
        let next = inbox.claim(other, soon, LEASE).await.unwrap().unwrap();
        assert_eq!(next.update_id, expected);
        assert!(inbox.finish(&next, &[], soon).await.unwrap());
    }
}

/// Works the inbox with 16 workers until it is empty; per chat, the order in which updates were worked.
async fn work_all(world: &World) -> HashMap<i64, Vec<i64>> {
    let worked: Mutex<HashMap<i64, Vec<i64>>> = Mutex::default();
    let worker = || async {
        let id = Uuid::now_v7();
        while world.count("SELECT count(*) FROM inbox WHERE state = 'pending'").await > 0 {
            let Some(claimed) = world.store.inbox().claim(id, world.now, LEASE).await.unwrap() else {
                tokio::task::yield_now().await;
                continue;
            };
            let chat = claimed.chat_id.unwrap();
            worked.lock().unwrap().entry(chat).or_default().push(claimed.update_id);
            let reply = owed(chat, &format!("tg-{}", claimed.update_id));
            assert!(world.store.inbox().finish(&claimed, &[reply], world.now).await.unwrap());
        }
    };
    futures::future::join_all((0..16).map(|_| worker())).await;
    worked.into_inner().unwrap()
}

#[tokio::test]
async fn many_workers_keep_each_chat_in_order_and_lose_nothing() {
    let world = world().await;
    let updates: Vec<_> = (0..200).map(|i| update(i, i % 20)).collect();
    world.store.inbox().put(&updates, world.now).await.unwrap();
    let worked = work_all(&world).await;
    assert_eq!(worked.len(), 20);
    for (chat, order) in worked {
        let expected: Vec<_> = (0..10).map(|i| chat + 20 * i).collect();
        assert_eq!(order, expected, "chat {chat} was worked out of order");
    }
    assert_eq!(world.count("SELECT count(*) FROM outbox WHERE state = 'pending'").await, 200);
    assert_eq!(
        world.count("SELECT count(*) FROM inbox WHERE payload IS NOT NULL").await,
        0,
        "a done update kept its text"
    );
}

#[tokio::test]
async fn what_a_dead_worker_held_is_taken_over_and_the_dead_one_cannot_finish_it() {
    let world = world().await;
    let inbox = world.store.inbox();
    inbox.put(&[update(1, 5)], world.now).await.unwrap();
    let dead = inbox.claim(Uuid::now_v7(), world.now, LEASE).await.unwrap().unwrap();
    assert!(inbox.claim(Uuid::now_v7(), world.now, LEASE).await.unwrap().is_none());
    assert_eq!(inbox.next_ready(world.now).await.unwrap(), Some(world.now + LEASE));
    let heir = inbox.claim(Uuid::now_v7(), world.now + LEASE, LEASE).await.unwrap().unwrap();
    assert_eq!(heir.attempts, 2);
    assert!(!inbox.finish(&dead, &[owed(5, "tg-1")], world.now).await.unwrap());
    assert_eq!(world.count("SELECT count(*) FROM outbox").await, 0, "a dead worker owed something");
    assert!(inbox.finish(&heir, &[owed(5, "tg-1")], world.now).await.unwrap());
}

#[tokio::test]
async fn whoever_works_an_update_next_knows_where_its_answer_is_shown_already() {
    let world = world().await;
    let inbox = world.store.inbox();
    inbox.put(&[update(1, 5)], world.now).await.unwrap();
    let first = inbox.claim(Uuid::now_v7(), world.now, LEASE).await.unwrap().unwrap();
    assert_eq!(first.draft_id, None);
    inbox.drafted(&first, 77).await.unwrap();
    let later = world.now + LEASE + TimeDelta::seconds(1);
    let second = inbox.claim(Uuid::now_v7(), later, LEASE).await.unwrap().unwrap();
    assert_eq!(second.draft_id, Some(77));
    // The one that lost it has no say any more.
    inbox.drafted(&first, 78).await.unwrap();
    let third = inbox.claim(Uuid::now_v7(), later + LEASE + TimeDelta::seconds(1), LEASE).await.unwrap().unwrap();
    assert_eq!(third.draft_id, Some(77));
}

#[tokio::test]
async fn an_update_given_back_waits_its_time_and_holds_its_chat() {
    let world = world().await;
    let inbox = world.store.inbox();
    inbox.put(&[update(1, 5), update(2, 5), update(3, 6)], world.now).await.unwrap();
    let worker = Uuid::now_v7();
    let first = inbox.claim(worker, world.now, LEASE).await.unwrap().unwrap();
    let later = world.now + TimeDelta::seconds(10);
    inbox.retry(&first, later, "api away", false).await.unwrap();
    let other = inbox.claim(worker, world.now, LEASE).await.unwrap().unwrap();
    assert_eq!(other.update_id, 3, "an update overtook the one before it in its chat");
    assert!(inbox.claim(worker, world.now, LEASE).await.unwrap().is_none());
    let again = inbox.claim(worker, later, LEASE).await.unwrap().unwrap();
    assert_eq!((again.update_id, again.attempts), (1, 1), "an outage counted against the update");
    assert!(again.repeated && !first.repeated && !other.repeated);
    inbox.bury(&again, "poison", &[owed(5, "sorry")], later).await.unwrap();
    assert_eq!(inbox.claim(worker, later, LEASE).await.unwrap().unwrap().update_id, 2);
    assert_eq!(world.count("SELECT count(*) FROM inbox WHERE state = 'dead' AND payload IS NOT NULL").await, 1);
}

#[tokio::test]
async fn the_outbox_sends_each_chat_in_order_once_and_forgets_what_it_sent() {
    let world = world().await;
    let outbox = world.store.outbox();
    assert_eq!(outbox.put(&[owed(5, "a"), owed(5, "b"), owed(6, "c")], world.now).await.unwrap(), 3);
    assert_eq!(outbox.put(&[owed(5, "a")], world.now).await.unwrap(), 0, "the same answer was owed twice");
    let a = claim(&world, world.now).await.unwrap();
    let c = claim(&world, world.now).await.unwrap();
    assert_eq!((a.params["text"].as_str(), c.params["text"].as_str()), (Some("a"), Some("c")));
    assert!(claim(&world, world.now).await.is_none(), "b overtook a");
    let until = world.now + TimeDelta::seconds(3);
    outbox.retry(&a, until, "429", false).await.unwrap();
    assert!(claim(&world, world.now).await.is_none());
    assert_eq!(outbox.next_ready(world.now).await.unwrap(), Some(until));
    let a = claim(&world, until).await.unwrap();
    assert!(outbox.sent(&a, Some(77), until).await.unwrap());
    assert!(!outbox.sent(&a, Some(78), until).await.unwrap());
    world.store.rooms().migrate(5, -100).await.unwrap();
    let b = claim(&world, until).await.unwrap();
    assert_eq!((b.chat_id, &b.params), (-100, &json!({"chat_id": -100, "text": "b"})));
    assert_eq!(world.count("SELECT count(*) FROM outbox WHERE state = 'sent' AND params IS NOT NULL").await, 0);
}

#[tokio::test]
async fn a_copy_that_takes_long_holds_up_no_answer_but_waits_for_what_was_said_before_it() {
    let world = world().await;
    let outbox = world.store.outbox();
    let copy = NewOutgoing { method: "export".to_owned(), ..owed(5, "copy") };
    outbox.put(&[owed(5, "asked"), copy, owed(5, "answer")], world.now).await.unwrap();
    let asked = claim(&world, world.now).await.unwrap();
    assert!(claim(&world, world.now).await.is_none(), "the copy overtook its announcement");
    outbox.sent(&asked, None, world.now).await.unwrap();
    let copy = claim(&world, world.now).await.unwrap();
    assert_eq!(copy.method, "export");
    let answer = claim(&world, world.now).await.unwrap();
    assert_eq!(answer.params["text"], "answer");
    outbox.sent(&answer, None, world.now).await.unwrap();
    assert!(outbox.is_clear(5).await.unwrap(), "what comes next would wait for the copy");
}

#[tokio::test]
async fn new_rows_wake_who_waits_on_another_replica() {
    let world = world().await;
    let other: Store = store(&world.url, &world.key);
    let tasks = evolve_runtime::shutdown::Tasks::new();
    let wakeups = evolve_store::wakeups::Wakeups::start(&other, &tasks);
    let (mut inbox, mut outbox) = (wakeups.inbox(), wakeups.outbox());
    inbox.wait().await;
    outbox.wait().await;
    world.store.inbox().put(&[update(1, 5)], world.now).await.unwrap();
    inbox.wait().await;
    let claimed = world.store.inbox().claim(Uuid::now_v7(), world.now, LEASE).await.unwrap().unwrap();
    world.store.inbox().finish(&claimed, &[owed(5, "a")], world.now).await.unwrap();
    outbox.wait().await;
}

#[tokio::test]
async fn a_lock_has_one_holder_and_passes_on_when_it_goes() {
    let world = world().await;
    let lock = Lock::try_acquire(&world.store, "telegram-poller").await.unwrap().unwrap();
    assert!(Lock::try_acquire(&world.store, "telegram-poller").await.unwrap().is_none());
    assert!(Lock::try_acquire(&world.store, "another").await.unwrap().is_some());
    lock.release().await;
    evolve_testkit::eventually("the lock is free", async || {
        Lock::try_acquire(&world.store, "telegram-poller").await.unwrap().is_some()
    })
    .await;
}

#[tokio::test]
async fn a_hot_chat_does_not_hide_the_others() {
    let world = world().await;
    let mut updates: Vec<_> = (0..100).map(|i| update(i, 1)).collect();
    updates.extend((100..110).map(|i| update(i, i)));
    world.store.inbox().put(&updates, world.now).await.unwrap();
    let mut chats = BTreeMap::new();
    while let Some(claimed) = world.store.inbox().claim(Uuid::now_v7(), world.now, LEASE).await.unwrap() {
        *chats.entry(claimed.chat_id.unwrap()).or_insert(0) += 1;
    }
    assert_eq!(chats.len(), 11);
    assert!(chats.values().all(|count| *count == 1));
}

#[tokio::test]
async fn an_update_with_what_postgres_cannot_hold_does_not_block_the_others() {
    let world = world().await;
    let poison = NewUpdate { payload: json!({"update_id": 1, "a\0": ["x\0y"]}), ..update(1, 5) };
    assert_eq!(world.store.inbox().put(&[poison, update(2, 6)], world.now).await.unwrap(), 2);
    let claimed = world.store.inbox().claim(Uuid::now_v7(), world.now, LEASE).await.unwrap().unwrap();
    assert_eq!(claimed.payload, json!({"update_id": 1, "a": ["xy"]}));
}

#[tokio::test]
async fn who_has_blocked_the_bot_is_owed_nothing_that_waits_and_comes_back() {
    let world = world().await;
    let outbox = world.store.outbox();
    sqlx::query("INSERT INTO users (id, created_at, last_seen_at) VALUES (5, now(), now())")
        .execute(&world.sql)
        .await
        .unwrap();
    let money = NewOutgoing { method: "refundStarPayment".to_owned(), ..owed(5, "money") };
    outbox.put(&[owed(5, "a"), owed(6, "b"), money], world.now).await.unwrap();
    outbox.close(5, world.now).await.unwrap();
    let mut left = Vec::new();
    while let Some(claimed) = claim(&world, world.now).await {
        left.push((claimed.chat_id, claimed.method));
    }
    left.sort();
    assert_eq!(left, [(5, "refundStarPayment".to_owned()), (6, "sendMessage".to_owned())]);
    assert_eq!(world.count("SELECT count(*) FROM users WHERE blocked_at IS NOT NULL").await, 1);
    outbox.reopen(5).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM users WHERE blocked_at IS NOT NULL").await, 0);
}

#[tokio::test]
async fn a_message_of_ours_leads_back_to_what_it_was_owed_for() {
    let world = world().await;
    let outbox = world.store.outbox();
    outbox.put(&[owed(5, "tgm-5-1-0")], world.now).await.unwrap();
    let claimed = claim(&world, world.now).await.unwrap();
    assert_eq!(outbox.key_of(5, 77).await.unwrap(), None);
    outbox.sent(&claimed, Some(77), world.now).await.unwrap();
    assert_eq!(outbox.key_of(5, 77).await.unwrap().as_deref(), Some("tgm-5-1-0"));
    assert_eq!(outbox.key_of(6, 77).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_urgent_is_worked_by_hands_of_its_own_whatever_else_waits() {
    let world = world().await;
    let inbox = world.store.inbox();
    let urgent = NewUpdate { chat_id: None, urgent: true, ..update(3, 5) };
    inbox.put(&[update(1, 5), update(2, 5), urgent], world.now).await.unwrap();
    assert!(inbox.next_urgent().await.unwrap().is_some());
    let claimed = inbox.claim_urgent(Uuid::now_v7(), world.now, LEASE).await.unwrap().unwrap();
    assert_eq!(claimed.update_id, 3);
    assert!(inbox.claim_urgent(Uuid::now_v7(), world.now, LEASE).await.unwrap().is_none());
    let before: Vec<_> = inbox.before(5, 2, 50).await.unwrap().into_iter().map(|(update_id, _)| update_id).collect();
    assert_eq!(before, [1]);
    assert!(inbox.finish(&claimed, &[], world.now).await.unwrap());
    assert_eq!(inbox.next_urgent().await.unwrap(), None);
}

#[tokio::test]
async fn whoever_writes_again_has_not_blocked_the_bot() {
    let world = world().await;
    world.admit("k1").await;
    world.store.outbox().close(crate::support::IVAN, world.now).await.unwrap();
    let blocked = async || {
        let query = "SELECT count(*) FROM users WHERE blocked_at IS NOT NULL";
        sqlx::query_as::<_, (i64,)>(query).fetch_one(&world.sql).await.unwrap().0
    };
    assert_eq!(blocked().await, 1);
    world.admit("k2").await;
    assert_eq!(blocked().await, 0);
}
