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
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Parser as _;

use crate::plan::{Part, Plan};
use crate::processes::UnderLoad;
use crate::report::Report;
use crate::world::World;

/// For a run, or a part of one, that could not be made; a missed goal is 1.
const NO_RUN: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let plan = Plan::parse();
    let ended = tokio::select! {
        report = run(&plan) => report.and_then(|report| tell(&plan, &report)),
        // What was started is stopped, and what was laid down is taken away, when it is dropped.
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted: nothing was written")),
    };
    match ended {
        Ok(code) => code,
        Err(error) => {
            // Where even this cannot be said, the code says it.
            let _ = writeln!(std::io::stderr(), "evolve-bench: {error:#}");
            ExitCode::from(NO_RUN)
        }
    }
}

async fn run(plan: &Plan) -> anyhow::Result<Report> {
    let ends = Instant::now() + Duration::from_secs(60 * plan.minutes);
    let world = World::start(plan).await?;
    if let Some(page) = plan.page() {
        // Known now, and not when all is measured.
        let directory = page.parent().filter(|directory| !directory.as_os_str().is_empty());
        let is_there = directory.is_none_or(Path::is_dir);
        anyhow::ensure!(is_there, "{} has no place here: run this in the checkout, or say --report", page.display());
    }
    let mut report = Report { surroundings: surroundings::all(&world).await?, ..Report::default() };
    let mut under_load = UnderLoad::default();
    // Round trips while there is nothing that jobs could find to do, pgbench after all else that uses the same database: it fills it.
    let parts = [Part::Trips, Part::Path, Part::Processes, Part::Chat, Part::Traces, Part::Pgbench, Part::Operator];
    for part in parts.into_iter().filter(|part| plan.wants(*part)) {
        let name = name_of(part);
        // A run takes minutes: whoever waits is told where it is.
        let _ = writeln!(std::io::stderr(), "measuring {name}");
        let limit = plan.limit(part).min(ends.saturating_duration_since(Instant::now()));
        let measuring = measure(part, limit, &world, plan, &mut under_load, &mut report);
        let why = match tokio::time::timeout(limit, measuring).await {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => format!("{error:#}"),
            Err(_) => format!("it was given up after {} s", limit.as_secs()),
        };
        // The numbers of the other parts took minutes, and are as true without this one.
        let _ = writeln!(std::io::stderr(), "evolve-bench: {name}: {why}");
        report.failed.push(format!("{name}: {why}"));
    }
    Ok(report)
}

fn name_of(part: Part) -> &'static str {
    match part {
        Part::Path => "the whole path",
        Part::Processes => "processes",
        Part::Chat => "a turn through the API",
        Part::Trips => "round trips",
        Part::Traces => "traces and metrics",
        Part::Pgbench => "turns against pgbench",
        Part::Operator => "the operator",
    }
}

async fn measure(
    part: Part,
    limit: Duration,
    world: &World,
    plan: &Plan,
    under_load: &mut UnderLoad,
    report: &mut Report,
) -> anyhow::Result<()> {
    match part {
        Part::Path => *under_load = path::measure(world, plan, report).await?,
        Part::Processes => processes::measure(world, plan, *under_load, report).await?,
        Part::Chat => chat::measure(world, plan, report).await?,
        Part::Trips => trips::measure(world, report).await?,
        Part::Traces => traces::measure(world, plan, report).await?,
        Part::Pgbench => against::measure(world, plan, report).await?,
        Part::Operator => operator::measure(world, plan, limit, report).await?,
    }
    Ok(())
}

fn tell(plan: &Plan, report: &Report) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    write!(out, "{report}")?;
    if let Some(page) = plan.page() {
        std::fs::write(&page, report.to_string()).with_context(|| format!("{}", page.display()))?;
    }
    let missed = report.missed();
    for goal in &missed {
        writeln!(out, "\nMissed: {}: {} instead of {}", goal.what, goal.is, goal.goal)?;
    }
    if !report.failed.is_empty() {
        return Ok(ExitCode::from(NO_RUN));
    }
    Ok(if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
