//! What is old goes, with all that goes along; what may be asked for again stays.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use evolve_domain::{
    language::Language,
    memory::question::{Names, Question},
    profile::ProfilePatch,
};
use evolve_store::{
    inbox::NewUpdate,
    preferences::PreferencesPatch,
    purge::Finished,
    retention::Keeping,
    summaries::{Digest, SummaryRule},
    turns::{Admission, Extended},
};
use serde_json::json;

use crate::support::{IVAN, LEASE, World, defaults, learning, work, world};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

impl World {
    async fn run(&self, statement: &'static str) {
        sqlx::raw_sql(statement).execute(&self.sql).await.unwrap();
    }

    /// Everything of a kind that is older than it is kept for.
    async fn purge(&self, finished: Finished, now: DateTime<Utc>) -> u64 {
        let before = now - finished.kept_for(None);
        let (mut purged, mut some) = (0, 1);
        while some > 0 {
            some = self.store.purge(finished, before, 2).await.unwrap();
            purged += some;
        }
        purged
    }

    async fn finds(&self, word: &str) -> bool {
        let question = Question::read(word, Names::default());
        let found = self.store.memory().find(IVAN, &question, None, 5).await.unwrap();
        found.iter().any(|message| message.text.contains(word))
    }
}

/// A person who talked in each of three months, of which the partitions are there.
async fn a_winter_of_talk() -> World {
    let mut world = world().await;
    world.store.messages().ensure_partitions(at("2031-01-01T00:00:00Z"), 3).await.unwrap();
    for (time, message) in
        [("2031-01-15T12:00:00Z", "Paris"), ("2031-02-15T12:00:00Z", "Rome"), ("2031-03-15T12:00:00Z", "Vienna")]
    {
        world.say_at(message, "Lovely", at(time)).await;
    }
    world.now = at("2031-03-20T03:00:00Z");
    world
}

#[tokio::test]
async fn months_that_are_over_go_with_their_index_and_the_others_stay() {
    let world = a_winter_of_talk().await;
    let (turn, person) = world.admitted("learnt").await;
    let learnt = learning("likes tea");
    let mut done = work("I like tea", "Noted", world.now);
    done.facts = &learnt;
    assert!(world.store.turns().persist(&turn, &person, &done).await.unwrap().is_written());
    world
        .run(
            "INSERT INTO message_vectors (user_id, number, month, model)
             VALUES (42, 1, '2031-01-01', 'm/2'), (42, 3, '2031-02-01', 'm/2'), (42, 5, '2031-03-01', 'm/2');
             INSERT INTO audio_files (turn_id, kind, user_id, mime, bytes, model, created_at)
             VALUES (gen_random_uuid(), 'in', 42, 'audio/ogg', 1, 'm', '2031-02-28T23:59:59Z'),
                    (gen_random_uuid(), 'in', 42, 'audio/ogg', 1, 'm', '2031-03-01T00:00:00Z');
             -- Of a month that never had a partition.
             INSERT INTO messages (id, created_at, user_id, conversation_id, turn_id, place, role, text)
             SELECT gen_random_uuid(), '1999-12-31T00:00:00Z', 42, id, gen_random_uuid(), 0, 'user', 'stray' FROM conversations",
        )
        .await;
    let retention = world.store.retention();
    // A month is over when all of it is: on the first of March, at the day, January and February are.
    for (before, last) in [("2031-02-28T23:59:59Z", "2031-01-01"), ("2031-03-01T00:00:00Z", "2031-02-01")] {
        assert_eq!(retention.over(at(before)).await.unwrap().last(), Some(&day(last)), "{before}");
    }
    let over = retention.over(at("2031-03-05T03:00:00Z")).await.unwrap();
    assert!(over.ends_with(&[day("2031-01-01"), day("2031-02-01")]), "{over:?}");

    let first_kept = day("2031-03-01");
    assert_eq!(retention.let_go(i64::MIN, first_kept, 1).await.unwrap(), Some(IVAN));
    assert_eq!(retention.let_go(IVAN, first_kept, 1).await.unwrap(), None);
    assert_eq!(retention.over(at("2031-03-05T03:00:00Z")).await.unwrap(), over, "as long as it is there, it is found");
    for month in over {
        assert!(retention.drop_month(month).await.unwrap());
        assert!(!retention.drop_month(month).await.unwrap());
    }
    for (table, left) in [
        ("SELECT count(*) FROM messages", 4),
        ("SELECT count(*) FROM messages_default", 0),
        ("SELECT count(*) FROM message_terms WHERE month < '2031-03-01'", 0),
        ("SELECT count(*) FROM message_vectors", 1),
        ("SELECT count(*) FROM audio_files", 1),
        ("SELECT count(*) FROM facts", 1),
        ("SELECT count(*) FROM conversations", 1),
    ] {
        assert_eq!(world.count(table).await, left, "{table}");
    }
    assert!(world.finds("Vienna").await && !world.finds("Paris").await);
    world.say("Berlin", "Lovely").await;
    assert_eq!(world.store.messages().ensure_partitions(at("2031-02-01T00:00:00Z"), 1).await.unwrap(), 1);
}

