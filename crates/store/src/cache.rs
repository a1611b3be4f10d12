//! A read-through cache in Redis, for what is asked often, changes seldom and may be lost.
//!
//! Entries are encrypted with the keys of the database ([`Keyring`]): what is unreadable in Postgres must not lie open in
//! Redis. An entry says inside which key it belongs to, so that one that was moved to another person's key is refused. An
//! entry that cannot be read is dropped, counted, and loaded anew. Redis slow or away means that everything is loaded.
//!
//! **Reading while another writes.** A reader may load the old value, be overtaken by a writer who changes the row and
//! forgets the entry, and then fill the cache with what is no longer true. So [`Cache::forget`] does not just delete: it
//! leaves a mark for [`MARK_FOR`], and filling is "only if nothing is there", so that the late reader's fill fails on the
//! mark. A reader that took longer than [`FILL_WITHIN`], shorter than the mark lasts, does not fill at all. Writers forget
//! before and after they write ([`Cache::forget`] says why). What is left is a writer that cannot reach Redis while
//! readers can: then the old value is served until its time to live ends, at most.

use std::time::Duration;

use evolve_runtime::{config::Reader, metrics::Metrics};
use prometheus_client::metrics::counter::Counter;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::time::Instant;

use crate::{Keyring, redis::Redis};

/// How long a mark keeps old values out.
const MARK_FOR: Duration = Duration::from_secs(30);
/// How old a loaded value may be when it is put into the cache. Well under [`MARK_FOR`], since a write may begin right
/// after the load.
const FILL_WITHIN: Duration = Duration::from_secs(10);
/// What a mark holds. No Fernet token is this.
const MARK: &str = "-";

/// Drops KEYS[1] if it still holds ARGV[1]: a corrupt entry goes, a mark or entry that has taken its place stays.
const DROP_IF_SAME: &str =
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

/// Puts the mark ARGV[1] at KEYS[1] for ARGV[2] milliseconds. The old value goes first, which needs no room: Redis lets a script
/// that has written once go on, however full it is.
const LEAVE_MARK: &str = "redis.call('DEL', KEYS[1]) return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])";

/// What is cached. Each kind is documented with its Redis key; the number in it is the version of the layout, to be
/// raised whenever the type behind it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// `<prefix>:profile:2:<user id>`: a person's profile and settings, as the engine's profiles write it.
    Profile(i64),
}

impl Entry {
    fn key(self, redis: &Redis) -> String {
        match self {
            Self::Profile(user_id) => redis.key(format_args!("profile:2:{user_id}")),
        }
    }
}

/// How long entries live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheConfig {
    /// Zero for no cache.
    pub ttl: Duration,
}

impl CacheConfig {
    /// Reads `CACHE_TTL_SECONDS`.
    pub fn read(env: &mut Reader) -> Self {
        let seconds =
            env.or("CACHE_TTL_SECONDS", "600", "How long cached profiles are kept, seconds; 0 turns the cache off.");
        Self { ttl: Duration::from_secs(seconds) }
    }
}

/// What became of what was asked of the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheFigures {
    /// Found.
    pub hits: u64,
    /// Not found.
    pub misses: u64,
    /// Found, but unreadable.
    pub corrupt: u64,
    /// How long entries live; zero where there is no cache.
    pub ttl: Duration,
}

#[derive(Clone, Debug, Default)]
struct CacheMetrics {
    hits: Counter,
    misses: Counter,
    corrupt: Counter,
}

/// The cache. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Cache {
    redis: Redis,
    keys: Keyring,
    ttl: Duration,
    metrics: CacheMetrics,
}

/// What lies in Redis, under the encryption.
#[derive(Serialize, Deserialize)]
struct Sealed<T> {
    key: String,
    value: T,
}

/// What was found.
enum Found<T> {
    Value(T),
    Nothing,
    Unreachable,
}

impl Cache {
    /// A cache in `redis`.
    #[must_use]
    pub fn new(redis: Redis, keys: Keyring, config: CacheConfig, metrics: &Metrics) -> Self {
        let counters = CacheMetrics::default();
        metrics.register(|registry| {
            registry.register("cache_hits", "Values found in the cache", counters.hits.clone());
            registry.register("cache_misses", "Values not found in the cache", counters.misses.clone());
            registry.register(
                "cache_corrupt_entries",
                "Cache entries that could not be read and were dropped",
                counters.corrupt.clone(),
            );
        });
        Self { redis, keys, ttl: config.ttl, metrics: counters }
    }

