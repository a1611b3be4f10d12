//! Other systems are told once, also while Postgres keeps the teller waiting.

use chrono::TimeDelta;
use evolve_testkit::eventually;
use sqlx::{Connection as _, PgConnection};

use crate::{
    turn_support::{World, world},
    webhook_support::{Answer, Receiver, fails, subscribed, teller},
};

/// Somebody waits for a lock.
async fn somebody_waits(world: &World) {
    eventually("somebody waits for a lock", async || {
        let waiting = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                       WHERE NOT l.granted AND d.datname = current_database()";
        world.count(waiting).await > 0
    })
    .await;
}

#[tokio::test]
async fn who_answers_while_the_teller_waits_for_postgres_is_heard_and_told_once() {
    let world = world([]).await;
    let teller = teller(&world);
    let receivers = [Receiver::start([Answer::Slow]).await, Receiver::start([Answer::Slow]).await];
    for receiver in &receivers {
        subscribed(&teller, receiver).await;
    }
    fails(&world, "a").await;
    let mut other = PgConnection::connect(&world.url).await.unwrap();
    let (done, ()) = tokio::join!(teller.deliver_due(), async {
        eventually("both are asked", async || receivers.iter().all(|receiver| receiver.calls().len() == 1)).await;
        // What happens next cannot be fanned out, while what is over can be written down.
        let mut frozen = other.begin().await.unwrap();
        let alone = "SELECT pg_advisory_xact_lock(hashtextextended('webhooks', 0))::text";
        sqlx::query(alone).execute(&mut *frozen).await.unwrap();
        fails(&world, "b").await;
        receivers[0].gate.notify_one();
        somebody_waits(&world).await;
        receivers[1].gate.notify_one();
        eventually("the second answer is written down as well", async || {
            world.count("SELECT count(*) FROM webhook_deliveries WHERE state = 'delivered'").await == 2
        })
        .await;
        frozen.rollback().await.unwrap();
    });
    done.unwrap();
    assert_eq!(receivers.map(|receiver| receiver.jobs()), [["a", "b"], ["a", "b"]]);
}

#[tokio::test]
async fn what_was_claimed_so_slowly_that_another_may_have_begun_it_is_not_sent() {
    let world = world([]).await;
    let (teller, receiver) = (teller(&world), Receiver::start([]).await);
    let (webhook, _) = subscribed(&teller, &receiver).await;
    fails(&world, "a").await;
    world.store().webhooks().fan_out(world.clock.now(), 10).await.unwrap();
    let mut other = PgConnection::connect(&world.url).await.unwrap();
    let mut frozen = other.begin().await.unwrap();
    sqlx::query("LOCK TABLE webhook_deliveries IN ACCESS EXCLUSIVE MODE").execute(&mut *frozen).await.unwrap();
    let (done, ()) = tokio::join!(teller.deliver_due(), async {
        somebody_waits(&world).await;
        world.clock.advance(TimeDelta::seconds(61));
        frozen.rollback().await.unwrap();
    });
    done.unwrap();
    let (deliveries, _) = teller.deliveries(webhook.id, None).await.unwrap();
    assert_eq!((receiver.jobs(), deliveries[0].attempts), (vec!["a".to_owned()], 2), "claimed again, and sent then");
}
