//! Logs: one line per event, JSON where machines read it, pretty where a person does.
//!
//! No event carries what a person wrote or a secret: log ids, codes, sizes and durations.
//!
//! Which lines there are can be changed while the process runs, by a file ([`LogConfig::path`]): it needs neither a port nor somebody
//! who may ask there, a mounted one reaches all replicas at once, and who takes it away has what was configured.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    sync::OnceLock,
    time::Duration,
};

use tokio::io::AsyncReadExt as _;
use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter, Layer as _,
    filter::{self, LevelFilter, ParseError, filter_fn},
    layer::SubscriberExt as _,
    reload,
    util::SubscriberInitExt as _,
};

use crate::{errors::Errors, queries, shutdown::Tasks, traces::Traces};

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Most bytes of it that count: a filter has some dozens.
const MOST: u64 = 4096;

/// What kube's client says of an answer that it cannot read is that answer, whole and at WARN: a Secret, say. Nobody is told; the
/// error that it returns as well is in our own lines.
const QUOTES: &str = "kube_client::client";

/// The most that libraries say of which nobody has spoken: what they say beyond it is of headers, frames and addresses, and nobody
/// has looked at all of it for what is somebody's.
const LIBRARIES: LevelFilter = LevelFilter::INFO;

/// Changes which lines this process writes.
type Change = Box<dyn Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync>;

/// Of the process, as its subscriber is.
static CHANGE: OnceLock<Change> = OnceLock::new();

/// How a line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line.
    #[default]
    Json,
    /// For a terminal.
    Pretty,
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "json" => Ok(Self::Json),
            "pretty" => Ok(Self::Pretty),
            other => Err(format!("{other:?} is not a log format; use json or pretty")),
        }
    }
}

/// Which lines, and how they look.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// A level (`INFO`) or a filter in `tracing`'s syntax (`info,sqlx=warn`).
    pub filter: String,
    /// A file that may say another filter while the process runs.
    pub path: Option<PathBuf>,
    /// How a line looks.
    pub format: LogFormat,
}

impl LogConfig {
    /// Reads `LOG_LEVEL`, `LOG_LEVEL_PATH` and `LOG_FORMAT`.
    pub fn read(env: &mut crate::config::Reader) -> Self {
        let filter: String = env.or(
            "LOG_LEVEL",
            "INFO",
            "A level (`DEBUG`), or a filter such as `info,evolve_store=debug`. Libraries say no more than at `INFO`, but for those that a filter names (`info,hyper=debug`).",
        );
        if let Err(error) = filter_of(&filter) {
            env.problem(format!("LOG_LEVEL is not a level or filter ({error}); try INFO"));
        }
        let path = env.optional(
            "LOG_LEVEL_PATH",
            "A file that says another level or filter while the process runs: it is looked at every five seconds. While it is absent or empty, `LOG_LEVEL` holds.",
        );
        Self { filter, path, format: env.or("LOG_FORMAT", "json", "`json`, or `pretty` for a terminal.") }
    }
}

/// Installs the process's subscriber, which writes logs, feeds `traces`, tells `errors` and counts [`queries`]; later calls do
/// nothing, so that tests may call it freely.
pub fn init(config: &LogConfig, traces: &Traces, errors: &Errors) {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match config.format {
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
        LogFormat::Pretty => lines.boxed(),
    };
    // Each has a filter of its own: fewer lines are not fewer traces.
    // What is no filter was refused when it was read.
    let (filter, handle) = reload::Layer::new(filter_of(&config.filter).unwrap_or_default());
    let unquoted = filter_fn(|metadata: &Metadata<'_>| metadata.target() != QUOTES).with_max_level_hint(Level::TRACE);
    let done = tracing_subscriber::registry()
        .with(traces.layer())
        .with(errors.layer())
        .with(queries::layer(queries::queries()))
        .with(lines.with_filter(filter::FilterExt::and(filter, unquoted)))
        .try_init();
    match done {
        Ok(()) => drop(CHANGE.set(Box::new(move |filter: EnvFilter| handle.reload(filter)))),
        Err(error) => tracing::debug!(%error, "logs were set up before"),
    }
}

/// The filter that `text` says. A level for everything is one for our own code: of libraries it counts up to [`LIBRARIES`], and beyond
/// it only of those that are named.
fn filter_of(text: &str) -> Result<EnvFilter, ParseError> {
    let mut everything = None;
    let mut named = Vec::new();
    for part in text.split(',') {
        // As it would be without this, the last one counts.
        match part.trim().parse::<LevelFilter>() {
            Ok(level) if !part.trim().is_empty() => everything = Some(level),
            _ => named.push(part.to_owned()),
        }
    }
    let mut directives = Vec::new();
    if let Some(level) = everything {
        directives.push(level.min(LIBRARIES).to_string());
        // Before the others: what they say of our code counts more.
        directives.extend((level > LIBRARIES).then(|| format!("evolve={level}")));
    }
    directives.extend(named);
    EnvFilter::builder().parse(directives.join(","))
}

/// Has a panic in the log with its place alone: what it says may quote what a person wrote.
pub fn hide_what_panics_say() {
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(place = panic.location().map(ToString::to_string), "a panic");
    }));
}

/// How a task ended that has no result. What the error itself says has the panic's words in it, which [`hide_what_panics_say`] keeps out
/// of the log.
#[must_use]
pub fn how_it_ended(error: &tokio::task::JoinError) -> &'static str {
    if error.is_panic() { "panicked" } else { "cancelled" }
}

/// Looks at [`LogConfig::path`], where there is one, until the process stops, and writes the lines that it asks for.
pub fn watch(config: &LogConfig, tasks: &Tasks) {
    watch_every(LOOK_EVERY, config, tasks);
}

fn watch_every(every: Duration, config: &LogConfig, tasks: &Tasks) {
    let Some(path) = config.path.clone() else { return };
    let (configured, soft) = (config.filter.clone(), tasks.soft());
    tasks.spawn("watch-log-level", async move {
        let mut now = configured.clone();
        while soft.run_until_cancelled(tokio::time::sleep(every)).await.is_some() {
            let wanted = wanted(&path, &configured).await;
            if wanted != now {
                change(&wanted);
                now = wanted;
            }
        }
        Ok(())
    });
}

/// What the file says, or else what was configured.
async fn wanted(path: &Path, configured: &str) -> String {
    let said = beginning(path).await.unwrap_or_default();
    let said = said.trim();
    if said.is_empty() { configured.to_owned() } else { said.to_owned() }
}

/// How the file begins. A pipe or a device is none: either may hold us up for ever, or never end.
async fn beginning(path: &Path) -> std::io::Result<String> {
    let mut said = String::new();
    if tokio::fs::metadata(path).await?.is_file() {
        tokio::fs::File::open(path).await?.take(MOST).read_to_string(&mut said).await?;
    }
    Ok(said)
}

fn change(wanted: &str) {
    let filter = match filter_of(wanted) {
        Ok(filter) => filter,
        Err(error) => {
            tracing::warn!(%error, "LOG_LEVEL_PATH says no level or filter; going on as before");
            return;
        }
    };
    match CHANGE.get().map(|change| change(filter)) {
        Some(Ok(())) => tracing::warn!(filter = wanted, "other lines are written from now on"),
        Some(Err(error)) => tracing::warn!(%error, "cannot change which lines are written"),
        None => tracing::warn!("the log is not ours to change"),
    }
}
