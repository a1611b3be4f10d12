//! What is measured, and for how long.

use std::path::PathBuf;
use std::time::Duration;

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

/// The page of the documentation: what a whole run writes.
const PAGE: &str = "docs/benchmarks.md";
/// What every part may take beside what it measures: processes that start and stop, people who are made known.
const MARGIN: u64 = 60;

/// Measures the whole of it, and writes the report. Ends with 1 where a goal is missed, with 2 where a part could not run.
#[derive(Clone, Debug, Parser)]
#[command(name = "evolve-bench")]
pub(crate) struct Plan {
    /// Where the report goes; docs/benchmarks.md where absent, and nowhere with --only: a part is not the page.
    #[arg(long)]
    report: Option<PathBuf>,
    /// Only these parts, by commas; all where absent.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) only: Vec<Part>,
    /// Where evolve-api, evolve-bot, evolve-operator and operator are; beside this program where absent.
    #[arg(long)]
    pub(crate) binaries: Option<PathBuf>,
    /// How long each round of each measurement is, in seconds.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seconds: u64,
    /// How often what is told as a ratio alternates, and how many rounds of turns are begun at even moments.
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
    #[arg(long, default_value_t = 60)]
    pub(crate) quiet_seconds: u64,
    /// Most minutes of the run. A part that has not ended by then is given up, and the page says so.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) minutes: u64,
}

impl Plan {
    /// Whether a part is wanted.
    pub(crate) fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// Where the page is written, if anywhere.
    pub(crate) fn page(&self) -> Option<PathBuf> {
        self.report.clone().or_else(|| self.only.is_empty().then(|| PathBuf::from(PAGE)))
    }

    /// What a part may take at most: several times what it takes where nothing is wrong.
    pub(crate) fn limit(&self, part: Part) -> Duration {
        let rounds = u64::from(self.rounds);
        let seconds = match part {
            Part::Path => self.replicas.len() as u64 * (MARGIN + self.seconds),
            Part::Processes => self.settle_seconds + 20 * u64::from(self.starts),
            Part::Chat => rounds * self.seconds,
            Part::Trips => 0,
            Part::Traces => rounds * 2 * (20 + self.seconds),
            Part::Pgbench => rounds * (MARGIN + 2 * self.seconds),
            Part::Operator => self.bots.iter().map(|bots| self.comparing(*bots)).sum(),
        };
        Duration::from_secs(MARGIN + seconds)
    }

    /// A second for two bots, made by the operator and by the plain client.
    fn comparing(&self, bots: usize) -> u64 {
        evolve_bench::comparisons(bots) as u64 * (MARGIN + self.quiet_seconds + bots as u64 / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(arguments: &[&str]) -> Plan {
        Plan::parse_from(["evolve-bench"].iter().chain(arguments))
    }

    #[test]
    fn only_a_whole_run_writes_the_page_of_the_documentation_unless_it_is_told_where() {
        assert_eq!(plan(&[]).page(), Some(PathBuf::from(PAGE)));
        assert_eq!(plan(&["--only", "chat"]).page(), None);
        assert_eq!(plan(&["--only", "chat", "--report", "a.md"]).page(), Some(PathBuf::from("a.md")));
    }

    #[test]
    fn every_part_has_a_limit_that_leaves_time_for_what_it_measures() {
        let plan = plan(&[]);
        for part in Part::value_variants() {
            assert!(plan.limit(*part) >= Duration::from_secs(MARGIN), "{part:?}");
        }
        // What was seen: a bot needs 0.6 s, and each of seven times a quiet minute and some ten seconds more.
        assert!(plan.limit(Part::Operator) > Duration::from_secs(7 * (plan.quiet_seconds + 10) + (1_300 * 6) / 10));
    }
}
