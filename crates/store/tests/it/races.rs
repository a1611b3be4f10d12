//! What happens when two things happen at once, or the database holds what it should not.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::{
    language::Language,
    memory::question::{Names, Question},
    payment::{Going, Way},
    profile::ProfilePatch,
};
use evolve_store::{
    StoreError,
    inbox::NewUpdate,
    outbox::{NewOutgoing, Priority},
    payments::{NewPayment, Repeats},
    summaries::{Digest, SummaryRule, Written},
    turns::{Admission, Admit, FailedMessage},
};
use serde_json::json;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use crate::support::{IVAN, LEASE, World, defaults, learning, work, world};

/// Until so many statements wait for a lock.
async fn waiting_for_locks(world: &World, count: i64) {
    evolve_testkit::eventually("statements wait for a lock", async || {
        world
            .count(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
            )
            .await
            == count
    })
    .await;
}

/// Ivan, with one fact, and a transaction that holds it: his removal stops there, in the middle.
async fn ivan_with_a_fact_held(world: &World) -> Transaction<'static, Postgres> {
    let (turn, person) = world.admitted("first").await;
    let learnt = learning("likes tea");
    let mut done = work("I like tea", "Noted", world.now);
    done.facts = &learnt;
    assert!(world.store.turns().persist(&turn, &person, &done).await.unwrap().is_written());
    let mut holder = world.sql.begin().await.unwrap();
    sqlx::query("SELECT id FROM facts FOR UPDATE").execute(&mut *holder).await.unwrap();
    holder
}

#[tokio::test]
async fn a_duplicate_of_the_last_message_of_the_day_waits_for_its_answer_and_is_not_refused() {
    let mut world = world().await;
    world.store.users().update(IVAN, &ProfilePatch::default(), defaults(), world.now).await.unwrap();
    world.plans.free.messages_per_day = Some(1);
    let mut holder = world.sql.begin().await.unwrap();
    sqlx::query("SELECT id FROM users FOR UPDATE").execute(&mut *holder).await.unwrap();
    let release = async {
        waiting_for_locks(&world, 5).await;
        holder.commit().await.unwrap();
    };
    let (admissions, ()) = tokio::join!(futures::future::join_all((0..5).map(|_| world.admit("same"))), release);
    let running = admissions.iter().filter(|a| matches!(a, Admission::Running { .. })).count();
    assert_eq!(running, 4, "{admissions:?}");
    assert!(matches!(world.admit("another").await, Admission::Exhausted { limit: 1, .. }));
    assert_eq!(world.used_today().await, 1);
}

/// A month of a subscription.
fn month(charge: &str, begins: bool, now: DateTime<Utc>) -> NewPayment {
    NewPayment {
        id: Uuid::now_v7(),
        user_id: IVAN,
        charge_id: charge.to_owned(),
        provider_charge_id: String::new(),
        way: Way::StarsMonthly,
        currency: "XTR".to_owned(),
        amount: 250,
        matched: true,
        made_at: now,
        repeats: Some(Repeats { offer: [7; 32], begins, renews_at: now + TimeDelta::days(30) }),
        is_found: false,
    }
}

