//! Advice: what somebody who looks at their days might do next. Few things, the most pressing first; nothing that is not
//! theirs, and nothing where there is too little to tell it from.

use std::cmp::Reverse;

use chrono::{DateTime, NaiveDate, Timelike as _, Utc};
use chrono_tz::Tz;

/// Most pieces of advice at once.
const MOST: usize = 3;
/// A row of so many days is worth a word.
const STREAK: u32 = 3;
/// Before this hour, the day is young.
const EVENING: u32 = 18;
/// A memory is nearly full with so many of a hundred.
const NEARLY_FULL: u64 = 90;
/// A plan of one of the next days is at hand.
const AHEAD_DAYS: std::ops::RangeInclusive<i64> = 0..=14;
/// A plan without a day that was told so many days ago may be picked up.
const UNDATED_DAYS: std::ops::RangeInclusive<i64> = 3..=30;
/// Of fewer messages no habit can be told.
const HABIT: i64 = 20;
/// An hour is the best one if it has at least this part of them.
const PART: i64 = 5;

/// Something that a person intends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What.
    pub text: String,
    /// The day that it is about, where it is about one.
    pub day: Option<NaiveDate>,
    /// The day on which it was told.
    pub told: NaiveDate,
}

/// How things are with a person.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// Now.
    pub now: DateTime<Utc>,
    /// Their time zone.
    pub zone: Tz,
    /// Days in a row, up to today or yesterday.
    pub streak: u32,
    /// The last day on which they wrote.
    pub last_day: Option<NaiveDate>,
    /// How much they wrote lately in which hour, by its beginning.
    pub hours: &'a [(DateTime<Utc>, i64)],
    /// Facts that are remembered.
    pub facts: u32,
    /// Most that can be; nothing for no limit.
    pub most_facts: Option<u32>,
    /// What they intend.
    pub plans: &'a [Plan],
}

/// A piece of advice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advice {
    /// A word today, or the row of days ends.
    StreakEnds {
        /// How many there are.
        days: u32,
    },
    /// There is a plan to talk of.
    OpenPlan {
        /// What.
        plan: String,
        /// The day that it is about, where it is about one.
        day: Option<NaiveDate>,
    },
    /// Something is to be forgotten, or nothing more can be remembered.
    MemoryNearlyFull {
        /// Facts that are remembered.
        facts: u32,
        /// Most that can be.
        limit: u32,
    },
    /// The hour of their day at which they write most.
    BestHour {
        /// From 0 to 23.
        hour: u8,
    },
}

/// What to tell them, the most pressing first.
#[must_use]
pub fn advise(situation: &Situation<'_>) -> Vec<Advice> {
    let local = situation.now.with_timezone(&situation.zone);
    let today = local.date_naive();
    let advice = [
        streak_ends(situation, today, local.hour()),
        open_plan(situation.plans, today),
        memory_nearly_full(situation),
        best_hour(situation),
    ];
    advice.into_iter().flatten().take(MOST).collect()
}

fn streak_ends(situation: &Situation<'_>, today: NaiveDate, hour: u32) -> Option<Advice> {
    let has_written = situation.last_day.is_none_or(|last| last >= today);
    let ends = situation.streak >= STREAK && !has_written && hour >= EVENING;
    ends.then_some(Advice::StreakEnds { days: situation.streak })
}

/// The one whose day is nearest, before those without a day, of which it is the one that was told last.
fn open_plan(plans: &[Plan], today: NaiveDate) -> Option<Advice> {
    let due = |plan: &Plan| {
        let (days, range) = match plan.day {
            Some(day) => ((day - today).num_days(), AHEAD_DAYS),
            None => ((today - plan.told).num_days(), UNDATED_DAYS),
        };
        range.contains(&days).then_some((plan.day.is_none(), days))
    };
    let (_, plan) = plans.iter().filter_map(|plan| Some((due(plan)?, plan))).min_by_key(|(rank, _)| *rank)?;
    Some(Advice::OpenPlan { plan: plan.text.clone(), day: plan.day })
}

fn memory_nearly_full(situation: &Situation<'_>) -> Option<Advice> {
    let (facts, limit) = (situation.facts, situation.most_facts?);
    let is_nearly_full = facts > 0 && u64::from(facts) * 100 >= u64::from(limit) * NEARLY_FULL;
    is_nearly_full.then_some(Advice::MemoryNearlyFull { facts, limit })
}

