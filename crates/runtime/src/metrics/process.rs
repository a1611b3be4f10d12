//! What the process takes of its machine, by the names that Prometheus' own libraries use. Where the system does not tell (there
//! is no `/proc`), what it would tell is left out.

use std::{
    fmt, fs,
    sync::LazyLock,
    time::{Duration, Instant},
};

use nix::{
    sys::resource::{Resource, getrlimit},
    time::{ClockId, clock_gettime},
};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};

use super::{Described, Metrics};

const CPU: (&str, &str) = ("process_cpu_seconds", "Time of processors that the process has used, seconds");
const RESIDENT: (&str, &str) = ("process_resident_memory_bytes", "Memory of the process that is in RAM, bytes");
const VIRTUAL: (&str, &str) = ("process_virtual_memory_bytes", "Address space of the process, bytes");
const THREADS: (&str, &str) = ("process_threads", "Threads of the process");
const OPEN: (&str, &str) = ("process_open_fds", "Open files and sockets");
const MOST_OPEN: (&str, &str) = ("process_max_fds", "Most files and sockets that may be open");
const BEGAN: (&str, &str) = ("process_start_time_seconds", "When the process began, seconds since 1970");

/// When the process began, on a clock that nobody sets.
static BEGINNING: LazyLock<Instant> = LazyLock::new(Instant::now);

/// For how long the process has been running, since [`register`].
#[must_use]
pub fn uptime() -> Duration {
    BEGINNING.elapsed()
}

/// Registers them. To be called once, when the process begins.
pub fn register(metrics: &Metrics) {
    LazyLock::force(&BEGINNING);
    let gauges = [RESIDENT, VIRTUAL, THREADS, OPEN, MOST_OPEN, BEGAN];
    let shows = gauges.into_iter().map(|(name, help)| Described::gauge(name, help));
    let shows = shows.chain([Described::new(CPU.0, CPU.1, MetricType::Counter)]);
    let began = chrono::Utc::now().timestamp();
    metrics.register(|book| book.register_collector(shows, Process { began }));
}

#[derive(Debug)]
struct Process {
    /// Seconds since 1970.
    began: i64,
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        if let Ok(used) = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID) {
            let counter = ConstCounter::new(Duration::from(used).as_secs_f64());
            counter.encode(encoder.encode_descriptor(CPU.0, CPU.1, None, MetricType::Counter)?)?;
        }
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let kibibytes = |name| Some(field(&status, name)?.saturating_mul(1024));
        let most_open = getrlimit(Resource::RLIMIT_NOFILE).ok().and_then(|(soft, _)| i64::try_from(soft).ok());
        for ((name, help), value) in [
            (RESIDENT, kibibytes("VmRSS:")),
            (VIRTUAL, kibibytes("VmSize:")),
            (THREADS, field(&status, "Threads:")),
            (OPEN, open_files()),
            (MOST_OPEN, most_open),
            (BEGAN, Some(self.began)),
        ] {
            let Some(value) = value else { continue };
            ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
        }
        Ok(())
    }
}

/// A number of `/proc/self/status`.
fn field(status: &str, name: &str) -> Option<i64> {
    status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
}

/// The one by which they are counted is among them.
fn open_files() -> Option<i64> {
    i64::try_from(fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1)).ok()
}
