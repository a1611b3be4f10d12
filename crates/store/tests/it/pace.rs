//! One budget of calls for all replicas. Time is Redis' own, so that these stories count, and never measure.

use std::time::Duration;

use evolve_runtime::{breaker::BreakerState, metrics::Metrics};
use evolve_store::{
    pace::{Budget, Call, GROUP_GAP, Kind, Scope, Turn},
    redis::{Redis, RedisConfig},
};
use evolve_testkit::{OwnRedis, TestRedis, eventually, proxy::CountingProxy};

const SECOND: Duration = Duration::from_secs(1);

/// Another process; a busy machine is not a Redis that is away.
fn replica(url: &str) -> Redis {
    let config = RedisConfig { url: Some(url.into()), timeout: Duration::from_secs(10), ..RedisConfig::default() };
    Redis::connect(&config, &Metrics::new())
}

async fn replicas<const N: usize>() -> [Redis; N] {
    let server = TestRedis::create().await;
    std::array::from_fn(|_| replica(server.url()))
}

fn reply(chat_id: i64) -> Call {
    Call { chat_id: Some(chat_id), kind: Kind::Reply }
}

fn broadcast(chat_id: i64) -> Call {
    Call { chat_id: Some(chat_id), kind: Kind::Broadcast }
}

async fn take(redis: &Redis, call: Call, per_second: u32) -> Turn {
    redis.pace().take(call, Budget::new(per_second)).await.unwrap()
}

#[tokio::test]
async fn three_replicas_have_the_budget_of_one() {
    let replicas = replicas::<3>().await;
    let begun = tokio::time::Instant::now();
    let (mut booked, mut refused) = (0, 0);
    // Of a budget of 5 a second a burst is one call, every 220 ms.
    for chat in 0..30 {
        match take(&replicas[chat % 3], reply(100 + i64::try_from(chat).unwrap()), 5).await {
            Turn::In(wait) => {
                assert!(wait <= Kind::Reply.patience(), "{wait:?}");
                booked += 1;
            }
            Turn::NotBefore { wait, scope } => {
                assert_eq!(scope, Scope::Bot);
                assert!(wait <= SECOND, "{wait:?}");
                refused += 1;
            }
        }
    }
    // One at once, and what fits into the time that these questions took and half a second more.
    let fits = 1 + (begun.elapsed() + Kind::Reply.patience()).as_millis() / 220;
    assert!((2..=fits).contains(&booked), "{booked} calls booked, {fits} fit");
    assert!(refused > 0, "nothing had to wait");
}

#[tokio::test]
async fn no_second_sees_more_than_the_budget_whatever_is_booked_in_which_order() {
    let [redis] = replicas::<1>().await;
    // Redis' time goes on between two questions; they are asked as fast as they can be.
    let begun = tokio::time::Instant::now();
    let mut due = Vec::new();
    for chat in 0..400 {
        let call = if chat % 3 == 0 { broadcast(chat) } else { reply(chat) };
        let asked = begun.elapsed();
        if let Turn::In(wait) = take(&redis, call, 100).await {
            due.push((asked + wait, begun.elapsed() + wait));
        }
    }
    // Each was due between the two. Those that certainly fell into one second:
    for (_, first) in &due {
        let within = due.iter().filter(|(earliest, latest)| earliest >= first && *latest < *first + SECOND).count();
        assert!(within <= 100, "{within} calls in one second");
    }
    assert!(due.len() >= 20, "{due:?}");
}

#[tokio::test]
async fn a_person_is_sent_a_short_burst_and_then_one_a_second() {
    let replicas = replicas::<2>().await;
    let begun = tokio::time::Instant::now();
    let mut sent = 0;
    for n in 0..10 {
        match take(&replicas[n % 2], reply(42), 10_000).await {
            Turn::In(_) => sent += 1,
            Turn::NotBefore { wait, scope } => assert!(scope == Scope::Chat && wait <= SECOND, "{wait:?} {scope:?}"),
        }
    }
    let fits = 3 + (begun.elapsed() + Kind::Reply.patience()).as_secs();
    assert!((3..=fits).contains(&sent), "{sent} were sent, {fits} fit");
    assert!(matches!(take(&replicas[1], reply(43), 10_000).await, Turn::In(_)), "another person waits");
    let nobody = Call { chat_id: None, kind: Kind::Reply };
    for _ in 0..10 {
        assert!(matches!(take(&replicas[0], nobody, 10_000).await, Turn::In(_)), "money waits for a chat");
    }
}

