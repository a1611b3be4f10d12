//! A collector that speaks OTLP over gRPC gets the spans of a process.

use evolve_runtime::errors::Errors;
use evolve_runtime::logs::{self, LogConfig, LogFormat};
use evolve_runtime::traces::{self, Keep, TraceConfig, Traces};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

struct Collector(UnboundedSender<ExportTraceServiceRequest>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.send(request.into_inner()).unwrap();
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// A span of another process.
const ELSEWHERE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";

/// As sqlx does.
fn tell_of_a_statement() {
    let statement = format!("\n\nSELECT name\nFROM people WHERE id IN ({}) AND alive\n", "$1,\n".repeat(1000));
    tracing::debug!(
        target: "sqlx::query", summary = "SELECT name FROM people …", db.statement = statement, elapsed_secs = 0.25_f64
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_our_spans_as_a_tree_and_nothing_of_other_crates() {
    let (sender, mut requests) = unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tonic::transport::Server::builder().add_service(TraceServiceServer::new(Collector(sender)));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    let endpoint = Some(format!("http://{address}").parse().unwrap());
    let config = TraceConfig { endpoint, keep: Keep::default(), ratio: 1.0, service: "evolve-test".to_owned() };
    let traces = Traces::start(&config).unwrap();
    // No line is written at this level; the spans are sent all the same.
    let lines = LogConfig { filter: "error".to_owned(), path: None, format: LogFormat::Json };
    logs::init(&lines, &traces, &Errors::default());

    tracing::info_span!(target: "evolve_test", "outer", bot = "eva").in_scope(|| {
        tracing::info_span!(target: "hyper", "of another crate").in_scope(|| {});
        tracing::info_span!(target: "evolve_test", "inner").in_scope(|| {});
        tell_of_a_statement();
    });
    // In no span of ours, or in one of a machine that asks again and again: in no trace.
    tell_of_a_statement();
    tracing::info_span!(target: "evolve_test", traces::PROBE).in_scope(tell_of_a_statement);
    assert_eq!(traces::current(), None);
    let followed = |trace: &str| {
        let span = tracing::info_span!(target: "evolve_test", "followed");
        traces::follow(&span, Some(trace));
        span.in_scope(traces::current)
    };
    let (kept, dropped) = (followed(&format!("{ELSEWHERE}-01")), followed(&format!("{ELSEWHERE}-00")));
    for (carried, flags) in [(&kept, "01"), (&dropped, "00")] {
        let carried = carried.as_deref().unwrap();
        assert!(carried.starts_with(&ELSEWHERE[..35]) && carried.ends_with(flags), "{carried}");
    }
    assert!(followed("rubbish").is_some_and(|began| !began.starts_with(&ELSEWHERE[..35])));
    traces.finish().await;

    // What came late, as on a busy machine, came apart from the rest.
    let mut sent = requests.recv().await.unwrap().resource_spans;
    while let Ok(more) = requests.try_recv() {
        sent.extend(more.resource_spans);
    }
    for of_one in &sent {
        let named = |name: &str| of_one.resource.as_ref().unwrap().attributes.iter().any(|known| known.key == name);
        assert!(named("service.name") && named("service.version"));
    }
    let scopes = sent.into_iter().flat_map(|of_one| of_one.scope_spans);
    let spans: Vec<Span> = scopes.flat_map(|scope| scope.spans).collect();
    let span = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    let mut names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["SELECT name FROM people", "followed", "followed", "inner", "outer"], "{spans:?}");
    assert!(spans.iter().any(|span| span.parent_span_id == [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]));
    assert_eq!(span("inner").parent_span_id, span("outer").span_id);
    assert_eq!(span("inner").trace_id, span("outer").trace_id);
    let statement = span("SELECT name FROM people");
    assert_eq!(statement.parent_span_id, span("outer").span_id);
    assert_eq!(statement.end_time_unix_nano - statement.start_time_unix_nano, 250_000_000);
    let text = statement.attributes.iter().find(|attribute| attribute.key == "db.query.text").unwrap();
    let Some(Value::StringValue(text)) = text.value.as_ref().and_then(|value| value.value.as_ref()) else {
        panic!("{text:?}")
    };
    assert!(
        text.starts_with("SELECT name FROM people WHERE id IN ($1, $1,") && text.ends_with("$1, ) AND alive"),
        "{text}"
    );
    assert!(text.contains('…') && text.chars().count() == 401, "{text}");
    assert!(span("outer").attributes.iter().any(|attribute| attribute.key == "bot"));
}
