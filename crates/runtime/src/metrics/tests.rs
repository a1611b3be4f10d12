use std::time::Duration;

use axum::{Router, body::Body, extract::Request, middleware::from_fn_with_state, routing::get};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};
use tower::Service as _;
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;
use crate::breaker::BreakerConfig;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

async fn slow() -> &'static str {
    std::future::pending().await
}

async fn broken() -> &'static str {
    panic!("a handler")
}

/// Observes a fifth of a second within a span, of traces of which this share is kept.
fn observed(ratio: f64) -> String {
    let (metrics, histogram) = (Metrics::new(), DurationHistogram::default());
    metrics.register(|book| {
        book.register("turn_duration_seconds", "Time of turns", histogram.clone());
    });
    let provider = SdkTracerProvider::builder().with_sampler(Sampler::TraceIdRatioBased(ratio)).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        tracing::info_span!("turn").in_scope(|| histogram.observe(0.2));
    });
    metrics.encode()
}

#[test]
fn a_slow_bucket_leads_to_a_trace_that_is_kept_and_to_none_that_is_not() {
    let bucket = |text: &str| {
        let line = text.lines().find(|line| line.starts_with(r#"turn_duration_seconds_bucket{le="0.25"}"#));
        line.unwrap().to_owned()
    };
    let kept = bucket(&observed(1.0));
    let (_, exemplar) = kept.split_once(" # {trace_id=\"").unwrap_or_else(|| panic!("no exemplar: {kept}"));
    let (id, value) = exemplar.split_once("\"} ").unwrap();
    assert!(id.len() == 32 && id.chars().all(|c| c.is_ascii_hexdigit()), "{kept}");
    assert_eq!(value.split(' ').next(), Some("0.2"), "{kept}");
    let dropped = bucket(&observed(0.0));
    assert!(dropped.ends_with(r#"{le="0.25"} 1"#), "it leads nowhere: {dropped}");
}

#[tokio::test]
async fn a_request_is_counted_however_it_ends_and_by_no_word_of_the_caller() {
    let metrics = Metrics::new();
    let router = Router::new()
        .route("/here/{id}", get(|| async { "here" }))
        .route("/slow/{id}", get(slow))
        .route("/broken", get(broken))
        .layer(from_fn_with_state(HttpMetrics::register(&metrics), track));
    let ask = |method: &str, path: &str| {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        router.clone().call(request)
    };
    ask("GET", "/here/7").await.unwrap();
    ask("BREW", "/pot/7").await.unwrap();
    tokio::time::timeout(Duration::ZERO, ask("GET", "/slow/7")).await.unwrap_err();
    tokio::spawn(ask("GET", "/broken")).await.unwrap_err();
    let shown = metrics.encode();
    for line in [
        r#"http_requests_total{method="GET",route="/here/{id}",status="200"} 1"#,
        r#"http_requests_total{method="other",route="unmatched",status="404"} 1"#,
        r#"http_requests_total{method="GET",route="/slow/{id}",status="499"} 1"#,
        r#"http_requests_total{method="GET",route="/broken",status="500"} 1"#,
        r#"http_request_duration_seconds_count{method="GET",route="/slow/{id}"} 1"#,
        "http_requests_in_progress 0",
    ] {
        assert!(shown.lines().any(|known| known == line), "{line} is not in\n{shown}");
    }
}

#[test]
fn what_never_happened_is_told_of_before_it_is_shown() {
    let (metrics, turns) = (Metrics::new(), Family::<Outcome, Counter>::default());
    metrics.register(|book| {
        book.register("turns", "Turns by how they ended", turns.clone())
            .one_of("outcome", ["ok", "failed"])
            .label("model", "those of PROVIDERS");
    });
    assert!(!metrics.encode().contains("turns"));
    let described = metrics.described();
    assert_eq!(described.len(), 1);
    let row = "| `turns_total` | counter | number | `outcome`: `ok`, `failed`; `model`: those of PROVIDERS | Turns by how they ended |";
    assert_eq!(described[0].row(), row);
    assert!(reference(&described).ends_with(&format!("| --- | --- | --- | --- | --- |\n{row}\n")));
    turns.get_or_create(&Outcome { outcome: "ok" }).inc();
    assert!(metrics.encode().contains("turns_total{outcome=\"ok\"} 1\n"));
}

#[test]
fn units_are_those_of_names() {
    let unit = |name| Described::gauge(name, "").unit();
    assert_eq!(
        ["redis_memory_used_bytes", "backup_age_seconds", "llm_cost_dollars", "leader"].map(unit),
        ["bytes", "seconds", "US dollars", "number"]
    );
}

#[test]
fn breakers_show_their_states_and_two_of_one_name_the_worse() {
    let metrics = Metrics::new();
    let breakers = [(); 3].map(|()| SharedBreaker::new(BreakerConfig { failures: 1, ..BreakerConfig::MODEL }));
    let [well, first, second] = &breakers;
    metrics.show_breakers("redis", []);
    assert_eq!(metrics.described().len(), 1, "where there is none, nobody knows of it");
    assert!(!metrics.encode().contains("circuit_breaker_state"));
    metrics.show_breakers("redis", [("redis", well)]);
    metrics.show_breakers("model", [("flash", first), ("flash", second)]);
    first.admit().unwrap().failed();
    let text = metrics.encode();
    assert_eq!(metrics.described().len(), 1);
    let shown: Vec<_> = text.lines().filter(|line| line.starts_with("circuit_breaker_state{")).collect();
    assert_eq!(
        shown,
        [
            r#"circuit_breaker_state{breaker="model",name="flash"} 2"#,
            r#"circuit_breaker_state{breaker="redis",name="redis"} 0"#,
        ]
    );
}

#[test]
fn a_process_tells_what_it_takes() {
    let metrics = Metrics::new();
    process::register(&metrics);
    let text = metrics.encode();
    let value = |name: &str| -> f64 {
        let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
        found.unwrap_or_else(|| panic!("{name} is not in\n{text}"))
    };
    assert!(value("process_cpu_seconds_total") > 0.0);
    assert!(value("process_resident_memory_bytes") > 100_000.0);
    assert!(value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"));
    assert!(value("process_threads") >= 1.0);
    assert!(value("process_open_fds") >= 1.0 && value("process_open_fds") < value("process_max_fds"));
    assert!(value("process_start_time_seconds") > 1.7e9);
}
