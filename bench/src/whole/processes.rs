//! How long processes take to start, and what memory they take idle and under load.

use std::time::Duration;

use evolve_bench::times::{median, ms};

use crate::plan::Plan;
use crate::process::{Memory, Process};
use crate::report::{Report, Section};
use crate::world::World;

/// What an idle process may take, in MB.
const IDLE_MB: f64 = 40.0;

/// The most memory that an API and a bot took while the whole path was under load.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct UnderLoad {
    pub(crate) api: Option<Memory>,
    pub(crate) bot: Option<Memory>,
}

/// Starts each again and again, and lets the last one rest.
///
/// # Errors
/// When one does not start.
pub(crate) async fn measure(
    world: &World,
    plan: &Plan,
    under_load: UnderLoad,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (mut api_starts, mut bot_starts) = (Vec::new(), Vec::new());
    let mut idle = UnderLoad::default();
    for round in 1..=plan.starts {
        let api = world.api(&[]).await?;
        let bot = world.bot(&api).await?;
        api_starts.push(api.started_in);
        bot_starts.push(bot.started_in);
        if round == plan.starts {
            tokio::time::sleep(Duration::from_secs(plan.settle_seconds)).await;
            idle = UnderLoad { api: api.memory(), bot: bot.memory() };
        }
        stop(bot, api).await?;
    }
    let mut rows = Vec::new();
    for (name, starts, idle, load) in
        [("evolve-api", api_starts, idle.api, under_load.api), ("evolve-bot", bot_starts, idle.bot, under_load.bot)]
    {
        let now = idle.map(|memory| memory.now);
        rows.push(vec![name.to_owned(), milliseconds(starts), in_mb(now), in_mb(load.map(|memory| memory.most))]);
        if let Some(now) = now {
            let what = if name == "evolve-api" { "memory of an idle API" } else { "memory of an idle bot" };
            report.goal(what, "under 40 MB", format!("{now:.1} MB"), now < IDLE_MB);
        }
    }
    report.sections.push(Section {
        title: "Processes",
        method: format!(
            "Start: from the order to start, through a shell, until `/ready` says yes, {} times. Idle: resident memory {} s after \
             that. Under load: the most that was resident while the whole path was measured, of the first of its fewest replicas. MB are millions of \
             bytes, shared pages included.",
            plan.starts, plan.settle_seconds
        ),
        head: vec!["process", "start, ms: median (longest)", "idle, MB", "under load, MB"],
        rows,
    });
    Ok(())
}

/// Stops the bot, then the API that it asks.
///
/// # Errors
/// When one does not go.
pub(crate) async fn stop(bot: Process, api: Process) -> anyhow::Result<()> {
    bot.stop().await?;
    api.stop().await
}

fn milliseconds(starts: Vec<Duration>) -> String {
    let longest = starts.iter().max().copied().unwrap_or_default();
    format!("{:.0} ({:.0})", ms(median(starts)), ms(longest))
}

fn in_mb(memory: Option<f64>) -> String {
    memory.map_or_else(|| "not measured".to_owned(), |memory| format!("{memory:.1}"))
}
