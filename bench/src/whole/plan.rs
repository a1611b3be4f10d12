//! What is measured, and for how long.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// A part of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Part {
    /// How long processes take to start, and their memory.
    Processes,
    /// From Telegram to Telegram.
    Path,
    /// `POST /chat` alone.
    Chat,
    /// What a turn asks of Postgres and Redis.
    Trips,
    /// Turns as a ratio to pgbench.
    Pgbench,
    /// What traces cost.
    Traces,
    /// The operator, on a control plane.
    Operator,
}

/// Measures the whole of it, and writes the report. Ends with 1 where a goal is missed, with 2 where it could not run.
#[derive(Clone, Debug, Parser)]
#[command(name = "evolve-bench")]
pub(crate) struct Plan {
    /// Where the report goes.
    #[arg(long, default_value = "docs/benchmarks.md")]
    pub(crate) report: PathBuf,
    /// Only these parts, by commas; all where absent.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) only: Vec<Part>,
    /// Where evolve-api, evolve-bot and operator are; beside this program where absent.
    #[arg(long)]
    pub(crate) binaries: Option<PathBuf>,
    /// How long each round of each measurement is, in seconds.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seconds: u64,
    /// How often what is told as a ratio alternates.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// How many replicas of bot and API the whole path has, one after the other.
    #[arg(long, value_delimiter = ',', default_value = "1,2,4")]
    pub(crate) replicas: Vec<usize>,
    /// How many people write.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) people: u32,
    /// Messages a second for the latency of the whole path.
    #[arg(long, default_value_t = 20.0)]
    pub(crate) messages_per_second: f64,
    /// Turns a second for the latency of the API.
    #[arg(long, default_value_t = 200.0)]
    pub(crate) turns_per_second: f64,
    /// How many clients ask one thing after the other, where as many turns as can be are made.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) clients: u16,
    /// How often each process is started.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) starts: u32,
    /// How long a process rests before its idle memory is read, in seconds.
    #[arg(long, default_value_t = 10)]
    pub(crate) settle_seconds: u64,
    /// How many EvolveBots the operator has, one number after the other.
    #[arg(long, value_delimiter = ',', default_value = "1,100,1000")]
    pub(crate) bots: Vec<usize>,
    /// How long the operator rests while its writes are counted, in seconds.
    #[arg(long, default_value_t = 120)]
    pub(crate) quiet_seconds: u64,
}

impl Plan {
    /// Whether a part is wanted.
    pub(crate) fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}