fn best_hour(situation: &Situation<'_>) -> Option<Advice> {
    let mut hours = [0_i64; 24];
    for (begin, messages) in situation.hours {
        let hour = usize::try_from(begin.with_timezone(&situation.zone).hour()).ok()?;
        *hours.get_mut(hour)? += messages;
    }
    let all: i64 = hours.iter().sum();
    // Of two the earlier.
    let (hour, most) = (0_u8..).zip(hours).max_by_key(|(hour, messages)| (*messages, Reverse(*hour)))?;
    (all >= HABIT && most * PART >= all).then_some(Advice::BestHour { hour })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
    }

    /// Nothing to say, at this hour of the 21st in Moscow.
    fn nothing(hour: &str) -> Situation<'static> {
        Situation {
            now: format!("2026-11-21T{hour}:30:00+03:00").parse().unwrap(),
            zone: chrono_tz::Europe::Moscow,
            streak: 0,
            last_day: None,
            hours: &[],
            facts: 3,
            most_facts: Some(50),
            plans: &[],
        }
    }

    fn plan(text: &str, day: Option<NaiveDate>, told: NaiveDate) -> Plan {
        Plan { text: text.to_owned(), day, told }
    }

    #[test]
    fn who_is_new_is_given_no_advice() {
        assert_eq!(advise(&nothing("20")), []);
    }

    #[rstest]
    #[case("20", 3, 20, true)]
    #[case("17", 3, 20, false)]
    #[case("20", 3, 21, false)]
    #[case("20", 2, 20, false)]
    fn a_row_of_days_ends_in_the_evening_of_a_day_without_a_word(
        #[case] hour: &str,
        #[case] streak: u32,
        #[case] last: u32,
        #[case] ends: bool,
    ) {
        let advice = advise(&Situation { streak, last_day: Some(day(last)), ..nothing(hour) });
        assert_eq!(advice.contains(&Advice::StreakEnds { days: streak }), ends);
    }

    #[test]
    fn the_nearest_plan_is_picked_up_and_none_that_is_over_or_was_told_just_now() {
        let (past, soon) = (plan("Past", Some(day(20)), day(1)), plan("Soon", Some(day(25)), day(1)));
        let (fresh, old) = (plan("Fresh", None, day(20)), plan("Old", None, day(2)));
        let of = |plans: &[Plan]| advise(&Situation { plans, ..nothing("12") });
        let tomorrow = plan("Tomorrow", Some(day(22)), day(1));
        let all = [past.clone(), soon, fresh.clone(), old.clone(), tomorrow];
        assert_eq!(of(&all), [Advice::OpenPlan { plan: "Tomorrow".to_owned(), day: Some(day(22)) }]);
        assert_eq!(of(&[fresh.clone(), old]), [Advice::OpenPlan { plan: "Old".to_owned(), day: None }]);
        assert_eq!(of(&[past, fresh]), []);
    }

    #[test]
    fn a_memory_is_nearly_full_before_it_is() {
        let of = |facts, most_facts| advise(&Situation { facts, most_facts, ..nothing("12") });
        assert_eq!(of(45, Some(50)), [Advice::MemoryNearlyFull { facts: 45, limit: 50 }]);
        assert!(of(44, Some(50)).is_empty() && of(5000, None).is_empty() && of(0, Some(0)).is_empty());
    }

    #[test]
    fn the_best_hour_is_that_of_their_own_clock_and_of_a_habit() {
        let at = |hour: u32| format!("2026-11-20T{hour:02}:00:00Z").parse::<DateTime<Utc>>().unwrap();
        let of = |hours: &[(DateTime<Utc>, i64)]| advise(&Situation { hours, ..nothing("12") });
        assert_eq!(of(&[(at(17), 15), (at(22), 7)]), [Advice::BestHour { hour: 20 }]);
        assert_eq!(of(&[(at(17), 19)]), [], "too few for a habit");
        let whole_day: Vec<_> = (0..24).map(|hour| (at(hour), 4)).collect();
        assert_eq!(of(&whole_day), [], "at any hour is at none");
    }

    #[test]
    fn more_than_three_things_at_once_are_too_many() {
        let plans = [plan("Kazan", Some(day(22)), day(1))];
        let hours = [(nothing("20").now, 30)];
        let all =
            Situation { streak: 9, last_day: Some(day(20)), facts: 50, plans: &plans, hours: &hours, ..nothing("20") };
        let advice = advise(&all);
        assert_eq!((advice.len(), &advice[0]), (3, &Advice::StreakEnds { days: 9 }));
    }
}
