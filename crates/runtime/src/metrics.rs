//! The process's Prometheus registry, and the metrics that every HTTP server has.
//!
//! Each crate has one struct of its metrics, registered once at start-up and handed to what counts. Labels are bounded:
//! never a person, never free text.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::{Family, MetricConstructor},
        gauge::Gauge,
        histogram::Histogram,
    },
    registry::Registry,
};

/// The registry that `/metrics` shows. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<Mutex<Registry>>);

impl Metrics {
    /// An empty registry.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives access to the registry, to register metrics in.
    pub fn register<T>(&self, register: impl FnOnce(&mut Registry) -> T) -> T {
        register(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The exposition in OpenMetrics text.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = String::new();
        if let Err(error) = encode(&mut text, &self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            tracing::error!(%error, "metrics could not be encoded");
        }
        text
    }
}

/// Handler of `GET /metrics`.
pub async fn endpoint(State(metrics): State<Metrics>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], metrics.encode())
}

/// Buckets for durations that people wait for: 5 ms to two minutes.
pub const DURATION_BUCKETS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0];

/// Makes histograms with [`DURATION_BUCKETS`].
#[derive(Clone, Copy, Debug, Default)]
pub struct DurationHistogram;

impl MetricConstructor<Histogram> for DurationHistogram {
    fn new_metric(&self) -> Histogram {
        Histogram::new(DURATION_BUCKETS)
    }
}

/// A family of duration histograms, in seconds.
pub type Durations<L> = Family<L, Histogram, DurationHistogram>;

/// An empty family of duration histograms.
#[must_use]
pub fn durations<L: Clone + std::hash::Hash + Eq>() -> Durations<L> {
    Family::new_with_constructor(DurationHistogram)
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteLabels {
    method: String,
    route: String,
}

/// `http_requests_total`, `http_request_duration_seconds` and `http_requests_in_progress` of one server.
#[derive(Clone, Debug)]
pub struct HttpMetrics {
    requests: Family<RequestLabels, Counter>,
    duration: Durations<RouteLabels>,
    in_progress: Gauge,
}

impl HttpMetrics {
    /// Registers the three metrics.
    #[must_use]
    pub fn register(metrics: &Metrics) -> Self {
        let this = Self { requests: Family::default(), duration: durations(), in_progress: Gauge::default() };
        metrics.register(|registry| {
            registry.register("http_requests", "HTTP requests answered", this.requests.clone());
            registry.register("http_request_duration_seconds", "Time to answer, seconds", this.duration.clone());
            registry.register("http_requests_in_progress", "HTTP requests being answered", this.in_progress.clone());
        });
        this
    }
}

struct InProgress(Gauge);

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Middleware that counts and times every request by its route pattern (unmatched paths share one label).
pub async fn track(State(metrics): State<HttpMetrics>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = known_method(request.method());
    metrics.in_progress.inc();
    let running = InProgress(metrics.in_progress.clone());
    let started = Instant::now();
    let response = next.run(request).await;
    drop(running);
    let labels = RouteLabels { method: method.to_owned(), route: route.clone() };
    metrics.duration.get_or_create(&labels).observe(started.elapsed().as_secs_f64());
    let labels = RequestLabels { method: method.to_owned(), route, status: response.status().as_u16() };
    metrics.requests.get_or_create(&labels).inc();
    response
}

/// A method name that cannot be used to grow the label set without bound.
fn known_method(method: &axum::http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        "HEAD" => "HEAD",
        _ => "other",
    }
}

/// Handler of `GET /health`: the process runs and its event loop answers.
pub async fn health() -> impl IntoResponse {
    (StatusCode::OK, axum::Json(serde_json::json!({"status": "healthy"})))
}
