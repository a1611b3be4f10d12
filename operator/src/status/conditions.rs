//! Conditions as the Kubernetes API conventions have them: a transition time changes with the status, and with nothing
//! else.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use k8s_openapi::jiff::Timestamp;

/// Whether the bot serves.
pub const READY: &str = "Ready";
/// Whether the spec can be followed.
pub const ACCEPTED: &str = "Accepted";
/// Whether everything that the spec names is there.
pub const RESOLVED: &str = "ReferencesResolved";
/// Whether the database fits the wanted version.
pub const MIGRATED: &str = "Migrated";
/// Whether the wanted pods are what runs.
pub const ROLLED_OUT: &str = "RolledOut";
/// Whether the last copy of the database was made.
pub const BACKED_UP: &str = "BackedUp";

/// One finding of a pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The condition that it is about.
    pub about: &'static str,
    /// `True`, `False`, or nothing for `Unknown`.
    pub holds: Option<bool>,
    /// One word, in CamelCase.
    pub reason: &'static str,
    /// A sentence for a person.
    pub message: String,
    /// Whether it is the way of things, though it says that something does not hold: no warning then.
    pub is_quiet: bool,
}

impl Finding {
    /// That `about` holds.
    pub fn yes(about: &'static str, reason: &'static str, message: impl Into<String>) -> Self {
        Self { about, holds: Some(true), reason, message: message.into(), is_quiet: true }
    }

    /// That `about` does not hold.
    pub fn no(about: &'static str, reason: &'static str, message: impl Into<String>) -> Self {
        Self { about, holds: Some(false), reason, message: message.into(), is_quiet: false }
    }

    /// That `about` does not hold yet, or on purpose.
    pub fn no_news(about: &'static str, reason: &'static str, message: impl Into<String>) -> Self {
        Self { is_quiet: true, ..Self::no(about, reason, message) }
    }

    /// That nobody can tell whether `about` holds.
    pub fn unknown(about: &'static str, reason: &'static str, message: impl Into<String>) -> Self {
        Self { about, holds: None, reason, message: message.into(), is_quiet: true }
    }

    /// Whether somebody has to do something about it, or asks what there is to wait for: `Ready` that does not hold, and
    /// whatever is a warning.
    #[must_use]
    pub fn needs_somebody(&self) -> bool {
        (self.about == READY && self.holds != Some(true)) || !self.is_quiet
    }

    fn status(&self) -> &'static str {
        match self.holds {
            Some(true) => "True",
            Some(false) => "False",
            None => "Unknown",
        }
    }
}

/// The conditions after `findings`, and those findings that are news: another status or another reason than `before`. What
/// is found of a bot for the first time is news only where something is wrong: that a new one is accepted, waits and does not
/// serve yet is how all of them begin, and nobody needs to hear of it. Of `lasting`, those that no finding is about follow as
/// they are: a pass that did not look at them must not forget since when they hold.
#[must_use]
pub fn conditions(
    before: &[Condition],
    lasting: Vec<Condition>,
    findings: Vec<Finding>,
    generation: Option<i64>,
    now: Timestamp,
) -> (Vec<Condition>, Vec<Finding>) {
    let mut news = Vec::new();
    let mut after: Vec<Condition> = Vec::new();
    for finding in findings {
        let known = before.iter().find(|condition| condition.type_ == finding.about);
        let same_status = known.filter(|condition| condition.status == finding.status());
        after.push(Condition {
            type_: finding.about.to_owned(),
            status: finding.status().to_owned(),
            reason: finding.reason.to_owned(),
            message: finding.message.clone(),
            observed_generation: generation,
            last_transition_time: same_status.map_or(Time(now), |condition| condition.last_transition_time.clone()),
        });
        let is_other = same_status.is_none_or(|condition| condition.reason != finding.reason);
        if is_other && (known.is_some() || !finding.is_quiet) {
            news.push(finding);
        }
    }
    let is_told = |condition: &Condition| after.iter().any(|told| told.type_ == condition.type_);
    let untold: Vec<Condition> = lasting.into_iter().filter(|condition| !is_told(condition)).collect();
    after.extend(untold);
    (after, news)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transition_time_changes_with_the_status_and_news_with_the_reason_too() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let (first, news) = conditions(&[], vec![], vec![Finding::no(READY, "Rolling", "wait")], Some(1), at(10));
        assert_eq!(news.len(), 1);
        let (second, news) =
            conditions(&first, vec![], vec![Finding::no(READY, "Rolling", "wait more")], Some(2), at(20));
        assert_eq!((second[0].last_transition_time.0, news.len()), (at(10), 0));
        let (third, news) = conditions(&second, vec![], vec![Finding::no(READY, "Failed", "no")], Some(2), at(30));
        assert_eq!((third[0].last_transition_time.0, news.len()), (at(10), 1));
        let (fourth, _) = conditions(&third, vec![], vec![Finding::yes(READY, "Serving", "yes")], Some(2), at(40));
        assert_eq!(fourth[0].last_transition_time.0, at(40));
    }

    #[test]
    fn what_a_pass_did_not_look_at_stays_as_it_was_and_is_no_news_later() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let all = || vec![Finding::yes(READY, "Serving", "yes"), Finding::yes(MIGRATED, "Migrated", "yes")];
        let (whole, _) = conditions(&[], vec![], all(), Some(1), at(10));
        let paused = vec![Finding::unknown(READY, "Paused", "no")];
        let (paused, _) = conditions(&whole, whole.clone(), paused, Some(2), at(20));
        assert_eq!(paused[1..], whole[1..]);
        let (again, news) = conditions(&paused, vec![], all(), Some(3), at(30));
        assert_eq!((again[1].last_transition_time.0, news.len()), (at(10), 1));
        let (fewer, _) = conditions(&again, vec![], all()[..1].to_vec(), Some(3), at(40));
        assert_eq!(fewer.len(), 1, "a pass that looked at everything keeps nothing else");
    }

    #[test]
    fn how_a_new_bot_begins_is_no_news_and_what_happens_or_is_wrong_is() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let told = |news: Vec<Finding>| news.into_iter().map(|finding| finding.reason).collect::<Vec<_>>();
        let quiet = || {
            vec![
                Finding { is_quiet: true, ..Finding::no(READY, "NotServing", "wait") },
                Finding::yes(ACCEPTED, "Valid", "yes"),
                Finding::unknown(MIGRATED, "Migrating", "it runs"),
                Finding::no_news(ROLLED_OUT, "Waiting", "wait"),
            ]
        };
        let (new, news) = conditions(&[], vec![], quiet(), Some(1), at(10));
        assert_eq!((new.len(), told(news)), (4, vec![]), "the conditions are there all the same");
        let happens = vec![
            Finding::yes(READY, "Serving", "yes"),
            Finding::yes(ACCEPTED, "Valid", "yes"),
            Finding::yes(MIGRATED, "Migrated", "yes"),
            Finding::no_news(ROLLED_OUT, "Rolling", "wait"),
        ];
        let (_, news) = conditions(&new, vec![], happens, Some(1), at(20));
        assert_eq!(told(news), ["Serving", "Migrated", "Rolling"]);
        let wrong = vec![
            Finding::no(RESOLVED, "NotFound", "make it"),
            Finding { is_quiet: false, ..Finding::yes(ROLLED_OUT, "NothingToGoBackTo", "stuck") },
            Finding { is_quiet: false, ..Finding::unknown(READY, "Forbidden", "no") },
        ];
        let (_, news) = conditions(&[], vec![], wrong, Some(1), at(10));
        assert_eq!(told(news), ["NotFound", "NothingToGoBackTo", "Forbidden"]);
    }
}
