//! Never lose a message, never answer twice: the promise of the whole system, while everything is broken that can be.
//!
//! `make chaos` starts replicas of the bot and of the API as real processes, on a Postgres and a Redis of their own, between a
//! Telegram and two models that speak HTTP as the real ones do. People write; every second a replica is killed with SIGKILL;
//! Postgres and Redis are killed; Telegram and the models fail now and then. When all is well again, every message must have
//! been answered, in order, and once; but for those whose answer Telegram had accepted when its sender was killed, Postgres was
//! away, or the yes was cut off: the one window that `docs/architecture.md` names, decided for each by what happened to the
//! very call. Every counter must be exact. The run tells what it saw, and ends with a failure where a promise was broken.
//!
//! - [`plan`]: how many, how long, how bad; everything random.
//! - [`run`]: the story. [`world`], [`fleet`], [`people`], [`models`], [`balancer`], [`subscriber`]: who is in it.
//! - [`evidence`], [`verdict`], [`books`], [`report`]: what became of it.

mod balancer;
mod books;
mod evidence;
mod fleet;
mod models;
mod people;
mod plan;
mod report;
mod run;
mod subscriber;
mod surroundings;
mod tag;
mod verdict;
mod world;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use crate::plan::Plan;
use crate::report::Report;

/// For a run that could not be made; a broken promise is 1.
const NO_RUN: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let plan = Plan::parse();
    match run::run(&plan).await.and_then(|report| tell(&report)) {
        Ok(code) => code,
        Err(error) => {
            // Where even this cannot be said, the code says it.
            let _ = writeln!(std::io::stderr(), "evolve-chaos: {error:#}");
            ExitCode::from(NO_RUN)
        }
    }
}

fn tell(report: &Report) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    write!(out, "\n{report}")?;
    let broken = report.broken();
    if broken.is_empty() {
        writeln!(out, "\nEvery promise was kept")?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "\nBroken promises:")?;
    for promise in broken {
        writeln!(out, "  {promise}")?;
    }
    Ok(ExitCode::FAILURE)
}
