//! `retry`: a failed migration, or a rollout that went back, once more. The operator does it whenever the annotation has a
//! new value.

use anyhow::bail;
use evolve_operator::build::{REFUSE, RETRY};
use k8s_openapi::jiff::Timestamp;
use serde_json::json;

use super::cluster::Cluster;
use crate::say::say;

/// Which bot.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The bot.
    bot: String,
}

/// Asks for another try.
///
/// # Errors
/// When there is nothing to try again, or it may not be asked for.
pub(crate) async fn run(cluster: &Cluster, arguments: &Arguments) -> anyhow::Result<()> {
    let bot = cluster.bot(&arguments.bot).await?;
    let name = bot.name();
    bot.must_be_followed()?;
    let rollout = bot.status.rollout.clone().unwrap_or_default();
    let failed = bot.status.migration.as_ref().filter(|migration| migration.phase == "Failed");
    let refused = rollout.refused.filter(|_| failed.is_none());
    if refused.as_deref().is_some_and(|refused| bot.annotation(REFUSE) == Some(refused)) {
        bail!(
            "{name} was rolled back on request: `kubectl evolve rollback {name} --undo` lets the new version through"
        );
    }
    if failed.is_none() && refused.is_none() {
        bail!(
            "nothing of {name} has failed that could be tried again: neither a migration nor a rollout. `kubectl evolve \
             status {name}` tells how it is"
        );
    }
    let patch = json!({ "metadata": { "annotations": { RETRY: Timestamp::now().to_string() } } });
    cluster.change(name, &format!("set the annotation {RETRY} of {name}"), patch).await?;
    match failed {
        Some(migration) => say(format!(
            "The migration of {name} is tried again (job/{} had failed); `kubectl evolve logs {name} --part migration -f` \
             shows it",
            migration.job
        )),
        None => {
            say(format!("The rollout of {name} is tried again; `kubectl evolve status {name}` tells how far it is"))
        }
    }
    Ok(())
}
