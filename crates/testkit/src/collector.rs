//! A collector of OpenTelemetry's traces on loopback: it speaks OTLP over gRPC, and keeps what it is sent for tests to look at.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Context as _;
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::{KeyValue, any_value::Value},
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// A span as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned {
    /// Whose it is.
    pub service: String,
    /// What it is called.
    pub name: String,
    /// OpenTelemetry's number of its kind: 2 for a server, 3 for a client, 4 for a producer, 5 for a consumer.
    pub kind: i32,
    /// Its trace.
    pub trace: Vec<u8>,
    /// Its id.
    pub id: Vec<u8>,
    /// The id of the span around it; empty for the first of a trace.
    pub parent: Vec<u8>,
    /// What is told of it, as text.
    pub attributes: BTreeMap<String, String>,
}

/// A collector. It stops when it is dropped.
#[derive(Debug)]
pub struct Collector {
    url: String,
    taken: Taken,
    task: JoinHandle<()>,
}

#[derive(Clone, Debug, Default)]
struct Taken(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

impl Taken {
    fn lock(&self) -> MutexGuard<'_, Vec<ExportTraceServiceRequest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[tonic::async_trait]
impl TraceService for Taken {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.lock().push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    /// Starts one.
    ///
    /// # Errors
    /// When no port of loopback can be had.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot listen")?;
        let url = format!("http://{}", listener.local_addr()?);
        let taken = Taken::default();
        let server = tonic::transport::Server::builder().add_service(TraceServiceServer::new(taken.clone()));
        let task = tokio::spawn(async move {
            if let Err(error) = server.serve_with_incoming(TcpListenerStream::new(listener)).await {
                tracing::error!(%error, "the collector has failed");
            }
        });
        Ok(Self { url, taken, task })
    }

    /// Where it is, as `OTEL_EXPORTER_OTLP_ENDPOINT` says it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Every span so far.
    #[must_use]
    pub fn spans(&self) -> Vec<Spanned> {
        let mut spans = Vec::new();
        for of_one in self.taken.lock().iter().flat_map(|request| &request.resource_spans) {
            let resource = of_one.resource.as_ref().map(|resource| texts(&resource.attributes)).unwrap_or_default();
            let service = resource.get("service.name").cloned().unwrap_or_default();
            spans.extend(of_one.scope_spans.iter().flat_map(|scope| &scope.spans).map(|span| Spanned {
                service: service.clone(),
                name: span.name.clone(),
                kind: span.kind,
                trace: span.trace_id.clone(),
                id: span.span_id.clone(),
                parent: span.parent_span_id.clone(),
                attributes: texts(&span.attributes),
            }));
        }
        spans
    }

    /// All that came, as text: for what must not be in it.
    #[must_use]
    pub fn everything(&self) -> String {
        format!("{:?}", self.taken.lock())
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |attribute: &KeyValue| match attribute.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::BoolValue(yes)) => yes.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    attributes.iter().map(|attribute| (attribute.key.clone(), text(attribute))).collect()
}
