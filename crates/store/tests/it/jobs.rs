//! Scheduled jobs: one run at a time, taken over where it dies, and no more than a row each.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use evolve_store::{
    jobs::{ClaimedJob, Ending, NewJob, Outcome},
    queues::MOST,
};
use futures::future::join_all;

use crate::support::{World, world};

const LEASE: TimeDelta = TimeDelta::seconds(30);
const NAMES: [&str; 2] = ["sweep", "tidy"];
/// At once, then after a minute, then after three.
const PAUSES: [TimeDelta; 3] = [TimeDelta::zero(), TimeDelta::minutes(1), TimeDelta::minutes(3)];

fn due(name: &'static str, at: DateTime<Utc>) -> NewJob {
    NewJob { name, first: at, latest: at }
}

fn ending(outcome: Outcome, due_at: Option<DateTime<Utc>>) -> Ending<'static> {
    let error = (outcome == Outcome::Failed).then_some("no \0 luck");
    Ending { outcome, did: 3, note: Some("three"), error, took: Duration::from_millis(1500), due_at }
}

impl World {
    async fn claim_job(&self, now: DateTime<Utc>) -> Option<ClaimedJob> {
        self.store.jobs().claim(&NAMES, &PAUSES, now, LEASE).await.unwrap()
    }
}

#[tokio::test]
async fn a_job_that_is_due_is_one_runs_alone_and_what_another_version_knows_is_let_be() {
    let world = world().await;
    let later = world.now + TimeDelta::hours(1);
    let all = [due("tidy", world.now), due("sweep", later), due("of the future", world.now)];
    let jobs = world.store.jobs();
    // Every replica announces what it knows, at once.
    for done in join_all((0..4).map(|_| jobs.announce(&all))).await {
        done.unwrap();
    }
    let claims = join_all((0..8).map(|_| world.claim_job(world.now))).await;
    let claims: Vec<_> = claims.into_iter().flatten().collect();
    let [claimed] = &claims[..] else { panic!("{claims:?}") };
    assert_eq!((claimed.name.as_str(), claimed.attempts), ("tidy", 1));
    assert_eq!(jobs.next(&NAMES, &PAUSES).await.unwrap(), Some(world.now + LEASE));

    let next = world.now + TimeDelta::hours(2);
    assert!(jobs.end(claimed, &ending(Outcome::Done, Some(next)), world.now).await.unwrap());
    assert!(world.claim_job(world.now).await.is_none());
    assert_eq!(jobs.next(&NAMES, &PAUSES).await.unwrap(), Some(later));
    let rows = jobs.list(&NAMES).await.unwrap();
    let [sweep, tidy] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((sweep.due_at, sweep.runs, sweep.finished_at), (Some(later), 0, None));
    assert_eq!((tidy.due_at, tidy.runs, tidy.attempts, tidy.succeeded_at), (Some(next), 1, 0, Some(world.now)));
    assert_eq!((tidy.took_ms, tidy.did, tidy.note.as_deref()), (Some(1500), Some(3), Some("three")));
}

#[tokio::test]
async fn a_run_that_died_is_taken_over_and_writes_nothing_when_it_wakes_up() {
    let world = world().await;
    let jobs = world.store.jobs();
    jobs.announce(&[due("tidy", world.now)]).await.unwrap();
    let dead = world.claim_job(world.now).await.unwrap();
    assert!(world.claim_job(world.now + LEASE - TimeDelta::seconds(1)).await.is_none());
    let at = world.now + LEASE;
    let heir = world.claim_job(at).await.unwrap();
    assert_eq!(heir.attempts, 2);
    assert!(!jobs.extend(&dead, at + LEASE).await.unwrap());
    assert!(!jobs.end(&dead, &ending(Outcome::Done, None), at).await.unwrap());
    // One that kills its process would kill one after another: the second time it is left alone for a while.
    assert!(jobs.extend(&heir, at + LEASE).await.unwrap());
    let free = at + LEASE + TimeDelta::minutes(1);
    assert_eq!(jobs.next(&NAMES, &PAUSES).await.unwrap(), Some(free));
    assert!(world.claim_job(free - TimeDelta::seconds(1)).await.is_none());
    let third = world.claim_job(free).await.unwrap();
    assert!(jobs.end(&third, &ending(Outcome::Unfinished, Some(free)), free).await.unwrap());
    let fourth = world.claim_job(free).await.expect("what is left unfinished is due at once");
    assert_eq!(fourth.attempts, 1);
}

