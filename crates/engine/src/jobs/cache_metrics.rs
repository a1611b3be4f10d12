//! Asks Redis how it fares. Hits and misses of our own cache each process counts by itself; this is what the server tells.

use std::{fmt, time::Duration};

use evolve_runtime::metrics::{Described, Metrics};
use evolve_store::redis::{RedisError, RedisReport};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _},
    metrics::gauge::ConstGauge,
};
use tokio_util::sync::CancellationToken;

use super::{Did, Means, lately::Lately};

/// What was reported longer ago is not shown: another replica asks now, and shows it.
const FRESH_FOR: Duration = Duration::from_secs(600);
const MEBIBYTE: u64 = 1024 * 1024;
/// Names and what they mean.
const SHOWN: [(&str, &str); 4] = [
    ("redis_memory_used_bytes", "Memory that Redis uses, bytes"),
    ("redis_memory_limit_bytes", "Memory that Redis may use, bytes; 0 for no limit"),
    ("redis_keys", "Keys in our database of Redis"),
    ("redis_evicted_keys", "Keys that Redis threw out for want of memory since it started"),
];

pub(super) async fn run(Means { redis, gauges, .. }: Means, _: CancellationToken) -> anyhow::Result<Did> {
    let report = match redis.report().await {
        Ok(report) => report,
        Err(RedisError::NotConfigured) => {
            return Ok(Did { note: Some("there is no Redis".to_owned()), ..Did::default() });
        }
        Err(error) => return Err(error.into()),
    };
    gauges.0.found(report);
    Ok(Did { note: Some(told(&report)), ..Did::default() })
}

fn told(report: &RedisReport) -> String {
    let RedisReport { used_bytes, max_bytes, keys, evicted, hits, misses } = *report;
    let room = if max_bytes == 0 { String::new() } else { format!(" of {} MiB", max_bytes / MEBIBYTE) };
    let found = match hits.saturating_add(misses) {
        0 => "nothing asked for".to_owned(),
        asked => format!("{}% of what was asked for found", hits.saturating_mul(100) / asked),
    };
    format!("{} MiB{room} used, {keys} keys, {evicted} evicted, {found}", used_bytes.div_ceil(MEBIBYTE))
}

/// What Redis reported last, for `/metrics` of the replica that asked.
#[derive(Clone, Debug, Default)]
pub struct RedisGauges(Lately<RedisReport>);

impl RedisGauges {
    /// Registers them.
    #[must_use]
    pub fn register(metrics: &Metrics) -> Self {
        let this = Self::default();
        let shows = SHOWN.map(|(name, help)| Described::gauge(name, help));
        metrics.register(|book| book.register_collector(shows, this.clone()));
        this
    }
}

impl Collector for RedisGauges {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Some((report, _)) = self.0.within(FRESH_FOR) else { return Ok(()) };
        let values = [report.used_bytes, report.max_bytes, report.keys, report.evicted];
        for ((name, help), value) in SHOWN.into_iter().zip(values) {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_redis_reports_is_told_in_a_line() {
        let quiet = RedisReport { used_bytes: 1, ..RedisReport::default() };
        assert_eq!(told(&quiet), "1 MiB used, 0 keys, 0 evicted, nothing asked for");
        let busy = RedisReport {
            used_bytes: 3 * MEBIBYTE,
            max_bytes: 64 * MEBIBYTE,
            keys: 7,
            evicted: 1,
            hits: 99,
            misses: 1,
        };
        assert_eq!(told(&busy), "3 MiB of 64 MiB used, 7 keys, 1 evicted, 99% of what was asked for found");
    }

    #[test]
    fn what_nobody_has_asked_lately_is_not_shown() {
        let metrics = Metrics::new();
        let gauges = RedisGauges::register(&metrics);
        assert!(!metrics.encode().contains("redis_keys"));
        gauges.0.found(RedisReport { keys: 7, ..RedisReport::default() });
        assert!(metrics.encode().lines().any(|line| line == "redis_keys 7"), "{}", metrics.encode());
    }
}
