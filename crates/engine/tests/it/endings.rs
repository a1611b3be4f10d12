//! Premium that ends: each person hears of it once, whoever looks.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::payment::Way;
use evolve_engine::payments::see_to_endings;
use evolve_store::payments::NewPayment;
use uuid::Uuid;

use crate::turn_support::{IVAN, World, world};

async fn pay(world: &World) {
    let payment = NewPayment {
        id: Uuid::now_v7(),
        user_id: IVAN,
        charge_id: "c1".to_owned(),
        provider_charge_id: String::new(),
        way: Way::Stars,
        currency: "XTR".to_owned(),
        amount: 250,
        matched: true,
        made_at: world.clock.now(),
        repeats: None,
        is_found: false,
    };
    world.store().payments().paid(&payment, world.clock.now()).await.unwrap();
}

async fn told(world: &World) -> Vec<(String, DateTime<Utc>)> {
    let sql = "SELECT params ->> 'notice', (params ->> 'until')::timestamptz FROM outbox ORDER BY id";
    sqlx::query_as(sql).fetch_all(&world.sql).await.unwrap()
}

#[tokio::test]
async fn an_ending_is_told_once_however_many_replicas_look_at_once() {
    let world = world([]).await;
    pay(&world).await;
    let until = world.clock.now() + TimeDelta::days(30);
    world.clock.advance(TimeDelta::days(28));
    let store = world.store();
    let looks = (0..4).map(|_| see_to_endings(&store, &world.clock, "en"));
    let seen: u64 = futures::future::join_all(looks).await.into_iter().map(Result::unwrap).sum();
    assert_eq!(seen, 1);
    assert_eq!(told(&world).await, [("premium_ending".to_owned(), until)]);
}

#[tokio::test]
async fn whoever_looks_again_or_late_tells_people_once_and_ends_what_is_over() {
    let world = world([]).await;
    pay(&world).await;
    let until = world.clock.now() + TimeDelta::days(30);
    let store = world.store();
    // Nobody looked for a month: there is no use in a reminder any more.
    world.clock.advance(TimeDelta::days(31));
    for seen in [1, 0] {
        assert_eq!(see_to_endings(&store, &world.clock, "en").await.unwrap(), seen);
    }
    assert_eq!(told(&world).await, [("premium_ended".to_owned(), until)]);
}
