//! Broadcasts: to whom they go, nobody twice whatever dies, and how they are halted.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::{
    broadcast::Audience, language::Language, plan::Plan, relationship::Relationship, schedule::Schedule,
};
use evolve_engine::{
    broadcasts::{self, BroadcastError, Broadcasts, Speech},
    jobs::{Did, Job, Scheduler},
};
use evolve_store::{
    broadcasts::{Broadcast, State},
    outbox::{ClaimedOutgoing, Priority},
};
use evolve_testkit::eventually;
use rstest::rstest;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    jobs::{replica, work},
    turn_support::{World, world},
};

/// A replica that knows the job of broadcasts alone, as the table has it.
async fn writer(world: &World) -> Scheduler {
    let (store, clock, rules) = (world.store(), world.clock.clone(), Relationship::default());
    let job = Job::new("broadcasts", Schedule::Every(TimeDelta::seconds(5)), move |stop: CancellationToken| {
        let (store, clock, levels) = (store.clone(), clock.clone(), rules.levels.clone());
        async move { Ok(Did::all(broadcasts::work(&store, &clock, &levels, &stop).await?)) }
    });
    replica(world, vec![job]).await
}

fn use_case(world: &World) -> Broadcasts {
    Broadcasts::new(world.store(), world.clock.clone(), Relationship::default())
}

/// People with these ids, who came a year ago and were here yesterday.
async fn people(world: &World, from: i64, to: i64) {
    let (came, seen) = (world.clock.now() - TimeDelta::days(365), world.clock.now() - TimeDelta::days(1));
    for insert in [
        "INSERT INTO users (id, created_at, last_seen_at) SELECT i, $3, $4 FROM generate_series($1, $2) i",
        "INSERT INTO settings (user_id, language, time_zone, onboarding, updated_at)
         SELECT i, 'ru', 'Europe/Moscow', 'done', $3 FROM generate_series($1, $2) i WHERE $4::timestamptz IS NOT NULL",
    ] {
        sqlx::query(insert).bind(from).bind(to).bind(came).bind(seen).execute(&world.sql).await.unwrap();
    }
}

fn to(audience: Audience) -> Speech {
    Speech { text: "<b>Новое</b>".to_owned(), audience, ..Speech::default() }
}

async fn begin(world: &World) -> Uuid {
    use_case(world).create("new", to(Audience::default()), None).await.unwrap().0.id
}

async fn stands(world: &World, id: Uuid) -> Broadcast {
    use_case(world).get(id).await.unwrap()
}

/// Comes back to all broadcasts, as the job does every few seconds.
async fn again(world: &World, replica: &Scheduler) {
    world.clock.advance(TimeDelta::seconds(6));
    work(replica).await;
}

/// How many are owed it, and how many rows there are of them.
async fn owed(world: &World) -> (i64, i64) {
    (
        world.count("SELECT count(DISTINCT user_id) FROM outbox WHERE key LIKE 'broadcast-%'").await,
        world.count("SELECT count(*) FROM outbox WHERE key LIKE 'broadcast-%'").await,
    )
}

async fn claim(world: &World) -> Option<ClaimedOutgoing> {
    let (now, lease) = (world.clock.now(), TimeDelta::seconds(60));
    world.store().outbox().claim(Uuid::now_v7(), Priority::Broadcast, now, lease).await.unwrap()
}

/// Ends so many that wait, the oldest first, as a bot does.
async fn end(world: &World, many: i64, state: &str, error: Option<&str>) {
    let end = "UPDATE outbox SET state = $2, error = $3, finished_at = $4, params = NULL
               WHERE id IN (SELECT id FROM outbox WHERE state = 'pending' ORDER BY id LIMIT $1)";
    let query = sqlx::query(end).bind(many).bind(state).bind(error).bind(world.clock.now());
    assert_eq!(query.execute(&world.sql).await.unwrap().rows_affected(), u64::try_from(many).unwrap());
}