/// Ivan, who has a subscription, held while something becomes of it.
async fn ivan_held_while(world: &World, change: &'static str) -> Transaction<'static, Postgres> {
    let mut holder = world.sql.begin().await.unwrap();
    for statement in ["UPDATE users SET premium_until = premium_until", change] {
        sqlx::query(statement).execute(&mut *holder).await.unwrap();
    }
    holder
}

#[tokio::test]
async fn a_cancellation_is_not_lost_in_a_renewal_that_comes_at_the_same_moment() {
    let world = world().await;
    let payments = world.store.payments();
    payments.paid(&month("c1", true, world.now), world.now).await.unwrap();
    let holder = ivan_held_while(&world, "UPDATE subscriptions SET wanted = false").await;
    let renewal = month("c2", false, world.now);
    let release = async {
        waiting_for_locks(&world, 1).await;
        holder.commit().await.unwrap();
    };
    let (paid, ()) = tokio::join!(payments.paid(&renewal, world.now), release);
    let standing = paid.unwrap().standing;
    assert_eq!(standing.renewal.unwrap().going(), Going::Stopping);
    assert_eq!(standing.paid_until, Some(world.now + TimeDelta::days(60)), "and it is paid");
    let stops = "SELECT count(*) FROM outbox WHERE method = 'editUserStarSubscription'";
    assert_eq!(world.count(stops).await, 1, "Telegram is asked once more");
}

#[tokio::test]
async fn who_cancels_what_was_taken_up_again_at_the_same_moment_is_not_told_that_it_is_stopped() {
    let world = world().await;
    let payments = world.store.payments();
    payments.paid(&month("c1", true, world.now), world.now).await.unwrap();
    let stopped = "UPDATE subscriptions SET wanted = false, stopped_at = now()";
    sqlx::query(stopped).execute(&world.sql).await.unwrap();
    let holder = ivan_held_while(&world, "UPDATE subscriptions SET wanted = true, stopped_at = NULL").await;
    let call = |_: &str| {
        Some(NewOutgoing {
            chat_id: IVAN,
            user_id: Some(IVAN),
            key: "off".to_owned(),
            method: "editUserStarSubscription".to_owned(),
            params: json!({}),
            priority: Priority::Reply,
        })
    };
    let release = async {
        waiting_for_locks(&world, 1).await;
        holder.commit().await.unwrap();
    };
    let (off, ()) = tokio::join!(payments.set_renewal(IVAN, false, call, world.now), release);
    assert_eq!(off.unwrap().unwrap().renewal.unwrap().going(), Going::Stopping, "Telegram has not confirmed that yet");
}

#[tokio::test]
async fn a_person_is_removed_while_their_turns_end_and_none_of_them_stands_in_the_others_way() {
    let world = world().await;
    let holder = ivan_with_a_fact_held(&world).await;
    let (done, person) = world.admitted("done").await;
    let (failed, _) = world.admitted("failed").await;
    let users = world.store.users();
    let ends = async {
        waiting_for_locks(&world, 1).await;
        let work = work("hi", "hello", world.now);
        let message = FailedMessage {
            message: "hi",
            has_image: false,
            message_id: Uuid::now_v7(),
            conversation_id: Uuid::now_v7(),
        };
        let release = async {
            waiting_for_locks(&world, 3).await;
            holder.commit().await.unwrap();
        };
        let turns = world.store.turns();
        tokio::join!(turns.persist(&done, &person, &work), turns.fail(&failed, "x", Some(&message), world.now), release)
    };
    let (deleted, (persisted, failed, ())) = tokio::join!(users.delete(IVAN), ends);
    assert_eq!(deleted.unwrap().remaining, 0);
    assert!(!persisted.unwrap().is_written() && !failed.unwrap());
    assert_eq!(world.count("SELECT count(*) FROM users").await, 0);
}

#[tokio::test]
async fn a_summary_that_is_written_while_its_person_is_removed_stands_in_nobodys_way() {
    let world = world().await;
    let holder = ivan_with_a_fact_held(&world).await;
    let rule = SummaryRule { due_at: 2, keep: 0, batch: 60 };
    let unsummed = world.store.summaries().claim(rule, Language::Ru, world.now, LEASE).await.unwrap().unwrap();
    // The removal is to stop before it reaches conversations.
    let mut earlier = world.sql.begin().await.unwrap();
    sqlx::query("SELECT id FROM messages FOR UPDATE").execute(&mut *earlier).await.unwrap();
    holder.commit().await.unwrap();
    let (users, summaries) = (world.store.users(), world.store.summaries());
    let digest = Digest::of("they talked");
    let write = async {
        waiting_for_locks(&world, 1).await;
        let release = async {
            waiting_for_locks(&world, 2).await;
            earlier.commit().await.unwrap();
        };
        tokio::join!(summaries.write(&unsummed, &digest, world.now), release)
    };
    let (deleted, (written, ())) = tokio::join!(users.delete(IVAN), write);
    assert_eq!(deleted.unwrap().remaining, 0);
    assert_eq!(written.unwrap(), Written::Lost);
}

#[tokio::test]
async fn a_profile_that_is_changed_while_it_is_removed_is_a_new_one() {
    let world = world().await;
    let holder = ivan_with_a_fact_held(&world).await;
    let patch = ProfilePatch { name: Some(Some("Иван".to_owned())), ..ProfilePatch::default() };
    let users = world.store.users();
    let change = async {
        waiting_for_locks(&world, 1).await;
        let release = async {
            waiting_for_locks(&world, 2).await;
            holder.commit().await.unwrap();
        };
        tokio::join!(users.update(IVAN, &patch, defaults(), world.now), release)
    };
    let (deleted, (changed, ())) = tokio::join!(users.delete(IVAN), change);
    assert_eq!(deleted.unwrap().remaining, 0);
    assert_eq!(changed.unwrap().profile.name.as_deref(), Some("Иван"));
}

#[tokio::test]
async fn a_message_that_is_written_late_is_summed_up_all_the_same_and_none_twice() {
    let mut world = world().await;
    let (slow, person) = world.admitted("slow").await;
    let early = world.now;
    for i in 0..6 {
        world.now += TimeDelta::seconds(1);
        world.say(&format!("question {i}"), &format!("answer {i}")).await;
    }
    let rule = SummaryRule { due_at: 10, keep: 2, batch: 60 };
    let first = world.store.summaries().claim(rule, Language::Ru, world.now, LEASE).await.unwrap().unwrap();
    // Written with the time at which the turn began: before everything that is summed up.
    assert!(
        world
            .store
            .turns()
            .persist(&slow, &person, &work("slow question", "slow answer", early))
            .await
            .unwrap()
            .is_written()
    );
    assert!(world.store.summaries().write(&first, &Digest::of("they talked"), world.now).await.unwrap().is_done());
    world.store.users().end_conversation(IVAN, world.now).await.unwrap();
    let rest = world.store.summaries().claim(rule, Language::Ru, world.now, LEASE).await.unwrap().unwrap();
    let mut summed: Vec<_> = first.messages.iter().chain(&rest.messages).map(|m| m.text.clone()).collect();
    summed.sort();
    let mut said: Vec<_> = (0..6).flat_map(|i| [format!("question {i}"), format!("answer {i}")]).collect();
    said.extend(["slow question".to_owned(), "slow answer".to_owned()]);
    said.sort();
    assert_eq!(summed, said);
    assert!(world.store.summaries().write(&rest, &Digest::of("they talked more"), world.now).await.unwrap().is_done());
    assert!(world.store.summaries().claim(rule, Language::Ru, world.now, LEASE).await.unwrap().is_none());
}

#[tokio::test]
async fn a_summary_that_takes_only_the_first_of_its_messages_leaves_the_others() {
    let world = world().await;
    for i in 0..3 {
        world.say(&format!("question {i}"), &format!("answer {i}")).await;
    }
    world.store.users().end_conversation(IVAN, world.now).await.unwrap();
    let rule = SummaryRule { due_at: 10, keep: 2, batch: 60 };
    let mut first = world.store.summaries().claim(rule, Language::Ru, world.now, LEASE).await.unwrap().unwrap();
    first.messages.truncate(1);
    assert!(world.store.summaries().write(&first, &Digest::of("they talked"), world.now).await.unwrap().is_done());
    let rest = world.store.summaries().claim(rule, Language::Ru, world.now, LEASE).await.unwrap().unwrap();
    assert_eq!(rest.messages.len(), 5);
    assert_eq!(rest.messages[0].text, "answer 0");
}

#[tokio::test]
async fn a_time_zone_that_postgres_does_not_know_locks_nobody_out() {
    let world = world().await;
    world.store.users().update(IVAN, &ProfilePatch::default(), defaults(), world.now).await.unwrap();
    sqlx::query("UPDATE settings SET time_zone = 'Atlantis/Capital'").execute(&world.sql).await.unwrap();
    let admit = Admit {
        user_id: IVAN,
        key: "k",
        request_hash: [7; 32],
        turn_id: Uuid::now_v7(),
        now: world.now,
        lease: LEASE,
        plans: &world.plans,
        defaults: defaults(),
        terms: &[],
        also_key: None,
        lasting: &[],
        quoted: None,
        image_ref: None,
        is_aside: false,
        handle: None,
    };
    assert!(matches!(world.store.turns().admit(&admit).await.unwrap(), Admission::Admitted(..)));
    assert_eq!(world.store.users().status(IVAN, defaults(), world.now).await.unwrap().unwrap().messages_today, 1);
}

#[tokio::test]
async fn a_profile_that_cannot_be_decrypted_costs_no_message_and_the_key_may_be_tried_again() {
    let world = world().await;
    let patch = ProfilePatch { name: Some(Some("Иван".to_owned())), ..ProfilePatch::default() };
    world.store.users().update(IVAN, &patch, defaults(), world.now).await.unwrap();
    let stranger = crate::support::store(&world.url, &fernet::Fernet::generate_key());
    let admit = |key: &'static str| Admit {
        user_id: IVAN,
        key,
        request_hash: [7; 32],
        turn_id: Uuid::now_v7(),
        now: world.now,
        lease: LEASE,
        plans: &world.plans,
        defaults: defaults(),
        terms: &[],
        also_key: None,
        lasting: &[],
        quoted: None,
        image_ref: None,
        is_aside: false,
        handle: None,
    };
    for _ in 0..2 {
        let refused = stranger.turns().admit(&admit("k")).await;
        assert!(matches!(refused, Err(StoreError::Undecryptable("users.profile"))), "{refused:?}");
        assert_eq!(world.used_today().await, 0);
    }
    assert!(matches!(world.admit("k").await, Admission::Admitted(..)));
    assert_eq!(world.used_today().await, 1);
    assert_eq!(world.count("SELECT count(*) FROM messages").await, 0);
}

