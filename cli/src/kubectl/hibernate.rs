//! `hibernate` and `wake`: no pod at all, and back.

use std::time::Duration;

use evolve_operator::build::AWAKE;
use k8s_openapi::api::core::v1::Pod;
use serde_json::json;

use super::bot::Bot;
use super::cluster::{Cluster, of_bot};
use super::wait::{Step, until};
use crate::say::say;

/// Which bot, and how patiently.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The bot.
    bot: String,
    /// Return at once.
    #[arg(long)]
    no_wait: bool,
    /// Longest time to wait, seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    timeout: u64,
}

/// Stops all pods.
///
/// # Errors
/// When they do not stop in time, or may not be stopped.
pub(crate) async fn hibernate(cluster: &Cluster, arguments: &Arguments) -> anyhow::Result<()> {
    let bot = cluster.bot(&arguments.bot).await?;
    let name = bot.name();
    bot.must_be_followed()?;
    set(cluster, &bot, true).await?;
    if !arguments.no_wait {
        asleep(cluster, name, Duration::from_secs(arguments.timeout)).await?;
    }
    let tense = if arguments.no_wait { "goes to sleep" } else { "sleeps: no pod of it runs" };
    say(format!(
        "{name} {tense}. Telegram keeps messages for a day, and renews subscriptions meanwhile; `kubectl evolve wake {name}` \
         starts it again, and books what was paid"
    ));
    if bot.is_hibernated() {
        say("It was hibernated before");
    }
    Ok(())
}

/// Starts the pods again.
///
/// # Errors
/// When they do not become ready in time, with what is in the way.
pub(crate) async fn wake(cluster: &Cluster, arguments: &Arguments) -> anyhow::Result<()> {
    let bot = cluster.bot(&arguments.bot).await?;
    let name = bot.name();
    bot.must_be_followed()?;
    if !bot.is_hibernated() {
        say(format!("{name} is not hibernated; `kubectl evolve status {name}` tells how it is"));
        return Ok(());
    }
    set(cluster, &bot, false).await?;
    if arguments.no_wait {
        say(format!("{name} wakes up; `kubectl evolve status {name}` tells how far it is"));
        return Ok(());
    }
    awake(cluster, name, Duration::from_secs(arguments.timeout)).await?;
    say(format!("{name} is awake and ready"));
    Ok(())
}

/// Sets the field.
///
/// # Errors
/// What the API server said against it.
pub(super) async fn set(cluster: &Cluster, bot: &Bot, hibernated: bool) -> anyhow::Result<()> {
    // Who says it now knows it better than a restore before.
    let patch = json!({ "metadata": { "annotations": { AWAKE: null } }, "spec": { "hibernated": hibernated } });
    cluster.change(bot.name(), &format!("set spec.hibernated of {}", bot.name()), patch).await?;
    Ok(())
}

/// Waits until the operator has seen it and no pod is left.
///
/// # Errors
/// When that takes longer than `limit`.
pub(super) async fn asleep(cluster: &Cluster, name: &str, limit: Duration) -> anyhow::Result<()> {
    let (bots, pods) = (cluster.bots(), cluster.api::<Pod>());
    until(cluster, limit, async || {
        let bot = Bot::of(bots.get(name).await?);
        if !bot.is_observed() {
            return Ok(unseen(name));
        }
        let left = pods.list_metadata(&of_bot(name, &["api", "bot"])).await?.items;
        let names: Vec<_> = left.iter().filter_map(|pod| pod.metadata.name.as_deref()).collect();
        Ok(match names.as_slice() {
            [] => Step::Done(()),
            names => Step::Waiting(format!("{} pod(s) still finish what they do: {}", names.len(), names.join(", "))),
        })
    })
    .await
}

/// Waits until it is ready.
///
/// # Errors
/// When that takes longer than `limit`.
pub(super) async fn awake(cluster: &Cluster, name: &str, limit: Duration) -> anyhow::Result<()> {
    let bots = cluster.bots();
    until(cluster, limit, async || {
        let bot = Bot::of(bots.get(name).await?);
        if bot.is_ready() {
            return Ok(Step::Done(()));
        }
        let ready = bot.condition("Ready").filter(|_| bot.is_observed());
        Ok(ready.map_or_else(|| unseen(name), |ready| Step::Waiting(format!("{name} is not ready: {}", ready.message))))
    })
    .await
}

/// What is in the way when the operator has not looked yet.
fn unseen<T>(name: &str) -> Step<T> {
    Step::Waiting(format!(
        "the operator has not seen the change of {name} yet; if this stays, see whether it runs: `kubectl get pods -A -l \
         app.kubernetes.io/name=evolve-operator`"
    ))
}