#[tokio::test]
async fn a_month_gives_way_to_who_reads_and_is_dropped_afterwards() {
    let world = a_winter_of_talk().await;
    let mut reading = world.sql.begin().await.unwrap();
    sqlx::query("SELECT FROM messages LIMIT 1").execute(&mut *reading).await.unwrap();
    let refused = world.store.retention().drop_month(day("2031-01-01")).await.unwrap_err();
    assert!(refused.is_unavailable(), "{refused}");
    reading.rollback().await.unwrap();
    assert!(world.store.retention().drop_month(day("2031-01-01")).await.unwrap());
}

#[tokio::test]
async fn who_wants_messages_kept_for_less_has_the_older_ones_taken_out_one_by_one() {
    let world = a_winter_of_talk().await;
    world.store.users().update(IVAN + 1, &ProfilePatch::default(), defaults(), world.now).await.unwrap();
    let keep = PreferencesPatch { keep_days: Some(Some(30)), ..PreferencesPatch::default() };
    world.store.preferences().change(IVAN, &keep, defaults(), world.now).await.unwrap().unwrap();
    let retention = world.store.retention();
    assert_eq!(retention.keeping(i64::MIN, 5).await.unwrap(), [Keeping { user_id: IVAN, keep_days: 30 }]);
    assert_eq!(retention.keeping(IVAN, 5).await.unwrap(), []);
    let before = world.now - TimeDelta::days(30);
    let mut removed = Vec::new();
    while removed.last() != Some(&0) {
        removed.push(retention.remove_old(IVAN, before, 3).await.unwrap());
    }
    assert_eq!(removed, [3, 1, 0]);
    assert_eq!(world.count("SELECT count(*) FROM messages").await, 2);
    assert_eq!(world.count("SELECT count(*) FROM message_terms WHERE month < '2031-03-01'").await, 0);
    assert_eq!(world.count("SELECT count(*) FROM turns").await, 1, "their answers are kept for no repeat");
    assert!(world.finds("Vienna").await && !world.finds("Rome").await);
    let all = PreferencesPatch { keep_days: Some(None), ..PreferencesPatch::default() };
    world.store.preferences().change(IVAN, &all, defaults(), world.now).await.unwrap().unwrap();
    assert_eq!(retention.keeping(i64::MIN, 5).await.unwrap(), []);
}

