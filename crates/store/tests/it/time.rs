//! One clock for all replicas.

use chrono::TimeDelta;
use evolve_runtime::{clock::Clock, metrics::Metrics, shutdown::Tasks};
use evolve_store::{inbox::NewUpdate, time::follow};
use serde_json::json;
use uuid::Uuid;

use crate::support::{LEASE, World, world};

/// A process on a machine whose clock is wrong by so much; its clock, once it follows Postgres', and its metrics.
async fn process(world: &World, wrong_by: TimeDelta, tasks: &Tasks) -> (Clock, Metrics) {
    let (clock, metrics) = (Clock::on_a_machine_wrong_by(wrong_by), Metrics::new());
    follow(&world.store, &clock, tasks, &metrics);
    clock.settled().await;
    (clock, metrics)
}

#[tokio::test]
async fn a_clock_that_is_an_hour_wrong_takes_over_nobodys_lease_and_holds_none_for_an_hour() {
    let world = world().await;
    let tasks = Tasks::new();
    let (right, _) = process(&world, TimeDelta::zero(), &tasks).await;
    let update = |id| NewUpdate {
        update_id: id,
        chat_id: Some(id),
        user_id: None,
        payload: json!({}),
        urgent: false,
        trace: None,
    };
    world.store.inbox().put(&[update(1)], right.now()).await.unwrap();
    let held = world.store.inbox().claim(Uuid::now_v7(), right.now(), LEASE).await.unwrap().unwrap();
    for wrong_by in [TimeDelta::hours(1), TimeDelta::hours(-1)] {
        let (wrong, metrics) = process(&world, wrong_by, &tasks).await;
        let taken = world.store.inbox().claim(Uuid::now_v7(), wrong.now(), LEASE).await.unwrap();
        assert!(taken.is_none(), "wrong by {wrong_by}: took {taken:?}");
        // What it leases itself is free when others believe so.
        assert!((wrong.now() - right.now()).abs() < TimeDelta::seconds(10));
        let shown = metrics.encode();
        let offset = shown.lines().find_map(|line| line.strip_prefix("clock_offset_seconds ")).unwrap();
        let offset: f64 = offset.parse().unwrap();
        assert!((offset - wrong_by.as_seconds_f64()).abs() < 60.0, "{offset}");
        // Somebody sets that machine's clock while it runs.
        wrong.advance(TimeDelta::days(2));
        assert!(world.store.inbox().claim(Uuid::now_v7(), wrong.now(), LEASE).await.unwrap().is_none());
    }
    assert!(world.store.inbox().finish(&held, &[], right.now()).await.unwrap(), "somebody took it");
    tasks.stop(std::future::pending()).await.unwrap();
}

#[tokio::test]
async fn a_clock_of_a_test_goes_its_own_way() {
    let world = world().await;
    let (tasks, metrics) = (Tasks::new(), Metrics::new());
    let clock = Clock::fixed(world.now);
    follow(&world.store, &clock, &tasks, &metrics);
    clock.settled().await;
    assert_eq!(clock.now(), world.now);
    assert!(!metrics.encode().contains("clock_offset"));
    tasks.stop(std::future::pending()).await.unwrap();
}
