//! Points: earned with the turn, once, and never more than a day gives.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::relationship::{Growth, Kind, Level, LevelUp, Relationship, rules::DAILY_CAP};
use evolve_store::{
    relationships::Happened,
    turns::{Admission, Persisted, Person, TurnLease},
};
use futures::future::join_all;

use crate::support::{IVAN, World, defaults, work, world};

/// Ends a turn as the engine does, in which so many facts were told; what it made of the bond, unless the turn was lost.
async fn end(world: &World, turn: &TurnLease, mut person: Box<Person>, facts: usize) -> Option<Growth> {
    let rules = Relationship::default();
    loop {
        let growth = person.bond.grow(&rules, person.day, facts);
        let level_up = growth.level_up().map(|level| LevelUp {
            level: level.number(),
            name: rules.levels.name(level, person.settings.language).to_owned(),
        });
        let mut done = work("hi", "hello", world.now);
        (done.growth, done.level_up) = (Some(&growth), level_up.as_ref());
        match world.store.turns().persist(turn, &person, &done).await.unwrap() {
            Persisted::Written => return Some(growth),
            Persisted::Outpaced(bond) => person.bond = bond,
            Persisted::Lost => return None,
        }
    }
}

async fn admitted_at(world: &World, key: &str, at: DateTime<Utc>) -> (TurnLease, Box<Person>) {
    match world.admit_at(key, at).await {
        Admission::Admitted(turn, person) => (turn, person),
        other => panic!("not admitted: {other:?}"),
    }
}

async fn say_at(world: &World, key: &str, at: DateTime<Utc>, facts: usize) {
    let (turn, person) = admitted_at(world, key, at).await;
    assert!(end(world, &turn, person, facts).await.is_some());
}

async fn points(world: &World) -> i64 {
    world.count("SELECT points FROM users").await
}

async fn ledger(world: &World) -> i64 {
    world.count("SELECT COALESCE(sum(points), 0)::bigint FROM relationship_events").await
}

#[tokio::test]
async fn what_points_were_for_is_told_by_day_newest_first() {
    let world = world().await;
    let relationships = world.store.relationships();
    assert!(relationships.standing(IVAN, defaults(), 5, world.now).await.unwrap().is_none());
    let tomorrow = world.now + TimeDelta::days(1);
    say_at(&world, "a", world.now, 0).await;
    say_at(&world, "b", world.now, 1).await;
    say_at(&world, "c", tomorrow, 0).await;
    let standing = relationships.standing(IVAN, defaults(), 3, tomorrow).await.unwrap().unwrap();
    assert_eq!((standing.bond.points, standing.bond.points_today, standing.bond.streak), (7, 3, 2));
    assert_eq!(standing.bond.last_day, Some(standing.today));
    let (today, yesterday) = (standing.today, standing.today.pred_opt().unwrap());
    let happened = |day, kind, times, points| Happened { day, kind, times, points, level: None };
    let lately = [
        happened(today, Kind::Message, 1, 1),
        happened(today, Kind::Streak, 1, 2),
        happened(yesterday, Kind::Fact, 1, 2),
    ];
    assert_eq!(standing.lately, lately);
    let whole = relationships.standing(IVAN, defaults(), 9, tomorrow).await.unwrap().unwrap();
    assert_eq!(whole.lately[3], happened(yesterday, Kind::Message, 2, 2));
    assert_eq!(ledger(&world).await, points(&world).await);
    let deleted = world.store.users().delete(IVAN).await.unwrap();
    assert_eq!((deleted.counts["relationship_events"], deleted.remaining), (5, 0));
}

#[tokio::test]
async fn a_day_is_the_persons_own() {
    let world = world().await;
    // One minute before and after midnight in Moscow, in the middle of a day in UTC.
    let before: DateTime<Utc> = "2026-11-21T20:59:00Z".parse().unwrap();
    say_at(&world, "a", before, 0).await;
    say_at(&world, "b", before + TimeDelta::minutes(2), 0).await;
    assert_eq!(points(&world).await, 1 + 2 + 1, "the second message began a new day, and a streak");
}