#[tokio::test]
async fn a_month_whose_first_messages_came_before_its_partition_gets_one_and_keeps_them() {
    let mut world = world().await;
    let long_after: DateTime<Utc> = "2031-02-10T12:00:00Z".parse().unwrap();
    world.now = long_after;
    world.say("where am I?", "Here").await;
    assert_eq!(world.count("SELECT count(*) FROM messages_default").await, 2);
    let january = "2031-01-31T23:30:00Z".parse().unwrap();
    let messages = world.store.messages();
    let made = futures::future::join_all((0..4).map(|_| messages.ensure_partitions(january, 3))).await;
    let made: i32 = made.into_iter().map(|made| made.unwrap()).sum();
    assert_eq!(made, 3);
    assert_eq!(world.count("SELECT count(*) FROM messages_2031_02").await, 2);
    assert_eq!(world.count("SELECT count(*) FROM messages_default").await, 0);
    assert_eq!(
        world.store.memory().find(IVAN, &Question::read("where", Names::default()), None, 5).await.unwrap().len(),
        0,
        "a stop word"
    );
    assert_eq!(
        world.store.memory().find(IVAN, &Question::read("here", Names::default()), None, 5).await.unwrap().len(),
        0,
        "a stop word"
    );
    world.say("do you remember Paris?", "Of course").await;
    let found = world.store.memory().find(IVAN, &Question::read("Paris", Names::default()), None, 5).await.unwrap();
    assert!(found.iter().any(|message| message.text.contains("Paris")), "{found:?}");
    assert_eq!(world.count("SELECT count(*) FROM messages_2031_02").await, 4);
    world.store.users().delete(IVAN).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM messages").await, 0);
}