#[rstest]
#[case::everybody(Audience::default(), &[1, 2, 3, 4, 5])]
#[case::plan(Audience { plan: Some(Plan::Premium), ..Audience::default() }, &[2])]
#[case::free_again(Audience { plan: Some(Plan::Free), ..Audience::default() }, &[1, 3, 4, 5])]
#[case::from_level(Audience { level_from: Some(2), ..Audience::default() }, &[3])]
#[case::up_to_level(Audience { level_to: Some(1), ..Audience::default() }, &[1, 2, 4, 5])]
#[case::language(Audience { languages: vec![Language::En], ..Audience::default() }, &[4])]
#[case::languages(Audience { languages: Language::ALL.to_vec(), ..Audience::default() }, &[1, 2, 3, 4, 5])]
#[case::active(Audience { active_within_days: Some(7), ..Audience::default() }, &[1, 2, 3, 4])]
#[case::silent(Audience { silent_for_days: Some(7), ..Audience::default() }, &[5])]
#[case::both(Audience { plan: Some(Plan::Premium), silent_for_days: Some(7), ..Audience::default() }, &[])]
#[tokio::test]
async fn a_broadcast_goes_to_whom_it_is_for_and_to_nobody_who_does_not_want_it(
    #[case] audience: Audience,
    #[case] expected: &[i64],
) {
    let world = world([]).await;
    people(&world, 1, 10).await;
    sqlx::raw_sql(
        "UPDATE users SET plan = 'premium' WHERE id = 2;
         UPDATE users SET plan = 'premium', premium_until = '2026-11-01' WHERE id = 1;
         UPDATE users SET points = 1000000 WHERE id = 3;
         UPDATE settings SET language = 'en' WHERE user_id = 4;
         UPDATE users SET last_seen_at = '2026-09-01' WHERE id = 5;
         UPDATE users SET blocked_at = '2026-11-01' WHERE id = 6;
         INSERT INTO deletions (user_id, asked_at, due_at) VALUES (7, '2026-11-21', '2026-11-28');
         DELETE FROM settings WHERE user_id = 8;
         UPDATE users SET created_at = '2027-01-01' WHERE id IN (9, 10)",
    )
    .execute(&world.sql)
    .await
    .unwrap();
    let preview = use_case(&world).preview(&to(audience.clone()), None).await.unwrap();
    assert_eq!(preview.people, u64::try_from(expected.len()).unwrap());
    let id = use_case(&world).create("new", to(audience), None).await.unwrap().0.id;
    work(&writer(&world).await).await;
    let told: Vec<(i64,)> =
        sqlx::query_as("SELECT user_id FROM outbox ORDER BY id").fetch_all(&world.sql).await.unwrap();
    assert_eq!(told.into_iter().map(|(id,)| id).collect::<Vec<_>>(), expected);
    let after = stands(&world, id).await;
    assert_eq!((after.chosen, after.waiting, after.all_chosen), (preview.people, preview.people, true));
}

#[tokio::test]
async fn everybody_reads_it_in_their_language_and_a_preview_shows_it_before() {
    let world = world([]).await;
    people(&world, 1, 2).await;
    sqlx::query("UPDATE settings SET language = 'en' WHERE user_id = 2").execute(&world.sql).await.unwrap();
    let translations = [(Language::En, "<i>New</i> &amp; more".to_owned())].into();
    let speech = Speech { translations, ..to(Audience::default()) };
    let preview = use_case(&world).preview(&speech, Some(77)).await.unwrap();
    assert_eq!((preview.people, preview.text.text.as_str()), (2, "Новое"));
    let english = &preview.translations[&Language::En];
    assert_eq!((english.text.as_str(), english.entities[0].kind), ("New & more", "italic"));
    let samples = [claim(&world).await.unwrap(), claim_of(&world, 77).await];
    assert!(samples.iter().all(|sample| sample.chat_id == 77), "{samples:?}");
    use_case(&world).create("new", speech, None).await.unwrap();
    work(&writer(&world).await).await;
    for (person, text) in [(1, "<b>Новое</b>"), (2, "<i>New</i> &amp; more")] {
        let sent = claim(&world).await.unwrap();
        assert_eq!((sent.chat_id, sent.priority), (person, Priority::Broadcast));
        assert_eq!((sent.params["text"].as_str(), sent.params["parse_mode"].as_str()), (Some(text), Some("HTML")));
    }
}

/// The next one of a chat, once what was claimed of it before is sent.
async fn claim_of(world: &World, chat_id: i64) -> ClaimedOutgoing {
    let sent = "UPDATE outbox SET state = 'sent', finished_at = $2 WHERE chat_id = $1 AND leased_until IS NOT NULL";
    sqlx::query(sent).bind(chat_id).bind(world.clock.now()).execute(&world.sql).await.unwrap();
    claim(world).await.unwrap()
}

