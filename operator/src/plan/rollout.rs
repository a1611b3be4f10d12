//! Where a rollout stands, and when it goes back.
//!
//! A target that was ready as a whole is *good*; the last two of them are known. One that fails is *refused*: the pods go
//! back to the templates of a good one, and stay there until the target changes or somebody asks for another try. Which
//! steps lead to a target, [`super::steps`] says.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use super::steps::{Step, step};
use super::target::{Part, Target};
use crate::build::Track;
use crate::crd::{Refusal, Rollout, RolloutPhase, RolloutStatus};

/// What people ask for by annotations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// The target that is to be taken back.
    pub refuse: Option<String>,
    /// The hash of what asks for another try.
    pub retry: Option<String>,
}

/// What the requests to the second set of the API's pods have come to, since those pods are there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Evidence {
    /// Nobody has asked.
    #[default]
    Unasked,
    /// So many were answered.
    Counted {
        /// All of them.
        requests: u64,
        /// Those that failed on the API's side.
        errors: u64,
    },
    /// Nobody can tell; the sentence says why.
    Unreadable(String),
}

/// What is seen of a bot.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The first set on the way to the wanted target: API, bot.
    pub stable: [Part; 2],
    /// The same of the second set.
    pub next: [Part; 2],
    /// What happened to a pod of the second set that was ready.
    pub ill: Option<String>,
    /// How its requests went.
    pub evidence: Evidence,
    /// Whether the migration of the wanted target is not done.
    pub is_closed: bool,
    /// Whether no pod shall run.
    pub is_hibernated: bool,
    /// The time.
    pub now: Timestamp,
}

/// Which second set of pods there shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Second {
    /// None.
    None,
    /// A share of both parts, behind the same Services as the first.
    Share,
    /// As many pods of the API as the first set has, and the Service at one of the two.
    Whole(Track),
}

/// The templates that the first set of pods shall have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum First {
    /// The wanted ones.
    Wanted,
    /// Those of a good target.
    Good(Target),
    /// That of a good target for the API, the wanted one for the bot.
    GoodApi(Target),
    /// Those that it has.
    AsIs,
}

/// What follows for the pods, and for the status.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// The first set.
    pub first: First,
    /// The second.
    pub second: Second,
    /// Why a roll-back begins, if one begins in this pass.
    pub rollback: Option<Refusal>,
    /// What is wrong with a rollout that neither goes on nor back.
    pub stuck: Option<String>,
    /// In how many seconds to look again, though nothing may have changed.
    pub look_again: Option<i64>,
    /// For the status.
    pub status: RolloutStatus,
}

/// What a rollout is judged by.
pub struct Case<'a> {
    /// What was known before.
    pub before: &'a RolloutStatus,
    /// What is to be rolled out.
    pub wanted: &'a Target,
    /// How.
    pub settings: &'a Rollout,
    /// What is seen.
    pub seen: &'a Seen,
}

