//! Traces: spans sent by OTLP over gRPC, where a collector is named. Without one nothing is made and nothing is sent.
//!
//! Variables have OpenTelemetry's own names. A collector that is away never holds up the process: spans wait in a bounded
//! queue, and what does not fit is dropped.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use crate::config::Reader;

/// How long the last spans may take on their way out when the process ends.
const LAST_SPANS: Duration = Duration::from_secs(3);

/// Where traces go.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceConfig {
    /// The collector, such as `http://otel-collector:4317`; no traces without one.
    pub endpoint: Option<url::Url>,
    /// The share of traces that begin here and are kept, from 0 to 1.
    pub ratio: f64,
    /// Who we are, as collectors show it.
    pub service: String,
}

impl TraceConfig {
    /// Reads `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_TRACES_SAMPLER_ARG` and `OTEL_SERVICE_NAME`, which is `service` where it
    /// is absent.
    pub fn read(env: &mut Reader, service: &'static str) -> Self {
        let endpoint = env.optional::<url::Url>(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "Where traces go, by OTLP over gRPC, such as `http://otel-collector:4317`. No traces without it.",
        );
        let ratio = env.or(
            "OTEL_TRACES_SAMPLER_ARG",
            "1",
            "The share of traces that is kept, from 0 to 1. One that another process began is kept if it was kept there.",
        );
        if !(0.0..=1.0).contains(&ratio) {
            env.problem("OTEL_TRACES_SAMPLER_ARG must be from 0 to 1, such as 0.1".to_owned());
        }
        Self { endpoint, ratio, service: env.or("OTEL_SERVICE_NAME", service, "Who we are in traces.") }
    }
}

/// The traces of a process. Dropping it loses the spans that are not sent yet: [`Traces::finish`] sends them.
#[derive(Debug, Default)]
#[must_use]
pub struct Traces(Option<SdkTracerProvider>);

impl Traces {
    /// Begins to send what `config` says. To be called within a tokio runtime.
    ///
    /// # Errors
    /// When the endpoint cannot be used, such as one of another scheme than `http` and `https`.
    pub fn start(config: &TraceConfig) -> Result<Self, ExporterBuildError> {
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        let Some(endpoint) = &config.endpoint else { return Ok(Self(None)) };
        let exporter = SpanExporter::builder().with_tonic().with_endpoint(endpoint.as_str()).build()?;
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder().with_service_name(config.service.clone()).with_attribute(version).build();
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.ratio)));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(sampler)
            .with_resource(resource)
            .build();
        Ok(Self(Some(provider)))
    }

    /// What turns `tracing`'s spans into those that are sent.
    pub(crate) fn layer<S>(&self) -> Option<impl Layer<S> + use<S>>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let tracer = self.0.as_ref()?.tracer("evolve");
        // Files, lines and threads say nothing that the name of a span does not.
        let layer = tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false);
        // Our own spans, and what went wrong in them.
        let is_ours = |metadata: &Metadata<'_>| {
            metadata.target().starts_with("evolve") && (metadata.is_span() || *metadata.level() <= Level::WARN)
        };
        Some(layer.with_filter(filter_fn(is_ours)))
    }

    /// Sends the last spans, for [`LAST_SPANS`] at most.
    pub async fn finish(self) {
        let Some(provider) = self.0 else { return };
        // It blocks, and its exporter needs this runtime to go on meanwhile.
        let sent = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST_SPANS)).await;
        if let Ok(Err(error)) = sent {
            tracing::warn!(%error, "the last spans could not be sent");
        }
    }
}