#[tokio::test]
async fn a_message_earns_once_however_often_it_is_sent_and_whoever_answers_it() {
    let world = world().await;
    let (dead, deads_view) = world.admitted("k").await;
    let later = world.now + TimeDelta::seconds(60);
    let (heir, heirs_view) = admitted_at(&world, "k", later).await;
    assert!(end(&world, &heir, heirs_view.clone(), 1).await.is_some());
    assert!(end(&world, &dead, deads_view, 1).await.is_none(), "the dead one wrote");
    assert!(end(&world, &heir, heirs_view, 1).await.is_none(), "it was ended twice");
    assert!(matches!(world.admit("k").await, Admission::Replay(_)));
    assert_eq!((points(&world).await, ledger(&world).await), (3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn turns_that_end_at_once_at_the_cap_of_the_day_never_pass_it() {
    let world = world().await;
    let turns = join_all((0..30).map(|i| async move { format!("k{i}") })).await;
    let turns: Vec<_> = join_all(turns.iter().map(|key| world.admitted(key))).await;
    let grown = join_all(turns.iter().map(|(turn, person)| end(&world, turn, person.clone(), 1))).await;
    assert!(grown.iter().all(Option::is_some), "an answer was lost");
    assert_eq!((points(&world).await, ledger(&world).await), (DAILY_CAP, DAILY_CAP));
    assert_eq!(world.count("SELECT count(*) FROM messages").await, 60);
    assert_eq!(world.count("SELECT points_today::bigint FROM users").await, DAILY_CAP);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_turns_that_end_at_once_exactly_one_reaches_the_level_and_says_so_again_when_asked_again() {
    let world = world().await;
    say_at(&world, "first", world.now, 0).await;
    sqlx::query("UPDATE users SET points = 99").execute(&world.sql).await.unwrap();
    let keys: Vec<_> = (0..10).map(|i| format!("k{i}")).collect();
    let turns: Vec<_> = join_all(keys.iter().map(|key| world.admitted(key))).await;
    let grown = join_all(turns.iter().map(|(turn, person)| end(&world, turn, person.clone(), 0))).await;
    let reached: Vec<_> = grown.iter().map(|growth| growth.as_ref().unwrap().level_up()).collect();
    assert_eq!(reached.iter().flatten().copied().collect::<Vec<_>>(), [Level::at(2)]);
    for (key, level) in keys.iter().zip(&reached) {
        let expected = level.map(|_| LevelUp { level: 2, name: "Знакомый".to_owned() });
        let Admission::Replay(replay) = world.admit(key).await else { panic!("not answered") };
        assert_eq!((replay.reply.text.as_str(), replay.reply.level_up), ("hello", expected));
    }
    assert_eq!(world.count("SELECT count(*) FROM relationship_events WHERE kind = 'level_up'").await, 1);
    let standing = world.store.relationships().standing(IVAN, defaults(), 9, world.now).await.unwrap().unwrap();
    assert_eq!(standing.lately.iter().filter_map(|line| line.level).collect::<Vec<_>>(), [Level::at(2)]);
}

#[tokio::test]
async fn an_answer_that_cannot_be_written_earns_nothing_and_the_other_way_round() {
    let world = world().await;
    for table in ["messages", "relationship_events"] {
        let (turn, person) = world.admitted(table).await;
        let refuse = format!(
            "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
             CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(refuse)).execute(&world.sql).await.unwrap();
        let growth = person.bond.grow(&Relationship::default(), person.day, 0);
        let mut done = work("hi", "hello", world.now);
        done.growth = Some(&growth);
        assert!(world.store.turns().persist(&turn, &person, &done).await.is_err());
        let allow = format!("DROP TRIGGER refuse ON {table}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(allow)).execute(&world.sql).await.unwrap();
        assert_eq!((points(&world).await, ledger(&world).await), (0, 0), "{table}");
        assert_eq!(world.count("SELECT count(*) FROM messages").await, 0, "{table}");
    }
}