#[tokio::test]
async fn what_postgres_cannot_hold_does_not_stop_what_is_owed() {
    let world = world().await;
    let owed = |key: &str| NewOutgoing {
        chat_id: 5,
        user_id: Some(5),
        key: key.to_owned(),
        method: "sendMessage".to_owned(),
        params: json!({"chat_id": 5, "text": "a\0b"}),
        priority: Priority::Reply,
    };
    let update =
        NewUpdate { update_id: 1, chat_id: Some(5), user_id: Some(5), payload: json!({}), urgent: false, trace: None };
    world.store.inbox().put(&[update], world.now).await.unwrap();
    let claimed = world.store.inbox().claim(Uuid::now_v7(), world.now, LEASE).await.unwrap().unwrap();
    world.store.inbox().retry(&claimed, world.now, "bad \0 reason", false).await.unwrap();
    let claimed = world.store.inbox().claim(Uuid::now_v7(), world.now, LEASE).await.unwrap().unwrap();
    assert!(world.store.inbox().bury(&claimed, "bad \0 reason", &[owed("a")], world.now).await.unwrap());
    assert_eq!(world.store.outbox().put(&[owed("b")], world.now).await.unwrap(), 1);
    let outgoing =
        world.store.outbox().claim(Uuid::now_v7(), Priority::Reply, world.now, LEASE).await.unwrap().unwrap();
    assert_eq!(outgoing.params["text"], "ab");
    world.store.outbox().retry(&outgoing, world.now, "bad \0 reason", true).await.unwrap();
    let outgoing =
        world.store.outbox().claim(Uuid::now_v7(), Priority::Reply, world.now, LEASE).await.unwrap().unwrap();
    assert!(world.store.outbox().bury(&outgoing, "bad \0 reason", world.now).await.unwrap());
}

