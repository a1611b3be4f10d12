//! Rate limits: at most so many requests of one kind by one person in any stretch of time.
//!
//! A sliding window: the times of the requests that were let through are kept, and those older than the window forgotten.
//! So "10 a minute" means that no minute whatsoever sees an eleventh, which neither fixed windows (20 around a boundary)
//! nor token buckets (20 in the first minute) promise. Windows hold 10 or 20 times, so exactness is cheap.
//!
//! A message that is sent again under its Idempotency-Key is no new message ([`Limits::take_message`]): a caller that lost
//! the answer must not lose a message of its allowance with it. So that this is no way around the limit, a repeat is one
//! only while its message is in the window, and repeats are counted by the same rule apart: [`REPEATS_PER_MESSAGE`] for
//! each message that the limit allows.
//!
//! The same rule exists twice: [`decide`] in this process, and [`SCRIPT`] in Redis, where it holds across replicas in one
//! round trip. A property test runs both over the same histories. While Redis is away each replica counts for itself,
//! from nothing: a person gets one more allowance per replica then, and nobody is locked out.
//!
//! Time is the caller's clock in both, in milliseconds; replicas' clocks are taken to agree to well under a second, as
//! Kubernetes nodes' do. A clock that is behind cannot go back before the newest request of the window.

use std::{
    collections::VecDeque,
    fmt,
    str::FromStr,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use moka::{future::Cache, policy::EvictionPolicy};
use redis::{ErrorKind, ServerErrorKind};
use sha2::{Digest as _, Sha256};

use crate::redis::{Redis, RedisError};

/// Redis key of one window: `<prefix>:limit:2:<what>:<who>`, a list of the requests that were let through, oldest first;
/// expires one window after the last. Each is its time (Unix milliseconds) and a mark: nothing, `:` and the hash of its
/// Idempotency-Key, or `+` for a repeat. The number is the layout's version.
const KEY: &str = "limit:2";

/// How many repeats are let through for each message that a limit allows: at 10 a minute, 30 repeats a minute.
const REPEATS_PER_MESSAGE: u32 = 3;

/// Windows kept in this process while Redis is away. Beyond it the least recently used are forgotten, which bounds what a
/// flood of made-up addresses can take.
const MAX_LOCAL_WINDOWS: u64 = 100_000;

/// KEYS[1]: the window; ARGV: milliseconds of the window, now, how many requests, how many repeats, the request's mark.
/// Answers allowed (0 or 1), how many of its kind are, remaining, milliseconds until the whole allowance is back,
/// milliseconds until one more is let through. [`decide`] is its twin.
const SCRIPT: &str = r"
local per, now, count, mark = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[5]
local times, marks = {}, {}
for i, entry in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  local time, its_mark = string.match(entry, '^(%d+)(.*)$')
  times[i], marks[i] = tonumber(time), its_mark
end
if #times > 0 and times[#times] > now then now = times[#times] end
local first = 1
while first <= #times and times[first] <= now - per do first = first + 1 end
for i = first, #times do
  if mark ~= '' and marks[i] == mark then mark, count = '+', tonumber(ARGV[4]) end
end
local same = {}
for i = first, #times do
  if (marks[i] == '+') == (mark == '+') then same[#same + 1] = times[i] end
end
local used = #same
if used < count then
  redis.call('LTRIM', KEYS[1], first - 1, -1)
  redis.call('RPUSH', KEYS[1], string.format('%.0f', now) .. mark)
  redis.call('PEXPIRE', KEYS[1], per)
  return {1, count, count - used - 1, per, 0}
end
return {0, count, 0, same[used] + per - now, same[1 + used - count] + per - now}
";

/// What `EVALSHA` calls it.
static SCRIPT_HASH: LazyLock<String> = LazyLock::new(|| redis::Script::new(SCRIPT).get_hash().to_owned());

/// So many requests in any stretch of so much time. Written `10/minute`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many; at least one.
    pub count: u32,
    /// In any stretch of this length; at least a millisecond.
    pub per: Duration,
}

impl Limit {
    /// So many a minute.
    #[must_use]
    pub const fn per_minute(count: u32) -> Self {
        Self { count, per: Duration::from_secs(60) }
    }

    fn count(self) -> u32 {
        self.count.max(1)
    }

    fn repeats(self) -> u32 {
        self.count().saturating_mul(REPEATS_PER_MESSAGE)
    }

    fn millis(self) -> i64 {
        i64::try_from(self.per.as_millis()).unwrap_or(i64::MAX / 4).max(1)
    }
}

impl Default for Limit {
    /// What stands in for a limit that cannot be read; start-up fails then anyway.
    fn default() -> Self {
        Self::per_minute(1)
    }
}

/// Units of a limit, with their seconds.
const UNITS: [(&str, u64); 4] = [("second", 1), ("minute", 60), ("hour", 3600), ("day", 86_400)];

/// Most requests that a limit may allow: each window keeps as many times.
const MAX_COUNT: u32 = 10_000;

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{text:?} is not a limit; write a number from 1 to {MAX_COUNT} and a unit, such as 10/minute");
        let (count, unit) = text.split_once('/').ok_or_else(wrong)?;
        let count: u32 = count.trim().parse().map_err(|_| wrong())?;
        let (_, seconds) = UNITS.into_iter().find(|(name, _)| *name == unit.trim()).ok_or_else(wrong)?;
        if count == 0 || count > MAX_COUNT {
            return Err(wrong());
        }
        Ok(Self { count, per: Duration::from_secs(seconds) })
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.into_iter().find(|(_, seconds)| Duration::from_secs(*seconds) == self.per) {
            Some((name, _)) => write!(f, "{}/{name}", self.count),
            None => write!(f, "{} in {} ms", self.count, self.per.as_millis()),
        }
    }
}

