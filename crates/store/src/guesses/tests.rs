//! What is counted, and what is looked at.

use evolve_runtime::metrics::Metrics;
use evolve_testkit::{OwnRedis, TestRedis};

use super::*;
use crate::redis::RedisConfig;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000 + seconds, 0).unwrap()
}

fn redis(url: Option<&str>) -> Redis {
    let url = url.map(Into::into);
    let config = RedisConfig { url, timeout: Duration::from_secs(10), ..RedisConfig::default() };
    Redis::connect(&config, &Metrics::new())
}

/// With Redis and without, since a rule that exists twice must be one.
async fn both() -> [Redis; 2] {
    [redis(None), redis(Some(TestRedis::create().await.url()))]
}

#[tokio::test]
async fn ten_failures_cost_nothing_and_each_after_that_closes_the_door_for_twice_as_long() {
    for redis in both().await {
        let guesses = redis.guesses();
        for count in 1..=FREE {
            let failed = guesses.failed("key:1.2.3.4", at(0)).await;
            assert_eq!(failed, Failed { count, refused_for: Duration::ZERO });
        }
        assert_eq!(guesses.refused_for("key:1.2.3.4", at(0)), None);
        let mut now = 0;
        for wait in [30, 60, 120, 240, 300, 300] {
            let failed = guesses.failed("key:1.2.3.4", at(now)).await;
            assert_eq!(failed.refused_for, Duration::from_secs(wait), "after {}", failed.count);
            assert_eq!(failed.is_first_refusal(), wait == 30);
            assert_eq!(guesses.refused_for("key:1.2.3.4", at(now + 1)), Some(Duration::from_secs(wait - 1)));
            now += i64::try_from(wait).unwrap();
            assert_eq!(guesses.refused_for("key:1.2.3.4", at(now)), None);
        }
        assert_eq!(guesses.failed("key:1.2.3.5", at(now)).await.count, 1, "another address");
        assert_eq!(guesses.failed("key:1.2.3.4", at(now + 899)).await.count, 17, "not forgotten yet");
        assert_eq!(guesses.failed("key:1.2.3.4", at(now + 899 + 300 + 900)).await.count, 1, "forgotten");
    }
}

#[tokio::test]
async fn of_a_thousand_at_once_as_many_are_looked_at_as_of_a_thousand_one_after_another() {
    for redis in both().await {
        let guesses = redis.guesses_in(Room::Accounts);
        let looked_at = futures::future::join_all((0..1000).map(|_| async {
            let Ok(guess) = guesses.begin("code:anna", at(0)).await else { return 0 };
            // Meanwhile the others come.
            tokio::task::yield_now().await;
            guess.failed(at(0)).await;
            1_u32
        }));
        assert_eq!(looked_at.await.into_iter().sum::<u32>(), FREE + 1);
        assert_eq!(guesses.refused_for("code:anna", at(0)), Some(Duration::from_secs(30)));
        assert!(guesses.begin("code:vera", at(0)).await.is_ok(), "somebody else");
    }
}

#[tokio::test]
async fn what_holds_costs_nothing_however_many_come_at_once_and_who_goes_leaves_no_place_taken() {
    let redis = redis(None);
    let guesses = redis.guesses_in(Room::Names);
    let held = futures::future::join_all((0..40).map(|_| async {
        let guess = guesses.begin("anna", at(0)).await;
        tokio::task::yield_now().await;
        guess.is_ok()
    }));
    assert!(held.await.into_iter().all(|held| held), "thirty wait for ten");
    assert!(guesses.ledger.state().looks.is_empty());
    for _ in 0..FREE {
        guesses.failed("anna", at(0)).await;
    }
    let one = guesses.begin("anna", at(0)).await.unwrap();
    let mut another = Box::pin(guesses.begin("anna", at(0)));
    assert!(futures::poll!(&mut another).is_pending(), "the next may close the door");
    drop(another);
    drop(one);
    assert!(guesses.ledger.state().looks.is_empty());
}

#[tokio::test]
async fn noise_in_one_room_pushes_nothing_out_of_another() {
    for redis in both().await {
        for room in [Room::Addresses, Room::Names, Room::Accounts] {
            assert_eq!(redis.guesses_in(room).failed("anna", at(0)).await.count, 1, "{room:?}");
        }
        assert_eq!(redis.guesses().failed("anna", at(0)).await.count, 2, "addresses are what they were");
    }
}

#[tokio::test]
async fn replicas_count_together_and_each_knows_what_it_heard() {
    let server = TestRedis::create().await;
    let replicas = [redis(Some(server.url())), redis(Some(server.url()))];
    for i in 0..10 {
        replicas[i % 2].guesses().failed("key:1.2.3.4", at(0)).await;
    }
    assert!(replicas[0].guesses().failed("key:1.2.3.4", at(0)).await.is_first_refusal());
    assert_eq!(replicas[1].guesses().refused_for("key:1.2.3.4", at(0)), None, "it has not heard of it");
    let heard = replicas[1].guesses().failed("key:1.2.3.4", at(0)).await;
    assert_eq!(heard.refused_for, Duration::from_secs(60));
    assert!(replicas[1].guesses().refused_for("key:1.2.3.4", at(0)).is_some());
}

#[tokio::test]
async fn replicas_count_together_in_a_redis_that_is_full() {
    let server = tokio::task::spawn_blocking(|| OwnRedis::start().unwrap()).await.unwrap();
    let client = ::redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    ::redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(1).exec_async(&mut connection).await.unwrap();
    let replicas = [redis(Some(&server.url())), redis(Some(&server.url()))];
    for count in 1..=FREE {
        let replica = &replicas[usize::try_from(count).unwrap() % 2];
        assert_eq!(replica.guesses().failed("key:1.2.3.4", at(0)).await.count, count);
    }
    assert!(replicas[0].guesses().failed("key:1.2.3.4", at(0)).await.is_first_refusal());
}

#[tokio::test]
async fn a_flood_of_addresses_takes_no_more_room_than_there_is() {
    let server = TestRedis::create().await;
    let [with, without] = [redis(Some(server.url())), redis(None)];
    let client = ::redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    // As many as there is room for, older by the number; and one that is refused.
    let mut fill = ::redis::pipe();
    for i in 0..ROOM {
        let (who, until) = (format!("key:{i}"), at(0).timestamp_millis() + 1 + i64::try_from(i).unwrap());
        fill.cmd("HSET").arg("evolve:guess:1:counts").arg(&who).arg(1).ignore();
        fill.cmd("ZADD").arg("evolve:guess:1:until").arg(until).arg(&who).ignore();
        without.guesses().failed(&who, at(i64::try_from(i).unwrap() / 1000)).await;
    }
    fill.exec_async(&mut connection).await.unwrap();
    assert_eq!(with.guesses().failed("key:new", at(0)).await.count, 1);
    assert_eq!(without.guesses().failed("key:new", at(100)).await.count, 1);
    for (name, command) in [("counts", "HLEN"), ("until", "ZCARD")] {
        let held: usize =
            ::redis::cmd(command).arg(format!("evolve:guess:1:{name}")).query_async(&mut connection).await.unwrap();
        assert_eq!(held, ROOM, "{name}");
    }
    let oldest: Option<u32> =
        ::redis::cmd("HGET").arg("evolve:guess:1:counts").arg("key:0").query_async(&mut connection).await.unwrap();
    assert_eq!(oldest, None, "the one that would be forgotten first");
    assert_eq!(with.guesses().failed("key:9999", at(0)).await.count, 2, "the others are known");
}
