//! How chat goes: `chat_requests_total` and `chat_requests_duration_seconds`.

use std::time::Duration;

use evolve_runtime::metrics::{DurationHistogram, Metrics};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    outcome: String,
}

/// What becomes of a request.
const OUTCOMES: &str = "`ok`, `replayed`, or the code of the problem that the API answered with";

/// Chat metrics.
#[derive(Clone, Debug)]
pub struct ChatMetrics {
    requests: Family<Outcome, Counter>,
    duration: DurationHistogram,
}

impl ChatMetrics {
    /// Registers them.
    #[must_use]
    pub fn register(metrics: &Metrics) -> Self {
        let this = Self { requests: Family::default(), duration: DurationHistogram::default() };
        metrics.register(|registry| {
            registry
                .register("chat_requests", "Chat requests by outcome", this.requests.clone())
                .label("outcome", OUTCOMES);
            registry.register("chat_requests_duration_seconds", "Time of chat turns, seconds", this.duration.clone());
        });
        this
    }

    /// Counts one request: `ok`, `replayed`, or a problem's code.
    pub fn count(&self, outcome: &str) {
        self.requests.get_or_create(&Outcome { outcome: outcome.to_owned() }).inc();
    }

    /// Notes how long a turn took.
    pub fn observe(&self, took: Duration) {
        self.duration.observe(took.as_secs_f64());
    }
}
