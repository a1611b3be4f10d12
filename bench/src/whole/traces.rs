//! What it costs to be seen: turns with traces sent and metrics asked for, as a ratio to turns without.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::task::AbortOnDropHandle;
use tonic::{Request, Response, Status};

use crate::chat;
use crate::plan::Plan;
use crate::report::{Report, Section};
use crate::world::World;

/// So many turns at least must be left.
const PROMISED: f64 = 0.95;
/// More often than any Prometheus asks.
const SCRAPES: Duration = Duration::from_secs(1);

/// Takes all traces, and keeps none.
struct Collector;

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        _request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// Measures it.
///
/// # Errors
/// When the API does not start, or turns fail.
pub(crate) async fn measure(world: &World, plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let collector = format!("http://{}", listener.local_addr()?);
    let serving = tonic::transport::Server::builder().add_service(TraceServiceServer::new(Collector));
    let _serving = AbortOnDropHandle::new(tokio::spawn(serving.serve_with_incoming(TcpListenerStream::new(listener))));
    let (mut rows, mut unseen, mut seen) = (Vec::new(), 0.0, 0.0);
    for round in 1..=plan.rounds {
        let without = turns(world, plan, None).await?;
        let with = turns(world, plan, Some(&collector)).await?;
        rows.push(vec![
            round.to_string(),
            format!("{without:.0}"),
            format!("{with:.0}"),
            format!("{:.3}", with / without),
        ]);
        unseen += without;
        seen += with;
    }
    let ratio = seen / unseen;
    rows.push(vec!["all".to_owned(), String::new(), String::new(), format!("{ratio:.3}")]);
    let is = format!("{:.1}%", (1.0 - ratio) * 100.0);
    report.goal("cost of traces and metrics, of throughput", "under 5%", is, ratio > PROMISED);
    report.sections.push(Section {
        title: "Traces and metrics",
        method: format!(
            "{} clients ask `POST /chat` one thing after the other, for {} s, of an API that sends no traces and is not asked for \
             metrics, then of one that sends all traces to a collector on the same machine and is asked for metrics every second. Metrics are \
             counted in both: they cannot be turned off.",
            plan.clients, plan.seconds
        ),
        head: vec!["round", "turns a second without", "with", "ratio"],
        rows,
    });
    Ok(())
}

async fn turns(world: &World, plan: &Plan, collector: Option<&str>) -> anyhow::Result<f64> {
    let more = collector.map(|url| [("OTEL_EXPORTER_OTLP_ENDPOINT", url), ("OTEL_TRACES_SAMPLER_ARG", "1")]);
    let api = world.api(more.as_ref().map(<[_; 2]>::as_slice).unwrap_or_default()).await?;
    chat::warm_up(world, &api, plan.clients).await?;
    let crowd = world.crowd(&api, plan.people).await?;
    let metrics = format!("{}/metrics", api.url());
    let scraping = collector.map(|_| AbortOnDropHandle::new(tokio::spawn(scrape(metrics))));
    let outcome = chat::as_many_as_can_be(&crowd, plan.clients, Duration::from_secs(plan.seconds)).await;
    drop(scraping);
    api.stop().await?;
    anyhow::ensure!(outcome.failed() == 0, "turns failed: {}", outcome.failures_in_words());
    Ok(outcome.per_second())
}

/// As a Prometheus does, again and again.
async fn scrape(url: String) {
    loop {
        if let Ok(answer) = reqwest::get(&url).await {
            // What it says is of no matter; that it is made is.
            let _ = answer.bytes().await;
        }
        tokio::time::sleep(SCRAPES).await;
    }
}
