//! What the operator counts. Labels are bounded: results, verbs, kinds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use evolve_runtime::metrics::{Book, Durations, HttpMetrics, Metrics, durations, process};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::{counter::Counter, family::Family, gauge::Gauge};

use super::cache::Key;
use crate::crd::{EvolveBotStatus, MigrationPhase, Refusal, RolloutPhase};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CallLabels {
    verb: &'static str,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

/// One bot. Prometheus puts its own `namespace`, in which the operator is, in place of one that is told.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct BotLabels {
    bot_namespace: String,
    bot: String,
}

impl BotLabels {
    fn of(key: &Key) -> Self {
        Self { bot_namespace: key.namespace.clone(), bot: key.name.clone() }
    }
}

/// How passes end.
const RESULTS: [&str; 3] = ["changed", "unchanged", "error"];
const KINDS: &str = "a kind of objects that the operator handles, such as `Deployment`";
const NAMESPACES: &str = "the namespace of an EvolveBot";
const BOTS: &str = "the name of an EvolveBot; there are as many series as bots";

/// Everything that the operator's process shows: what it counts, and what it takes.
#[must_use]
pub fn register_all(metrics: &Metrics) -> (OperatorMetrics, HttpMetrics) {
    process::register(metrics);
    (OperatorMetrics::register(metrics), HttpMetrics::register(metrics))
}

/// The operator's metrics. Cheap to clone.
#[derive(Clone, Debug)]
pub struct OperatorMetrics {
    reconciles: Family<ResultLabel, Counter>,
    duration: Durations<ResultLabel>,
    /// Bots that wait for a pass.
    pub queue_depth: Gauge,
    calls: Family<CallLabels, Counter>,
    applied: Family<KindLabel, Counter>,
    rollbacks: Family<ReasonLabel, Counter>,
    migration_failed: Family<BotLabels, Gauge>,
    rolled_back: Family<BotLabels, Gauge>,
    certificate_ends: Family<BotLabels, Gauge>,
    /// 1 while this process leads.
    pub leading: Gauge,
    progress: Progress,
    silence: Family<KindLabel, Gauge>,
}

impl OperatorMetrics {
    /// Registers them.
    #[must_use]
    pub fn register(metrics: &Metrics) -> Self {
        let this = Self {
            reconciles: Family::default(),
            duration: durations(),
            queue_depth: Gauge::default(),
            calls: Family::default(),
            applied: Family::default(),
            rollbacks: Family::default(),
            migration_failed: Family::default(),
            rolled_back: Family::default(),
            certificate_ends: Family::default(),
            leading: Gauge::default(),
            progress: Progress::default(),
            silence: Family::default(),
        };
        metrics.register(|registry| {
            registry
                .register("reconcile", "Passes over one bot, by result", this.reconciles.clone())
                .one_of("result", RESULTS);
            registry
                .register("reconcile_duration_seconds", "Time of one pass, seconds", this.duration.clone())
                .one_of("result", RESULTS);
            registry.register("reconcile_queue_depth", "Bots that wait for a pass", this.queue_depth.clone());
            registry
                .register("kubernetes_requests", "Calls of the Kubernetes API, by verb", this.calls.clone())
                .label("verb", "what was asked of it, such as `get` or `apply`")
                .label("status", "an HTTP status code; 0 where there was no answer");
            registry
                .register("applied_objects", "Objects written because they differed", this.applied.clone())
                .label("kind", KINDS);
            registry
                .register("rollbacks", "Rollouts taken back, by reason", this.rollbacks.clone())
                .one_of("reason", Refusal::ALL.map(Refusal::name));
            this.register_bots(registry);
            registry.register("leader", "1 while this process leads", this.leading.clone());
            let help = "Time since a watch last showed that it works, seconds";
            registry.register("watch_silence_seconds", help, this.silence.clone()).label("kind", KINDS);
        });
        // A counter that is there from the start shows its first step.
        for reason in Refusal::ALL {
            drop(this.rollbacks.get_or_create(&ReasonLabel { reason: reason.name() }));
        }
        this
    }

    fn register_bots(&self, registry: &mut Book) {
        let of_bots = [
            (
                "migration_failed",
                "1 while the migration to what a bot is to run has failed; of the replica that leads",
                &self.migration_failed,
            ),
            (
                "rollout_rolled_back",
                "1 while a rollout of a bot is taken back that nobody asked to take back; of the replica that leads",
                &self.rolled_back,
            ),
            (
                "certificate_expiry_timestamp_seconds",
                "When the certificate in the Secret that a bot's webhook names ends, Unix time; 0 where there is none that can be \
                 read; of the replica that leads",
                &self.certificate_ends,
            ),
        ];
        for (name, help, gauges) in of_bots {
            registry.register(name, help, gauges.clone()).label("bot_namespace", NAMESPACES).label("bot", BOTS);
        }
    }

