//! `logs`: of all pods of a bot's parts, each line with its pod where there is more than one. While it follows, pods that come
//! are followed too, and a connection that breaks is taken up where it was.

mod line;
mod source;
mod stream;

use std::collections::HashSet;
use std::io::Write as _;
use std::pin::pin;

use anyhow::bail;
use clap::ValueEnum;
use futures::StreamExt as _;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::jiff::SignedDuration;
use kube::api::LogParams;
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, Event, watcher};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;

use self::line::{Line, Printer};
use self::source::{Source, sources};
use super::cluster::{Cluster, of_bot};
use super::status::pods::Look;
use super::wait::note;

/// How many lines may wait to be printed, before no more are read.
const WAITING_LINES: usize = 1000;

/// Which bot, and which of its lines.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The bot.
    bot: String,
    /// The part; may be given more than once. API and bot when absent.
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    part: Vec<Part>,
    /// Go on with what is logged from now on, of new pods too, until Ctrl-C.
    #[arg(short, long, conflicts_with = "previous")]
    follow: bool,
    /// Only lines that are not older: 30s, 10m, 2h.
    #[arg(long, value_name = "TIME")]
    since: Option<SignedDuration>,
    /// Only this many lines of each container.
    #[arg(long, value_name = "LINES")]
    tail: Option<i64>,
    /// What the containers said before they were started again.
    #[arg(short, long)]
    previous: bool,
    /// JSON lines as text: time, level, message, fields.
    #[arg(long)]
    pretty: bool,
}

/// A part of a bot that logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The API.
    Api,
    /// The bot.
    Bot,
    /// Migrations.
    Migration,
    /// Backups.
    Backup,
    /// Restores.
    Restore,
}

impl Part {
    const fn label(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Bot => "bot",
            Self::Migration => "migration",
            Self::Backup => "backup",
            Self::Restore => "restore",
        }
    }
}

/// Shows the lines.
///
/// # Errors
/// When there are no pods, or their logs may not be read.
pub(crate) async fn run(cluster: &Cluster, arguments: &Arguments) -> anyhow::Result<()> {
    let bot = cluster.bot(&arguments.bot).await?;
    let name = bot.name();
    let parts: Vec<&str> = match arguments.part.as_slice() {
        [] => vec!["api", "bot"],
        given => given.iter().map(|part| part.label()).collect(),
    };
    let selected = of_bot(name, &parts);
    let printer = Printer::new(name, arguments.pretty);
    if arguments.follow {
        let labels = selected.label_selector.unwrap_or_default();
        return follow(cluster, watcher::Config::default().labels(&labels), arguments, printer).await;
    }
    let mut pods = cluster.api::<Pod>().list(&selected).await.map_err(cluster.cannot("list the pods"))?.items;
    if pods.is_empty() {
        let why = if bot.is_hibernated() { ": it is hibernated" } else { "" };
        bail!(
            "there is no pod of {name} ({}){why}. `kubectl evolve status {name}` tells why, and `kubectl evolve logs \
             {name} --follow` waits for one",
            parts.join(", ")
        );
    }
    pods.sort_by_key(|pod| pod.metadata.creation_timestamp.as_ref().map(|time| time.0));
    show(cluster, &pods, arguments, printer).await
}

fn params(source: &Source, arguments: &Arguments) -> LogParams {
    LogParams {
        container: Some(source.container.clone()),
        since_seconds: arguments.since.map(|since| since.as_secs().max(1)),
        tail_lines: arguments.tail,
        previous: arguments.previous,
        // To know where to go on when the connection breaks; they are not printed.
        timestamps: true,
        ..LogParams::default()
    }
}

/// What has been logged, one container after the other.
async fn show(cluster: &Cluster, pods: &[Pod], arguments: &Arguments, mut printer: Printer) -> anyhow::Result<()> {
    let begun: Vec<Source> = pods.iter().flat_map(sources).collect();
    for pod in pods.iter().filter(|pod| sources(pod).is_empty()) {
        let look = Look::of(pod);
        let why = look.trouble.unwrap_or_else(|| "it has not started yet".to_owned());
        note(&format!("pod/{} has no log: {why}", look.name));
    }
    printer.prefixed = begun.len() > 1;
    for source in &begun {
        let (lines, mut received) = channel(WAITING_LINES);
        let read = stream::read(cluster, source, params(source, arguments), lines);
        let (read, go_on) = tokio::join!(read, print(&mut received, &printer));
        match read {
            Err(error) if stream::is_not_there(&error) => note(&stream::sentence(source, &error)),
            read => read.map_err(cluster.cannot(format!("read the log of pod/{}", source.pod)))?,
        }
        if !go_on {
            break;
        }
    }
    Ok(())
}

/// Prints what comes, until nothing more does. Whether anybody still reads.
async fn print(lines: &mut Receiver<Line>, printer: &Printer) -> bool {
    while let Some(line) = lines.recv().await {
        if writeln!(std::io::stdout().lock(), "{}", printer.text(&line)).is_err() {
            return false;
        }
    }
    true
}

/// What is logged from now on, of these pods and those that come.
async fn follow(
    cluster: &Cluster,
    selected: watcher::Config,
    arguments: &Arguments,
    mut printer: Printer,
) -> anyhow::Result<()> {
    let (lines, mut received) = channel(WAITING_LINES);
    let mut seen = HashSet::new();
    let mut readers = JoinSet::new();
    let mut is_first = true;
    let changes = watcher(cluster.api::<Pod>(), selected).default_backoff();
    let mut changes = pin!(changes);
    loop {
        tokio::select! {
            change = changes.next() => match change {
                Some(Ok(Event::InitApply(pod) | Event::Apply(pod))) => {
                    for source in sources(&pod).into_iter().filter(|source| seen.insert(source.clone())) {
                        let mut params = params(&source, arguments);
                        if !is_first {
                            // It was not there when the person asked: all of it is news.
                            (params.since_seconds, params.tail_lines) = (None, None);
                        }
                        begin(&mut readers, cluster, source, params, &lines);
                    }
                    printer.prefixed = seen.len() > 1;
                }
                Some(Ok(Event::InitDone)) => {
                    if is_first && seen.is_empty() {
                        note("there is no pod that logs yet; waiting for one");
                    }
                    is_first = false;
                }
                Some(Err(watcher::Error::InitialListFailed(error) | watcher::Error::WatchStartFailed(error))) if is_first => {
                    return Err(cluster.cannot("watch the pods")(error));
                }
                Some(Ok(Event::Init | Event::Delete(_)) | Err(_)) => {}
                None => return Ok(()),
            },
            Some(line) = received.recv() => {
                if writeln!(std::io::stdout().lock(), "{}", printer.text(&line)).is_err() {
                    return Ok(());
                }
            }
            Some(ended) = readers.join_next() => {
                ended??;
            }
        }
    }
}

fn begin(
    readers: &mut JoinSet<anyhow::Result<()>>,
    cluster: &Cluster,
    source: Source,
    params: LogParams,
    lines: &Sender<Line>,
) {
    let (cluster, lines) = (cluster.clone(), lines.clone());
    readers.spawn(async move { stream::follow(&cluster, &source, params, &lines).await });
}