    /// The entry's value, or what `load` finds, which is then cached.
    ///
    /// # Errors
    /// Those of `load`; Redis causes none.
    pub async fn get_or_load<T, E, L>(&self, entry: Entry, load: L) -> Result<Option<T>, E>
    where
        T: Serialize + DeserializeOwned,
        L: AsyncFnOnce() -> Result<Option<T>, E>,
    {
        if self.ttl.is_zero() {
            return load().await;
        }
        let key = entry.key(&self.redis);
        let found = self.find(&key).await;
        if let Found::Value(value) = found {
            self.metrics.hits.inc();
            return Ok(Some(value));
        }
        self.metrics.misses.inc();
        let began = Instant::now();
        let loaded = load().await?;
        if let (Found::Nothing, Some(value)) = (found, &loaded)
            && began.elapsed() < FILL_WITHIN
        {
            self.fill(&key, value).await;
        }
        Ok(loaded)
    }

    /// What became of what was asked of it, by this process since it began.
    #[must_use]
    pub fn figures(&self) -> CacheFigures {
        let CacheMetrics { hits, misses, corrupt } = &self.metrics;
        CacheFigures { hits: hits.get(), misses: misses.get(), corrupt: corrupt.get(), ttl: self.ttl }
    }

    /// Whether anything is cached at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.ttl.is_zero() && self.redis.breaker().is_some()
    }

    /// Fills an entry that is not there with what `load` finds, before anybody asks for it. It counts as neither hit nor miss.
    /// Whether it was filled.
    ///
    /// # Errors
    /// Those of `load`; Redis causes none.
    pub async fn warm<T, E, L>(&self, entry: Entry, load: L) -> Result<bool, E>
    where
        T: Serialize + DeserializeOwned,
        L: AsyncFnOnce() -> Result<Option<T>, E>,
    {
        if !self.is_on() {
            return Ok(false);
        }
        let key = entry.key(&self.redis);
        if !matches!(self.find::<T>(&key).await, Found::Nothing) {
            return Ok(false);
        }
        let began = Instant::now();
        let loaded = load().await?;
        let Some(value) = loaded.filter(|_| began.elapsed() < FILL_WITHIN) else { return Ok(false) };
        self.fill(&key, &value).await;
        Ok(true)
    }

    /// Forgets an entry, and keeps readers from filling it with what they have read before. To be called before a write
    /// (should this process die between the write and the second call) and after it.
    pub async fn forget(&self, entry: Entry) {
        if self.ttl.is_zero() {
            return;
        }
        let mut command = redis::cmd("EVAL");
        command.arg(LEAVE_MARK).arg(1).arg(entry.key(&self.redis)).arg(MARK).arg(millis(MARK_FOR));
        // A failure is logged and counted by `call`; the header of this file says what it means.
        let _ = self.redis.call("cache_forget", |mut c| async move { command.exec_async(&mut c).await }).await;
    }

    async fn find<T: DeserializeOwned>(&self, key: &str) -> Found<T> {
        let mut command = redis::cmd("GET");
        command.arg(key);
        let answer =
            self.redis.call("cache_get", |mut c| async move { command.query_async::<Option<Vec<u8>>>(&mut c).await });
        match answer.await {
            Err(_) => Found::Unreachable,
            Ok(None) => Found::Nothing,
            Ok(Some(bytes)) if bytes == MARK.as_bytes() => Found::Nothing,
            Ok(Some(bytes)) => match self.open(key, &bytes) {
                Ok(value) => Found::Value(value),
                Err(reason) => {
                    self.drop_corrupt(key, bytes, &reason).await;
                    Found::Nothing
                }
            },
        }
    }

    /// Reads an entry; the error says what is wrong without its content.
    fn open<T: DeserializeOwned>(&self, key: &str, bytes: &[u8]) -> Result<T, String> {
        let token = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
        let json = self.keys.decrypt(token, "a cache entry").map_err(|e| e.to_string())?;
        let sealed: Sealed<T> =
            serde_json::from_str(&json).map_err(|e| format!("{:?} error at column {}", e.classify(), e.column()))?;
        if sealed.key == key { Ok(sealed.value) } else { Err("it belongs to another key".to_owned()) }
    }

    async fn drop_corrupt(&self, key: &str, bytes: Vec<u8>, reason: &str) {
        self.metrics.corrupt.inc();
        tracing::warn!(key, reason, "a cache entry cannot be read; dropping it");
        let mut command = redis::cmd("EVAL");
        command.arg(DROP_IF_SAME).arg(1).arg(key).arg(bytes);
        let _ = self.redis.call("cache_drop", |mut c| async move { command.exec_async(&mut c).await }).await;
    }

    async fn fill<T: Serialize>(&self, key: &str, value: &T) {
        let json = match serde_json::to_string(&Sealed { key: key.to_owned(), value }) {
            Ok(json) => json,
            Err(error) => {
                tracing::error!(key, %error, "a value cannot be cached");
                return;
            }
        };
        let mut command = redis::cmd("SET");
        command.arg(key).arg(self.keys.encrypt(&json)).arg("NX").arg("PX").arg(millis(self.ttl));
        let _ = self
            .redis
            .call("cache_fill", |mut c| async move { command.query_async::<Option<String>>(&mut c).await })
            .await;
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use evolve_testkit::{OwnRedis, TestRedis};
    use redis::aio::MultiplexedConnection;

    use super::*;
    use crate::redis::RedisConfig;

    struct Fixture {
        cache: Cache,
        metrics: Metrics,
        raw: MultiplexedConnection,
    }

    const KEY: &str = "evolve:profile:2:42";

    async fn cache_at(url: &str) -> Fixture {
        let metrics = Metrics::new();
        let config = RedisConfig {
            url: Some(url.to_owned().into()),
            timeout: Duration::from_secs(10),
            ..RedisConfig::default()
        };
        let redis = Redis::connect(&config, &metrics);
        let keys = Keyring::parse(&fernet::Fernet::generate_key().into()).unwrap();
        let cache = Cache::new(redis, keys, CacheConfig { ttl: Duration::from_secs(600) }, &metrics);
        let raw = redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
        Fixture { cache, metrics, raw }
    }

    async fn fixture() -> Fixture {
        cache_at(TestRedis::create().await.url()).await
    }

    impl Fixture {
        /// What a reader sees when the database says `loaded`.
        async fn read(&self, loaded: &str) -> String {
            let load = async || Ok::<_, Infallible>(Some(loaded.to_owned()));
            self.cache.get_or_load(Entry::Profile(42), load).await.unwrap().unwrap()
        }

        async fn raw(&mut self) -> Option<String> {
            redis::cmd("GET").arg(KEY).query_async(&mut self.raw).await.unwrap()
        }

        async fn put_raw(&mut self, value: &str) {
            redis::cmd("SET").arg(KEY).arg(value).exec_async(&mut self.raw).await.unwrap();
        }

        fn counts(&self) -> [u64; 3] {
            let Cache { metrics, .. } = &self.cache;
            [metrics.hits.get(), metrics.misses.get(), metrics.corrupt.get()]
        }
    }

    #[tokio::test]
    async fn what_was_loaded_is_served_from_the_cache_encrypted_and_for_a_time() {
        let mut it = fixture().await;
        assert_eq!(it.read("Иван").await, "Иван");
        assert_eq!(it.read("not asked").await, "Иван");
        assert_eq!(it.counts(), [1, 1, 0]);
        assert!(it.metrics.encode().contains("cache_hits_total 1"));
        assert!(!it.raw().await.unwrap().contains("Иван"));
        let left: i64 = redis::cmd("PTTL").arg(KEY).query_async(&mut it.raw).await.unwrap();
        assert!((1..=600_000).contains(&left), "{left}");
    }

    #[tokio::test]
    async fn what_is_warmed_is_a_hit_for_who_asks_first_and_what_is_there_stays() {
        let it = fixture().await;
        let warm = async |value: &str| {
            let load = async || Ok::<_, Infallible>(Some(value.to_owned()));
            it.cache.warm(Entry::Profile(42), load).await.unwrap()
        };
        assert!(warm("Иван").await);
        assert!(!warm("not asked").await);
        assert_eq!(it.counts(), [0, 0, 0]);
        assert_eq!(it.read("not asked").await, "Иван");
        assert_eq!(it.counts(), [1, 0, 0]);
        it.cache.forget(Entry::Profile(42)).await;
        warm("old").await;
        assert_eq!(it.read("new").await, "new", "a writer's mark stays");
    }

    #[tokio::test]
    async fn nothing_is_not_cached() {
        let mut it = fixture().await;
        let nothing = it.cache.get_or_load(Entry::Profile(42), async || Ok::<Option<String>, Infallible>(None)).await;
        assert_eq!(nothing, Ok(None));
        assert_eq!(it.raw().await, None);
    }

    #[tokio::test]
    async fn a_reader_that_was_overtaken_by_a_writer_cannot_bring_the_old_value_back() {
        let it = fixture().await;
        let slow = it.cache.get_or_load(Entry::Profile(42), async || {
            let loaded = "old".to_owned();
            it.cache.forget(Entry::Profile(42)).await;
            Ok::<_, Infallible>(Some(loaded))
        });
        assert_eq!(slow.await.unwrap().unwrap(), "old");
        assert_eq!(it.read("new").await, "new");
    }

    #[tokio::test]
    async fn what_was_forgotten_is_loaded_again_and_the_mark_passes() {
        let mut it = fixture().await;
        it.read("old").await;
        it.cache.forget(Entry::Profile(42)).await;
        assert_eq!(it.read("new").await, "new");
        let left: i64 = redis::cmd("PTTL").arg(KEY).query_async(&mut it.raw).await.unwrap();
        assert!((1..=30_000).contains(&left), "{left}");
    }

    #[tokio::test]
    async fn a_corrupt_entry_is_dropped_counted_and_loaded_anew() {
        let mut it = fixture().await;
        let elsewhere = it.cache.keys.encrypt(r#"{"key":"evolve:profile:2:43","value":"Пётр"}"#);
        let no_json = it.cache.keys.encrypt("{");
        for (n, corrupt) in ["garbage", "\u{0}", &no_json, &elsewhere].into_iter().enumerate() {
            it.put_raw(corrupt).await;
            assert_eq!(it.read("Иван").await, "Иван");
            assert_eq!(it.counts()[2], u64::try_from(n).unwrap() + 1, "{corrupt}");
            assert_eq!(it.read("not asked").await, "Иван", "the new one is cached");
        }
    }

    #[tokio::test]
    async fn a_full_redis_serves_nothing_old_is_left_alone_by_no_breaker_and_caches_again_when_there_is_room() {
        let server = tokio::task::spawn_blocking(|| OwnRedis::start().unwrap()).await.unwrap();
        let mut it = cache_at(&server.url()).await;
        assert_eq!(it.read("old").await, "old");
        let mut raw = it.raw.clone();
        let mut allow = async |bytes: u32| {
            redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(bytes).exec_async(&mut raw).await.unwrap();
        };
        allow(1).await;
        assert_eq!(it.read("not asked").await, "old", "what is there is served");
        it.cache.forget(Entry::Profile(42)).await;
        for value in ["one", "two", "three", "four"] {
            assert_eq!(it.read(value).await, value);
        }
        // The mark's own time is not waited for.
        redis::cmd("DEL").arg(KEY).exec_async(&mut it.raw).await.unwrap();
        assert_eq!(it.read("five").await, "five");
        assert_eq!(it.raw().await, None, "it was full");
        let shown = it.metrics.encode();
        assert!(shown.contains(r#"redis_calls_total{operation="cache_fill",outcome="full"} 5"#), "{shown}");
        assert_eq!(it.cache.redis.breaker().unwrap().failure_count, 0);
        allow(0).await;
        assert_eq!(it.read("six").await, "six");
        assert_eq!(it.read("not asked").await, "six");
    }

    #[tokio::test]
    async fn without_redis_everything_is_loaded() {
        let mut server = tokio::task::spawn_blocking(|| OwnRedis::start().unwrap()).await.unwrap();
        let it = cache_at(&server.url()).await;
        assert_eq!(it.read("one").await, "one");
        server.kill().unwrap();
        for value in ["two", "three", "four", "five"] {
            assert_eq!(it.read(value).await, value);
            it.cache.forget(Entry::Profile(42)).await;
        }
    }
}
