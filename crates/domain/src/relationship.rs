//! How close the companion and a person have become.
//!
//! Five levels by points, as in the seed. This file is where a reader finds every rule that gives points.

/// Points at which each level begins, first to last.
pub const THRESHOLDS: [i64; 5] = [0, 100, 300, 600, 1000];

/// Points for a message that was answered.
pub const MESSAGE: i64 = 1;
/// Points for something new that the person told of themselves.
pub const NEW_FACT: i64 = 2;

/// A level of the relationship, 1 (stranger) to 5 (intimate).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(u8);

impl Level {
    /// Its number, 1 to 5.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// The level that these points give.
#[must_use]
pub fn level_of(points: i64) -> Level {
    let reached = THRESHOLDS.iter().filter(|threshold| points >= **threshold).count().max(1);
    Level(u8::try_from(reached).unwrap_or(u8::MAX))
}

/// Points at which the next level begins; nothing on the last one.
#[must_use]
pub fn next_level_at(points: i64) -> Option<i64> {
    THRESHOLDS.into_iter().skip(1).find(|threshold| *threshold > points)
}

/// Points for one answered message in which `new_facts` were learnt.
#[must_use]
pub fn points_for_turn(new_facts: usize) -> i64 {
    MESSAGE + if new_facts > 0 { NEW_FACT } else { 0 }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, 1, Some(100))]
    #[case(99, 1, Some(100))]
    #[case(100, 2, Some(300))]
    #[case(999, 4, Some(1000))]
    #[case(1000, 5, None)]
    #[case(-5, 1, Some(100))]
    fn levels_begin_at_the_seeds_thresholds(#[case] points: i64, #[case] level: u8, #[case] next: Option<i64>) {
        assert_eq!(level_of(points).number(), level);
        assert_eq!(next_level_at(points), next);
    }
}
