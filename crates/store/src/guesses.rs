//! Proofs that did not hold: how often somebody showed a wrong key, and for how long they are not listened to any more.
//!
//! So many failures go unpunished ([`FREE`]); each one after that closes the door for twice as long, from half a minute to five,
//! and all is forgotten after a quarter of an hour without another. Who is counted is the caller's to say: an address, never the
//! one whose key is guessed, or anybody could lock anybody out. (Passwords of accounts are counted by the account as well: who came
//! from an address before is not asked there, see `evolve_engine::access`.)
//!
//! Only failures are counted, so whoever has the right key costs nothing. Failures are counted in Redis, for all replicas together;
//! each process remembers besides whom it heard to be refused, and asks nobody about them while that lasts. So a replica that has
//! not heard of somebody looks at one guess of theirs. While Redis is away each process counts for itself by the same rule: a
//! guesser then has as many tries more as there are replicas, and nobody who knows a key is kept out.
//!
//! Memory is bounded: of [`ROOM`] entries at most, the one that would be forgotten first makes room for a new one.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use redis::{ErrorKind, ServerErrorKind};

use crate::redis::{Redis, RedisError};

/// Redis keys `<prefix>:guess:1:counts` (a hash: how often each failed) and `…:until` (a sorted set: when each is forgotten, Unix
/// milliseconds). The number is the layout's version.
const KEY: &str = "guess:1";

/// Failures that cost nothing: a slip, a rollout of another key.
pub const FREE: u32 = 10;
/// How long the first failure after those closes the door, milliseconds.
const FIRST: i64 = 30_000;
/// The longest that it is closed, milliseconds. No longer, since it may be a bot of ours with an old key, which is mended and comes
/// from the same address; and twelve guesses an hour find nothing.
const MOST: i64 = 300_000;
/// How long after the door has opened again a failure is still remembered, milliseconds.
const MEMORY: i64 = 900_000;
/// Entries that are kept, in Redis and in each process: some hundred bytes each.
const ROOM: usize = 10_000;
/// After so many doublings the longest wait is reached anyway; more would not fit into a number.
const DOUBLINGS: u32 = 12;

/// KEYS: counts, until; ARGV: who, now, failures that are free, first wait, longest wait, memory, room, doublings. Answers how often
/// they failed, and for how long they are refused, milliseconds. [`Book::failed`] is its twin. It begins with a write that removes nothing:
/// a script that has begun to write may go on in a Redis that is full, and any other would be refused.
const SCRIPT: &str = r"
local who, now, free, first, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local memory, room, doublings = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
redis.call('HDEL', KEYS[1], '')
local known = redis.call('ZSCORE', KEYS[2], who)
local count = 1
if known and tonumber(known) > now then count = tonumber(redis.call('HGET', KEYS[1], who) or '0') + 1 end
if not known and redis.call('ZCARD', KEYS[2]) >= room then
  local gone = redis.call('ZPOPMIN', KEYS[2])
  redis.call('HDEL', KEYS[1], gone[1])
end
local wait = 0
if count > free then wait = math.min(first * 2 ^ math.min(count - free - 1, doublings), most) end
redis.call('HSET', KEYS[1], who, string.format('%.0f', count))
redis.call('ZADD', KEYS[2], string.format('%.0f', now + wait + memory), who)
redis.call('PEXPIRE', KEYS[1], most + memory)
redis.call('PEXPIRE', KEYS[2], most + memory)
return {count, wait}
";

/// What `EVALSHA` calls it.
static SCRIPT_HASH: LazyLock<String> = LazyLock::new(|| redis::Script::new(SCRIPT).get_hash().to_owned());

/// What a failure led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed {
    /// How often they have failed, this time included.
    pub count: u32,
    /// For how long they are not listened to; zero while failures are free.
    pub refused_for: Duration,
}

impl Failed {
    /// Whether this is the failure by which the door was closed first.
    #[must_use]
    pub const fn is_first_refusal(&self) -> bool {
        self.count == FREE + 1
    }
}

