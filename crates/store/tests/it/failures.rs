//! What was given up is seen, and tried again.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_store::{
    failures::{FailedKind, Failure, Place, Which},
    inbox::NewUpdate,
    outbox::{NewOutgoing, Priority},
    purge::Finished,
};
use serde_json::json;
use uuid::Uuid;

use crate::support::{IVAN, LEASE, World, world};

fn update(update_id: i64) -> NewUpdate {
    let payload = json!({ "update_id": update_id });
    NewUpdate { update_id, chat_id: Some(IVAN), user_id: Some(IVAN), payload, urgent: false, trace: None }
}

fn owed(key: &str, method: &str) -> NewOutgoing {
    NewOutgoing {
        chat_id: IVAN,
        user_id: Some(IVAN),
        key: key.to_owned(),
        method: method.to_owned(),
        params: json!({ "chat_id": IVAN, "text": "a secret" }),
        priority: Priority::Reply,
    }
}

impl World {
    /// An update that is given up with an excuse, as the bot does it.
    async fn buried_update(&self, update_id: i64, reason: &str, now: DateTime<Utc>) {
        let inbox = self.store.inbox();
        inbox.put(&[update(update_id)], now).await.unwrap();
        let claimed = inbox.claim(Uuid::now_v7(), now, LEASE).await.unwrap().unwrap();
        let excuse = owed(&format!("tg-{update_id}-0"), "sendMessage");
        assert!(inbox.bury(&claimed, reason, &[excuse], now).await.unwrap());
        let excuse = self.store.outbox().claim(Uuid::now_v7(), Priority::Reply, now, LEASE).await.unwrap().unwrap();
        assert!(self.store.outbox().sent(&excuse, Some(update_id), now).await.unwrap());
    }

    async fn buried_message(&self, key: &str, method: &str, reason: &str, now: DateTime<Utc>) -> i64 {
        let outbox = self.store.outbox();
        outbox.put(&[owed(key, method)], now).await.unwrap();
        let claimed = outbox.claim(Uuid::now_v7(), Priority::Reply, now, LEASE).await.unwrap().unwrap();
        assert!(outbox.bury(&claimed, reason, now).await.unwrap());
        claimed.id
    }

    async fn failures(&self, which: Which<'_>) -> Vec<Failure> {
        self.store.failures().list(&which, self.now, 10).await.unwrap()
    }
}

#[tokio::test]
async fn failures_are_listed_newest_first_by_pages_that_stay_where_they_are_and_tell_nothing_of_what_was_said() {
    let world = world().await;
    let second = |n| world.now + TimeDelta::seconds(n);
    world.buried_update(1, "api_problem: internal", second(1)).await;
    world.buried_message("a", "sendMessage", "refused: cannot parse \"a secret\" here", second(2)).await;
    world.buried_update(3, "panic: handling it panicked", second(2)).await;
    world.buried_update(4, "api_problem: internal", second(4)).await;
    let first = world.store.failures().list(&Which::default(), second(5), 2).await.unwrap();
    // More fails meanwhile, which changes nothing for whoever turns the page.
    world.buried_update(5, "api_problem: internal", second(5)).await;
    let after = Some(first[1].place);
    let rest = world.store.failures().list(&Which { after, ..Which::default() }, second(5), 10).await.unwrap();
    let all: Vec<_> = first.iter().chain(&rest).map(|failure| (failure.place.kind, failure.reason.as_str())).collect();
    assert_eq!(
        all,
        [
            (FailedKind::Update, "api_problem"),
            (FailedKind::Message, "refused"),
            (FailedKind::Update, "panic"),
            (FailedKind::Update, "api_problem"),
        ]
    );
    assert!(!format!("{first:?}{rest:?}").contains("secret"), "{first:?}");
    let of_reason = world.failures(Which { reason: Some("panic"), ..Which::default() }).await;
    assert_eq!(of_reason[0].place, Place { at: second(2), kind: FailedKind::Update, id: 3 });
    assert_eq!(of_reason.len(), 1);
    assert_eq!((of_reason[0].chat_id, of_reason[0].attempts, of_reason[0].replayable), (Some(IVAN), 1, true));
    assert_eq!(world.failures(Which { kind: Some(FailedKind::Message), ..Which::default() }).await.len(), 1);
}

