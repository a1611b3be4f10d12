//! The metrics that every HTTP server has.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
};

use super::{Durations, Metrics, durations};

/// Methods that are told apart.
const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "other"];
const ROUTES: &str = "a path as its route has it, such as `/profile/{user_id}`, or `unmatched`";

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
        metrics.register(|book| {
            book.register("http_requests", "HTTP requests answered", this.requests.clone())
                .one_of("method", METHODS)
                .label("route", ROUTES)
                .label("status", "an HTTP status code");
            book.register("http_request_duration_seconds", "Time to answer, seconds", this.duration.clone())
                .one_of("method", METHODS)
                .label("route", ROUTES);
            book.register("http_requests_in_progress", "HTTP requests being answered", this.in_progress.clone());
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
fn known_method(method: &Method) -> &'static str {
    METHODS.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}
