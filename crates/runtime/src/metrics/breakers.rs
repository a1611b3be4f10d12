//! The states of circuit breakers, looked at when they are asked for.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _},
    metrics::{MetricType, gauge::ConstGauge},
};

use super::Described;
use crate::breaker::{BreakerState, SharedBreaker};

pub(super) const NAME: &str = "circuit_breaker_state";
const HELP: &str = "State of a circuit breaker: 0 closed, 1 half-open, 2 open";

/// Breakers that are shown. Clones are the same list.
#[derive(Clone, Debug, Default)]
pub(super) struct Breakers(Arc<Mutex<Vec<Shown>>>);

#[derive(Debug)]
struct Shown {
    before: &'static str,
    name: String,
    breaker: SharedBreaker,
}

pub(super) fn described() -> Described {
    let mut described = Described::gauge(NAME, HELP);
    described
        .one_of("breaker", ["embedding", "model", "redis", "speaker", "transcriber"])
        .label("name", "what it stands before: a model or a provider by its configured name, or `redis`");
    described
}

impl Breakers {
    pub(super) fn show(&self, before: &'static str, name: &str, breaker: &SharedBreaker) {
        let shown = Shown { before, name: name.to_owned(), breaker: breaker.clone() };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(shown);
    }

    /// By labels: the same model may stand in a chain twice, and no series may.
    fn states(&self) -> BTreeMap<(&'static str, String), i64> {
        let mut states = BTreeMap::new();
        for Shown { before, name, breaker } in &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            let state = match breaker.snapshot().state {
                BreakerState::Closed => 0,
                BreakerState::HalfOpen => 1,
                BreakerState::Open => 2,
            };
            let worst = states.entry((*before, name.clone())).or_insert(state);
            *worst = state.max(*worst);
        }
        states
    }
}

impl Collector for Breakers {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let states = self.states();
        if states.is_empty() {
            return Ok(());
        }
        let mut metric = encoder.encode_descriptor(NAME, HELP, None, MetricType::Gauge)?;
        for ((before, name), state) in states {
            let labels = [("breaker", before), ("name", name.as_str())];
            ConstGauge::new(state).encode(metric.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
