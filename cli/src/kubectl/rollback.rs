//! `rollback`: back to what ran well before. The operator refuses the target that the annotation names, and puts the pods of
//! the last good one in its place.

use std::time::Duration;

use anyhow::bail;
use evolve_operator::build::REFUSE;
use serde_json::{Value, json};

use super::ask::confirm;
use super::bot::{Bot, Rollout};
use super::cluster::Cluster;
use super::wait::{Step, until};
use crate::say::say;

/// Which bot, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The bot.
    bot: String,
    /// End it: let the spec be rolled out as it is.
    #[arg(long)]
    undo: bool,
    /// Do not ask.
    #[arg(short, long)]
    yes: bool,
    /// Return at once.
    #[arg(long)]
    no_wait: bool,
    /// Longest time to wait, seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    timeout: u64,
}

/// Goes back, or ends that.
///
/// # Errors
/// When there is nothing to go back to, or it does not come back in time.
pub(crate) async fn run(cluster: &Cluster, arguments: &Arguments) -> anyhow::Result<()> {
    let bot = cluster.bot(&arguments.bot).await?;
    bot.must_be_followed()?;
    if arguments.undo {
        return undo(cluster, &bot).await;
    }
    let name = bot.name();
    if bot.is_hibernated() {
        bail!("{name} is hibernated, so that there are no pods to replace: `kubectl evolve wake {name}` first");
    }
    let Way { from, to } = way(name, &bot.status.rollout.clone().unwrap_or_default())?;
    confirm(&format!("Replace the pods of {name} ({from}) with those that ran well before ({to})?"), arguments.yes)?;
    annotate(cluster, name, json!(from)).await?;
    if arguments.no_wait {
        say(format!("{name} goes back; `kubectl evolve status {name}` tells how far it is"));
    } else {
        rolled_back(cluster, name, &from, Duration::from_secs(arguments.timeout)).await?;
        say(format!("{name} is back: {to} runs again"));
    }
    say(format!(
        "It stays there until the spec changes: mend it there. `kubectl evolve rollback {name} --undo` lets {from} be \
         rolled out again"
    ));
    Ok(())
}

/// From which target to which.
#[derive(Debug, PartialEq)]
struct Way {
    from: String,
    to: String,
}

/// Where a roll-back would go.
fn way(name: &str, rollout: &Rollout) -> anyhow::Result<Way> {
    let Some(from) = rollout.target.clone() else {
        bail!("nothing of {name} has been rolled out yet, so there is nothing to roll back");
    };
    if rollout.refused.as_ref() == Some(&from) {
        bail!(
            "{name} is rolled back already ({from} is refused, {} runs). Change the spec to go on; `kubectl evolve retry \
             {name}` or, if it was rolled back by hand, `kubectl evolve rollback {name} --undo` tries it once more",
            rollout.last_good.as_deref().unwrap_or("what was there before")
        );
    }
    let good = [&rollout.last_good, &rollout.previous_good].into_iter().flatten().find(|good| **good != from);
    match good {
        Some(to) => Ok(Way { from, to: to.clone() }),
        None => bail!(
            "there is nothing to go back to: {from} is the only thing of {name} that may have run well. Change the spec \
             instead: `kubectl edit evolvebot {name}`"
        ),
    }
}

async fn undo(cluster: &Cluster, bot: &Bot) -> anyhow::Result<()> {
    let name = bot.name();
    let Some(refused) = bot.annotation(REFUSE) else {
        bail!(
            "{name} was not rolled back by hand, so there is nothing to undo. If it went back by itself, `kubectl evolve \
             retry {name}` tries the new version once more"
        );
    };
    annotate(cluster, name, Value::Null).await?;
    say(format!("{refused} is no longer refused; `kubectl evolve status {name}` tells how far its rollout is"));
    Ok(())
}

async fn annotate(cluster: &Cluster, name: &str, value: Value) -> anyhow::Result<()> {
    let patch = json!({ "metadata": { "annotations": { REFUSE: value } } });
    cluster.change(name, &format!("set the annotation {REFUSE} of {name}"), patch).await?;
    Ok(())
}

async fn rolled_back(cluster: &Cluster, name: &str, from: &str, limit: Duration) -> anyhow::Result<()> {
    let bots = cluster.bots();
    until(cluster, limit, async || {
        let bot = Bot::of(bots.get(name).await?);
        let rollout = bot.status.rollout.clone().unwrap_or_default();
        Ok(match rollout.refused.as_deref() == Some(from) {
            true if rollout.phase == "RolledBack" => Step::Done(()),
            true => Step::Waiting(format!("the pods of {name} are going back ({})", rollout.level)),
            false => Step::Waiting(format!("the operator has not refused {from} yet ({})", rollout.level)),
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn rollout(target: Option<&str>, last: Option<&str>, previous: Option<&str>, refused: Option<&str>) -> Rollout {
        let [target, last_good, previous_good, refused] =
            [target, last, previous, refused].map(|text| text.map(str::to_owned));
        Rollout { target, last_good, previous_good, refused, ..Rollout::default() }
    }

    #[rstest]
    #[case::in_the_middle(rollout(Some("c"), Some("b"), Some("a"), None), "c", "b")]
    #[case::when_it_had_become_good(rollout(Some("c"), Some("c"), Some("b"), None), "c", "b")]
    fn it_goes_back_to_the_last_good_that_is_another(#[case] rollout: Rollout, #[case] from: &str, #[case] to: &str) {
        let way = way("eva", &rollout).unwrap();
        assert_eq!((way.from.as_str(), way.to.as_str()), (from, to));
    }

    #[rstest]
    #[case(rollout(None, None, None, None), "nothing of eva has been rolled out yet")]
    #[case(rollout(Some("a"), Some("a"), None, None), "the only thing of eva that may have run well")]
    #[case(rollout(Some("a"), None, None, None), "the only thing")]
    #[case(rollout(Some("b"), Some("a"), None, Some("b")), "rolled back already (b is refused, a runs)")]
    fn where_there_is_no_way_back_it_says_why(#[case] rollout: Rollout, #[case] says: &str) {
        let refusal = way("eva", &rollout).unwrap_err().to_string();
        assert!(refusal.contains(says), "{refusal}");
    }
}
