//! What it costs to be seen: turns with traces sent and metrics asked for, as a ratio to turns without.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::task::AbortOnDropHandle;
use tonic::{Request, Response, Status};

use crate::chat::{self, MOST_TURNS};
use crate::plan::Plan;
use crate::report::{Report, Section};
use crate::world::World;

/// So many turns at least must be left.
const PROMISED: f64 = 0.95;
/// More often than any Prometheus asks.
const SCRAPES: Duration = Duration::from_secs(1);

/// Takes all traces, and keeps none but their number.
#[derive(Clone, Debug, Default)]
struct Collector {
    spans: Arc<AtomicU64>,
}

/// How fast turns were, and how much was seen of them.
#[derive(Clone, Copy, Debug)]
struct Made {
    per_second: f64,
    turns: usize,
    spans: u64,
    scrapes: u64,
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let scopes = request.get_ref().resource_spans.iter().flat_map(|resource| &resource.scope_spans);
        let spans: usize = scopes.map(|scope| scope.spans.len()).sum();
        self.spans.fetch_add(spans as u64, Ordering::Relaxed);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// Measures it.
///
/// # Errors
/// When the API does not start, or turns fail.
pub(crate) async fn measure(world: &World, plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (url, collector) = (format!("http://{}", listener.local_addr()?), Collector::default());
    let to = Some((url.as_str(), &collector));
    let serving = tonic::transport::Server::builder().add_service(TraceServiceServer::new(collector.clone()));
    let _serving = AbortOnDropHandle::new(tokio::spawn(serving.serve_with_incoming(TcpListenerStream::new(listener))));
    let (mut rows, mut unseen, mut seen) = (Vec::new(), 0.0, 0.0);
    for round in 1..=plan.rounds {
        // In turn the first: the database grows, and who comes second always meets more of it.
        let (without, with) = if round % 2 == 1 {
            let without = turns(world, plan, None).await?;
            (without, turns(world, plan, to).await?)
        } else {
            let with = turns(world, plan, to).await?;
            (turns(world, plan, None).await?, with)
        };
        // Or it would be found that what does not happen costs nothing.
        anyhow::ensure!(with.spans > 0 && with.turns > 0, "{} spans came of {} turns", with.spans, with.turns);
        anyhow::ensure!(with.scrapes > 0, "metrics were never told");
        rows.push(vec![
            round.to_string(),
            format!("{:.0}", without.per_second),
            format!("{:.0}", with.per_second),
            format!("{:.1}", with.spans as f64 / with.turns as f64),
            format!("{:.3}", with.per_second / without.per_second),
        ]);
        unseen += without.per_second;
        seen += with.per_second;
    }
    let ratio = seen / unseen;
    rows.push(vec!["all".to_owned(), String::new(), String::new(), String::new(), format!("{ratio:.3}")]);
    let is = format!("{:.1}%", (1.0 - ratio) * 100.0);
    report.goal("cost of traces and metrics, of throughput", "under 5%", is, ratio > PROMISED);
    report.sections.push(Section {
        title: "Traces and metrics",
        method: format!(
            "{} clients ask `POST /chat` one thing after the other, for {} s, of an API that sends no traces and is not asked for \
             metrics, and of one that sends all traces to a collector on the same machine and is asked for metrics every second; which of \
             them is first changes. Metrics are counted in both: they cannot be turned off. What takes the traces shares the processors too.",
            plan.clients, plan.seconds
        ),
        head: vec!["round", "turns a second without", "with", "spans taken, a turn", "ratio"],
        rows,
    });
    Ok(())
}

async fn turns(world: &World, plan: &Plan, collector: Option<(&str, &Collector)>) -> anyhow::Result<Made> {
    let more = collector.map(|(url, _)| [("OTEL_EXPORTER_OTLP_ENDPOINT", url), ("OTEL_TRACES_SAMPLER_ARG", "1")]);
    let api = world.api(more.as_ref().map(<[_; 2]>::as_slice).unwrap_or_default()).await?;
    chat::warm_up(world, &api, plan.clients).await?;
    let crowd = world.crowd(&api, chat::people_for(plan, f64::from(MOST_TURNS) * plan.seconds as f64)).await?;
    let spans = || collector.map_or(0, |(_, collector)| collector.spans.load(Ordering::Relaxed));
    let (metrics, scrapes, before) = (format!("{}/metrics", api.url()), Arc::new(AtomicU64::new(0)), spans());
    let scraping = collector.map(|_| AbortOnDropHandle::new(tokio::spawn(scrape(metrics, Arc::clone(&scrapes)))));
    let outcome = chat::as_many_as_can_be(&crowd, plan.clients, Duration::from_secs(plan.seconds)).await;
    drop(scraping);
    // The last spans come when it stops.
    api.stop().await?;
    anyhow::ensure!(outcome.failed() == 0, "turns failed: {}", outcome.failures_in_words());
    Ok(Made {
        per_second: outcome.per_second(),
        turns: outcome.succeeded(),
        spans: spans() - before,
        scrapes: scrapes.load(Ordering::Relaxed),
    })
}

/// As a Prometheus does, again and again.
async fn scrape(url: String, scrapes: Arc<AtomicU64>) {
    let Ok(client) = reqwest::Client::builder().no_proxy().build() else { return };
    loop {
        if let Ok(answer) = client.get(&url).send().await.and_then(reqwest::Response::error_for_status) {
            // What it says is of no matter; that it is made is.
            if answer.bytes().await.is_ok() {
                scrapes.fetch_add(1, Ordering::Relaxed);
            }
        }
        tokio::time::sleep(SCRAPES).await;
    }
}
