//! `restore`: a copy in place of the database. The bot sleeps meanwhile; the copy may be of an earlier version, so the
//! migration runs once more before the bot wakes. Every step that fails says how things stand and what to do.

use std::time::Duration;

use anyhow::{Context as _, bail};
use evolve_operator::build::{Inputs, restore};
use k8s_openapi::api::core::v1::Pod;

use super::ask::confirm;
use super::backup::running;
use super::bot::Bot;
use super::cluster::{Cluster, of_bot};
use super::wait::{Step, note, until};
use super::{hibernate, job, retry};
use crate::say::say;

/// Which bot, and which copy.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The bot.
    bot: String,
    /// The copy: `latest`, or a name such as 2026-03-01T03-30-00Z.dump (`kubectl evolve backups` lists those made lately).
    #[arg(long, value_name = "latest|NAME")]
    copy: String,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// Longest time that each step may take, seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    timeout: u64,
}

/// Puts the copy in place.
///
/// # Errors
/// When a step fails, with how things stand and what to do.
pub(crate) async fn run(cluster: &Cluster, arguments: &Arguments) -> anyhow::Result<()> {
    let bot = cluster.bot(&arguments.bot).await?;
    let (name, copy) = (bot.name(), arguments.copy.as_str());
    let limit = Duration::from_secs(arguments.timeout);
    bot.must_be_followed()?;
    // Before anything is asked or changed: the bot may have no backups, or the name may be none.
    let restore = restore::job(&bot.typed()?, &Inputs::default(), copy, &job::suffix())?;
    for part in ["restore", "backup"] {
        if let Some(other) = running(cluster, name, part).await? {
            bail!("job/{other} works on the database of {name}; wait until it has ended. Nothing was changed");
        }
    }
    let was_awake = !bot.is_hibernated();
    confirm(&question(&bot, copy), arguments.yes)?;
    if was_awake {
        note(&format!("hibernating {name}"));
        hibernate::set(cluster, &bot, true).await?;
    }
    nobody_is_left(cluster, name, limit).await.with_context(|| {
        format!(
            "nothing was restored, and {name} is hibernated: run the same command again when its pods are gone, or \
             `kubectl evolve wake {name}`"
        )
    })?;
    let restored = async {
        let job = job::start(cluster, restore).await?;
        note(&format!(
            "job/{job} puts {copy} in place; it goes on when this command is stopped. Then, when it has ended: `kubectl \
             evolve retry {name}` first, and `kubectl evolve wake {name}` after it"
        ));
        job::follow(cluster, &job, limit).await
    };
    restored.await.with_context(|| {
        format!(
            "the copy was not put in place, as far as can be told. A restore is one transaction. If its Job still runs \
             (`kubectl get jobs`), wait for its end; once it has succeeded, the database is as old as the copy: \
             `kubectl evolve retry {name}` brings it to the bot's version, and only then `kubectl evolve wake {name}`. If it \
             failed, the database is as it was: mend the cause and run the command again, or wake it. {name} is hibernated"
        )
    })?;
    migrate(cluster, &bot, limit).await.with_context(|| {
        format!(
            "the copy is in place, but the database was not brought to the bot's version after it; {name} is hibernated. \
             See `kubectl evolve logs {name} --part migration`, then `kubectl evolve retry {name}` and `kubectl evolve wake \
             {name}`"
        )
    })?;
    if !was_awake {
        say(format!("{copy} is restored. {name} is hibernated, as it was: `kubectl evolve wake {name}`"));
        return Ok(());
    }
    wake(cluster, &bot, limit).await?;
    say(format!("{copy} is restored, and {name} is awake and ready"));
    Ok(())
}

fn question(bot: &Bot, copy: &str) -> String {
    let name = bot.name();
    let sleep = if bot.is_hibernated() { "" } else { " It is hibernated for that, and woken after it." };
    format!(
        "Everything in the database of {name} (namespace {}) is replaced by the copy {copy}: what people told it since \
         then is gone.{sleep} Go on?",
        bot.namespace()
    )
}

/// Waits until no pod uses the database.
async fn nobody_is_left(cluster: &Cluster, name: &str, limit: Duration) -> anyhow::Result<()> {
    hibernate::asleep(cluster, name, limit).await?;
    let pods = cluster.api::<Pod>();
    until(cluster, limit, async || {
        let jobs = pods.list(&of_bot(name, &["migration", "backup"])).await?.items;
        let is_alive = |pod: &&Pod| {
            let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
            !matches!(phase, Some("Succeeded" | "Failed"))
        };
        Ok(match jobs.iter().find(is_alive).and_then(|pod| pod.metadata.name.clone()) {
            None => Step::Done(()),
            Some(pod) => Step::Waiting(format!("the pod {pod} uses the database")),
        })
    })
    .await
}

/// Brings the database, which is as old as the copy, to the bot's version: the same migration, once more.
async fn migrate(cluster: &Cluster, bot: &Bot, limit: Duration) -> anyhow::Result<()> {
    let name = bot.name();
    let before = bot.status.migration.as_ref().map(|migration| migration.job.clone()).unwrap_or_default();
    retry::again(cluster, name).await?;
    let bots = cluster.bots();
    let ended = until(cluster, limit, async || {
        let bot = Bot::of(bots.get(name).await?);
        let migration = bot.status.migration.clone().unwrap_or_default();
        if migration.job == before {
            return Ok(Step::Waiting("the operator has not begun the migration yet".to_owned()));
        }
        Ok(match migration.phase.as_str() {
            "Succeeded" => Step::Done(Ok(())),
            "Failed" => Step::Done(Err(migration.message.unwrap_or_default())),
            _ => Step::Waiting(format!("job/{} brings the database to the bot's version", migration.job)),
        })
    })
    .await?;
    ended.map_err(|why| anyhow::anyhow!("the migration failed: {why}"))
}

async fn wake(cluster: &Cluster, bot: &Bot, limit: Duration) -> anyhow::Result<()> {
    let woken = async {
        hibernate::set(cluster, bot, false).await?;
        hibernate::awake(cluster, bot.name(), limit).await
    };
    woken.await.with_context(|| {
        format!(
            "the copy is in place, but {0} did not become ready after it: see `kubectl evolve status {0}`",
            bot.name()
        )
    })
}