/// What one process knows: whom it heard to be refused, and, while Redis is away, how often each failed.
#[derive(Debug, Default)]
pub(crate) struct Book(Mutex<HashMap<String, Entry>>);

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    count: u32,
    refused_until: i64,
    forgotten_at: i64,
}

impl Book {
    fn refused_until(&self, who: &str) -> i64 {
        let book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        book.get(who).map_or(0, |entry| entry.refused_until)
    }

    fn failed(&self, who: &str, now: i64) -> (u32, i64) {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = book.get(who).filter(|entry| entry.forgotten_at > now).map_or(0, |entry| entry.count);
        let count = known.saturating_add(1);
        let wait = match count.checked_sub(FREE + 1) {
            None => 0,
            Some(more) => MOST.min(FIRST << more.min(DOUBLINGS)),
        };
        write(&mut book, who, Entry { count, refused_until: now + wait, forgotten_at: now + wait + MEMORY });
        (count, wait)
    }

    /// Notes what Redis said.
    fn heard(&self, who: &str, now: i64, (count, wait): (u32, i64)) {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        write(&mut book, who, Entry { count, refused_until: now + wait, forgotten_at: now + wait + MEMORY });
    }
}

fn write(book: &mut HashMap<String, Entry>, who: &str, entry: Entry) {
    if book.len() >= ROOM && !book.contains_key(who) {
        // Only while somebody guesses from ten thousand addresses, so looking at all of them is no matter.
        let first = book.iter().min_by_key(|(_, entry)| entry.forgotten_at).map(|(who, _)| who.clone());
        if let Some(first) = first {
            book.remove(&first);
        }
    }
    book.insert(who.to_owned(), entry);
}

/// The failures of one [`Redis`].
#[derive(Clone, Copy, Debug)]
pub struct Guesses<'a> {
    redis: &'a Redis,
    book: &'a Book,
}

impl<'a> Guesses<'a> {
    pub(crate) const fn new(redis: &'a Redis, book: &'a Book) -> Self {
        Self { redis, book }
    }

    /// For how long `who` (what was guessed and from where) is still not listened to, as far as this process has heard. Asks nobody.
    #[must_use]
    pub fn refused_for(&self, who: &str, now: DateTime<Utc>) -> Option<Duration> {
        let left = self.book.refused_until(who) - now.timestamp_millis();
        u64::try_from(left).ok().filter(|left| *left > 0).map(Duration::from_millis)
    }

    /// Counts a failure of `who`. One round trip to Redis; never fails.
    pub async fn failed(&self, who: &str, now: DateTime<Utc>) -> Failed {
        let now = now.timestamp_millis();
        let (count, wait) = match self.failed_in_redis(who, now).await {
            Ok(answer) => {
                self.book.heard(who, now, answer);
                answer
            }
            // Logged and counted by `call`.
            Err(_) => self.book.failed(who, now),
        };
        Failed { count, refused_for: Duration::from_millis(u64::try_from(wait).unwrap_or_default()) }
    }

    async fn failed_in_redis(&self, who: &str, now: i64) -> Result<(u32, i64), RedisError> {
        let command = |name: &str, script: &str| {
            let mut command = redis::cmd(name);
            command.arg(script).arg(2);
            command.arg(self.redis.key(format_args!("{KEY}:counts"))).arg(self.redis.key(format_args!("{KEY}:until")));
            command.arg(who).arg(now).arg(FREE).arg(FIRST).arg(MOST).arg(MEMORY).arg(ROOM).arg(DOUBLINGS);
            command
        };
        let by_hash = command("EVALSHA", &SCRIPT_HASH);
        let by_text = command("EVAL", SCRIPT);
        self.redis
            .call("guess", |mut connection| async move {
                match by_hash.query_async(&mut connection).await {
                    // Redis has restarted, or never saw it: sending the text makes it known.
                    Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                        by_text.query_async(&mut connection).await
                    }
                    answer => answer,
                }
            })
            .await
    }
}

#[cfg(test)]
mod tests {
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
}
