//! Looks after the pool: how much of it is in use, and whether what it leads to takes changes.

use std::time::{Duration, Instant};

use evolve_runtime::{
    metrics::{Described, Metrics},
    shutdown::Tasks,
};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _},
    metrics::gauge::{ConstGauge, Gauge},
};

use super::{Pool, PoolFigures};
use crate::{Store, StoreError};

/// How often the pool is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often it is asked whether Postgres takes changes.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// `database_connection_pool_{size,available,in_use,max,waiting}`, read when they are asked for.
#[derive(Debug)]
pub(crate) struct PoolCollector(pub(crate) Pool);

/// Names and what they mean, in the order of [`PoolCollector::values`].
const SHOWN: [(&str, &str); 5] = [
    ("database_connection_pool_size", "Connections to Postgres that are open"),
    ("database_connection_pool_available", "Connections to Postgres that are open and free"),
    ("database_connection_pool_in_use", "Connections to Postgres in use"),
    ("database_connection_pool_max", "Most connections to Postgres: DATABASE_POOL_SIZE"),
    ("database_connection_pool_waiting", "Callers that wait for a connection to Postgres"),
];

impl PoolCollector {
    pub(crate) fn described() -> [Described; SHOWN.len()] {
        SHOWN.map(|(name, help)| Described::gauge(name, help))
    }

    fn values(&self) -> [i64; SHOWN.len()] {
        let PoolFigures { size, in_use, max, waiting } = self.0.figures();
        [size, size.saturating_sub(in_use), in_use, max, waiting].map(i64::from)
    }
}

impl Collector for PoolCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        for ((name, help), value) in SHOWN.into_iter().zip(self.values()) {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        Ok(())
    }
}

/// Whether so much of the pool is in use that it is worth a word.
#[derive(Debug, Default)]
struct Busy {
    is_busy: bool,
    /// Whether it was told that it is.
    is_told: bool,
    /// When it was told the last time.
    said: Option<Instant>,
}

impl Busy {
    /// From more than this on, per cent.
    const FROM: u64 = 80;
    /// Until no more than this: a pool that goes up and down around one bound would be told of with each look.
    const UNTIL: u64 = 60;
    /// And at most once in this time.
    const SAID_EVERY: Duration = Duration::from_secs(60);

    /// Whether this look is worth a warning.
    fn look(&mut self, in_use: u32, max: u32, now: Instant) -> bool {
        let bound = if self.is_busy { Self::UNTIL } else { Self::FROM };
        self.is_busy = u64::from(in_use) * 100 > u64::from(max) * bound;
        let is_time = self.said.is_none_or(|said| now.saturating_duration_since(said) >= Self::SAID_EVERY);
        let is_due = self.is_busy && !self.is_told && is_time;
        if is_due {
            self.said = Some(now);
        }
        self.is_told = self.is_busy && (self.is_told || is_due);
        is_due
    }
}

/// Looks after the pool, as tasks of `tasks`: has connections that rest looked after, warns when more than 80% of it are in use
/// (`database_connection_pool_busy`), and asks whether Postgres takes changes, so that a pool of whose connections none is
/// written to learns of a fail-over too.
pub fn watch(store: &Store, tasks: &Tasks, metrics: &Metrics) {
    let gauge: Gauge = Gauge::default();
    metrics.register(|registry| {
        let help = "Whether more than 80% of the connections to Postgres are in use";
        registry.register("database_connection_pool_busy", help, gauge.clone());
    });
    let (watched, soft) = (store.clone(), tasks.soft());
    tasks.spawn("watch-pool", async move {
        let mut busy = Busy::default();
        loop {
            look(&watched, &mut busy);
            gauge.set(i64::from(busy.is_busy));
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY.mul_f64(rand::random_range(0.8..1.2))) => {}
                () = soft.cancelled() => return Ok(()),
            }
        }
    });
    let (store, soft) = (store.clone(), tasks.soft());
    tasks.spawn("watch-changes", async move {
        loop {
            // Has an end of its own; whoever gave up sooner would leave a connection to be tidied each time.
            let asked = async {
                ask(&store).await;
                tokio::time::sleep(ASK_EVERY.mul_f64(rand::random_range(0.8..1.2))).await;
            };
            tokio::select! {
                () = asked => {}
                () = soft.cancelled() => return Ok(()),
            }
        }
    });
}

fn look(store: &Store, busy: &mut Busy) {
    store.pool.tidy();
    let PoolFigures { in_use, max, .. } = store.pool.figures();
    if busy.look(in_use, max, Instant::now()) {
        tracing::warn!(
            in_use,
            max,
            "more than 80% of the connections to Postgres are in use; soon callers wait for one: raise DATABASE_POOL_SIZE \
             (and Postgres' max_connections), or add replicas"
        );
    }
}

async fn ask(store: &Store) {
    match store.ping().await {
        // The pool has said it.
        Ok(()) | Err(StoreError::ReadOnly) => {}
        // Whoever needs it says so.
        Err(error) => tracing::debug!(%error, "Postgres does not say whether it takes changes"),
    }
}

#[cfg(test)]
mod tests {
    use evolve_testkit::{TestDatabase, eventually};
    use rstest::rstest;

    use super::*;
    use crate::StoreConfig;

    #[rstest]
    #[case::of_sixteen(16, 12, 13, 10, 9)]
    #[case::of_five(5, 4, 5, 4, 3)]
    #[case::of_one(1, 0, 1, 1, 0)]
    fn more_than_four_fifths_in_use_are_told_once_until_there_is_room(
        #[case] max: u32,
        #[case] enough: u32,
        #[case] too_many: u32,
        #[case] still: u32,
        #[case] room: u32,
    ) {
        let (mut busy, now) = (Busy::default(), Instant::now());
        assert!(!busy.look(enough, max, now) && !busy.is_busy);
        assert!(busy.look(too_many, max, now) && busy.is_busy);
        assert!(!busy.look(still, max, now) && busy.is_busy, "it is told again and again");
        assert!(!busy.look(room, max, now) && !busy.is_busy);
        assert!(!busy.look(too_many, max, now) && busy.is_busy, "twice in a minute");
        assert!(busy.look(too_many, max, now + Busy::SAID_EVERY), "it is never told");
        assert!(!busy.look(too_many, max, now + Busy::SAID_EVERY * 3), "it is told again and again");
    }

    #[tokio::test]
    async fn a_pool_that_is_nearly_used_up_shows_so_until_there_is_room() {
        let (database, metrics, tasks) = (TestDatabase::migrated().await, Metrics::new(), Tasks::new());
        let key = fernet::Fernet::generate_key();
        let config =
            StoreConfig { database_url: database.url().into(), pool_size: 5, encryption_key: key.as_str().into() };
        let store = Store::connect(&config, &metrics).unwrap();
        watch(&store, &tasks, &metrics);
        let held: Vec<_> = futures::future::join_all((0..5).map(|_| store.pool.acquire())).await;
        let shows = |lines: &[&str]| {
            let shown = metrics.encode();
            lines.iter().all(|line| shown.lines().any(|shown| shown == format!("database_connection_pool_{line}")))
        };
        eventually("it is busy", async || {
            shows(&["busy 1", "in_use 5", "size 5", "available 0", "max 5", "waiting 0"])
        })
        .await;
        drop(held);
        eventually("it is not any more", async || shows(&["busy 0", "in_use 0", "size 5", "available 5"])).await;
        tasks.stop(std::future::pending()).await.unwrap();
    }
}
