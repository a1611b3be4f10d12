//! Writing first: whether the companion may say something by itself now, and about what.
//!
//! At most one thing a day, in the person's own zone, never in their quiet hours. Asking how a plan went is worth more than a
//! good morning: on a day on which there is something to ask, there is no good morning. Nor is there one for whoever has
//! talked on that day already. Whoever does not answer, or has
//! been away for long, or was in danger when they spoke last or some days before, is left in peace.

use chrono::{DateTime, NaiveDate, TimeDelta, TimeZone as _, Timelike as _, Utc};
use chrono_tz::Tz;

use crate::{day::next_day, quiet::QuietHours};

/// A good morning is said from this hour until noon.
const MORNING: u32 = 8;
const NOON: u32 = 12;
/// A plan is asked after from this hour on.
const DAY: u32 = 10;
/// Of a plan of the same day it is asked from this hour on: before, it may not have happened yet.
const EVENING: u32 = 20;
/// Nothing is said first from this hour on.
const NIGHT: u32 = 21;
/// A plan of so many days ago is asked after no more.
const STALE_DAYS: i64 = 2;
/// A plan without a day is asked after when it was told so many days ago.
const UNDATED_DAYS: std::ops::RangeInclusive<i64> = 3..=10;
/// Who has said nothing for so long is left in peace.
const AWAY: TimeDelta = TimeDelta::days(14);
/// Who has left so much unanswered is left in peace until they write.
const MOST_UNANSWERED: u32 = 3;
/// A conversation in which something was said within this time is under way.
const UNDER_WAY: TimeDelta = TimeDelta::hours(2);
/// Until the next look, while something may come up.
const LOOK_AGAIN: TimeDelta = TimeDelta::hours(1);

/// Something that a person intends, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
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
    /// When nothing may be said first.
    pub quiet: Option<QuietHours>,
    /// Whether a good morning is allowed.
    pub good_morning: bool,
    /// Whether it is allowed to ask how plans went.
    pub follow_ups: bool,
    /// The last day on which something was said first.
    pub wrote_first_on: Option<NaiveDate>,
    /// How much that was said first was left unanswered.
    pub unanswered: u32,
    /// When they said something last.
    pub last_own: Option<DateTime<Utc>>,
    /// When anything was said last.
    pub last_said: Option<DateTime<Utc>>,
    /// Whether they spoke of ending their life, or of hurting themselves, when they spoke last or some days before.
    pub in_danger: bool,
    /// What they intend, as far as nobody has asked after it.
    pub plans: &'a [Plan],
    /// How long after the hour mornings begin, so that not everybody's begins at once; less than an hour.
    pub delay: TimeDelta,
}

/// What to say first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// Good morning.
    GoodMorning,
    /// How did this plan go? By its place among [`Situation::plans`].
    FollowUp(usize),
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// This is to be said; from `until` on it is too late for it.
    Say {
        /// What.
        occasion: Occasion,
        /// When it is too late.
        until: DateTime<Utc>,
    },
    /// Nothing; it is to be looked at again then.
    Later(DateTime<Utc>),
}

/// Decides.
#[must_use]
pub fn decide(situation: &Situation<'_>) -> Decision {
    let Situation { now, zone, .. } = *situation;
    let local = now.with_timezone(&zone);
    let (today, hour) = (local.date_naive(), local.hour());
    let tomorrow = Decision::Later(next_day(zone, now) + TimeDelta::hours(MORNING.into()) + situation.delay);
    let has_written = situation.wrote_first_on.is_some_and(|day| day >= today);
    let is_away = situation.last_own.is_none_or(|last| now - last > AWAY);
    if has_written || is_away || situation.in_danger || situation.unanswered >= MOST_UNANSWERED || hour >= NIGHT {
        return tomorrow;
    }
    let begin = at(zone, today, MORNING, now) + situation.delay;
    if now < begin {
        return Decision::Later(begin);
    }
    let later = Decision::Later(now + LOOK_AGAIN);
    if situation.quiet.is_some_and(|quiet| quiet.cover(u8::try_from(hour).unwrap_or_default())) {
        return later;
    }
    if let Some(last) = situation.last_said.filter(|last| now - *last < UNDER_WAY) {
        return Decision::Later(last + UNDER_WAY);
    }
    let say = |occasion, until| Decision::Say { occasion, until: end(situation, today, hour, until) };
    let is_up = situation.last_own.is_some_and(|last| last.with_timezone(&zone).date_naive() >= today);
    match to_ask(situation, today) {
        Some((place, from)) if hour >= from => say(Occasion::FollowUp(place), NIGHT),
        None if situation.good_morning && !is_up && hour < NOON => say(Occasion::GoodMorning, NOON),
        _ => later,
    }
}