/// What became of one request, as the `RateLimit-*` headers tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it is let through.
    pub allowed: bool,
    /// How many of its kind (requests, or repeats of messages) are, in one window.
    pub limit: u32,
    /// How many more are, right now.
    pub remaining: u32,
    /// When the whole allowance is back, if nothing more is asked.
    pub reset_after: Duration,
    /// When the next request is let through; zero where this one was.
    pub retry_after: Duration,
}

/// What a request is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mark {
    /// A request like no other.
    Plain,
    /// A message, with the hash of its Idempotency-Key.
    Keyed(u64),
    /// One that was sent again.
    Repeat,
}

impl Mark {
    fn of(idempotency_key: Option<&str>) -> Self {
        // Eight bytes of it: who finds two keys that agree in them has found themselves a repeat, which is counted too.
        idempotency_key.map_or(Self::Plain, |key| {
            let hash: [u8; 32] = Sha256::digest(key).into();
            Self::Keyed(hash.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
        })
    }
}

impl fmt::Display for Mark {
    /// As it stands in Redis.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain => Ok(()),
            Self::Keyed(hash) => write!(f, ":{hash:016x}"),
            Self::Repeat => f.write_str("+"),
        }
    }
}

/// The requests that were let through so far, oldest first.
type Window = VecDeque<(i64, Mark)>;

/// The rule. A request that is let through is added to its window.
fn decide(window: &mut Window, limit: Limit, mark: Mark, now: i64) -> Decision {
    let per = limit.millis();
    let now = window.back().map_or(now, |(newest, _)| now.max(*newest));
    let passed = window.iter().take_while(|(time, _)| *time <= now - per).count();
    let is_repeat = mark != Mark::Plain && window.iter().skip(passed).any(|(_, its_mark)| *its_mark == mark);
    let (mark, count) = if is_repeat { (Mark::Repeat, limit.repeats()) } else { (mark, limit.count()) };
    let is_same = |(_, its_mark): &&(i64, Mark)| (*its_mark == Mark::Repeat) == is_repeat;
    let same: Vec<i64> = window.iter().skip(passed).filter(is_same).map(|(time, _)| *time).collect();
    let used = u32::try_from(same.len()).unwrap_or(u32::MAX);
    let millis = |millis: i64| Duration::from_millis(u64::try_from(millis).unwrap_or(0));
    if used < count {
        window.drain(..passed);
        window.push_back((now, mark));
        let remaining = count - used - 1;
        return Decision {
            allowed: true,
            limit: count,
            remaining,
            reset_after: millis(per),
            retry_after: Duration::ZERO,
        };
    }
    // More than `count` can be there: the limit may just have been lowered. Only as many as are too many must pass.
    let freeing = usize::try_from(used - count).ok().and_then(|index| same.get(index)).copied().unwrap_or(now);
    let newest = same.last().copied().unwrap_or(now);
    Decision {
        allowed: false,
        limit: count,
        remaining: 0,
        reset_after: millis(newest + per - now),
        retry_after: millis(freeing + per - now),
    }
}

/// The windows of this process, for while Redis is away.
#[derive(Debug)]
pub(crate) struct LocalWindows(Cache<String, Arc<Mutex<Window>>>);

