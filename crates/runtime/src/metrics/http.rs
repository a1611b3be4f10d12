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
/// The status, by nginx' custom, of a request whose caller left before there was an answer.
const HUNG_UP: u16 = 499;
/// That of one whose handler panicked.
const PANICKED: u16 = 500;
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
                .label("status", "an HTTP status code, or `499` where the caller left before there was an answer");
            book.register("http_request_duration_seconds", "Time to answer, seconds", this.duration.clone())
                .one_of("method", METHODS)
                .label("route", ROUTES);
            book.register("http_requests_in_progress", "HTTP requests being answered", this.in_progress.clone());
        });
        this
    }
}

/// A request that is being answered. It is counted however it ends: a caller who hangs up ends it by dropping it, and without those the
/// slowest would be in no number.
struct Running {
    metrics: HttpMetrics,
    labels: RouteLabels,
    began: Instant,
    status: Option<u16>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let RouteLabels { method, route } = self.labels.clone();
        let unanswered = if std::thread::panicking() { PANICKED } else { HUNG_UP };
        let status = self.status.unwrap_or(unanswered);
        self.metrics.in_progress.dec();
        self.metrics.duration.get_or_create(&self.labels).observe(self.began.elapsed().as_secs_f64());
        self.metrics.requests.get_or_create(&RequestLabels { method, route, status }).inc();
    }
}

/// Middleware that counts and times every request by its route pattern (unmatched paths share one label).
pub async fn track(State(metrics): State<HttpMetrics>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let labels = RouteLabels { method: known_method(request.method()).to_owned(), route };
    metrics.in_progress.inc();
    let mut running = Running { metrics, labels, began: Instant::now(), status: None };
    let response = next.run(request).await;
    running.status = Some(response.status().as_u16());
    response
}

/// A method by a name that cannot be used to grow labels, or names of spans, without bound: callers may invent methods.
#[must_use]
pub fn known_method(method: &Method) -> &'static str {
    METHODS.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}
