//! A collector that speaks OTLP over gRPC gets the spans of a process.

use evolve_runtime::logs::{self, LogConfig, LogFormat};
use evolve_runtime::traces::{TraceConfig, Traces};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
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

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_our_spans_as_a_tree_and_nothing_of_other_crates() {
    let (sender, mut requests) = unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tonic::transport::Server::builder().add_service(TraceServiceServer::new(Collector(sender)));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    let endpoint = Some(format!("http://{address}").parse().unwrap());
    let config = TraceConfig { endpoint, ratio: 1.0, service: "evolve-test".to_owned() };
    let traces = Traces::start(&config).unwrap();
    // No line is written at this level; the spans are sent all the same.
    logs::init(&LogConfig { filter: "error".to_owned(), format: LogFormat::Json }, &traces);

    tracing::info_span!(target: "evolve_test", "outer", bot = "eva").in_scope(|| {
        tracing::info_span!(target: "hyper", "of another crate").in_scope(|| {});
        tracing::info_span!(target: "evolve_test", "inner").in_scope(|| {});
    });
    traces.finish().await;

    let sent = requests.recv().await.unwrap().resource_spans.remove(0);
    let named = |name: &str| sent.resource.as_ref().unwrap().attributes.iter().any(|known| known.key == name);
    assert!(named("service.name") && named("service.version"));
    let spans: Vec<Span> = sent.scope_spans.into_iter().flat_map(|scope| scope.spans).collect();
    let span = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    assert_eq!(spans.len(), 2, "{spans:?}");
    assert_eq!(span("inner").parent_span_id, span("outer").span_id);
    assert_eq!(span("inner").trace_id, span("outer").trace_id);
    assert!(span("outer").attributes.iter().any(|attribute| attribute.key == "bot"));
}