#[tokio::test]
async fn a_group_is_sent_one_a_second_whichever_replica_sends() {
    let replicas = replicas::<2>().await;
    let begun = tokio::time::Instant::now();
    let mut sent = 0;
    for n in 0..10 {
        match take(&replicas[n % 2], reply(-5), 10_000).await {
            Turn::In(_) => sent += 1,
            Turn::NotBefore { wait, scope } => assert!(scope == Scope::Chat && wait <= GROUP_GAP, "{wait:?} {scope:?}"),
        }
    }
    let fits = 1 + (begun.elapsed() + Kind::Reply.patience()).as_secs();
    assert!((1..=fits).contains(&sent), "{sent} were sent, {fits} fit");
    assert!(matches!(take(&replicas[0], reply(-6), 10_000).await, Turn::In(_)), "another group waits");
    // That somebody types is no message of the group's.
    let sign = Call { chat_id: Some(-5), kind: Kind::Sign };
    assert!(matches!(take(&replicas[1], sign, 10_000).await, Turn::In(_)), "a sign waits for the group");
}

#[tokio::test]
async fn a_broadcast_leaves_room_for_signs() {
    let server = TestRedis::create().await;
    let redis = replica(server.url());
    // As many as a broadcast may be booked in a second, at its own even pace.
    let mut sent = 0;
    while sent < 12 {
        match take(&redis, Call { chat_id: Some(100 + sent), kind: Kind::Broadcast }, 30).await {
            Turn::In(wait) => {
                sent += 1;
                tokio::time::sleep(wait).await;
            }
            Turn::NotBefore { wait, .. } => tokio::time::sleep(wait).await,
        }
    }
    let sign = Call { chat_id: Some(5), kind: Kind::Sign };
    assert!(matches!(take(&redis, sign, 30).await, Turn::In(_)), "nobody sees that somebody types");
}

#[tokio::test]
async fn a_group_is_sent_twenty_a_minute() {
    let server = TestRedis::create().await;
    let redis = replica(server.url());
    let client = ::redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let (seconds, micros): (i64, i64) = ::redis::cmd("TIME").query_async(&mut connection).await.unwrap();
    // What it was sent in the last forty seconds, two seconds apart: nineteen.
    let mut past = ::redis::cmd("ZADD");
    past.arg("evolve:pace:1:chat:-5");
    for n in 1..=19 {
        past.arg((seconds - 40 + 2 * n) * 1_000_000 + micros).arg(format!("past-{n}"));
    }
    past.exec_async(&mut connection).await.unwrap();
    assert!(matches!(take(&redis, reply(-5), 10_000).await, Turn::In(_)), "a twentieth waits");
    let turn = take(&redis, reply(-5), 10_000).await;
    let Turn::NotBefore { wait, scope: Scope::Chat } = turn else { panic!("a twenty-first: {turn:?}") };
    // The first of them was 38 seconds ago, and some while the test ran.
    assert!((1..=23).contains(&wait.as_secs()) && wait > GROUP_GAP, "{wait:?}");
    assert!(matches!(take(&redis, reply(-6), 10_000).await, Turn::In(_)), "another group waits");
}

#[tokio::test]
async fn a_reply_finds_room_however_many_broadcasts_wait() {
    let [redis] = replicas::<1>().await;
    let mut refused = 0;
    for round in 0..50 {
        for chat in 0..10 {
            let turn = take(&redis, broadcast(1000 + round * 10 + chat), 50).await;
            refused += u32::from(matches!(turn, Turn::NotBefore { scope: Scope::Bot, .. }));
        }
        if round % 10 == 0 {
            let turn = take(&redis, reply(round), 50).await;
            assert!(matches!(turn, Turn::In(_)), "a reply waits for broadcasts: {turn:?}");
        }
    }
    assert!(refused > 0, "broadcasts are not held back at all");
}

#[tokio::test]
async fn a_courtesy_waits_for_nothing_and_leaves_half_of_the_budget() {
    let [redis] = replicas::<1>().await;
    let courtesy = |chat_id| Call { chat_id: Some(chat_id), kind: Kind::Courtesy };
    assert_eq!(take(&redis, courtesy(1), 1).await, Turn::In(Duration::ZERO));
    // After one call in a second of one, the next courtesy is two seconds away, and a reply one.
    let Turn::NotBefore { wait: polite, .. } = take(&redis, courtesy(2), 1).await else { panic!("no courtesy") };
    let (Turn::NotBefore { wait: needed, .. } | Turn::In(needed)) = take(&redis, reply(3), 1).await;
    assert!(needed < polite, "{needed:?} {polite:?}");
}

