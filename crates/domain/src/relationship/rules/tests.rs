use chrono::TimeDelta;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::relationship::{Decay, Levels};

fn day(number: i64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 1).unwrap() + TimeDelta::days(number)
}

fn kinds(growth: &Growth) -> Vec<(Kind, i64)> {
    growth.events.iter().map(|event| (event.kind, event.points)).collect()
}

/// Somebody with these points, who was last here on day 0 for so many days in a row.
fn known(points: i64, streak: u32) -> Bond {
    Bond { points, last_day: Some(day(0)), points_today: 1, streak, best_level: Some(Levels::default().of(points)) }
}

#[rstest]
#[case::first_message(Bond::default(), 0, 0, vec![(Kind::Message, 1)])]
#[case::a_fact(Bond::default(), 0, 1, vec![(Kind::Message, 1), (Kind::Fact, 2)])]
#[case::many_facts(Bond::default(), 0, 9, vec![(Kind::Message, 1), (Kind::Fact, 2)])]
#[case::same_day(known(10, 4), 0, 0, vec![(Kind::Message, 1)])]
#[case::second_day(known(10, 1), 1, 0, vec![(Kind::Streak, 2), (Kind::Message, 1)])]
#[case::fourth_day(known(10, 3), 1, 0, vec![(Kind::Streak, 4), (Kind::Message, 1)])]
#[case::long_streak(known(10, 300), 1, 0, vec![(Kind::Streak, 5), (Kind::Message, 1)])]
#[case::a_day_missed(known(10, 4), 2, 0, vec![(Kind::Message, 1)])]
#[case::six_days_away(known(10, 4), 6, 0, vec![(Kind::Message, 1)])]
#[case::a_week_away(known(10, 4), 7, 1, vec![(Kind::Return, 5), (Kind::Message, 1), (Kind::Fact, 2)])]
#[case::a_flight_westwards(known(10, 4), -1, 0, vec![(Kind::Message, 1)])]
fn points_come_for_what_a_reader_of_the_table_expects(
    #[case] bond: Bond,
    #[case] on: i64,
    #[case] facts: usize,
    #[case] expected: Vec<(Kind, i64)>,
) {
    assert_eq!(kinds(&bond.grow(&Relationship::default(), day(on), facts)), expected);
}

#[test]
fn a_thousand_messages_on_one_day_are_worth_no_more_than_the_cap_and_the_next_day_counts_again() {
    let (rules, mut bond) = (Relationship::default(), Bond::default());
    for _ in 0..1000 {
        bond = bond.grow(&rules, day(0), 1).after;
    }
    assert_eq!((bond.points, bond.points_today), (DAILY_CAP, DAILY_CAP));
    assert_eq!(bond.grow(&rules, day(0), 1).events, [], "a message beyond the cap left an event without points");
    let next = bond.grow(&rules, day(1), 0).after;
    assert_eq!((next.points, next.points_today, next.streak), (DAILY_CAP + 3, 3, 2));
}

#[test]
fn changing_the_time_zone_to_and_fro_does_not_make_a_day_begin_twice() {
    let (rules, mut bond) = (Relationship::default(), Bond::default());
    for turn in 0..200 {
        bond = bond.grow(&rules, day(turn % 2), 1).after;
    }
    assert!(bond.points <= 2 * DAILY_CAP, "{}", bond.points);
}

#[test]
fn a_level_is_reached_once_and_what_was_reached_before_is_not_celebrated() {
    let rules = Relationship::default();
    let growth = known(99, 1).grow(&rules, day(0), 0);
    assert_eq!(growth.level_up().map(Level::number), Some(2));
    assert_eq!(growth.events[1].levels, Some((Level::at(1), Level::at(2))));
    assert_eq!(growth.after.grow(&rules, day(0), 0).level_up(), None);
    // Somebody from before levels were celebrated.
    let old = Bond { points: 400, ..Bond::default() };
    let growth = old.grow(&rules, day(0), 0);
    assert_eq!((growth.level_up(), growth.after.best_level), (None, Some(Level::at(3))));
}