#[tokio::test]
async fn three_thousand_people_are_each_owed_it_once_though_a_replica_dies_in_the_middle() {
    let world = world([]).await;
    people(&world, 1, 3000).await;
    let id = begin(&world).await;
    let dying = writer(&world).await;
    // Somebody is being removed, which the replica waits for until it dies.
    let mut removal = world.sql.begin().await.unwrap();
    sqlx::query("SELECT FROM users WHERE id = 1700 FOR UPDATE").execute(&mut *removal).await.unwrap();
    let process = tokio::spawn(async move { work(&dying).await });
    eventually("half of them are chosen", async || owed(&world).await == (1500, 1500)).await;
    process.abort();
    assert!(process.await.unwrap_err().is_cancelled());
    removal.rollback().await.unwrap();
    world.clock.advance(TimeDelta::seconds(31));
    let (one, other) = (writer(&world).await, writer(&world).await);
    tokio::join!(work(&one), work(&other));
    assert_eq!(owed(&world).await, (3000, 3000));
    end(&world, 2990, "sent", None).await;
    end(&world, 7, "dead", Some("forbidden")).await;
    end(&world, 3, "dead", Some("refused: of anything")).await;
    let before = stands(&world, id).await;
    again(&world, &one).await;
    let after = stands(&world, id).await;
    assert_eq!((after.chosen, after.sent, after.blocked, after.failed, after.waiting), (3000, 2990, 7, 3, 0));
    assert_eq!((before.sent, before.blocked, before.failed), (2990, 7, 3), "before they were counted");
    assert_eq!((after.state, after.ended_at), (State::Done, Some(world.clock.now())));
    again(&world, &other).await;
    assert_eq!(owed(&world).await, (3000, 3000));
}

#[tokio::test]
async fn a_pause_takes_back_what_waits_and_a_resumption_writes_to_nobody_twice() {
    let world = world([]).await;
    people(&world, 1, 700).await;
    let id = begin(&world).await;
    let replica = writer(&world).await;
    work(&replica).await;
    // The first waits in somebody's hands; the second was put off, and those after it were sent.
    let flying = claim(&world).await.unwrap();
    let sent = "UPDATE outbox SET state = 'sent', finished_at = $1 WHERE user_id BETWEEN 3 AND 100";
    sqlx::query(sent).bind(world.clock.now()).execute(&world.sql).await.unwrap();
    let paused = use_case(&world).pause(id).await.unwrap();
    assert_eq!((paused.state, paused.chosen, paused.sent, paused.waiting), (State::Paused, 99, 98, 1));
    assert!(claim(&world).await.is_none());
    // What was in hands comes back unsent: it is not sent in a pause either.
    let (store, now) = (world.store(), world.clock.now());
    store.outbox().retry(&flying, now, "unavailable", true).await.unwrap();
    again(&world, &replica).await;
    assert_eq!(owed(&world).await, (98, 98));
    assert_eq!(use_case(&world).pause(id).await.unwrap().state, State::Paused, "asked again it changes nothing");
    assert_eq!(use_case(&world).resume(id).await.unwrap().state, State::Running);
    again(&world, &replica).await;
    assert_eq!(owed(&world).await, (700, 700));
    end(&world, 602, "sent", None).await;
    again(&world, &replica).await;
    let done = stands(&world, id).await;
    assert_eq!((done.state, done.chosen, done.sent), (State::Done, 700, 700));
    let late = use_case(&world).pause(id).await;
    assert!(matches!(late, Err(BroadcastError::WrongState(State::Done))), "{late:?}");
}

#[tokio::test]
async fn what_is_cancelled_is_over_and_cannot_be_resumed() {
    let world = world([]).await;
    people(&world, 1, 100).await;
    let id = begin(&world).await;
    let replica = writer(&world).await;
    work(&replica).await;
    end(&world, 40, "sent", None).await;
    let cancelled = use_case(&world).cancel(id).await.unwrap();
    assert_eq!((cancelled.state, cancelled.chosen, cancelled.sent, cancelled.waiting), (State::Cancelled, 40, 40, 0));
    again(&world, &replica).await;
    let resumed = use_case(&world).resume(id).await;
    assert!(matches!(resumed, Err(BroadcastError::WrongState(State::Cancelled))), "{resumed:?}");
    again(&world, &replica).await;
    assert_eq!(owed(&world).await, (40, 40));
    assert_eq!(stands(&world, id).await.sent, 40);
}