#[tokio::test]
async fn a_job_that_failed_keeps_its_pause_whoever_starts_and_one_that_waits_for_a_start_is_due_then() {
    let world = world().await;
    let jobs = world.store.jobs();
    jobs.announce(&[due("tidy", world.now), due("sweep", world.now)]).await.unwrap();
    let sweep = world.claim_job(world.now).await.unwrap();
    let tidy = world.claim_job(world.now).await.unwrap();
    assert_eq!((sweep.name.as_str(), tidy.name.as_str()), ("sweep", "tidy"));
    let pause = world.now + TimeDelta::minutes(5);
    assert!(jobs.end(&sweep, &ending(Outcome::Failed, Some(pause)), world.now).await.unwrap());
    assert!(jobs.end(&tidy, &ending(Outcome::Done, None), world.now).await.unwrap());
    assert!(world.claim_job(world.now + TimeDelta::minutes(4)).await.is_none());
    let start = world.now + TimeDelta::minutes(1);
    jobs.announce(&[due("tidy", start), due("sweep", start)]).await.unwrap();
    let rows = jobs.list(&NAMES).await.unwrap();
    let [sweep, tidy] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((sweep.due_at, sweep.attempts, sweep.succeeded_at), (Some(pause), 1, None));
    assert_eq!((sweep.outcome.as_deref(), sweep.error.as_deref()), (Some("failed"), Some("no   luck")));
    assert_eq!(tidy.due_at, Some(start));
}

#[tokio::test]
async fn what_waits_in_the_queues_is_counted_with_the_age_of_the_oldest() {
    let world = world().await;
    let empty = world.store.queues().waiting(20, world.now).await.unwrap();
    assert!(empty.iter().all(|queue| (queue.waiting, queue.oldest) == (0, None)), "{empty:?}");
    world.say("Привет", "Привет!").await;
    world.store.users().end_conversation(crate::support::IVAN, world.now).await.unwrap();
    for statement in [
        "INSERT INTO inbox (update_id, chat_id, ready_at, received_at, rank)
         SELECT n, n, $1, $1 - n * interval '1 minute', $1 - n * interval '1 minute' FROM generate_series(1, 3) n",
        "INSERT INTO outbox (key, chat_id, method, ready_at, created_at)
         SELECT n::text, n, CASE n WHEN 2 THEN 'export' ELSE 'sendMessage' END, $1, $1 - interval '1 hour'
         FROM generate_series(1, 2) n",
        "INSERT INTO weeks (user_id, starts_on, updated_at) VALUES (42, '2026-11-02', $1)",
        "INSERT INTO settings (user_id, language, time_zone, onboarding, updated_at, proactive_at)
         VALUES (42, 'ru', 'UTC', 'done', $1, $1)",
    ] {
        sqlx::query(statement).bind(world.now).execute(&world.sql).await.unwrap();
    }
    let waiting = world.store.queues().waiting(20, world.now).await.unwrap();
    assert_eq!(world.store.queues().of_telegram().await.unwrap(), waiting[..2], "the bot shows something else");
    let shown: Vec<_> = waiting
        .iter()
        .map(|queue| (queue.name.as_str(), queue.waiting, queue.oldest.map(|at| (world.now - at).num_minutes())))
        .collect();
    assert_eq!(
        shown,
        [
            ("inbox", 3, Some(3)),
            ("outbox", 2, Some(60)),
            ("exports", 1, Some(60)),
            ("summaries", 1, Some(0)),
            // Its Sunday ended twelve days and a half ago.
            ("weeks", 1, Some(12 * 1440 + 720)),
            ("memory", 0, None),
            ("vectors", 0, None),
            ("first_words", 1, Some(0)),
            ("webhooks", 0, None),
        ]
    );
    assert!(waiting.iter().all(|queue| queue.waiting <= i64::from(MOST)));
}

#[tokio::test]
async fn a_broadcast_is_never_late_and_hides_no_reply_that_is() {
    let world = world().await;
    let outbox = async || {
        let queues = world.store.queues().of_telegram().await.unwrap();
        let outbox = queues.iter().find(|queue| queue.name == "outbox").unwrap();
        (outbox.waiting, outbox.oldest.map(|at| (world.now - at).num_minutes()))
    };
    let broadcast = "INSERT INTO outbox (key, chat_id, method, priority, ready_at, created_at)
                     SELECT 'b' || n, n, 'sendMessage', 2, $1, $1 - interval '3 hours' FROM generate_series(1, $2) n";
    sqlx::query(broadcast).bind(world.now).bind(i64::from(MOST) + 1).execute(&world.sql).await.unwrap();
    assert_eq!(outbox().await, (i64::from(MOST), None));
    let late = "INSERT INTO outbox (key, chat_id, method, priority, ready_at, created_at)
                VALUES ('reply', 1, 'sendMessage', 0, $1, $1 - interval '20 minutes'),
                       ('notice', 2, 'notice', 1, $1, $1 - interval '30 minutes')";
    sqlx::query(late).bind(world.now).execute(&world.sql).await.unwrap();
    assert_eq!(outbox().await, (i64::from(MOST), Some(30)));
}