/// Decides. `is_kept` tells whether the templates of a target are there to go back to, and `is_back` whether all pods have
/// them and are ready.
pub fn course(
    case: &Case<'_>,
    wishes: &Wishes,
    is_kept: impl Fn(&Target) -> bool,
    is_back: impl Fn(&Target) -> bool,
) -> Course {
    let Case { before, wanted, settings, seen } = *case;
    let target = wanted.text();
    let kept =
        |text: &Option<String>| text.as_deref().filter(|text| *text != target).and_then(Target::parse).filter(&is_kept);
    let mut status = RolloutStatus {
        target: Some(target.clone()),
        last_good: before.last_good.clone(),
        previous_good: before.previous_good.clone(),
        retry: wishes.retry.clone(),
        ..RolloutStatus::default()
    };
    carry_refusal(&mut status, before, &target, wishes);
    let (mut rollback, mut stuck) = (None, None);
    let is_requested = wishes.refuse.as_deref() == Some(&target);
    if is_requested && status.refused.is_none() {
        if before.last_good.as_ref() == Some(&target) && kept(&before.previous_good).is_some() {
            // The one that is taken back is no longer something to go back to.
            status.last_good = status.previous_good.take();
        }
        if kept(&status.last_good).is_some() {
            refuse(&mut status, &target, Refusal::Request, "somebody asked for it".to_owned());
            rollback = status.reason;
        } else {
            stuck = Some("it cannot be taken back, since no good version before it is known".to_owned());
        }
    }
    let good = kept(&status.last_good);
    let mut taken = Step::new(RolloutPhase::Migrating, First::AsIs);
    if status.refused.is_none() && !seen.is_closed {
        taken = step(case, good.as_ref());
        if let Some((reason, message)) = taken.failure.take() {
            if settings.automatic_rollback && good.is_some() {
                refuse(&mut status, &target, reason, message);
                rollback = status.reason;
            } else {
                stuck = Some(message);
            }
        }
    }
    if status.refused.is_some() {
        taken = good.map_or(Step::new(RolloutPhase::RolledBack, First::AsIs), |good| {
            let phase = if is_back(&good) { RolloutPhase::RolledBack } else { RolloutPhase::RollingBack };
            Step::new(phase, First::Good(good))
        });
    }
    status.phase = taken.phase;
    status.level = level(taken.phase, settings);
    if taken.phase == RolloutPhase::Stable && !seen.is_hibernated && status.last_good.as_ref() != Some(&target) {
        // Without pods nothing has proved itself.
        status.previous_good = status.last_good.replace(target.clone());
    }
    let is_same = before.phase == status.phase && before.target == status.target && before.since.is_some();
    status.since = if is_same { before.since.clone() } else { Some(Time(seconds(seen.now))) };
    // After a step, once more soon: what it waits for may be there already, and then nothing would change any longer.
    let look_again = if is_same { taken.look_again } else { Some(1) };
    Course { first: taken.first, second: taken.second, rollback, stuck: stuck.or(taken.stuck), look_again, status }
}

/// Seconds are enough for people, and all that the API server keeps.
fn seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// A refusal lasts as long as its target is wanted; one on request as long as the request, any other until another try is
/// asked for.
fn carry_refusal(status: &mut RolloutStatus, before: &RolloutStatus, target: &str, wishes: &Wishes) {
    let is_retried = wishes.retry.is_some() && wishes.retry != before.retry;
    let lasts = match before.reason {
        Some(Refusal::Request) => wishes.refuse.as_deref() == Some(target),
        _ => !is_retried,
    };
    if lasts && before.refused.as_deref() == Some(target) {
        status.refused.clone_from(&before.refused);
        status.reason = before.reason;
        status.message.clone_from(&before.message);
    }
}

fn refuse(status: &mut RolloutStatus, target: &str, reason: Refusal, message: String) {
    status.refused = Some(target.to_owned());
    status.reason = Some(reason);
    status.message = Some(message);
}

fn level(phase: RolloutPhase, settings: &Rollout) -> String {
    let percent = settings.canary.clone().unwrap_or_default().percent;
    match phase {
        RolloutPhase::Canary => format!("Canary {percent}%"),
        RolloutPhase::Staging | RolloutPhase::Switched | RolloutPhase::Promoting => {
            format!("{:?} {}", settings.strategy, format!("{phase:?}").to_lowercase())
        }
        phase => format!("{phase:?}"),
    }
}

/// While something that the pods read is missing: everything stays as it is, and what was known stays known, the phase
/// too, so that it goes on from there. The phase's time begins anew then: the waiting is none of the rollout's.
#[must_use]
pub fn held(before: &RolloutStatus) -> RolloutStatus {
    // One that never began has no phase to go on from.
    let phase = before.target.as_ref().map_or(RolloutPhase::Migrating, |_| before.phase);
    RolloutStatus { phase, level: "Waiting".to_owned(), since: None, ..before.clone() }
}

#[cfg(test)]
mod tests;
