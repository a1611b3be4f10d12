//! The steps of each strategy. Every one of them is found anew from the phase in the status and from what is live, so that
//! any process goes on where another stopped.
//!
//! - **RollingUpdate**, and whatever there is no good version to keep for: `Rolling` → `Stable`.
//! - **Canary**: `Staging` (a share of the pods is made) → `Canary` (it is watched) → `Promoting` (the first set gets the
//!   templates) → `Stable` (the second goes).
//! - **BlueGreen**: `Staging` (a second set of the API, without requests) → `Switched` (all requests go to it; the bot's
//!   pods are replaced) → `Promoting` (the first set of the API is replaced) → `Stable` (requests go back to it).

use super::rollout::{Case, Evidence, First, Second};
use super::target::{Part, Target};
use crate::build::Track;
use crate::crd::{Canary, Refusal, RolloutPhase, RolloutStrategy};

/// With fewer requests than this, chance has too great a say for a verdict before the watch ends.
const ENOUGH_REQUESTS: u64 = 20;
/// How often a canary is looked at, and whatever is overdue and waits for a person, seconds.
const LOOK_EVERY: i64 = 15;

/// One step of a rollout.
pub(super) struct Step {
    pub(super) phase: RolloutPhase,
    pub(super) first: First,
    pub(super) second: Second,
    /// Why it fails, if it does.
    pub(super) failure: Option<(Refusal, String)>,
    /// What keeps it from going on, if anything does.
    pub(super) stuck: Option<String>,
    /// In how many seconds to look again.
    pub(super) look_again: Option<i64>,
}

impl Step {
    /// Without a second set.
    pub(super) const fn new(phase: RolloutPhase, first: First) -> Self {
        Self { phase, first, second: Second::None, failure: None, stuck: None, look_again: None }
    }

    fn with(self, second: Second) -> Self {
        Self { second, ..self }
    }

    fn failing(self, failure: Option<(Refusal, String)>) -> Self {
        Self { failure, ..self }
    }

    fn until(self, seconds: i64) -> Self {
        Self { look_again: Some(if seconds > 0 { seconds } else { LOOK_EVERY }), ..self }
    }
}

/// The step that follows, towards the wanted target; `good` is what can be kept and gone back to meanwhile.
pub(super) fn step(case: &Case<'_>, good: Option<&Target>) -> Step {
    let stable = &case.seen.stable;
    if is_settled(stable) || is_still_good(case) {
        return Step::new(RolloutPhase::Stable, First::Wanted);
    }
    match (case.settings.strategy, good) {
        (RolloutStrategy::Canary, Some(good)) if !case.seen.is_hibernated => canary(case, good),
        (RolloutStrategy::BlueGreen, Some(good)) if !case.seen.is_hibernated => blue_green(case, good),
        _ => replacing(case, RolloutPhase::Rolling, Second::None),
    }
}

fn canary(case: &Case<'_>, good: &Target) -> Step {
    let seen = case.seen;
    let settings = case.settings.canary.clone().unwrap_or_default();
    let watching = || Step::new(RolloutPhase::Canary, First::Good(good.clone())).with(Second::Share);
    match phase(case) {
        RolloutPhase::Promoting => promoting(case, Second::Share),
        RolloutPhase::Canary if seen.ill.is_some() => watching().failing(illness(case)).until(LOOK_EVERY),
        RolloutPhase::Canary if is_settled(&seen.next) => match verdict(case, &settings) {
            Verdict::Promote => promoting(case, Second::Share),
            Verdict::Wait(seconds) => watching().until(seconds),
            Verdict::Stuck(why) => Step { stuck: Some(why), ..watching().until(LOOK_EVERY) },
            Verdict::Refuse(reason, why) => watching().failing(Some((reason, why))).until(LOOK_EVERY),
        },
        RolloutPhase::Staging if is_settled(&seen.next) => watching().until(LOOK_EVERY),
        // Also where a pod of the second set was moved away: its successor is waited for, and watched anew.
        _ => staging(case, good, Second::Share, &seen.next),
    }
}

fn blue_green(case: &Case<'_>, good: &Target) -> Step {
    const NEXT: Second = Second::Whole(Track::Next);
    let [_, bot] = &case.seen.stable;
    let [api, _] = &case.seen.next;
    let of = RolloutPhase::Switched;
    let switched = || Step::new(of, First::GoodApi(good.clone())).with(NEXT).until(left(case, of));
    match phase(case) {
        RolloutPhase::Promoting => promoting(case, NEXT),
        RolloutPhase::Switched if case.seen.ill.is_some() => switched().failing(illness(case)),
        RolloutPhase::Switched if *bot == Part::Settled => promoting(case, NEXT),
        RolloutPhase::Switched => switched().failing(late(case, of, &[Part::Settled, bot.clone()], "")),
        RolloutPhase::Staging if *api == Part::Settled => switched(),
        _ => staging(case, good, Second::Whole(Track::Stable), &[api.clone(), Part::Settled]),
    }
}

fn staging(case: &Case<'_>, good: &Target, second: Second, next: &[Part; 2]) -> Step {
    let of = RolloutPhase::Staging;
    let failure = late(case, of, next, " of the second set");
    Step::new(of, First::Good(good.clone())).with(second).failing(failure).until(left(case, of))
}