#[tokio::test]
async fn a_conversation_that_went_before_it_was_summed_up_does_not_keep_the_others_from_it() {
    let world = a_winter_of_talk().await;
    world.store.users().end_conversation(IVAN, world.now).await.unwrap();
    world.say("Berlin", "Lovely").await;
    world.run("DELETE FROM messages WHERE created_at < '2031-03-20'").await;
    world.store.users().end_conversation(IVAN, world.now).await.unwrap();
    let rule = SummaryRule { due_at: 2, keep: 0, batch: 60 };
    let claim = async || world.store.summaries().claim(rule, Language::Ru, world.now, LEASE).await.unwrap();
    let unsummed = claim().await.expect("the one that is there");
    assert_eq!(unsummed.messages[0].text, "Berlin");
    assert!(world.store.summaries().write(&unsummed, &Digest::of("Berlin"), world.now).await.unwrap().is_done());
    assert!(claim().await.is_none());
    assert_eq!(world.count("SELECT count(*) FROM conversations WHERE summary_need > 0").await, 0);
    assert_eq!(world.count("SELECT count(*) FROM summaries").await, 1, "of nothing, nothing is told");
}

#[tokio::test]
async fn an_answer_may_be_asked_for_again_for_ninety_days() {
    let world = world().await;
    let (turn, person) = world.admitted("asked").await;
    assert!(world.store.turns().persist(&turn, &person, &work("hi", "hello", world.now)).await.unwrap().is_written());
    let running = world.admitted("running").await.0;
    for (days, purged) in [(89, 0), (91, 1)] {
        let now = world.now + TimeDelta::days(days);
        assert_eq!(world.purge(Finished::Turns, now).await, purged);
        let is_kept = world.store.turns().is_known(IVAN, "asked").await.unwrap();
        assert_eq!(is_kept, purged == 0, "after {days} days");
    }
    assert!(matches!(world.admit("running").await, Admission::Running { .. }), "what runs is let be");
    assert_eq!(world.store.turns().extend(&running, world.now).await.unwrap(), Extended::Kept);
}

#[tokio::test]
async fn a_number_is_known_while_telegram_may_repeat_it_and_what_was_kept_may_be_tried_for_a_month() {
    let world = world().await;
    world
        .run(
            r#"INSERT INTO inbox (update_id, chat_id, state, payload, ready_at, received_at, finished_at)
               SELECT n.id, 5, n.state, n.payload::jsonb, '2026-11-21T12:00:00Z', '2026-11-21T12:00:00Z',
                      CASE WHEN n.state <> 'pending' THEN '2026-11-21T12:00:00Z'::timestamptz END
               FROM (VALUES (1, 'done', NULL), (2, 'done', '{"message": {"voice": {}}}'),
                            (3, 'dead', '{"callback_query": {}}'), (4, 'pending', '{"message": {}}'),
                            (5, 'dead', '{"message": {"successful_payment": {}}}')) AS n (id, state, payload)"#,
        )
        .await;
    let left = async || -> Vec<i64> {
        sqlx::query_scalar("SELECT update_id FROM inbox ORDER BY 1").fetch_all(&world.sql).await.unwrap()
    };
    let sweep = async |days: i64| {
        let now = world.now + TimeDelta::days(days);
        world.purge(Finished::Updates, now).await + world.purge(Finished::KeptUpdates, now).await
    };
    assert_eq!((sweep(2).await, left().await), (0, vec![1, 2, 3, 4, 5]));
    assert_eq!((sweep(4).await, left().await), (1, vec![2, 3, 4, 5]));
    assert!(world.store.inbox().kept(2, 5).await.unwrap().is_some());
    assert_eq!((sweep(31).await, left().await), (2, vec![4, 5]), "what waits, and what is about money, stays");
    let again =
        NewUpdate { update_id: 1, chat_id: Some(5), user_id: None, payload: json!({}), urgent: false, trace: None };
    assert_eq!(world.store.inbox().put(&[again], world.now).await.unwrap(), 1);
}