#[tokio::test]
async fn a_broadcast_of_which_too_much_fails_stops_by_itself_and_goes_on_when_somebody_has_seen_to_it() {
    let world = world([]).await;
    people(&world, 1, 1000).await;
    let id = begin(&world).await;
    let replica = writer(&world).await;
    work(&replica).await;
    // However many have blocked the bot, nothing is wrong with it.
    end(&world, 300, "dead", Some("forbidden")).await;
    again(&world, &replica).await;
    assert_eq!(stands(&world, id).await.state, State::Running);
    end(&world, 60, "dead", Some("refused: of anything")).await;
    again(&world, &replica).await;
    let stopped = stands(&world, id).await;
    assert_eq!((stopped.state, stopped.blocked, stopped.failed, stopped.waiting), (State::Stopped, 300, 60, 0));
    // Others are told what is so, and not what was owed a moment before.
    let told = world.count("SELECT (data->>'chosen')::bigint FROM events WHERE kind = 'broadcast.stopped'").await;
    assert_eq!((told, stopped.chosen), (360, 360));
    again(&world, &replica).await;
    assert_eq!(owed(&world).await, (360, 360));
    use_case(&world).resume(id).await.unwrap();
    again(&world, &replica).await;
    assert_eq!(owed(&world).await, (1000, 1000));
    end(&world, 640, "sent", None).await;
    again(&world, &replica).await;
    assert_eq!(stands(&world, id).await.state, State::Done);
}

#[tokio::test]
async fn a_broadcast_waits_for_its_time_and_is_made_once_for_each_key() {
    let world = world([]).await;
    people(&world, 1, 3).await;
    let (admin, evening) = (use_case(&world), world.clock.now() + TimeDelta::hours(8));
    let ask = async |at: Option<DateTime<Utc>>| admin.create("new", to(Audience::default()), at).await;
    let (made, replayed) = ask(Some(evening)).await.unwrap();
    assert_eq!((made.state, replayed), (State::Scheduled, false));
    let (again_made, replayed) = ask(Some(evening)).await.unwrap();
    assert_eq!((again_made.id, replayed), (made.id, true));
    let other = ask(Some(evening + TimeDelta::hours(1))).await;
    assert!(matches!(other, Err(BroadcastError::KeyReused)), "{other:?}");
    let replica = writer(&world).await;
    work(&replica).await;
    assert_eq!(owed(&world).await, (0, 0));
    assert_eq!(admin.pause(made.id).await.unwrap().state, State::Paused);
    assert_eq!(admin.resume(made.id).await.unwrap().state, State::Scheduled);
    // Somebody who comes before it begins is written to.
    people(&world, 4, 4).await;
    world.clock.advance(TimeDelta::hours(8));
    work(&replica).await;
    assert_eq!(owed(&world).await, (4, 4));
}

#[tokio::test]
async fn who_is_removed_meanwhile_is_not_written_to_and_leaves_no_trace() {
    let world = world([]).await;
    people(&world, 1, 3).await;
    let id = begin(&world).await;
    let replica = writer(&world).await;
    work(&replica).await;
    assert_eq!(world.store().users().delete(2).await.unwrap().remaining, 0);
    end(&world, 2, "sent", None).await;
    again(&world, &replica).await;
    let done = stands(&world, id).await;
    assert_eq!((done.state, done.chosen, done.sent, done.waiting), (State::Done, 3, 2, 0));
}

#[tokio::test]
async fn what_telegram_would_refuse_is_refused_before_anybody_is_written_to() {
    let world = world([]).await;
    let broken = Speech { text: "<b>Новое".to_owned(), ..Speech::default() };
    let Err(BroadcastError::Invalid { field, reason }) = use_case(&world).create("new", broken, None).await else {
        panic!("it was taken");
    };
    assert_eq!((field.as_str(), reason.as_str()), ("text", "character 1: this tag is never closed"));
    let nobody = to(Audience { level_from: Some(3), level_to: Some(1), ..Audience::default() });
    let refused = use_case(&world).preview(&nobody, None).await;
    assert!(matches!(refused, Err(BroadcastError::Invalid { field, .. }) if field == "audience.level_to"));
    assert_eq!(world.count("SELECT count(*) FROM broadcasts").await, 0);
}