/// The plan to be asked after today, and the hour from which on: the one whose day is nearest, before those without a day.
fn to_ask(situation: &Situation<'_>, today: NaiveDate) -> Option<(usize, u32)> {
    let due = |(place, plan): (usize, &Plan)| {
        let ago = (today - plan.day.unwrap_or(plan.told)).num_days();
        match plan.day {
            Some(_) if (0..=STALE_DAYS).contains(&ago) => {
                Some((place, true, ago, if ago == 0 { EVENING } else { DAY }))
            }
            None if UNDATED_DAYS.contains(&ago) => Some((place, false, ago, DAY)),
            _ => None,
        }
    };
    let plans = situation.plans.iter().enumerate().filter(|_| situation.follow_ups).filter_map(due);
    plans.min_by_key(|(_, dated, ago, _)| (!dated, *ago)).map(|(place, _, _, from)| (place, from))
}

/// The hour `limit`, or the one at which quiet hours begin, if that is sooner.
fn end(situation: &Situation<'_>, today: NaiveDate, hour: u32, limit: u32) -> DateTime<Utc> {
    let is_quiet = |hour: &u32| situation.quiet.is_some_and(|q| q.cover(u8::try_from(*hour).unwrap_or_default()));
    let hour = (hour + 1..limit).find(is_quiet).unwrap_or(limit);
    at(situation.zone, today, hour, situation.now)
}