/// As the engine does it: what Postgres could not do just now is done again, but not for ever.
async fn insisting<T>(mut write: impl AsyncFnMut() -> Result<T, StoreError>) -> T {
    for _ in 0..3 {
        match write().await {
            Err(error) if error.is_unavailable() => {}
            done => return done.unwrap(),
        }
    }
    write().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn turns_failures_changes_summaries_partitions_and_removals_of_one_person_at_once_all_come_through() {
    let mut world = world().await;
    world.plans.free.messages_per_day = None;
    let (store, rule) = (&world.store, SummaryRule { due_at: 2, keep: 0, batch: 60 });
    let talk = async |who: usize| {
        for i in 0..25 {
            let (turn, person) = world.admitted(&format!("{who}-{i}")).await;
            if i % 3 == 0 {
                let (message_id, conversation_id) = (Uuid::now_v7(), Uuid::now_v7());
                let message = FailedMessage { message: "hi", has_image: false, message_id, conversation_id };
                insisting(async || store.turns().fail(&turn, "x", Some(&message), world.now).await).await;
            } else {
                let work = work("hi", "hello", world.now);
                // Lost, where the person was removed.
                let _ = insisting(async || store.turns().persist(&turn, &person, &work).await).await;
            }
        }
    };
    let change = async |who: usize| {
        for i in 0..25 {
            let patch = ProfilePatch { name: Some(Some(format!("{who}-{i}"))), ..ProfilePatch::default() };
            insisting(async || store.users().update(IVAN, &patch, defaults(), world.now).await).await;
            store.users().end_conversation(IVAN, world.now).await.unwrap();
            if let Some(due) = store.summaries().claim(rule, Language::Ru, world.now, TimeDelta::zero()).await.unwrap()
            {
                let _ = store.summaries().write(&due, &Digest::of("they talked"), world.now).await.unwrap();
            }
        }
    };
    let remove = async {
        for month in 1..=12 {
            let removed = insisting(async || store.users().delete(IVAN).await).await;
            assert_eq!(removed.remaining, 0);
            let month: DateTime<Utc> = format!("2040-{month:02}-01T00:00:00Z").parse().unwrap();
            // It gives way to the others, and comes again.
            evolve_testkit::eventually("the partition is made", async || {
                match store.messages().ensure_partitions(month, 1).await {
                    Ok(_) => true,
                    Err(error) => {
                        assert!(error.to_string().contains("lock timeout"), "{error}");
                        false
                    }
                }
            })
            .await;
        }
    };
    tokio::join!(talk(0), talk(1), talk(2), talk(3), change(0), change(1), remove);
}
