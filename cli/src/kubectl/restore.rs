//! `restore`: a copy in place of the database. The bot sleeps meanwhile; the copy may be of an earlier version, so the
//! migration runs once more before the bot wakes. Every step that fails says how things stand and what to do.

use std::time::Duration;

use anyhow::{Context as _, bail};
use evolve_operator::build::{AWAKE, Inputs, RESTORED, restore};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use serde_json::{Value, json};

use super::ask::confirm;
use super::backup::running;
use super::bot::Bot;
use super::cluster::{Cluster, of_bot};
use super::wait::{Step, note, until};
use super::{hibernate, job};
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
    // A command before this one may have been stopped on its way.
    let was_awake = !bot.is_hibernated() || bot.annotation(AWAKE).is_some();
    check(cluster, &bot, &restore).await.context("nothing was changed")?;
    confirm(&question(&bot, copy), arguments.yes)?;
    if !bot.is_hibernated() {
        note(&format!("hibernating {name}"));
        cluster.change(name, &format!("set spec.hibernated of {name}"), sleep()).await?;
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
            "job/{job} puts {copy} in place, and the migration follows; both go on when this command is stopped. When they \
             have ended: `kubectl evolve wake {name}`"
        ));
        job::follow(cluster, &job, limit).await?;
        anyhow::Ok(job)
    };
    let job = restored.await.with_context(|| {
        format!(
            "the copy was not put in place, as far as can be told. A restore is one transaction. If its Job still runs \
             (`kubectl get jobs`), wait for its end; once it has succeeded, the operator brings the database to the bot's \
             version by itself, and then `kubectl evolve wake {name}`. If it failed, the database is as it was: mend the \
             cause and run the command again, or wake it. {name} is hibernated"
        )
    })?;
    migrated(cluster, &bot, &job, limit).await.with_context(|| {
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

/// That the bot can be put to sleep and the Job be made: better known before than with the bot asleep.
async fn check(cluster: &Cluster, bot: &Bot, restore: &Job) -> anyhow::Result<()> {
    let name = bot.name();
    cluster.may_change(name, &format!("set spec.hibernated of {name}"), sleep()).await?;
    let pods = cluster.api::<Pod>().list_metadata(&of_bot(name, &[]).limit(1)).await;
    pods.map_err(cluster.cannot("list the pods"))?;
    job::check(cluster, restore).await
}

/// Puts a bot to sleep, and says so to who comes after this command.
fn sleep() -> Value {
    json!({ "metadata": { "annotations": { AWAKE: "true" } }, "spec": { "hibernated": true } })
}

/// Waits until the operator has brought the database, which is as old as the copy, to the bot's version: it does so by
/// itself after a restore.
async fn migrated(cluster: &Cluster, bot: &Bot, restore: &str, limit: Duration) -> anyhow::Result<()> {
    let (bots, jobs, name) = (cluster.bots(), cluster.api::<Job>(), bot.name());
    let uid = jobs.get_metadata(restore).await.map_err(cluster.cannot(format!("read the Job {restore}")))?.uid();
    let ended = until(cluster, limit, async || {
        let migration = Bot::of(bots.get(name).await?).status.migration.unwrap_or_default();
        let job = jobs.get_metadata_opt(&migration.job).await?;
        let follows = job.as_ref().and_then(|job| job.annotations().get(RESTORED));
        if follows.is_none() || follows != uid.as_ref() {
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
