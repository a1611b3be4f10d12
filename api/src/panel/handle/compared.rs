//! What cards compare: days that are closed, with as many closed ones before them.
//!
//! Today is not over, and yesterday is not counted to its end for an hour: against a whole day, either would always have fallen. So a
//! card shows its number as it is now, and how it changed between whole days, which it names.

use evolve_store::reports::Day;

use crate::panel::{parts::Against, words::Words};

/// Days that are not closed as a rule: today, and for an hour yesterday.
const OPEN: u16 = 2;

/// How many days have to be read to compare so many.
pub(super) const fn wanted(length: u16) -> u16 {
    2 * length + OPEN
}

/// The last days that are closed, and as many before them.
pub(super) struct Compared<'a> {
    last: &'a [Day],
    before: &'a [Day],
    words: Words,
}

impl<'a> Compared<'a> {
    /// So many each, of days that are oldest first; nothing where one of them was not counted.
    pub(super) fn of(days: &'a [Day], length: u16, words: Words) -> Option<Self> {
        let length = usize::from(length);
        let closed = days.iter().rposition(|day| day.closed_at.is_some())? + 1;
        let both = days.get(closed.checked_sub(2 * length)?..closed)?;
        let is_next = |pair: &[Day]| matches!(pair, [day, next] if day.day.succ_opt() == Some(next.day));
        let (before, last) = both.split_at(length);
        both.windows(2).all(is_next).then_some(Self { last, before, words })
    }

    /// A number of a moment: of the last day, and of the last before. Nothing where either is not known.
    pub(super) fn now(&self, value: impl Fn(&Day) -> Option<f64>) -> Option<Against> {
        let (last, before) = (self.last.last()?, self.before.last()?);
        let (of, to) = (self.words.day(last.day), self.words.day(before.day));
        Some(Against { now: value(last)?, before: value(before)?, of, to })
    }

    /// A number of all the days. Nothing where it is not known of either.
    pub(super) fn all(&self, value: impl Fn(&[Day]) -> Option<f64>) -> Option<Against> {
        let (of, to) = (self.span(self.last)?, self.span(self.before)?);
        Some(Against { now: value(self.last)?, before: value(self.before)?, of, to })
    }

    fn span(&self, days: &[Day]) -> Option<String> {
        let (from, to) = (self.words.day(days.first()?.day), self.words.day(days.last()?.day));
        Some(if from == to { to } else { self.words.with("panel-span", [("from", from), ("to", to)]) })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use chrono::{NaiveDate, TimeDelta};
    use chrono_tz::Tz;
    use evolve_domain::language::Language;

    use super::*;

    const EN: Words = Words { language: Language::En, zone: Tz::UTC };

    /// A day of May on which nobody did anything.
    pub(in crate::panel::handle) fn quiet(number: u32, is_closed: bool) -> Day {
        let day = NaiveDate::from_ymd_opt(2026, 5, number).unwrap();
        let begins_at = day.and_hms_opt(0, 0, 0).unwrap().and_utc();
        let ends_at = begins_at + TimeDelta::days(1);
        Day {
            day,
            zone: "UTC".to_owned(),
            begins_at,
            ends_at,
            made_at: ends_at,
            closed_at: is_closed.then_some(ends_at),
            ..Day::default()
        }
    }

    /// Days from the first of May, each with its number of messages; of the last so many it is not known yet how they end.
    fn days(messages: &[i64], open: usize) -> Vec<Day> {
        let closed = messages.len() - open;
        let day = |(place, messages): (usize, &i64)| Day {
            messages: *messages,
            ..quiet(u32::try_from(place).unwrap() + 1, place < closed)
        };
        messages.iter().enumerate().map(day).collect()
    }

    fn sum(days: &[Day]) -> Option<f64> {
        Some(days.iter().map(|day| day.messages as f64).sum())
    }

    #[test]
    fn whole_days_are_compared_with_whole_days_however_little_of_today_is_over() {
        for (counted, open) in [(&[1, 10, 20, 30, 40, 1][..], 1), (&[1, 10, 20, 30, 40, 50, 1][..], 3)] {
            let days = days(counted, open);
            let compared = Compared::of(&days, 2, EN).unwrap();
            let against =
                |of: &str, to: &str, now, before| Some(Against { now, before, of: of.to_owned(), to: to.to_owned() });
            let expected = if open == 1 {
                against("4 May – 5 May", "2 May – 3 May", 70.0, 30.0)
            } else {
                against("3 May – 4 May", "1 May – 2 May", 50.0, 11.0)
            };
            assert_eq!(compared.all(sum), expected);
        }
        let days = days(&[10, 20, 30, 1], 1);
        let compared = Compared::of(&days, 1, EN).unwrap();
        let expected = Against { now: 30.0, before: 20.0, of: "3 May".to_owned(), to: "2 May".to_owned() };
        assert_eq!(compared.all(sum), Some(expected.clone()));
        assert_eq!(compared.now(|day| Some(day.messages as f64)), Some(expected));
        assert_eq!(compared.now(|day| day.premium.map(|people| people as f64)), None);
    }

    #[test]
    fn days_that_were_not_counted_are_nothing_to_compare_with() {
        let all = days(&[1, 2, 3, 4, 5], 1);
        assert!(Compared::of(&all, 2, EN).is_some() && Compared::of(&all, 3, EN).is_none());
        let mut hole = all;
        hole.remove(2);
        assert!(Compared::of(&hole, 1, EN).is_none(), "3 May is missing");
        assert!(Compared::of(&days(&[1, 2, 3], 3), 1, EN).is_none() && Compared::of(&[], 1, EN).is_none());
    }
}
