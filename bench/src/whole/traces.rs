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
use crate::process::Process;
use crate::report::{Report, Section};
use crate::world::World;

/// So many turns at least must be left.
const PROMISED: f64 = 0.95;
/// More often than any Prometheus asks.
const SCRAPES: Duration = Duration::from_secs(1);
/// For how long one of them is asked before the other is.
const SLICE: Duration = Duration::from_secs(3);

/// Takes all traces, and keeps none but their number.
#[derive(Clone, Debug, Default)]
struct Collector {
    spans: Arc<AtomicU64>,
}

/// An API that is asked, and what it has answered.
struct Side {
    api: Process,
    turns: usize,
    time: Duration,
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
    let serving = tonic::transport::Server::builder().add_service(TraceServiceServer::new(collector.clone()));
    let _serving = AbortOnDropHandle::new(tokio::spawn(serving.serve_with_incoming(TcpListenerStream::new(listener))));
    world.lived_in(plan).await?;
    let more = [("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()), ("OTEL_TRACES_SAMPLER_ARG", "1")];
    let (mut without, mut with) = (Side::start(world, plan, &[]).await?, Side::start(world, plan, &more).await?);
    let (metrics, scrapes) = (format!("{}/metrics", with.api.url()), Arc::new(AtomicU64::new(0)));
    let mut rows = Vec::new();
    for round in 1..=plan.rounds {
        let (without_before, with_before) = ((without.turns, without.time), (with.turns, with.time));
        for slice in 0..plan.seconds.div_ceil(SLICE.as_secs()) {
            // In turn the first: the database grows, and who comes second always meets more of it.
            if slice % 2 == 0 {
                without.ask(world, plan).await?;
            }
            let scraping = AbortOnDropHandle::new(tokio::spawn(scrape(metrics.clone(), Arc::clone(&scrapes))));
            with.ask(world, plan).await?;
            drop(scraping);
            if slice % 2 == 1 {
                without.ask(world, plan).await?;
            }
        }
        let (unseen, seen) = (without.per_second_since(without_before), with.per_second_since(with_before));
        rows.push(vec![
            round.to_string(),
            format!("{unseen:.0}"),
            format!("{seen:.0}"),
            format!("{:.3}", seen / unseen),
        ]);
    }
    let (unseen, seen) = (without.per_second_since((0, Duration::ZERO)), with.per_second_since((0, Duration::ZERO)));
    let (ratio, turns) = (seen / unseen, with.turns as u64);
    // The last spans come when it stops.
    with.api.stop().await?;
    without.api.stop().await?;
    let (spans, scrapes) = (collector.spans.load(Ordering::Relaxed), scrapes.load(Ordering::Relaxed));
    // Or it would be found that what does not happen costs nothing.
    anyhow::ensure!(turns > 0 && spans > turns, "{spans} spans came of {turns} turns");
    anyhow::ensure!(scrapes > 0, "metrics were never told");
    rows.push(vec!["all".to_owned(), format!("{unseen:.0}"), format!("{seen:.0}"), format!("{ratio:.3}")]);
    let is = format!("{:.1}%", (1.0 - ratio) * 100.0);
    report.goal("cost of traces and metrics, of throughput", "under 5%", is, ratio > PROMISED);
    report.sections.push(Section {
        title: "Traces and metrics",
        method: format!(
            "{} clients ask `POST /chat` one thing after the other, for {} s a round, of an API that sends no traces and is not asked for \
             metrics, and of one that sends all traces to a collector on the same machine and is asked for metrics every second. Both run all the \
             time and are asked in turn, {} s each, so that whatever else the machine does falls on both alike. {turns} turns gave {spans} spans \
             and {scrapes} answers with metrics. Metrics are counted in both: they cannot be turned off. What takes the traces shares the \
             processors too.",
            plan.clients,
            plan.seconds,
            SLICE.as_secs()
        ),
        head: vec!["round", "turns a second without", "with", "ratio"],
        rows,
    });
    Ok(())
}

impl Side {
    async fn start(world: &World, plan: &Plan, more: &[(&str, &str)]) -> anyhow::Result<Self> {
        let api = world.api(more).await?;
        chat::warm_up(world, &api, plan.clients).await?;
        Ok(Self { api, turns: 0, time: Duration::ZERO })
    }

    /// It is asked for one slice, by people of its own.
    async fn ask(&mut self, world: &World, plan: &Plan) -> anyhow::Result<()> {
        let crowd = world.crowd(&self.api, chat::people_for(plan, f64::from(MOST_TURNS) * SLICE.as_secs_f64())).await?;
        let outcome = chat::as_many_as_can_be(&crowd, plan.clients, SLICE).await;
        anyhow::ensure!(outcome.failed() == 0, "turns failed: {}", outcome.failures_in_words());
        self.turns += outcome.succeeded();
        self.time += outcome.took;
        Ok(())
    }

    /// How many turns a second it made since it had made so many in so long.
    fn per_second_since(&self, (turns, time): (usize, Duration)) -> f64 {
        (self.turns - turns) as f64 / (self.time - time).as_secs_f64()
    }
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