#[tokio::test]
async fn a_pause_that_one_replica_was_told_holds_for_all() {
    let [one, other] = replicas().await;
    assert!(!one.pace().flooded(1, 30 * SECOND).await.unwrap());
    assert!(!one.pace().flooded(1, 30 * SECOND).await.unwrap(), "one chat means that chat");
    let turn = take(&other, reply(1), 1000).await;
    assert!(matches!(turn, Turn::NotBefore { scope: Scope::Chat, .. }), "{turn:?}");
    assert!(matches!(take(&other, reply(2), 1000).await, Turn::In(_)));
    // The second chat, on another replica, means the bot.
    assert!(other.pace().flooded(2, 20 * SECOND).await.unwrap());
    let turn = take(&one, reply(3), 1000).await;
    let Turn::NotBefore { wait, scope: Scope::Bot } = turn else { panic!("{turn:?}") };
    assert!((1..=20).contains(&wait.as_secs()), "{wait:?}");
}

#[tokio::test]
async fn asking_is_one_round_trip_and_a_redis_that_was_restarted_is_told_the_script_again() {
    let server = TestRedis::create().await;
    let proxy = CountingProxy::redis(server.url()).await.unwrap();
    let redis = replica(proxy.url());
    take(&redis, reply(1), 1000).await;
    proxy.reset();
    take(&redis, reply(2), 1000).await;
    assert_eq!((proxy.round_trips(), proxy.statements()), (1, vec!["EVALSHA".to_owned()]));
    let client = ::redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    ::redis::cmd("SCRIPT").arg("FLUSH").exec_async(&mut connection).await.unwrap();
    assert!(matches!(take(&redis, reply(3), 1000).await, Turn::In(_)));
}

#[tokio::test]
async fn a_redis_that_is_away_is_soon_not_asked_any_more_and_half_a_minute_later_it_is() {
    let mut server = tokio::task::spawn_blocking(|| OwnRedis::start().unwrap()).await.unwrap();
    let redis = replica(&server.url());
    take(&redis, reply(1), 1000).await;
    server.kill().unwrap();
    for _ in 0..5 {
        assert!(redis.pace().take(reply(2), Budget::new(1000)).await.is_err());
    }
    assert_eq!(redis.breaker().unwrap().state, BreakerState::Open);
    let server = tokio::task::spawn_blocking(move || server.start_again().map(|()| server)).await.unwrap().unwrap();
    assert!(redis.pace().take(reply(2), Budget::new(1000)).await.is_err(), "it was asked again at once");
    tokio::time::pause();
    tokio::time::advance(30 * SECOND).await;
    tokio::time::resume();
    take(&redis, reply(2), 1000).await;
    assert_eq!(redis.breaker().unwrap().state, BreakerState::Closed);
    drop(server);
}

#[tokio::test]
async fn a_redis_that_has_become_a_replica_is_left_with_the_first_refusal() {
    let server = tokio::task::spawn_blocking(|| OwnRedis::start().unwrap()).await.unwrap();
    let proxy = CountingProxy::redis(&server.url()).await.unwrap();
    let redis = replica(proxy.url());
    take(&redis, reply(1), 1000).await;
    let client = ::redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    // Of a server that is not there: what it was before, it still serves.
    ::redis::cmd("REPLICAOF").arg("127.0.0.1").arg(1).exec_async(&mut connection).await.unwrap();
    let refused = redis.pace().take(reply(2), Budget::new(1000)).await;
    assert!(refused.is_err(), "{refused:?}");
    eventually("its connection is given up", async || proxy.connections() == 0).await;
    ::redis::cmd("REPLICAOF").arg("NO").arg("ONE").exec_async(&mut connection).await.unwrap();
    take(&redis, reply(2), 1000).await;
    assert_eq!(redis.breaker().unwrap().state, BreakerState::Closed);
}

#[tokio::test]
async fn a_redis_that_is_full_still_keeps_the_budget() {
    let server = tokio::task::spawn_blocking(|| OwnRedis::start().unwrap()).await.unwrap();
    let redis = replica(&server.url());
    let client = ::redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    ::redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(1).exec_async(&mut connection).await.unwrap();
    let full = ::redis::cmd("SET").arg("k").arg("v").exec_async(&mut connection).await;
    assert!(full.unwrap_err().to_string().contains("OOM"));
    // A few bytes that expire within seconds, and without them replicas would write faster than Telegram allows.
    assert!(matches!(take(&redis, reply(1), 1).await, Turn::In(_)));
    assert!(!matches!(take(&redis, Call { kind: Kind::Courtesy, ..reply(2) }, 1).await, Turn::In(_)));
}