/// An hour of a day; where the clocks skip it, the next one that exists.
fn at(zone: Tz, day: NaiveDate, hour: u32, fallback: DateTime<Utc>) -> DateTime<Utc> {
    let moment = |hour| zone.from_local_datetime(&day.and_hms_opt(hour, 0, 0)?).earliest();
    (hour..24).find_map(moment).map_or(fallback, |moment| moment.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// Moscow, three hours ahead, on a Saturday.
    fn moscow(hour: u32) -> DateTime<Utc> {
        "2026-11-21T00:00:00+03:00".parse::<DateTime<Utc>>().unwrap() + TimeDelta::hours(hour.into())
    }

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
    }

    fn situation(hour: u32, plans: &[Plan]) -> Situation<'_> {
        Situation {
            now: moscow(hour),
            zone: Tz::Europe__Moscow,
            quiet: None,
            good_morning: true,
            follow_ups: true,
            wrote_first_on: None,
            unanswered: 0,
            last_own: Some(moscow(0) - TimeDelta::hours(3)),
            last_said: Some(moscow(0) - TimeDelta::hours(3)),
            in_danger: false,
            plans,
            delay: TimeDelta::zero(),
        }
    }

    fn morning(until: u32) -> Decision {
        Decision::Say { occasion: Occasion::GoodMorning, until: moscow(until) }
    }

    #[test]
    fn good_morning_is_said_in_the_morning_of_the_person_and_never_later() {
        assert_eq!(decide(&situation(7, &[])), Decision::Later(moscow(8)));
        assert_eq!(decide(&situation(8, &[])), morning(12));
        assert_eq!(decide(&situation(11, &[])), morning(12));
        assert_eq!(decide(&situation(12, &[])), Decision::Later(moscow(13)));
        assert_eq!(decide(&situation(21, &[])), Decision::Later(moscow(24 + 8)));
        let spread = Situation { delay: TimeDelta::minutes(20), ..situation(8, &[]) };
        assert_eq!(decide(&spread), Decision::Later(moscow(8) + TimeDelta::minutes(20)));
    }

    #[test]
    fn nothing_is_said_in_quiet_hours_nor_sent_in_them() {
        let quiet = |text: &str| Some(text.parse().unwrap());
        assert_eq!(decide(&Situation { quiet: quiet("22-10"), ..situation(9, &[]) }), Decision::Later(moscow(10)));
        assert_eq!(decide(&Situation { quiet: quiet("22-10"), ..situation(10, &[]) }), morning(12));
        assert_eq!(decide(&Situation { quiet: quiet("11-14"), ..situation(9, &[]) }), morning(11));
    }

    #[test]
    fn a_plan_is_asked_after_on_the_evening_of_its_day_or_the_days_after_and_takes_the_morning() {
        let exam = [Plan { day: Some(day(21)), told: day(10) }];
        let ask = Decision::Say { occasion: Occasion::FollowUp(0), until: moscow(21) };
        assert_eq!(decide(&situation(9, &exam)), Decision::Later(moscow(10)), "it is asked after in the evening");
        assert_eq!(decide(&situation(17, &exam)), Decision::Later(moscow(18)), "it may be under way");
        assert_eq!(decide(&situation(20, &exam)), ask);
        for (ago, hour) in [(20, 10), (19, 10)] {
            assert_eq!(decide(&situation(hour, &[Plan { day: Some(day(ago)), told: day(10) }])), ask);
        }
        for other in [Some(day(18)), Some(day(22))] {
            assert_eq!(decide(&situation(10, &[Plan { day: other, told: day(10) }])), morning(12));
        }
        let mornings_alone = Situation { follow_ups: false, ..situation(9, &exam) };
        assert_eq!(decide(&mornings_alone), morning(12));
    }

    #[test]
    fn of_several_plans_the_one_of_the_nearest_day_is_asked_after_and_one_without_a_day_last() {
        let plans = [
            Plan { day: None, told: day(17) },
            Plan { day: Some(day(19)), told: day(1) },
            Plan { day: Some(day(20)), told: day(1) },
        ];
        let asked = |plans: &[Plan]| match decide(&situation(12, plans)) {
            Decision::Say { occasion: Occasion::FollowUp(place), .. } => Some(place),
            _ => None,
        };
        assert_eq!(asked(&plans), Some(2));
        assert_eq!(asked(&plans[..1]), Some(0));
        assert_eq!(asked(&[Plan { day: None, told: day(20) }]), None, "they have only just told it");
    }

    #[rstest]
    #[case(Situation { wrote_first_on: Some(day(21)), ..situation(9, &[]) })]
    #[case(Situation { unanswered: 3, ..situation(9, &[]) })]
    #[case(Situation { in_danger: true, ..situation(9, &[]) })]
    #[case(Situation { last_own: None, ..situation(9, &[]) })]
    #[case(Situation { last_own: Some(moscow(9) - TimeDelta::days(15)), ..situation(9, &[]) })]
    fn who_was_written_to_or_is_silent_or_in_danger_is_left_in_peace(#[case] situation: Situation<'_>) {
        assert_eq!(decide(&situation), Decision::Later(moscow(24 + 8)));
    }

    #[test]
    fn whoever_has_talked_on_this_day_already_needs_no_good_morning() {
        let talked = |hour: i64| Some(moscow(0) + TimeDelta::hours(hour));
        let after = |hour| decide(&Situation { last_own: talked(hour), last_said: talked(hour), ..situation(11, &[]) });
        assert_eq!(after(7), Decision::Later(moscow(12)));
        assert_eq!(after(-1), morning(12));
    }

    #[test]
    fn a_conversation_that_is_under_way_is_not_interrupted() {
        let talking = Situation { last_said: Some(moscow(8)), ..situation(9, &[]) };
        assert_eq!(decide(&talking), Decision::Later(moscow(10)));
        assert_eq!(decide(&Situation { now: moscow(10), ..talking }), morning(12));
    }
}
