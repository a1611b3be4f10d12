//! Histograms of durations. Each observation that is made within a sampled trace leaves its id behind as its bucket's exemplar, so
//! that whoever sees a slow bucket finds out what was slow in it.

use std::{fmt, hash::Hash};

use opentelemetry::{Context, trace::TraceContextExt as _};
use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder},
    metrics::{MetricType, TypedMetric, exemplar::HistogramWithExemplars, family::Family},
};

/// Buckets for durations that people wait for: 5 ms to two minutes.
pub const DURATION_BUCKETS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0];

/// Buckets for what a request does many times, as a statement to a database: a quarter of a millisecond to ten seconds.
pub const QUICK_BUCKETS: [f64; 14] =
    [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Trace {
    trace_id: String,
}

impl Trace {
    /// That of the span which the caller is in, if it is kept: an exemplar that leads nowhere is worse than none.
    fn current() -> Option<Self> {
        Context::map_current(|context| {
            let span = context.span();
            let span = span.span_context();
            (span.is_valid() && span.is_sampled()).then(|| Self { trace_id: span.trace_id().to_string() })
        })
    }
}

/// A histogram of durations, in seconds. Clones are the same histogram.
#[derive(Clone, Debug)]
pub struct DurationHistogram(HistogramWithExemplars<Trace>);

impl Default for DurationHistogram {
    fn default() -> Self {
        Self(HistogramWithExemplars::new(DURATION_BUCKETS.into_iter()))
    }
}

impl DurationHistogram {
    /// One with [`QUICK_BUCKETS`].
    #[must_use]
    pub fn quick() -> Self {
        Self(HistogramWithExemplars::new(QUICK_BUCKETS.into_iter()))
    }

    /// So many seconds were taken.
    pub fn observe(&self, seconds: f64) {
        self.0.observe(seconds, Trace::current(), None);
    }
}

impl TypedMetric for DurationHistogram {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for DurationHistogram {
    fn encode(&self, encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        self.0.encode(encoder)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

/// A family of duration histograms, in seconds.
pub type Durations<L> = Family<L, DurationHistogram>;

/// An empty family of duration histograms.
#[must_use]
pub fn durations<L: Clone + Hash + Eq>() -> Durations<L> {
    Family::default()
}

/// The same with [`QUICK_BUCKETS`].
#[must_use]
pub fn quick_durations<L: Clone + Hash + Eq>() -> Durations<L> {
    let constructor: fn() -> DurationHistogram = DurationHistogram::quick;
    Family::new_with_constructor(constructor)
}
