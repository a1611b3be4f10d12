//! Where a rollout stands, and when it goes back. A *target* is the pair of the pod templates of API and bot, as hashes:
//! it changes when, and only when, pods would be replaced.
//!
//! A target that was ready as a whole is *good*. One that was not ready in its deadline is *refused*: the pods go back to
//! the templates of the last good one, which Kubernetes keeps in the ReplicaSets, and stay there until the target changes.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use serde_json::json;

use crate::apply::manifest::short_hash;
use crate::crd::{RolloutPhase, RolloutStatus};

/// On a pod template: its own hash.
pub const TEMPLATE: &str = "evolveai.dev/template";

/// Writes the hash of a pod template into it, and returns it.
pub fn stamp(template: &mut PodTemplateSpec) -> String {
    let hash = short_hash(&json!(template));
    let annotations = template.metadata.get_or_insert_default().annotations.get_or_insert_default();
    annotations.insert(TEMPLATE.to_owned(), hash.clone());
    hash
}

/// The hash that a pod template carries.
#[must_use]
pub fn stamped(template: &PodTemplateSpec) -> Option<&str> {
    template.metadata.as_ref()?.annotations.as_ref()?.get(TEMPLATE).map(String::as_str)
}

/// The hashes of the templates of API and bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Of the API.
    pub api: String,
    /// Of the bot.
    pub bot: String,
}

impl Target {
    /// As the status says it.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}-{}", self.api, self.bot)
    }

    /// From what the status says.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (api, bot) = text.split_once('-')?;
        Some(Self { api: api.to_owned(), bot: bot.to_owned() })
    }
}

/// Where the pods of one Deployment are, on the way to one template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Not all of them have it, or not all of those are ready.
    Rolling,
    /// All of them have it and are ready.
    Settled,
    /// They were not ready in time; Kubernetes' own sentence.
    Overdue(String),
}

/// Judges a live Deployment against the template hash `wanted`.
#[must_use]
pub fn part(live: Option<&Deployment>, wanted: &str) -> Part {
    let Some((spec, status)) = live.and_then(|live| Some((live.spec.as_ref()?, live.status.as_ref()?))) else {
        return Part::Rolling;
    };
    let is_current = status.observed_generation >= live.and_then(|live| live.metadata.generation);
    if stamped(&spec.template) != Some(wanted) || !is_current {
        return Part::Rolling;
    }
    let replicas = spec.replicas.unwrap_or(1);
    let all = [status.replicas, status.updated_replicas, status.available_replicas];
    if all.iter().all(|count| count.unwrap_or_default() == replicas) {
        return Part::Settled;
    }
    let mut conditions = status.conditions.iter().flatten();
    let overdue =
        conditions.find(|c| c.type_ == "Progressing" && c.reason.as_deref() == Some("ProgressDeadlineExceeded"));
    overdue.map_or(Part::Rolling, |condition| Part::Overdue(condition.message.clone().unwrap_or_default()))
}

/// What follows for the pods, and for the status.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// The templates that the pods shall have: the wanted ones, or those of the last good target.
    pub go_back_to: Option<Target>,
    /// Why a roll-back begins, if one begins in this pass.
    pub rollback: Option<String>,
    /// For the status; `since` is not judged here.
    pub status: RolloutStatus,
}

/// Decides. `judge` tells where the pods are on the way to a target, API first; `is_kept` whether its templates are there
/// to go back to.
pub fn course(
    before: &RolloutStatus,
    wanted: &Target,
    automatic: bool,
    is_kept: impl Fn(&Target) -> bool,
    judge: impl Fn(&Target) -> [Part; 2],
) -> Course {
    let target = wanted.text();
    let good = before.last_good.as_deref().filter(|good| *good != target).and_then(Target::parse).filter(is_kept);
    let mut status = RolloutStatus {
        target: Some(target.clone()),
        last_good: before.last_good.clone(),
        refused: before.refused.clone().filter(|refused| *refused == target),
        ..RolloutStatus::default()
    };
    let parts = judge(wanted);
    let mut rollback = None;
    if let (None, true, Some(_)) = (&status.refused, automatic, &good) {
        let overdue = ["api", "bot"].into_iter().zip(&parts).find_map(|(name, part)| match part {
            Part::Overdue(message) => Some(format!("the pods of {name} were not ready in time: {message}")),
            _ => None,
        });
        status.refused = overdue.is_some().then(|| target.clone());
        rollback = overdue;
    }
    let go_back_to = status.refused.as_ref().and(good);
    status.phase = match &go_back_to {
        Some(good) if judge(good).iter().all(|part| *part == Part::Settled) => RolloutPhase::RolledBack,
        Some(_) => RolloutPhase::RollingBack,
        None if parts.iter().all(|part| *part == Part::Settled) => {
            status.last_good = Some(target);
            RolloutPhase::Stable
        }
        None => RolloutPhase::Rolling,
    };
    status.level = format!("{:?}", status.phase);
    Course { go_back_to, rollback, status }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(name: &str) -> Target {
        Target { api: format!("{name}a"), bot: format!("{name}b") }
    }

    fn status(good: &str, refused: Option<&str>) -> RolloutStatus {
        RolloutStatus {
            last_good: Some(target(good).text()),
            refused: refused.map(|r| target(r).text()),
            ..Default::default()
        }
    }

    #[test]
    fn a_target_that_is_ready_as_a_whole_is_good() {
        let half = course(&status("1", None), &target("2"), true, |_| true, |_| [Part::Settled, Part::Rolling]);
        assert_eq!((half.status.phase, half.status.last_good), (RolloutPhase::Rolling, Some(target("1").text())));
        let whole = course(&status("1", None), &target("2"), true, |_| true, |_| [Part::Settled, Part::Settled]);
        assert_eq!((whole.status.phase, whole.status.last_good), (RolloutPhase::Stable, Some(target("2").text())));
    }

    #[test]
    fn a_target_that_is_overdue_is_refused_until_another_is_wanted() {
        let late = |of: &Target| match of.api.as_str() {
            "2a" => [Part::Settled, Part::Overdue("late".to_owned())],
            _ => [Part::Rolling, Part::Rolling],
        };
        let begun = course(&status("1", None), &target("2"), true, |_| true, late);
        assert_eq!(begun.go_back_to, Some(target("1")));
        assert!(begun.rollback.is_some());
        assert_eq!(begun.status.phase, RolloutPhase::RollingBack);
        let back = course(&begun.status, &target("2"), true, |_| true, |_| [Part::Settled, Part::Settled]);
        assert_eq!((back.go_back_to, back.rollback), (Some(target("1")), None));
        assert_eq!(
            (back.status.phase, back.status.last_good.clone()),
            (RolloutPhase::RolledBack, Some(target("1").text()))
        );
        let next = course(&back.status, &target("3"), true, |_| true, |_| [Part::Rolling, Part::Rolling]);
        assert_eq!((next.go_back_to, next.status.refused), (None, None));
    }

    #[test]
    fn without_a_good_one_or_without_leave_nothing_goes_back() {
        let late = |_: &Target| [Part::Overdue("late".to_owned()), Part::Settled];
        assert_eq!(course(&RolloutStatus::default(), &target("1"), true, |_| true, late).go_back_to, None);
        assert_eq!(course(&status("1", None), &target("2"), false, |_| true, late).go_back_to, None);
    }
}
