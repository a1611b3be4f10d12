//! `backup`: a copy of the database out of turn, as the schedule would make it.

use std::time::Duration;

use anyhow::bail;
use evolve_operator::build::{backup, names};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use kube::ResourceExt;

use super::bot::Bot;
use super::cluster::{Cluster, of_bot};
use super::job;
use super::paint::clean;
use super::wait::note;
use crate::say::say;

/// Which bot, and how patiently.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The bot.
    bot: String,
    /// Return as soon as the Job is made.
    #[arg(long)]
    no_wait: bool,
    /// Wait for the end, which is the default.
    #[arg(long, conflicts_with = "no_wait")]
    wait: bool,
    /// Longest time to wait, seconds; the Job goes on after it.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    timeout: u64,
}

/// Makes a copy.
///
/// # Errors
/// When the bot has no backups, or the Job fails.
pub(crate) async fn run(cluster: &Cluster, arguments: &Arguments) -> anyhow::Result<()> {
    let bot = cluster.bot(&arguments.bot).await?;
    let name = bot.name();
    let job = match running(cluster, name, "backup").await? {
        Some(job) => {
            note(&format!("a backup of {name} runs already: job/{job}"));
            job
        }
        None => {
            let job = make(cluster, &bot).await?;
            note(&format!("made job/{job}; it goes on when this command is stopped"));
            job
        }
    };
    if arguments.no_wait {
        say(format!("job/{job} makes a copy; `kubectl evolve backups {name}` tells how it ended"));
        return Ok(());
    }
    job::follow(cluster, &job, Duration::from_secs(arguments.timeout)).await?;
    say(format!("{name} is backed up (job/{job}); `kubectl evolve backups {name}` lists the copies made lately"));
    Ok(())
}

async fn make(cluster: &Cluster, bot: &Bot) -> anyhow::Result<String> {
    let name = bot.name();
    if !bot.has_backups() {
        bail!(
            "{name} has no spec.backup, so nobody knows where a copy shall go: set it (`kubectl explain evolvebot.spec.backup`)"
        );
    }
    let typed = bot.typed()?;
    let schedule = names::backup(&typed);
    let found = cluster.api::<CronJob>().get_opt(&schedule).await;
    let found = found.map_err(cluster.cannot(format!("read the CronJob {schedule}")))?;
    // Somebody else's of that name would do who knows what with the database's address.
    let is_ours =
        |live: &CronJob| live.owner_references().iter().any(|owner| Some(&owner.uid) == bot.metadata.uid.as_ref());
    let Some(live) = found.filter(is_ours) else {
        bail!(
            "{name} has spec.backup, but the operator has not made the CronJob {schedule} yet{}; `kubectl evolve \
             status {name}` tells more",
            bot.condition("Ready").map(|ready| format!(": {}", clean(&ready.message))).unwrap_or_default()
        );
    };
    match backup::now(&typed, &live, &job::suffix()) {
        Some(job) => job::start(cluster, job).await,
        None => bail!("the CronJob {schedule} has no spec"),
    }
}

/// A Job of one part that has not ended.
///
/// # Errors
/// When they cannot be listed.
pub(super) async fn running(cluster: &Cluster, bot: &str, part: &str) -> anyhow::Result<Option<String>> {
    let jobs = cluster.api::<Job>().list(&of_bot(bot, &[part])).await.map_err(cluster.cannot("list the Jobs"))?;
    let is_running = |job: &&Job| job::outcome(job.status.as_ref()).is_none();
    Ok(jobs.items.iter().find(is_running).map(ResourceExt::name_any))
}
