//! Adult matters: a companion speaks of them only where it is set to, and only with an adult who has agreed to it, in the words
//! as they are now. Whoever says that they are under [`AGE`] is spoken to decently, whatever was agreed.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::safety::age::LEAST;

/// Version of the words that people agree to: the `consent-ask` of `locales/`. Whoever agreed to others is asked anew.
pub const WORDS: u16 = 1;
/// Who is younger is spoken to decently.
pub const AGE: u32 = 18;
/// For so long no yes is taken from whoever said that they are younger.
pub const MINOR_FOR: TimeDelta = TimeDelta::days(365);

/// What a person decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Which version of the words they were asked with.
    pub words: u16,
    /// Whether they are old enough, and want it.
    pub agreed: bool,
    /// When they decided.
    pub decided_at: DateTime<Utc>,
    /// When they said last that they are younger than [`AGE`]; nothing where they did not, or agreed a year later.
    pub minor_said_at: Option<DateTime<Utc>>,
}

/// How somebody is to be spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// Decently.
    #[default]
    Decent,
    /// Decently, and they are to be asked.
    Undecided,
    /// As an adult who wants it.
    Adult,
}

impl Consent {
    /// Whether it is about the words as they are now.
    #[must_use]
    pub const fn is_current(&self) -> bool {
        self.words == WORDS
    }

    /// Whether they have said within [`MINOR_FOR`] that they are too young.
    #[must_use]
    pub fn is_of_minor(&self, now: DateTime<Utc>) -> bool {
        self.minor_said_at.is_some_and(|said| said > now - MINOR_FOR)
    }
}

impl Manner {
    /// How to speak to whoever decided so, with a companion that may speak of adult matters.
    #[must_use]
    pub fn of(decided: Option<Consent>) -> Self {
        match decided.filter(Consent::is_current) {
            None => Self::Undecided,
            Some(Consent { agreed: true, .. }) => Self::Adult,
            Some(_) => Self::Decent,
        }
    }
}

/// Whether somebody born on `birthday` is too young on their `today`.
#[must_use]
pub fn is_minor(birthday: NaiveDate, today: NaiveDate) -> bool {
    today.years_since(birthday).is_none_or(|years| years < AGE)
}

/// Whether that is the birthday of somebody who is too young, and yet can write: a year that was mistyped is none.
#[must_use]
pub fn is_minors(birthday: NaiveDate, today: NaiveDate) -> bool {
    today.years_since(birthday).is_some_and(|years| (LEAST..AGE).contains(&years))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn only_a_yes_to_the_words_as_they_are_now_counts() {
        let decided =
            |words, agreed| Some(Consent { words, agreed, decided_at: DateTime::UNIX_EPOCH, minor_said_at: None });
        assert_eq!(Manner::of(None), Manner::Undecided);
        assert_eq!(Manner::of(decided(WORDS, true)), Manner::Adult);
        assert_eq!(Manner::of(decided(WORDS, false)), Manner::Decent);
        assert_eq!(Manner::of(decided(WORDS - 1, true)), Manner::Undecided, "they agreed to something else");
    }

    #[test]
    fn whoever_said_that_they_are_too_young_is_for_a_year() {
        let said = DateTime::UNIX_EPOCH;
        let consent = Consent { words: WORDS, agreed: false, decided_at: said, minor_said_at: Some(said) };
        assert!(consent.is_of_minor(said) && consent.is_of_minor(said + MINOR_FOR - TimeDelta::seconds(1)));
        assert!(!consent.is_of_minor(said + MINOR_FOR));
        assert!(!Consent { minor_said_at: None, ..consent }.is_of_minor(said));
    }

    #[rstest]
    #[case("2008-11-22", false, false)]
    #[case("2008-11-23", true, true)]
    #[case("1990-01-01", false, false)]
    #[case("2026-05-05", true, false)]
    #[case("2030-01-01", true, false)]
    fn eighteen_is_counted_to_the_day(#[case] birthday: NaiveDate, #[case] is_young: bool, #[case] can_write: bool) {
        let today = "2026-11-22".parse().unwrap();
        assert_eq!((is_minor(birthday, today), is_minors(birthday, today)), (is_young, can_write));
    }
}
