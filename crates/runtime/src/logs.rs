//! Logs: one line per event, JSON where machines read it, pretty where a person does.
//!
//! No event carries what a person wrote or a secret: log ids, codes, sizes and durations.

use std::str::FromStr;

use tracing_subscriber::{EnvFilter, Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::{queries, traces::Traces};

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
    /// How a line looks.
    pub format: LogFormat,
}

impl LogConfig {
    /// Reads `LOG_LEVEL` and `LOG_FORMAT`.
    pub fn read(env: &mut crate::config::Reader) -> Self {
        let filter: String =
            env.or("LOG_LEVEL", "INFO", "A level (`DEBUG`), or a filter such as `info,evolve_store=debug`.");
        if let Err(error) = EnvFilter::builder().parse(&filter) {
            env.problem(format!("LOG_LEVEL is not a level or filter ({error}); try INFO"));
        }
        Self { filter, format: env.or("LOG_FORMAT", "json", "`json`, or `pretty` for a terminal.") }
    }
}

/// Installs the process's subscriber, which writes logs, feeds `traces` and counts [`queries`]; later calls do nothing, so that tests may call
/// it freely.
pub fn init(config: &LogConfig, traces: &Traces) {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match config.format {
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
        LogFormat::Pretty => lines.boxed(),
    };
    // Each has a filter of its own: fewer lines are not fewer traces.
    let lines = lines.with_filter(EnvFilter::builder().parse_lossy(&config.filter));
    let done = tracing_subscriber::registry()
        .with(traces.layer())
        .with(queries::layer(queries::queries()))
        .with(lines)
        .try_init();
    if let Err(error) = done {
        tracing::debug!(%error, "logs were set up before");
    }
}
