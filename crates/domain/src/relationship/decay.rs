//! What being away costs, where a bot is configured so; by default nothing.
//!
//! Gentle: only days beyond a grace cost something, and a level once reached is kept: points never fall below where the
//! person's level begins. Nobody should be punished for a holiday, or come back to a friend who acts as a stranger.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Levels;

/// Most of each number, so that a typing mistake is an error.
const MOST: u32 = 1000;

/// How points fade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Numbers", into = "Numbers")]
pub struct Decay {
    after_days: u32,
    points_per_day: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Numbers {
    after_days: u32,
    points_per_day: u32,
}

impl TryFrom<Numbers> for Decay {
    type Error = String;

    fn try_from(Numbers { after_days, points_per_day }: Numbers) -> Result<Self, String> {
        Self::new(after_days, points_per_day).ok_or_else(|| {
            format!("afterDays and pointsPerDay must be 1 to {MOST}; leave the decay out where points are not to fade")
        })
    }
}

impl From<Decay> for Numbers {
    fn from(Decay { after_days, points_per_day }: Decay) -> Self {
        Self { after_days, points_per_day }
    }
}

impl Decay {
    /// `points_per_day` for each day of being away beyond `after_days`; nothing where a number is out of bounds.
    #[must_use]
    pub fn new(after_days: u32, points_per_day: u32) -> Option<Self> {
        let fits = |number| (1..=MOST).contains(&number);
        (fits(after_days) && fits(points_per_day)).then_some(Self { after_days, points_per_day })
    }

    /// What is left today of the points of somebody who was last here on `last_day`.
    #[must_use]
    pub fn left(self, points: i64, last_day: NaiveDate, today: NaiveDate, levels: &Levels) -> i64 {
        let days = (today - last_day).num_days().saturating_sub(self.after_days.into()).max(0);
        let kept = levels.begins_at(levels.of(points)).min(points);
        points.saturating_sub(days.saturating_mul(self.points_per_day.into())).max(kept)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn day(number: i64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, 1).unwrap() + chrono::TimeDelta::days(number)
    }

    #[rstest]
    #[case(0, 350)]
    #[case(14, 350)]
    #[case(15, 345)]
    #[case(20, 320)]
    #[case(24, 300)]
    #[case(4000, 300)]
    #[case(-3, 350)]
    fn points_fade_after_the_grace_and_stop_where_the_level_begins(#[case] days_away: i64, #[case] left: i64) {
        let decay = Decay::new(14, 5).unwrap();
        assert_eq!(decay.left(350, day(0), day(days_away), &Levels::default()), left);
    }

    #[rstest]
    #[case(r#"{"afterDays": 14, "pointsPerDay": 5}"#, true)]
    #[case(r#"{"afterDays": 0, "pointsPerDay": 5}"#, false)]
    #[case(r#"{"afterDays": 14, "pointsPerDay": 1001}"#, false)]
    #[case(r#"{"afterDays": 14}"#, false)]
    #[case(r#"{"afterDays": 14, "pointsPerDay": 5, "weekly": true}"#, false)]
    fn a_decay_out_of_bounds_is_refused(#[case] json: &str, #[case] ok: bool) {
        assert_eq!(serde_json::from_str::<Decay>(json).is_ok(), ok);
    }

    proptest! {
        #[test]
        fn being_away_never_adds_points_and_never_costs_a_level(
            points in -100..5000_i64, away in -10..5000_i64, after in 1..100_u32, a_day in 1..100_u32,
        ) {
            let (levels, decay) = (Levels::default(), Decay::new(after, a_day).unwrap());
            let left = decay.left(points, day(0), day(away), &levels);
            prop_assert!(left <= points);
            prop_assert_eq!(levels.of(left), levels.of(points));
        }
    }
}