impl LocalWindows {
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(MAX_LOCAL_WINDOWS).eviction_policy(EvictionPolicy::lru()).build())
    }

    async fn take(&self, key: &str, limit: Limit, mark: Mark, now: i64) -> Decision {
        let window = self.0.get_with_by_ref(key, async { Arc::default() }).await;
        let mut window = window.lock().unwrap_or_else(PoisonError::into_inner);
        decide(&mut window, limit, mark, now)
    }
}

/// Rate limits of one [`Redis`].
#[derive(Clone, Copy, Debug)]
pub struct Limits<'a> {
    redis: &'a Redis,
    local: &'a LocalWindows,
}

impl<'a> Limits<'a> {
    pub(crate) fn new(redis: &'a Redis, local: &'a LocalWindows) -> Self {
        Self { redis, local }
    }

    /// Counts one request of `key` (what and who, such as `chat:42`) and says whether it is let through. One round trip to
    /// Redis; never fails.
    pub async fn take(&self, key: &str, limit: Limit, now: DateTime<Utc>) -> Decision {
        self.take_marked(key, limit, Mark::Plain, now).await
    }

    /// The same for a message: one whose Idempotency-Key is in the window already is counted as a repeat, apart. One round
    /// trip to Redis; never fails.
    pub async fn take_message(
        &self,
        key: &str,
        limit: Limit,
        idempotency_key: Option<&str>,
        now: DateTime<Utc>,
    ) -> Decision {
        self.take_marked(key, limit, Mark::of(idempotency_key), now).await
    }

    /// Forgets the windows of these keys: whoever is removed leaves none. One round trip to Redis; while it is away they expire
    /// by themselves.
    pub async fn forget(&self, keys: &[String]) {
        let keys: Vec<String> = keys.iter().map(|key| self.redis.key(format_args!("{KEY}:{key}"))).collect();
        for key in &keys {
            self.local.0.invalidate(key).await;
        }
        let mut command = redis::cmd("DEL");
        command.arg(keys);
        // A failure is logged and counted by `call`.
        let _ = self.redis.call("limit_forget", |mut c| async move { command.exec_async(&mut c).await }).await;
    }

    async fn take_marked(&self, key: &str, limit: Limit, mark: Mark, now: DateTime<Utc>) -> Decision {
        let key = self.redis.key(format_args!("{KEY}:{key}"));
        let now = now.timestamp_millis();
        match self.take_in_redis(&key, limit, &mark, now).await {
            Ok(decision) => decision,
            Err(_) => self.local.take(&key, limit, mark, now).await,
        }
    }

    async fn take_in_redis(&self, key: &str, limit: Limit, mark: &Mark, now: i64) -> Result<Decision, RedisError> {
        let command = |name: &str, script: &str| {
            let mut command = redis::cmd(name);
            command.arg(script).arg(1).arg(key).arg(limit.millis()).arg(now);
            command.arg(limit.count()).arg(limit.repeats()).arg(mark.to_string());
            command
        };
        let by_hash = command("EVALSHA", &SCRIPT_HASH);
        let by_text = command("EVAL", SCRIPT);
        let (allowed, count, remaining, reset, retry): (u32, u32, u32, u64, u64) = self
            .redis
            .call("limit", |mut connection| async move {
                match by_hash.query_async(&mut connection).await {
                    // Redis has restarted, or never saw it: sending the text makes it known.
                    Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                        by_text.query_async(&mut connection).await
                    }
                    answer => answer,
                }
            })
            .await?;
        Ok(Decision {
            allowed: allowed == 1,
            limit: count,
            remaining,
            reset_after: Duration::from_millis(reset),
            retry_after: Duration::from_millis(retry),
        })
    }
}