fn promoting(case: &Case<'_>, second: Second) -> Step {
    replacing(case, RolloutPhase::Promoting, second)
}

/// The first set gets the wanted templates. Kubernetes' clock counts from the last pod that got ready; ours, where a
/// Deployment that is refused has no clock at all.
fn replacing(case: &Case<'_>, of: RolloutPhase, second: Second) -> Step {
    let (parts, deadline) = (&case.seen.stable, case.settings.deadline_seconds);
    let step = Step::new(of, First::Wanted).with(second);
    let Some(name) =
        ["api", "bot"].into_iter().zip(parts).find_map(|(name, part)| (*part == Part::Unwritten).then_some(name))
    else {
        return step.failing(overdue(parts, ""));
    };
    let message = format!("the Deployment of {name} could not be changed within {deadline} seconds");
    let refused = (left(case, of) <= 0).then_some((Refusal::Deadline, message));
    step.failing(overdue(parts, "").or(refused)).until(left(case, of))
}

/// The phase that the rollout of this very target is in; a new target begins at the beginning.
fn phase(case: &Case<'_>) -> RolloutPhase {
    let is_same = case.before.target.as_deref() == Some(case.wanted.text().as_str());
    if is_same { case.before.phase } else { RolloutPhase::Staging }
}

fn is_settled(parts: &[Part; 2]) -> bool {
    parts.iter().all(|part| *part == Part::Settled)
}

/// That nothing is rolled out, though some pods come, go, or are not ready: that is for the condition `Ready` to say.
fn is_still_good(case: &Case<'_>) -> bool {
    let wanted = Some(case.wanted.text());
    let is_done = case.before.phase == RolloutPhase::Stable && case.before.target == wanted;
    // What has not proved itself, such as what was changed in the bot's sleep, is still to be rolled out.
    let is_good = case.before.last_good == wanted;
    is_done && is_good && case.seen.stable.iter().all(|part| matches!(part, Part::Settled | Part::Updated))
}

fn overdue(parts: &[Part; 2], of_what: &str) -> Option<(Refusal, String)> {
    ["api", "bot"].into_iter().zip(parts).find_map(|(name, part)| match part {
        Part::Overdue(message) => {
            Some((Refusal::Deadline, format!("the pods of {name}{of_what} were not ready in time: {message}")))
        }
        _ => None,
    })
}

/// That the phase lasts longer than it may, by Kubernetes' clock or by ours.
fn late(case: &Case<'_>, of: RolloutPhase, parts: &[Part; 2], of_what: &str) -> Option<(Refusal, String)> {
    overdue(parts, of_what).or_else(|| {
        let deadline = case.settings.deadline_seconds;
        let name = if parts[0] == Part::Settled { "bot" } else { "api" };
        let message = format!("the pods of {name}{of_what} were not ready within {deadline} seconds");
        (left(case, of) <= 0).then_some((Refusal::Deadline, message))
    })
}

fn illness(case: &Case<'_>) -> Option<(Refusal, String)> {
    Some((Refusal::Unready, case.seen.ill.clone()?))
}

/// Seconds since the phase `of` began; none if it begins now.
fn elapsed(case: &Case<'_>, of: RolloutPhase) -> i64 {
    let since = case.before.since.as_ref().filter(|_| phase(case) == of && case.before.phase == of);
    since.map_or(0, |since| case.seen.now.as_second().saturating_sub(since.0.as_second()))
}

/// Seconds until the phase `of` has lasted too long.
fn left(case: &Case<'_>, of: RolloutPhase) -> i64 {
    i64::from(case.settings.deadline_seconds) - elapsed(case, of)
}

enum Verdict {
    Wait(i64),
    Promote,
    Stuck(String),
    Refuse(Refusal, String),
}

fn verdict(case: &Case<'_>, settings: &Canary) -> Verdict {
    let (elapsed, watch) = (elapsed(case, RolloutPhase::Canary), i64::from(settings.watch_seconds));
    let is_over = elapsed >= watch;
    match &case.seen.evidence {
        Evidence::Counted { requests, errors } => {
            let most = settings.max_error_percent;
            let is_bad = errors.saturating_mul(100) > requests.saturating_mul(u64::from(most));
            if is_bad && (is_over || *requests >= ENOUGH_REQUESTS) {
                let message =
                    format!("{errors} of the {requests} requests to the canary failed, and {most}% are let pass");
                return Verdict::Refuse(Refusal::Errors, message);
            }
            if is_over { Verdict::Promote } else { Verdict::Wait(LOOK_EVERY.min(watch - elapsed)) }
        }
        Evidence::Unreadable(why) if elapsed >= watch + i64::from(case.settings.deadline_seconds) => {
            Verdict::Refuse(Refusal::Unmeasured, format!("nobody could tell how its requests went: {why}"))
        }
        Evidence::Unreadable(why) if is_over => Verdict::Stuck(format!(
            "the canary's watch is over, but nobody can tell how its requests went: {why}. Let the operator's pods reach \
             the API's pods over the network: see spec.networkPolicy, and the NetworkPolicies of both namespaces"
        )),
        Evidence::Unreadable(_) | Evidence::Unasked => Verdict::Wait(LOOK_EVERY.min(watch - elapsed)),
    }
}
