//! The whole of it, measured in one run: `make bench`. Real Postgres and Redis, the real programs as processes, Telegram's server and
//! the scripted model in place of what is outside. It writes `docs/benchmarks.md`, and ends with a failure where a goal is missed.
//!
//! - [`plan`]: what is measured, and for how long. [`world`], [`process`], [`surroundings`]: what it is measured on.
//! - [`path`], [`processes`], [`chat`], [`trips`], [`traces`], [`against`] (with [`capture`] and [`script`]), [`operator`]: the parts.
//! - [`report`]: the page.

mod against;
mod capture;
mod chat;
mod operator;
mod path;
mod plan;
mod process;
mod processes;
mod report;
mod script;
mod surroundings;
mod traces;
mod trips;
mod world;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;

use crate::plan::{Part, Plan};
use crate::processes::UnderLoad;
use crate::report::Report;
use crate::world::World;

/// For a run that could not be made; a missed goal is 1.
const NO_RUN: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let plan = Plan::parse();
    match run(&plan).await.and_then(|report| tell(&plan, &report)) {
        Ok(code) => code,
        Err(error) => {
            // Where even this cannot be said, the code says it.
            let _ = writeln!(std::io::stderr(), "evolve-bench: {error:#}");
            ExitCode::from(NO_RUN)
        }
    }
}

async fn run(plan: &Plan) -> anyhow::Result<Report> {
    let world = World::start(plan).await?;
    let mut report = Report { surroundings: surroundings::all(), ..Report::default() };
    let mut under_load = UnderLoad::default();
    if plan.wants(Part::Path) {
        begins("the whole path");
        under_load = path::measure(&world, plan, &mut report).await.context("the whole path")?;
    }
    if plan.wants(Part::Processes) {
        begins("processes");
        processes::measure(&world, plan, under_load, &mut report).await.context("processes")?;
    }
    if plan.wants(Part::Chat) {
        begins("a turn through the API");
        chat::measure(&world, plan, &mut report).await.context("a turn through the API")?;
    }
    if plan.wants(Part::Trips) {
        begins("round trips");
        trips::measure(&world, &mut report).await.context("round trips")?;
    }
    if plan.wants(Part::Traces) {
        begins("traces and metrics");
        traces::measure(&world, plan, &mut report).await.context("traces and metrics")?;
    }
    // After all that uses the same database: it fills it.
    if plan.wants(Part::Pgbench) {
        begins("turns against pgbench");
        against::measure(&world, plan, &mut report).await.context("turns against pgbench")?;
    }
    if plan.wants(Part::Operator) {
        begins("the operator");
        operator::measure(&world, plan, &mut report).await.context("the operator")?;
    }
    Ok(report)
}

/// A run takes minutes: whoever waits is told where it is.
fn begins(part: &str) {
    let _ = writeln!(std::io::stderr(), "measuring {part}");
}

fn tell(plan: &Plan, report: &Report) -> anyhow::Result<ExitCode> {
    std::fs::write(&plan.report, report.to_string()).with_context(|| format!("{}", plan.report.display()))?;
    let mut out = std::io::stdout().lock();
    write!(out, "{report}")?;
    let missed = report.missed();
    for goal in &missed {
        writeln!(out, "\nMissed: {}: {} instead of {}", goal.what, goal.is, goal.goal)?;
    }
    Ok(if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