#[tokio::test]
async fn an_update_that_is_replayed_is_worked_anew_before_what_came_after_it_in_its_chat_and_its_answer_is_owed() {
    let world = world().await;
    world.buried_update(1, "api_problem: internal", world.now).await;
    let later = world.now + TimeDelta::hours(1);
    let inbox = world.store.inbox();
    inbox.put(&[update(2), NewUpdate { chat_id: Some(7), ..update(3) }], later).await.unwrap();
    let later = later + TimeDelta::seconds(1);
    assert!(world.store.failures().replay_update(1, later).await.unwrap());
    assert!(!world.store.failures().replay_update(1, later).await.unwrap(), "it waits already");
    let first = inbox.claim(Uuid::now_v7(), later, LEASE).await.unwrap().unwrap();
    assert_eq!(first.update_id, 3, "somebody else waited for what was replayed");
    let again = inbox.claim(Uuid::now_v7(), later, LEASE).await.unwrap().unwrap();
    assert_eq!((again.update_id, again.attempts, again.repeated, again.draft_id), (1, 1, true, None));
    assert!(inbox.claim(Uuid::now_v7(), later, LEASE).await.unwrap().is_none(), "its chat went on without it");
    assert!(inbox.finish(&again, &[owed("tg-1-0", "sendMessage")], later).await.unwrap());
    let pending = "SELECT count(*) FROM outbox WHERE key = 'tg-1-0' AND state = 'pending'";
    assert_eq!(world.count(pending).await, 1, "the excuse was taken for the answer");
    assert!(!world.store.failures().replay_update(1, later).await.unwrap(), "it is answered");
}

