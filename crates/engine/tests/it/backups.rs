//! Copies of the database: that none is made any more is seen from inside.

use chrono::TimeDelta;
use evolve_store::backups::{Made, record};
use evolve_testkit::TestRedis;
use serde_json::json;

use crate::{
    jobs::{replica_of_all, replica_that_expects_backups, status, work},
    turn_support::world,
    webhook_support::{Receiver, subscribed, teller},
};

const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[tokio::test]
async fn a_database_that_nobody_copies_any_more_is_warned_of_once_for_each_newest_copy() {
    let world = world([]).await;
    let (teller, receiver) = (teller(&world), Receiver::start([]).await);
    subscribed(&teller, &receiver).await;
    let since = "UPDATE _sqlx_migrations SET installed_on = $1";
    sqlx::query(since).bind(world.clock.now()).execute(&world.sql).await.unwrap();
    let redis = TestRedis::create().await;
    let two_days = TimeDelta::days(2);
    let (scheduler, _, metrics) = replica_that_expects_backups(&world, redis.url(), None, Some(two_days)).await;
    let look = async |later: TimeDelta| {
        world.clock.advance(later);
        work(&scheduler).await;
        teller.deliver_due().await.unwrap();
        let note = status(&scheduler, "backups_checked").await.row.note.unwrap();
        (note, receiver.calls().len())
    };
    let age = || -> Option<i64> {
        metrics.encode().lines().find_map(|line| line.strip_prefix("backup_age_seconds ")?.parse().ok())
    };
    assert_eq!(look(TimeDelta::zero()).await, ("none was written down in 0 h".to_owned(), 0), "it is new");
    assert!(age().is_some_and(|age| (0..60).contains(&age)), "{:?}", age());
    let late = "too old: none was written down in 50 h, and 48 h are the most that is expected";
    assert_eq!(look(TimeDelta::hours(50)).await, (late.to_owned(), 1));
    let none = 50 * 3600;
    assert!(
        age().is_some_and(|age| (none..none + 60).contains(&age)),
        "one that was never made is old, too: {:?}",
        age()
    );
    let first = &receiver.calls()[0].json();
    assert_eq!((&first["type"], &first["data"]["age_hours"]), (&json!("backup.old"), &json!(50)));
    assert_eq!(look(TimeDelta::hours(2)).await.1, 1, "others know it already");

    let made = |name: &'static str| Made { name, taken_at: world.clock.now(), bytes: 100, sha256: SHA256 };
    record(&world.url, &made("one.dump")).await.unwrap();
    record(&world.url, &made("one.dump")).await.unwrap();
    // Of a clock that is ahead of Postgres' own, as this test's is, no copy is believed to be newer than its row.
    sqlx::query("UPDATE backups SET checked_at = taken_at").execute(&world.sql).await.unwrap();
    assert_eq!(look(TimeDelta::hours(2)).await, ("the newest is one.dump, 2 h old".to_owned(), 1));
    assert!(age().is_some_and(|age| (7200..7260).contains(&age)), "{:?}", age());
    let (note, told) = look(TimeDelta::hours(47)).await;
    assert!(note.starts_with("too old: the newest is one.dump, 49 h old"), "{note}");
    assert_eq!((told, receiver.calls()[1].json()["data"]["newest"].clone()), (2, json!("one.dump")));
}

#[tokio::test]
async fn where_no_backups_are_expected_nothing_is_told() {
    let world = world([]).await;
    let redis = TestRedis::create().await;
    let (scheduler, _, metrics) = replica_of_all(&world, redis.url(), None).await;
    world.clock.advance(TimeDelta::days(4000));
    work(&scheduler).await;
    let noted = status(&scheduler, "backups_checked").await.row.note;
    assert_eq!(noted.as_deref(), Some("no backups are expected"));
    assert!(!metrics.encode().contains("backup_age_seconds"));
    assert_eq!(world.count("SELECT count(*) FROM events").await, 0);
}
