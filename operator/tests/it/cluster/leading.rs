//! Who leads. Never two; and whoever does not lead any longer ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use evolve_operator::EvolveBot;
use evolve_operator::controller::leader::{Election, Held, Lost};
use evolve_testkit::within;
use k8s_openapi::api::coordination::v1::Lease;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::world::World;

fn election(world: &World, identity: &str) -> Election {
    Election {
        namespace: world.namespace.clone(),
        name: "race".to_owned(),
        identity: identity.to_owned(),
        duration: Duration::from_secs(1),
    }
}

async fn win(world: &World, identity: &str, stop: &CancellationToken) -> Option<Held> {
    election(world, identity).win(world.client.clone(), stop).await
}

#[tokio::test]
async fn an_operator_that_starts_beside_bots_that_are_well_writes_nothing() {
    let Some(world) = World::new().await else { return };
    let first = world.operator("one").await;
    world.secret("eva").await;
    let everything = json!({
        "api": { "autoscaling": { "maxReplicas": 4 } },
        "telegram": { "mode": "webhook", "webhook": { "host": "bots.example.org" } },
        "backup": { "volume": { "size": "1024Ti" } },
    });
    world.bot("eva", everything).await;
    world.until("eva", "RolledOut", "True").await;
    world.until("eva", "Ready", "True").await;
    first.stop().await;
    let second = world.operator("two").await;
    let patience = Duration::from_secs(60);
    within(patience, "it has looked at the bot", async || second.metrics.passes() > 0).await;
    let passes = second.metrics.passes();
    world.patch::<EvolveBot>("eva", json!({ "metadata": { "annotations": { "touched": "1" } } })).await;
    within(patience, "and once more", async || second.metrics.passes() > passes).await;
    assert_eq!(second.writes(), 0);
}

#[tokio::test]
async fn of_two_that_want_to_lead_at_the_same_moment_there_are_never_two_that_do() {
    const ROUNDS: usize = 20;
    let Some(world) = World::new().await else { return };
    let leading = Arc::new(AtomicUsize::new(0));
    let race = async |identity: &str| {
        for _ in 0..ROUNDS {
            let held = win(&world, identity, &CancellationToken::new()).await.unwrap();
            assert_eq!(leading.fetch_add(1, Ordering::SeqCst), 0, "{identity} leads beside the other");
            // Long enough for the other to try several times.
            let done = CancellationToken::new();
            let work = async {
                tokio::time::sleep(Duration::from_millis(150)).await;
                leading.fetch_sub(1, Ordering::SeqCst);
                done.cancel();
            };
            let (kept, ()) = tokio::join!(held.keep(&done), work);
            kept.unwrap();
        }
    };
    tokio::join!(race("one"), race("two"));
    let lease: Lease = world.api().get("race").await.unwrap();
    let spec = lease.spec.unwrap();
    assert_eq!((spec.holder_identity, spec.lease_transitions), (None, Some(2 * ROUNDS as i32 - 1)));
}

#[tokio::test]
async fn a_lease_that_nobody_renews_is_taken_when_its_time_is_over_and_not_before() {
    let Some(world) = World::new().await else { return };
    let _silent = win(&world, "one", &CancellationToken::new()).await.unwrap();
    let begun = std::time::Instant::now();
    let _two = win(&world, "two", &CancellationToken::new()).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
    let lease: Lease = world.api().get("race").await.unwrap();
    assert_eq!(lease.spec.unwrap().holder_identity.as_deref(), Some("two"));
}

#[tokio::test]
async fn a_leader_whose_lease_was_taken_knows_it_and_whose_lease_was_only_labelled_goes_on() {
    let Some(world) = World::new().await else { return };
    let held = win(&world, "one", &CancellationToken::new()).await.unwrap();
    let done = CancellationToken::new();
    let story = async {
        world.patch::<Lease>("race", json!({ "metadata": { "labels": { "touched": "yes" } } })).await;
        let renewed = async || world.api::<Lease>().get("race").await.unwrap().spec.unwrap().renew_time;
        let before = renewed().await;
        within(Duration::from_secs(60), "it is renewed", async || renewed().await > before).await;
        world.patch::<Lease>("race", json!({ "spec": { "holderIdentity": "two" } })).await;
    };
    let (kept, ()) = tokio::join!(held.keep(&done), story);
    assert!(matches!(&kept, Err(Lost::Taken(by)) if by == "two"), "{kept:?}");
}

#[tokio::test]
async fn an_operator_whose_lease_was_taken_ends_so_that_nothing_it_began_goes_on() {
    let Some(world) = World::new().await else { return };
    let operator = world.operator("one").await;
    within(Duration::from_secs(30), "it leads", async || operator.metrics.leading.get() == 1).await;
    world.patch::<Lease>("evolve-operator", json!({ "spec": { "holderIdentity": "somebody" } })).await;
    let why = operator.ended().await.unwrap_err();
    assert_eq!(why.root_cause().to_string(), r#"the Lease belongs to "somebody" now"#);
}
