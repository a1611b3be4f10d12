//! The process's Prometheus registry, and the metrics that every process has.
//!
//! Each crate has one struct of its metrics, registered once at start-up and handed to what counts. Labels are bounded:
//! never a person, never free text. What is registered is told of in the same breath ([`Described`]), and that is what
//! `docs/metrics.md` is made of.

mod breakers;
mod described;
mod durations;
mod http;
pub mod process;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{extract::State, http::header, response::IntoResponse};
use prometheus_client::{
    collector::Collector,
    encoding::text::encode,
    registry::{Metric, Registry},
};

use self::breakers::Breakers;
pub use self::{
    described::{Described, Label, Values, reference},
    durations::{DURATION_BUCKETS, DurationHistogram, Durations, QUICK_BUCKETS, durations, quick_durations},
    http::{HttpMetrics, known_method, track},
};
use crate::breaker::SharedBreaker;

/// The registry that `/metrics` shows. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    book: Arc<Mutex<Book>>,
    breakers: Breakers,
}

/// What is shown, and what is told of it.
#[derive(Debug, Default)]
pub struct Book {
    registry: Registry,
    described: Vec<Described>,
}

impl Book {
    /// Shows a metric from now on. `name` is without `_total`, which counters get. What its labels say is told to what this returns.
    pub fn register(&mut self, name: &'static str, help: &'static str, metric: impl Metric) -> &mut Described {
        let (place, kind) = (self.described.len(), metric.metric_type());
        self.registry.register(name, help, metric);
        self.described.push(Described::new(name, help, kind));
        &mut self.described[place]
    }

    /// Shows what a collector finds when it is asked, which may be nothing; of each metric that it may show it is told here.
    pub fn register_collector(&mut self, shows: impl IntoIterator<Item = Described>, collector: impl Collector) {
        self.described.extend(shows);
        self.registry.register_collector(Box::new(collector));
    }
}

impl Metrics {
    /// An empty registry.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives access to the registry, to register metrics in.
    pub fn register<T>(&self, register: impl FnOnce(&mut Book) -> T) -> T {
        register(&mut self.book())
    }

    /// Shows the state of these breakers from now on, by what they stand before and its name. Of several that share both, the state
    /// that is worst is shown. Without any it is made known alone that there may be some.
    pub fn show_breakers<'a>(
        &self,
        before: &'static str,
        breakers: impl IntoIterator<Item = (&'a str, &'a SharedBreaker)>,
    ) {
        for (name, breaker) in breakers {
            self.breakers.show(before, name, breaker);
        }
        let mut book = self.book();
        if !book.described.iter().any(|known| known.name == breakers::NAME) {
            book.register_collector([breakers::described()], self.breakers.clone());
        }
    }

    /// Everything that was registered, by name, whether it shows anything by now or not.
    #[must_use]
    pub fn described(&self) -> Vec<Described> {
        let mut described = self.book().described.clone();
        described.sort_by_key(|one| one.name);
        described
    }

    /// The exposition in OpenMetrics text.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = String::new();
        if let Err(error) = encode(&mut text, &self.book().registry) {
            tracing::error!(%error, "metrics could not be encoded");
        }
        text
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Handler of `GET /metrics`.
pub async fn endpoint(State(metrics): State<Metrics>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], metrics.encode())
}

#[cfg(test)]
mod tests;