#[tokio::test]
async fn a_reaction_finds_its_answer_for_ninety_days_and_nobody_is_asked_for_consent_twice() {
    let world = world().await;
    world
        .run(
            "INSERT INTO outbox (key, chat_id, user_id, method, state, ready_at, created_at, finished_at, message_id)
             SELECT k.key, 5, NULL, 'sendMessage', k.state, '2026-11-21', '2026-11-21', k.finished, k.place
             FROM (VALUES ('tgm-5-1-0', 'sent', '2026-11-21T12:00:00Z'::timestamptz, 7),
                          ('consent-adult-1-5', 'sent', '2026-11-21T12:00:00Z', 8),
                          ('waits', 'pending', NULL, NULL)) AS k (key, state, finished, place)",
        )
        .await;
    let outbox = world.store.outbox();
    assert_eq!(world.purge(Finished::Sent, world.now + TimeDelta::days(89)).await, 0);
    assert_eq!(outbox.key_of(5, 7).await.unwrap().as_deref(), Some("tgm-5-1-0"));
    assert_eq!(world.purge(Finished::Sent, world.now + TimeDelta::days(5000)).await, 1);
    assert_eq!(outbox.key_of(5, 7).await.unwrap(), None);
    assert_eq!(outbox.key_of(5, 8).await.unwrap().as_deref(), Some("consent-adult-1-5"));
    assert_eq!(world.count("SELECT count(*) FROM outbox WHERE state = 'pending'").await, 1);
}

#[tokio::test]
async fn a_wish_to_stop_what_never_began_is_kept_for_a_day() {
    let world = world().await;
    world.store.users().update(IVAN, &ProfilePatch::default(), defaults(), world.now).await.unwrap();
    let keys = ["one".to_owned(), "two".to_owned(), "three".to_owned()];
    assert!(world.store.turns().stop(IVAN, Some(&keys[..]), world.now).await.unwrap());
    assert_eq!(world.purge(Finished::Stops, world.now + TimeDelta::hours(24)).await, 0);
    assert_eq!(world.purge(Finished::Stops, world.now + TimeDelta::hours(25)).await, 3);
}

#[tokio::test]
async fn that_a_copy_was_made_is_known_for_a_year_and_a_month() {
    let world = world().await;
    world
        .run(
            "INSERT INTO backups (name, taken_at, bytes, verdict, checked_at)
             SELECT 'copy-' || day, timestamptz '2026-11-01T00:00:00Z' + make_interval(days => day), 100, 'readable', now()
             FROM generate_series(0, 4) day",
        )
        .await;
    assert_eq!(world.purge(Finished::Backups, at("2026-11-01T00:00:00Z") + TimeDelta::days(400)).await, 0);
    assert_eq!(world.purge(Finished::Backups, at("2026-11-03T00:00:01Z") + TimeDelta::days(400)).await, 3);
    assert_eq!(world.store.backups().newest().await.unwrap().name.as_deref(), Some("copy-4"));
}

#[tokio::test]
async fn a_turn_whose_process_died_and_whose_key_nobody_repeats_gives_its_message_back() {
    let world = world().await;
    let (dead, person) = world.admitted("dead").await;
    let later = world.now + LEASE;
    let Admission::Admitted(alive, _) = world.admit_at("alive", later).await else { panic!("not admitted") };
    assert_eq!(world.used_today().await, 2);
    let turns = world.store.turns();
    assert_eq!(turns.expire(world.now, later, 10).await.unwrap(), 0);
    // Whoever is just being written for is left to the next look.
    let mut holder = world.sql.begin().await.unwrap();
    sqlx::query("SELECT FROM users FOR UPDATE").execute(&mut *holder).await.unwrap();
    assert_eq!(turns.expire(later, later, 10).await.unwrap(), 0);
    holder.rollback().await.unwrap();
    assert_eq!(turns.expire(later, later, 10).await.unwrap(), 1);
    assert_eq!(world.used_today().await, 1);
    assert!(!turns.persist(&dead, &person, &work("hi", "from the grave", later)).await.unwrap().is_written());
    assert_eq!(turns.extend(&alive, later + LEASE).await.unwrap(), Extended::Kept);
    assert!(matches!(world.admit_at("dead", later).await, Admission::Admitted(..)), "it may be asked again");
    assert_eq!(world.used_today().await, 2);
}