#[tokio::test]
async fn all_of_one_reason_is_replayed_as_far_as_it_is_not_too_much() {
    let world = world().await;
    for id in 1..=3 {
        world.buried_update(id, "api_problem: internal", world.now + TimeDelta::seconds(id)).await;
    }
    world.buried_update(4, "panic: handling it panicked", world.now + TimeDelta::seconds(4)).await;
    let later = world.now + TimeDelta::hours(1);
    let failures = world.store.failures();
    assert_eq!(failures.replay_all(FailedKind::Update, "api_problem", later, 2).await.unwrap(), 2);
    assert_eq!(world.count("SELECT min(update_id) FROM inbox WHERE state = 'dead'").await, 3);
    assert_eq!(failures.replay_all(FailedKind::Update, "api_problem", later, 2).await.unwrap(), 1);
    assert_eq!(world.count("SELECT count(*) FROM inbox WHERE state = 'dead'").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM inbox WHERE finished_at IS NULL").await, 3);
}

#[tokio::test]
async fn a_report_of_money_that_was_set_apart_is_listed_and_tried_at_once_when_asked() {
    let world = world().await;
    let inbox = world.store.inbox();
    inbox.put(&[update(1)], world.now).await.unwrap();
    let claimed = inbox.claim(Uuid::now_v7(), world.now, LEASE).await.unwrap().unwrap();
    let at = world.now + TimeDelta::minutes(5);
    inbox.set_apart(&claimed, at, "api_problem: internal", world.now).await.unwrap();
    let listed = world.failures(Which::default()).await;
    assert_eq!(listed[0].place, Place { at: world.now, kind: FailedKind::Apart, id: 1 });
    assert!(inbox.claim(Uuid::now_v7(), world.now, LEASE).await.unwrap().is_none());
    assert!(world.store.failures().replay_update(1, world.now).await.unwrap());
    let again = inbox.claim(Uuid::now_v7(), world.now, LEASE).await.unwrap().unwrap();
    assert!(!world.store.failures().replay_update(1, world.now).await.unwrap(), "it is being tried");
    assert!(inbox.finish(&again, &[], world.now).await.unwrap());
    assert!(world.failures(Which::default()).await.is_empty());
}

#[tokio::test]
async fn an_answer_that_could_not_be_sent_may_be_sent_after_all_for_a_week_and_nothing_else() {
    let world = world().await;
    let expired = world.buried_message("a", "sendMessage", "expired", world.now).await;
    let blocked = world.buried_message("b", "sendMessage", "blocked", world.now).await;
    let bill = world.buried_message("c", "sendInvoice", "expired", world.now).await;
    let failures = world.store.failures();
    let later = world.now + TimeDelta::days(6);
    for lost in [blocked, bill] {
        assert!(!failures.replay_message(lost, later).await.unwrap());
    }
    assert!(failures.replay_message(expired, later).await.unwrap());
    let outbox = world.store.outbox();
    let again = outbox.claim(Uuid::now_v7(), Priority::Reply, later, LEASE).await.unwrap().unwrap();
    assert_eq!((again.id, again.attempts, again.created_at), (expired, 1, later));
    assert_eq!(again.params["text"], "a secret");
    assert!(outbox.bury(&again, "expired", later).await.unwrap());
    let before = later + TimeDelta::seconds(1);
    assert_eq!(world.store.purge(Finished::Unsent, before, 10).await.unwrap(), 1);
    assert!(!failures.replay_message(expired, later).await.unwrap());
    assert_eq!(world.count("SELECT count(*) FROM outbox WHERE params IS NOT NULL").await, 0);
}

#[tokio::test]
async fn what_is_handed_back_is_claimed_at_once_and_was_no_attempt() {
    let world = world().await;
    let inbox = world.store.inbox();
    inbox.put(&[update(1)], world.now).await.unwrap();
    let stopping = inbox.claim(Uuid::now_v7(), world.now, LEASE).await.unwrap().unwrap();
    inbox.drafted(&stopping, 77).await.unwrap();
    inbox.hand_back(&stopping, world.now).await.unwrap();
    let heir = inbox.claim(Uuid::now_v7(), world.now, LEASE).await.unwrap().unwrap();
    assert_eq!((heir.attempts, heir.repeated, heir.draft_id), (1, true, Some(77)));
    // The one that has let go of it has no say any more.
    inbox.hand_back(&stopping, world.now).await.unwrap();
    assert!(inbox.claim(Uuid::now_v7(), world.now, LEASE).await.unwrap().is_none());
}

#[tokio::test]
async fn what_waits_is_counted_no_further_than_asked() {
    let world = world().await;
    let inbox = world.store.inbox();
    let updates: Vec<_> = (0..5).map(update).collect();
    inbox.put(&updates, world.now).await.unwrap();
    assert_eq!((inbox.waiting(3).await.unwrap(), inbox.waiting(100).await.unwrap()), (3, 5));
}

/// A claim looks for rows that have not finished: one that was put back and has would never be found.
#[tokio::test]
async fn what_waits_has_not_finished_whoever_puts_it_back() {
    let world = world().await;
    world.buried_update(1, "panic", world.now).await;
    world.buried_message("tg-2-0", "sendMessage", "attempts: 5", world.now).await;
    for half in [
        "UPDATE inbox SET state = 'pending'",
        "UPDATE outbox SET state = 'pending' WHERE state = 'dead'",
        "UPDATE inbox SET finished_at = NULL",
        "UPDATE outbox SET finished_at = NULL",
    ] {
        let refused = sqlx::query(half).execute(&world.sql).await.unwrap_err();
        let refused = refused.as_database_error().and_then(|error| error.constraint()).map(str::to_owned);
        assert!(refused.as_ref().is_some_and(|name| name.ends_with("_finished_or_waits")), "{half}: {refused:?}");
    }
}