    /// What came of the last pass over `bot`.
    pub fn fares(&self, bot: &Key, status: &EvolveBotStatus) {
        let has_failed = status.migration.as_ref().is_some_and(|migration| migration.phase == MigrationPhase::Failed);
        let is_taken_back = status.rollout.as_ref().is_some_and(|rollout| {
            matches!(rollout.phase, RolloutPhase::RollingBack | RolloutPhase::RolledBack)
                && rollout.reason != Some(Refusal::Request)
        });
        let labels = BotLabels::of(bot);
        self.migration_failed.get_or_create(&labels).set(i64::from(has_failed));
        self.rolled_back.get_or_create(&labels).set(i64::from(is_taken_back));
    }

    /// The certificate that `bot` names ends then, Unix time in seconds; it names none where there is nothing.
    pub fn certificate(&self, bot: &Key, ends: Option<i64>) {
        let labels = BotLabels::of(bot);
        if let Some(ends) = ends {
            self.certificate_ends.get_or_create(&labels).set(ends);
        } else {
            self.certificate_ends.remove(&labels);
        }
    }

    /// `bot` is gone.
    pub fn forget(&self, bot: &Key) {
        let labels = BotLabels::of(bot);
        for gauges in [&self.migration_failed, &self.rolled_back, &self.certificate_ends] {
            gauges.remove(&labels);
        }
    }

    /// A rollout is taken back.
    pub fn rolled_back(&self, reason: Refusal) {
        self.rollbacks.get_or_create(&ReasonLabel { reason: reason.name() }).inc();
    }

    /// How many rollouts have been taken back for this reason.
    #[must_use]
    pub fn rollbacks(&self, reason: Refusal) -> u64 {
        self.rollbacks.get_or_create(&ReasonLabel { reason: reason.name() }).get()
    }

    /// One pass has ended.
    pub fn reconciled(&self, result: &'static str, took: Duration) {
        let label = ResultLabel { result };
        self.reconciles.get_or_create(&label).inc();
        self.duration.get_or_create(&label).observe(took.as_secs_f64());
    }

    /// How many passes have ended, however they did.
    #[must_use]
    pub fn passes(&self) -> u64 {
        let results = RESULTS.map(|result| ResultLabel { result });
        results.iter().filter_map(|label| self.reconciles.get(label).map(|counter| counter.get())).sum()
    }

    /// One call of the API has been answered; 0 when it was not.
    pub fn called(&self, verb: &'static str, status: u16) {
        self.calls.get_or_create(&CallLabels { verb, status }).inc();
    }

    /// How many calls of these verbs have been answered, whatever the answer was.
    #[must_use]
    pub fn calls_of(&self, verbs: &[&'static str]) -> u64 {
        let all = [200, 201, 202, 204, 400, 403, 404, 409, 422, 429, 500, 503, 504, 0];
        let pairs = verbs.iter().flat_map(|verb| all.map(|status| CallLabels { verb, status }));
        pairs.filter_map(|labels| self.calls.get(&labels).map(|counter| counter.get())).sum()
    }

    /// An object was written.
    pub fn applied(&self, kind: &'static str) {
        self.applied.get_or_create(&KindLabel { kind }).inc();
    }

    /// The signs of life of the watches.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Brings the gauges of silence up to date, before they are shown.
    pub fn measure_silence(&self) {
        for (kind, silence) in self.progress.silence_by_kind() {
            let seconds = i64::try_from(silence.as_secs()).unwrap_or(i64::MAX);
            self.silence.get_or_create(&KindLabel { kind }).set(seconds);
        }
    }
}

/// When each watch last showed that it works: an event, or a new request that was answered. A watch of quiet objects has
/// no events, but the API server ends its request every few minutes.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Mutex<HashMap<String, (&'static str, Instant)>>>);

impl Progress {
    /// The watch `id` works.
    pub fn touch(&self, id: &str, kind: &'static str) {
        self.locked(|watches| {
            if let Some(entry) = watches.get_mut(id) {
                entry.1 = Instant::now();
            } else {
                watches.insert(id.to_owned(), (kind, Instant::now()));
            }
        });
    }

    /// The watch `id` is no more.
    pub fn forget(&self, id: &str) {
        self.locked(|watches| watches.remove(id));
    }

    /// The watches that have been silent for longer than `limit`.
    #[must_use]
    pub fn stuck(&self, limit: Duration) -> Vec<String> {
        self.locked(|watches| {
            let stuck = watches.iter().filter(|(_, (_, last))| last.elapsed() > limit);
            stuck.map(|(id, _)| id.clone()).collect()
        })
    }

    fn silence_by_kind(&self) -> HashMap<&'static str, Duration> {
        self.locked(|watches| {
            let mut longest: HashMap<&'static str, Duration> = HashMap::new();
            for (kind, last) in watches.values() {
                let silence = longest.entry(kind).or_default();
                *silence = last.elapsed().max(*silence);
            }
            longest
        })
    }

    fn locked<T>(&self, act: impl FnOnce(&mut HashMap<String, (&'static str, Instant)>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
