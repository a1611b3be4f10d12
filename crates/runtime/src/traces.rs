//! Traces: spans sent by OTLP over gRPC, where a collector is named. Without one nothing is made and nothing is sent.
//!
//! Variables have OpenTelemetry's own names. A collector that is away never holds up the process: spans wait in a bounded
//! queue, and what does not fit is dropped.
//!
//! A trace outlives the process that began it: [`current`] is what a row or a request carries of it, and [`follow`] goes on
//! from there. Spans hold ids, codes and sizes, as logs do, and never what a person wrote.

mod context;
mod statements;

pub use context::{current, follow};

pub(crate) use context::Around;

use std::{str::FromStr, time::Duration};

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::Identity;
use tracing_subscriber::registry::LookupSpan;

use crate::config::Reader;

/// What spans of questions that machines ask every few seconds are called (is it ready, what does it count): they are in logs, and
/// in no trace.
pub const PROBE: &str = "probe";
/// How long the last spans may take on their way out when the process ends.
const LAST_SPANS: Duration = Duration::from_secs(3);

/// Which traces are kept, by OpenTelemetry's names. Those of `parentbased_` keep a trace that another process began if it was kept
/// there, and decide on their own ones alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// `always_on`.
    All,
    /// `always_off`.
    None,
    /// `traceidratio`: the share that [`TraceConfig::ratio`] says.
    Share,
    /// `parentbased_always_on`.
    AllOfOurs,
    /// `parentbased_always_off`.
    NoneOfOurs,
    /// `parentbased_traceidratio`.
    #[default]
    ShareOfOurs,
}

impl Keep {
    fn sampler(self, ratio: f64) -> Sampler {
        let parent_based = |ours| Sampler::ParentBased(Box::new(ours));
        match self {
            Self::All => Sampler::AlwaysOn,
            Self::None => Sampler::AlwaysOff,
            Self::Share => Sampler::TraceIdRatioBased(ratio),
            Self::AllOfOurs => parent_based(Sampler::AlwaysOn),
            Self::NoneOfOurs => parent_based(Sampler::AlwaysOff),
            Self::ShareOfOurs => parent_based(Sampler::TraceIdRatioBased(ratio)),
        }
    }
}

impl FromStr for Keep {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "always_on" => Ok(Self::All),
            "always_off" => Ok(Self::None),
            "traceidratio" => Ok(Self::Share),
            "parentbased_always_on" => Ok(Self::AllOfOurs),
            "parentbased_always_off" => Ok(Self::NoneOfOurs),
            "parentbased_traceidratio" => Ok(Self::ShareOfOurs),
            other => Err(format!("{other:?} is no sampler; use parentbased_traceidratio, or always_off for no traces")),
        }
    }
}

/// Where traces go.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceConfig {
    /// The collector, such as `http://otel-collector:4317`; no traces without one.
    pub endpoint: Option<url::Url>,
    /// Which traces are kept.
    pub keep: Keep,
    /// The share of them, from 0 to 1, where `keep` asks for one.
    pub ratio: f64,
    /// Who we are, as collectors show it.
    pub service: String,
}

impl TraceConfig {
    /// Reads `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG` and `OTEL_SERVICE_NAME`,
    /// which is `service` where it is absent.
    pub fn read(env: &mut Reader, service: &'static str) -> Self {
        let endpoint = env.optional::<url::Url>(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "Where traces go, by OTLP over gRPC, such as `http://otel-collector:4317`. No traces without it.",
        );
        let keep = env.or(
            "OTEL_TRACES_SAMPLER",
            "parentbased_traceidratio",
            "Which traces are kept: `always_on`, `always_off`, `traceidratio`, or these with `parentbased_` before them: then a trace that another process began is kept if it was kept there.",
        );
        let ratio = env.or(
            "OTEL_TRACES_SAMPLER_ARG",
            "1",
            "The share of traces that is kept where the sampler keeps a share, from 0 to 1.",
        );
        if !(0.0..=1.0).contains(&ratio) {
            env.problem("OTEL_TRACES_SAMPLER_ARG must be from 0 to 1, such as 0.1".to_owned());
        }
        Self { endpoint, keep, ratio, service: env.or("OTEL_SERVICE_NAME", service, "Who we are in traces.") }
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
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(config.keep.sampler(config.ratio))
            .with_resource(resource)
            .build();
        Ok(Self(Some(provider)))
    }

    /// What turns `tracing`'s spans into those that are sent. No `Option`: one does not tell its layer of the subscriber.
    pub(crate) fn layer<S>(&self) -> Box<dyn Layer<S> + Send + Sync>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let Some(provider) = &self.0 else { return nothing() };
        let tracer = provider.tracer("evolve");
        // Files, lines and threads say nothing that the name of a span does not.
        let layer = tracing_opentelemetry::layer::<S>()
            .with_tracer(tracer.clone())
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false);
        let spans = layer.with_filter(
            filter_fn(|metadata: &Metadata<'_>| {
                is_span_of_ours(metadata)
                    || (is_ours(metadata) && metadata.is_event() && *metadata.level() <= Level::WARN)
            })
            .with_max_level_hint(Level::INFO),
        );
        spans.and_then(statements::layer::<S>(tracer)).boxed()
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

/// A layer that wants to hear of nothing.
pub(crate) fn nothing<S>() -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    Layer::<S>::with_filter(Identity::new(), LevelFilter::OFF).boxed()
}

/// Whether it is of our own code, and of no library's.
pub(crate) fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("evolve")
}

/// Whether it is a span that traces have.
pub(crate) fn is_span_of_ours(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && is_ours(metadata) && metadata.name() != PROBE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[(&'static str, &'static str)]) -> Result<TraceConfig, String> {
        let mut env = Reader::from_values(values.iter().copied());
        let config = TraceConfig::read(&mut env, "evolve-test");
        env.finish(config).map_err(|error| error.to_string())
    }

    #[test]
    fn samplers_have_the_names_that_every_other_service_knows() {
        let config = read(&[("OTEL_TRACES_SAMPLER_ARG", "0.1")]).unwrap();
        assert_eq!((config.keep, config.ratio, config.endpoint), (Keep::ShareOfOurs, 0.1, None));
        for (name, keep) in [
            ("always_on", Keep::All),
            ("always_off", Keep::None),
            ("traceidratio", Keep::Share),
            ("parentbased_always_on", Keep::AllOfOurs),
            ("parentbased_always_off", Keep::NoneOfOurs),
            ("parentbased_traceidratio", Keep::ShareOfOurs),
        ] {
            assert_eq!(read(&[("OTEL_TRACES_SAMPLER", name)]).unwrap().keep, keep);
        }
        let problems = read(&[("OTEL_TRACES_SAMPLER", "some"), ("OTEL_TRACES_SAMPLER_ARG", "2")]).unwrap_err();
        assert!(problems.contains("no sampler") && problems.contains("from 0 to 1"), "{problems}");
    }
}
