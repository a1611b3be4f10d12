//! Broadcasts: to whom one goes, and when it stops by itself.

use serde::{Deserialize, Serialize};

use crate::{
    language::Language,
    plan::Plan,
    relationship::{Level, Levels},
};

/// Of so many that ended last it is judged whether too many fail.
pub const LATELY: usize = 200;
/// Fewer than this say nothing yet.
const JUDGED_FROM: usize = 50;
/// More of them than this is too many, per cent.
const MOST_FAILED_PERCENT: usize = 20;
/// The letter of one that failed in what is judged.
const FAILED: u8 = b'x';
/// Longest time that activity is asked about, days.
const MOST_DAYS: u32 = 3650;

/// To whom a broadcast goes: to everybody who is all of this. What is absent asks for nothing.
///
/// A field that this version does not know is an error and not silence: it would otherwise go to more people than it was for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audience {
    /// The plan in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// The lowest level, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level_from: Option<u8>,
    /// The highest level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level_to: Option<u8>,
    /// Languages; all, where it is empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<Language>,
    /// Who was here within so many days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_within_days: Option<u32>,
    /// Who was not here for so many days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silent_for_days: Option<u32>,
}

/// A part of an audience that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongAudience {
    /// The field.
    pub field: &'static str,
    /// What it must be.
    pub reason: String,
}

impl Audience {
    /// Checks it against the levels that there are.
    ///
    /// # Errors
    /// [`WrongAudience`], also for one that nobody could belong to.
    pub fn check(&self, levels: &Levels) -> Result<(), WrongAudience> {
        let wrong = |field, reason: String| Err(WrongAudience { field, reason });
        for (field, level) in [("level_from", self.level_from), ("level_to", self.level_to)] {
            if level.is_some_and(|level| !(1..=levels.count()).contains(&level)) {
                return wrong(field, format!("must be from 1 to {}", levels.count()));
            }
        }
        if let (Some(from), Some(to)) = (self.level_from, self.level_to)
            && from > to
        {
            return wrong("level_to", "must not be below level_from".to_owned());
        }
        for (field, days) in
            [("active_within_days", self.active_within_days), ("silent_for_days", self.silent_for_days)]
        {
            if days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
                return wrong(field, format!("must be from 1 to {MOST_DAYS}"));
            }
        }
        if let (Some(within), Some(silent)) = (self.active_within_days, self.silent_for_days)
            && silent >= within
        {
            return wrong("silent_for_days", "must be less than active_within_days".to_owned());
        }
        Ok(())
    }

    /// The points that people of its levels have: from, and below. What fades takes nobody below their level, so the points as
    /// they stand tell it.
    #[must_use]
    pub fn points(&self, levels: &Levels) -> (Option<i64>, Option<i64>) {
        let begins = |level| levels.begins_at(level);
        let from = self.level_from.filter(|level| *level > 1).map(|level| begins(Level::at(level)));
        let below = self.level_to.and_then(|level| levels.after(Level::at(level))).map(begins);
        (from, below)
    }
}

/// Whether too many fail, of those that ended last: a letter for each, `x` for one that failed for another reason than that the
/// person does not want it.
#[must_use]
pub fn is_failing(lately: &str) -> bool {
    let failed = lately.bytes().filter(|letter| *letter == FAILED).count();
    lately.len() >= JUDGED_FROM && failed * 100 > lately.len() * MOST_FAILED_PERCENT
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, 0, false)]
    #[case(49, 0, false)]
    #[case(50, 0, true)]
    #[case(40, 160, false)]
    #[case(41, 159, true)]
    #[case(0, 200, false)]
    fn a_broadcast_stops_when_more_than_a_fifth_of_the_last_fail(
        #[case] failed: usize,
        #[case] sent: usize,
        #[case] stops: bool,
    ) {
        assert_eq!(is_failing(&format!("{}{}", "x".repeat(failed), ".".repeat(sent))), stops);
    }

    #[test]
    fn levels_become_points_from_where_the_first_begins_to_where_the_one_after_the_last_does() {
        let levels = Levels::default();
        let of = |level_from, level_to| Audience { level_from, level_to, ..Audience::default() }.points(&levels);
        let begins = |level| levels.begins_at(Level::at(level));
        assert_eq!(of(None, None), (None, None));
        assert_eq!(of(Some(2), Some(2)), (Some(begins(2)), Some(begins(3))));
        assert_eq!(of(Some(1), Some(levels.count())), (None, None), "that is everybody");
    }

    #[rstest]
    #[case(Audience { level_from: Some(0), ..Audience::default() }, Some("level_from"))]
    #[case(Audience { level_to: Some(11), ..Audience::default() }, Some("level_to"))]
    #[case(Audience { level_from: Some(3), level_to: Some(2), ..Audience::default() }, Some("level_to"))]
    #[case(Audience { active_within_days: Some(0), ..Audience::default() }, Some("active_within_days"))]
    #[case(
        Audience { active_within_days: Some(7), silent_for_days: Some(7), ..Audience::default() },
        Some("silent_for_days")
    )]
    #[case(Audience { active_within_days: Some(30), silent_for_days: Some(7), ..Audience::default() }, None)]
    #[case(Audience::default(), None)]
    fn an_audience_that_nobody_could_belong_to_is_refused(
        #[case] audience: Audience,
        #[case] wrong: Option<&'static str>,
    ) {
        assert_eq!(audience.check(&Levels::default()).err().map(|wrong| wrong.field), wrong);
    }

    #[test]
    fn a_field_of_a_newer_version_is_not_passed_over() {
        assert!(serde_json::from_str::<Audience>(r#"{"plan": "premium", "moon": "full"}"#).is_err());
        let audience = Audience { plan: Some(Plan::Premium), languages: vec![Language::Ru], ..Audience::default() };
        assert_eq!(serde_json::to_string(&audience).unwrap(), r#"{"plan":"premium","languages":["ru"]}"#);
    }
}