#[test]
fn lower_thresholds_are_celebrated_and_higher_ones_do_not_celebrate_again_what_was() {
    let levels = |second: u32| -> Relationship {
        let json = format!(r#"[{{"name": "a", "points": 0}}, {{"name": "b", "points": {second}}}]"#);
        Relationship { levels: serde_json::from_str(&json).unwrap(), decay: None }
    };
    let bond = Bond { best_level: Some(Level::FIRST), ..known(50, 1) };
    let growth = bond.grow(&levels(10), day(0), 0);
    assert_eq!(growth.level_up(), Some(Level::at(2)));
    let higher = levels(52);
    assert_eq!(higher.levels.of(growth.after.points), Level::FIRST);
    assert_eq!(growth.after.grow(&higher, day(0), 0).level_up(), None, "the second level was celebrated twice");
}

#[test]
fn what_faded_is_written_down_with_the_next_message_and_never_costs_the_level() {
    let rules = Relationship { decay: Decay::new(14, 5), ..Relationship::default() };
    let bond = known(350, 3);
    assert_eq!(bond.points_on(&rules, day(20)), 320);
    let growth = bond.grow(&rules, day(20), 0);
    assert_eq!(kinds(&growth), [(Kind::Decay, -30), (Kind::Return, 5), (Kind::Message, 1)]);
    assert_eq!(growth.after.points, 326);
    let growth = bond.grow(&rules, day(900), 0);
    assert_eq!((growth.after.points, growth.level_up()), (306, None));
}

#[rstest]
#[case(0, 4, 1)]
#[case(1, 4, 0)]
#[case(2, 0, 0)]
fn a_streak_is_broken_by_a_whole_day_without_a_message(#[case] today: i64, #[case] streak: u32, #[case] earned: i64) {
    let bond = known(10, 4);
    assert_eq!((bond.streak_on(day(today)), bond.earned_on(day(today))), (streak, earned));
}

#[test]
fn every_kind_is_found_by_its_name() {
    for kind in Kind::ALL {
        assert_eq!(kind.as_str().parse(), Ok(kind));
    }
    assert!("bribe".parse::<Kind>().is_err());
}

/// A life: on which day each message is sent (relative to the one before), and how much it tells.
fn life() -> impl Strategy<Value = Vec<(i64, usize)>> {
    let step = prop_oneof![8 => Just(0_i64), 4 => Just(1), 2 => -2..3_i64, 1 => 2..60_i64];
    prop::collection::vec((step, 0..3_usize), 1..300)
}

fn rules() -> impl Strategy<Value = Relationship> {
    let decay = prop::option::of((1..40_u32, 1..40_u32));
    decay.prop_map(|numbers| Relationship {
        decay: numbers.and_then(|(after, a_day)| Decay::new(after, a_day)),
        ..Relationship::default()
    })
}

proptest! {
    #[test]
    fn whatever_a_life_the_ledger_adds_up_no_day_passes_the_cap_and_each_level_is_celebrated_once(
        life in life(), rules in rules(),
    ) {
        let (mut bond, mut now, mut ledger) = (Bond::default(), 0, 0);
        let mut by_day = std::collections::BTreeMap::new();
        let mut celebrated = Vec::new();
        for (step, facts) in life {
            now += step;
            let growth = bond.grow(&rules, day(now), facts);
            let after = &growth.after;
            let gained: i64 = growth.events.iter().filter(|e| e.kind != Kind::Decay).map(|e| e.points).sum();
            ledger += growth.events.iter().map(|event| event.points).sum::<i64>();
            *by_day.entry(after.last_day).or_insert(0) += gained;
            celebrated.extend(growth.level_up());
            prop_assert!(gained >= 0 && after.points_today <= DAILY_CAP);
            prop_assert!(rules.decay.is_some() || after.points >= bond.points, "points were lost without decay");
            prop_assert!(rules.levels.of(after.points) >= rules.levels.of(bond.points), "a level was lost");
            prop_assert!(after.last_day >= bond.last_day, "a day came twice");
            prop_assert!(after.streak >= 1);
            bond = growth.after;
        }
        prop_assert_eq!(ledger, bond.points);
        prop_assert!(by_day.values().all(|points| *points <= DAILY_CAP), "{:?}", by_day);
        prop_assert!(celebrated.is_sorted_by(|a, b| a < b), "celebrated twice: {:?}", celebrated);
        prop_assert_eq!(celebrated.last().copied().unwrap_or(Level::FIRST), rules.levels.of(bond.points));
    }
}