#[cfg(test)]
mod tests {
    use evolve_runtime::metrics::Metrics;
    use evolve_testkit::{OwnRedis, TestRedis};
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::redis::RedisConfig;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_767_000_000_000 + millis).unwrap()
    }

    fn redis(url: Option<&str>) -> Redis {
        let url = url.map(|url| url.to_owned().into());
        // These tests are about limits; a busy machine is not a Redis that is away.
        Redis::connect(
            &RedisConfig { url, timeout: Duration::from_secs(10), ..RedisConfig::default() },
            &Metrics::new(),
        )
    }

    #[tokio::test]
    async fn the_eleventh_request_of_a_minute_waits_until_the_first_is_a_minute_old() {
        let redis = redis(None);
        let take = async |millis| redis.limits().take("chat:42", Limit::per_minute(10), at(millis)).await;
        for i in 0..10_u32 {
            let decision = take(i64::from(i) * 1000).await;
            assert!(decision.allowed);
            assert_eq!((decision.limit, decision.remaining), (10, 9 - i));
            assert_eq!(decision.reset_after, Duration::from_secs(60));
        }
        let refused = take(10_000).await;
        assert!(!refused.allowed);
        assert_eq!(refused.retry_after, Duration::from_secs(50));
        assert_eq!(refused.reset_after, Duration::from_secs(59));
        assert!(!take(59_999).await.allowed);
        assert!(take(60_000).await.allowed);
        assert!(!take(60_999).await.allowed, "the second is not a minute old yet");
        assert!(redis.limits().take("chat:43", Limit::per_minute(10), at(10_000)).await.allowed, "another person");
    }

    #[tokio::test]
    async fn a_window_that_is_forgotten_is_nowhere_any_more_and_no_other_goes_with_it() {
        let server = TestRedis::create().await;
        for url in [Some(server.url()), None] {
            let redis = redis(url);
            let take = async |key: &str| redis.limits().take(key, Limit::per_minute(1), at(0)).await.allowed;
            for key in ["chat:42", "profile:42", "chat:43"] {
                assert!(take(key).await && !take(key).await);
            }
            redis.limits().forget(&["chat:42".to_owned(), "profile:42".to_owned(), "auth:42".to_owned()]).await;
            assert!(!take("chat:43").await);
            if url.is_some() {
                let client = ::redis::Client::open(server.url()).unwrap();
                let mut connection = client.get_multiplexed_async_connection().await.unwrap();
                let keys: Vec<String> = ::redis::cmd("KEYS").arg("*").query_async(&mut connection).await.unwrap();
                assert_eq!(keys, ["evolve:limit:2:chat:43"]);
            }
            assert!(take("chat:42").await && take("profile:42").await);
        }
    }

    #[tokio::test]
    async fn two_replicas_share_one_allowance_and_windows_expire() {
        let server = TestRedis::create().await;
        let replicas = [redis(Some(server.url())), redis(Some(server.url()))];
        let mut allowed = 0;
        for i in 0..30 {
            let replica = &replicas[i % 2];
            allowed += u32::from(replica.limits().take("auth:1", Limit::per_minute(10), at(0)).await.allowed);
        }
        assert_eq!(allowed, 10);
        let client = ::redis::Client::open(server.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let left: i64 = ::redis::cmd("PTTL").arg("evolve:limit:2:auth:1").query_async(&mut connection).await.unwrap();
        assert!((1..=60_000).contains(&left), "{left}");
    }

    #[tokio::test]
    async fn replicas_share_one_allowance_in_a_redis_that_is_full() {
        let server = tokio::task::spawn_blocking(|| OwnRedis::start().unwrap()).await.unwrap();
        let client = ::redis::Client::open(server.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        ::redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(1).exec_async(&mut connection).await.unwrap();
        let replicas = [redis(Some(&server.url())), redis(Some(&server.url()))];
        let mut allowed = 0;
        for i in 0..30 {
            let replica = &replicas[i % 2];
            allowed += u32::from(replica.limits().take("auth:1", Limit::per_minute(10), at(0)).await.allowed);
        }
        assert_eq!(allowed, 10);
    }

    #[tokio::test]
    async fn a_lowered_limit_holds_for_windows_that_are_fuller() {
        for redis in [redis(None), redis(Some(TestRedis::create().await.url()))] {
            for millis in 0..5 {
                redis.limits().take("chat:1", Limit::per_minute(5), at(millis)).await;
            }
            let refused = redis.limits().take("chat:1", Limit::per_minute(2), at(10)).await;
            assert!(!refused.allowed);
            assert_eq!(refused.retry_after, Duration::from_millis(60_000 + 3 - 10), "until only one is left");
        }
    }

    #[tokio::test]
    async fn a_message_sent_again_is_counted_apart_and_only_while_the_first_counts() {
        for redis in [redis(None), redis(Some(TestRedis::create().await.url()))] {
            let send = async |key, millis| {
                let limit = Limit::per_minute(2);
                let decision = redis.limits().take_message("chat:1", limit, Some(key), at(millis)).await;
                (decision.allowed, decision.limit, decision.remaining)
            };
            assert_eq!(send("a", 0).await, (true, 2, 1));
            for left in (0..6).rev() {
                assert_eq!(send("a", 1000).await, (true, 6, left));
            }
            assert_eq!(send("a", 1000).await, (false, 6, 0));
            assert_eq!(send("b", 2000).await, (true, 2, 0));
            assert_eq!(send("c", 2000).await, (false, 2, 0));
            assert_eq!(send("c", 2000).await, (false, 2, 0), "what was refused is no message to repeat");
            assert_eq!(send("a", 60_000).await, (true, 2, 0), "its message has passed: it is a new one");
        }
    }

    #[tokio::test]
    async fn a_redis_that_lost_its_scripts_is_told_them_again() {
        let server = TestRedis::create().await;
        let redis = redis(Some(server.url()));
        redis.limits().take("chat:1", Limit::per_minute(2), at(0)).await;
        let client = ::redis::Client::open(server.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        ::redis::cmd("SCRIPT").arg("FLUSH").exec_async(&mut connection).await.unwrap();
        assert_eq!(redis.limits().take("chat:1", Limit::per_minute(2), at(1)).await.remaining, 0);
        assert!(!redis.limits().take("chat:1", Limit::per_minute(2), at(2)).await.allowed);
    }

    #[tokio::test]
    async fn without_redis_each_process_counts_for_itself_and_the_breaker_opens() {
        let mut server = tokio::task::spawn_blocking(|| OwnRedis::start().unwrap()).await.unwrap();
        let redis = redis(Some(&server.url()));
        let take = async || redis.limits().take("chat:1", Limit::per_minute(2), at(0)).await.allowed;
        assert!(take().await);
        server.kill().unwrap();
        assert_eq!([take().await, take().await, take().await], [true, true, false]);
        let breaker = redis.breaker().unwrap();
        assert_eq!((breaker.state, breaker.failure_count), (evolve_runtime::breaker::BreakerState::Open, 3));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
        #[test]
        fn both_rules_decide_alike_and_no_window_holds_more_than_allowed(
            count in 1_u32..6,
            // In steps of ten seconds: coarse, so that requests meet the edge of a window, and long, since windows expire
            // in Redis's own time, and none may while a case runs.
            per in (3_i64..20).prop_map(|tens| tens * 10_000),
            steps in prop::collection::vec(((-2_i64..8).prop_map(|tens| tens * 10_000), 0_u64..4), 1..60),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let redis = redis(Some(TestRedis::create().await.url()));
                let limit = Limit { count, per: Duration::from_millis(per.unsigned_abs()) };
                let (mut window, mut messages, mut repeats) = (Window::new(), Vec::new(), Vec::new());
                let mut now = at(0).timestamp_millis();
                for (step, key) in steps {
                    now += step;
                    // Every fourth has no key.
                    let mark = if key == 0 { Mark::Plain } else { Mark::Keyed(key) };
                    let real = redis.limits().take_in_redis("k", limit, &mark, now).await.unwrap();
                    let twin = decide(&mut window, limit, mark.clone(), now);
                    prop_assert_eq!(twin, real);
                    if twin.allowed {
                        let (time, its_mark) = window.back().unwrap();
                        let kind = if *its_mark == Mark::Repeat { &mut repeats } else { &mut messages };
                        kind.push((*time, mark));
                    }
                }
                // As many in a row as one window allows, and the next: they lie at least a window apart.
                for (kind, most) in [(&messages, count), (&repeats, limit.repeats())] {
                    for row in kind.windows(usize::try_from(most).unwrap() + 1) {
                        prop_assert!(row[row.len() - 1].0 - row[0].0 >= per, "{:?}", row);
                    }
                }
                // A repeat follows its message within a window; two messages with one key do not.
                for (time, mark) in &repeats {
                    let of = messages.iter().any(|(at, its)| its == mark && at <= time && time - at < per);
                    prop_assert!(of, "{:?} at {}", mark, time);
                }
                for (i, (time, mark)) in messages.iter().enumerate().filter(|(_, (_, mark))| *mark != Mark::Plain) {
                    let twice = messages[..i].iter().any(|(at, its)| its == mark && time - at < per);
                    prop_assert!(!twice, "{:?} at {}", mark, time);
                }
                Ok(())
            })?;
        }
    }

    #[rstest]
    #[case("10/minute", Some(Limit::per_minute(10)))]
    #[case(" 1 / hour ", Some(Limit { count: 1, per: Duration::from_secs(3600) }))]
    #[case("0/minute", None)]
    #[case("10001/minute", None)]
    #[case("ten/minute", None)]
    #[case("10", None)]
    #[case("10/fortnight", None)]
    fn limits_are_written_as_people_say_them(#[case] text: &str, #[case] expected: Option<Limit>) {
        assert_eq!(text.parse().ok(), expected);
        if let Some(limit) = expected {
            assert_eq!(limit.to_string().parse(), Ok(limit));
        }
    }
}
