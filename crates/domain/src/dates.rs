//! Days as people write them: 2026-05-20, 20.05.2026, 20 мая, May 20, 2026.

use chrono::{Datelike as _, NaiveDate};

use crate::{
    fact::Category,
    memory::{question::is_named, terms::words},
    words::RECALL_MONTHS,
};

/// Most letters after the number of a day: May 20th.
const ORDINAL: usize = 2;
/// Most years from one February 29 to the next.
const LEAP: i32 = 8;

/// Which day is meant by one without a year. Either may be today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nearest {
    /// The next such day.
    Ahead,
    /// The last such day.
    Behind,
}

impl Nearest {
    /// Which is meant by a fact: what happened has happened.
    #[must_use]
    pub const fn of(category: Category) -> Self {
        match category {
            Category::Events => Self::Behind,
            _ => Self::Ahead,
        }
    }
}

/// The first day that is told in a text; of one without a year, the nearest. A day of numbers alone is told with its year: 7.5
/// may be anything.
#[must_use]
pub fn told(text: &str, today: NaiveDate, nearest: Nearest) -> Option<NaiveDate> {
    text.split_whitespace().find_map(of_numbers).or_else(|| of_month(&words(text), today, nearest))
}

/// The day that a text is: as [`told`], and 20.05 as well.
#[must_use]
pub fn read(text: &str, today: NaiveDate, nearest: Nearest) -> Option<NaiveDate> {
    let short = || {
        let (day, month) = text.trim().trim_end_matches('.').split_once('.')?;
        without_year(month.parse().ok()?, day.parse().ok()?, today, nearest)
    };
    told(text, today, nearest).or_else(short)
}

/// 2026-05-20 and 20.05.2026.
fn of_numbers(word: &str) -> Option<NaiveDate> {
    let word = word.trim_matches(|c: char| !c.is_ascii_digit());
    let year = |year: &str| year.parse::<i32>().ok().filter(|_| year.len() == 4);
    if let Some((first, rest)) = word.split_once('-') {
        let (month, day) = rest.split_once('-')?;
        return NaiveDate::from_ymd_opt(year(first)?, month.parse().ok()?, day.parse().ok()?);
    }
    let (day, rest) = word.split_once('.')?;
    let (month, last) = rest.split_once('.')?;
    NaiveDate::from_ymd_opt(year(last)?, month.parse().ok()?, day.parse().ok()?)
}

/// A month by its name, with its day before or after it, and perhaps a year after both.
fn of_month(words: &[String], today: NaiveDate, nearest: Nearest) -> Option<NaiveDate> {
    let number = |at: Option<usize>| words.get(at?).and_then(|word| day(word)).map(|day| (at, day));
    let date = |(at, word): (usize, &String)| {
        let month = (1..).zip(RECALL_MONTHS).find(|(_, names)| names.iter().any(|name| is_named(name, word)))?.0;
        let (beside, day) = number(at.checked_sub(1)).or_else(|| number(Some(at + 1)))?;
        let year = words.get(beside?.max(at) + 1).filter(|word| word.len() == 4).and_then(|word| word.parse().ok());
        match year {
            Some(year) => NaiveDate::from_ymd_opt(year, month, day),
            None => without_year(month, day, today, nearest),
        }
    };
    words.iter().enumerate().find_map(date)
}

fn day(word: &str) -> Option<u32> {
    let letters = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = word.strip_suffix(letters)?;
    (letters.chars().count() <= ORDINAL).then_some(digits)?.parse().ok().filter(|day| (1..=31).contains(day))
}

/// The nearest such day.
fn without_year(month: u32, day: u32, today: NaiveDate, nearest: Nearest) -> Option<NaiveDate> {
    let of_year = |years: i32| {
        let year = if nearest == Nearest::Ahead { today.year() + years } else { today.year() - years };
        NaiveDate::from_ymd_opt(year, month, day)
    };
    let is_there = |date: &NaiveDate| if nearest == Nearest::Ahead { *date >= today } else { *date <= today };
    (0..=LEAP).filter_map(of_year).find(is_there)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 5, 20).unwrap();

    #[rstest]
    #[case("Экзамен 2026-06-01", Some("2026-06-01"))]
    #[case("Экзамен (01.06.2026).", Some("2026-06-01"))]
    #[case("Экзамен 1 июня", Some("2026-06-01"))]
    #[case("Экзамен 20 мая", Some("2026-05-20"))]
    #[case("Экзамен 19 мая, сложный", Some("2027-05-19"))]
    #[case("Был 9 мая 2020 года", Some("2020-05-09"))]
    #[case("Exam on May 21st", Some("2026-05-21"))]
    #[case("Exam on June 1, 2027", Some("2027-06-01"))]
    #[case("Exam on 1 June at 10", Some("2026-06-01"))]
    #[case("Экзамен в мае", None)]
    #[case("Экзамен в мае 2027", None)]
    #[case("Экзамен 31 июня", None)]
    #[case("Весит 7.5 кг", None)]
    #[case("Телефон 555-12-34", None)]
    fn a_day_is_found_among_words(#[case] text: &str, #[case] day: Option<&str>) {
        assert_eq!(told(text, TODAY, Nearest::Ahead), day.map(|day| day.parse().unwrap()));
    }

    #[rstest]
    #[case("21.05", Some("2026-05-21"))]
    #[case(" 1.6. ", Some("2026-06-01"))]
    #[case("1 июня", Some("2026-06-01"))]
    #[case("32.05", None)]
    #[case("скоро", None)]
    fn a_day_may_be_all_that_is_written(#[case] text: &str, #[case] day: Option<&str>) {
        assert_eq!(read(text, TODAY, Nearest::Ahead), day.map(|day| day.parse().unwrap()));
    }

    #[rstest]
    #[case("Сдала экзамен 19 мая", "2026-05-19")]
    #[case("20 мая", "2026-05-20")]
    #[case("21.05", "2025-05-21")]
    #[case("Flew to Rome on June 1st", "2025-06-01")]
    #[case("29 февраля", "2024-02-29")]
    #[case("1 июня 2027", "2027-06-01")]
    fn what_happened_happened_on_the_last_such_day(#[case] text: &str, #[case] day: &str) {
        assert_eq!(read(text, TODAY, Nearest::of(Category::Events)), Some(day.parse().unwrap()));
        assert_eq!(read("29 февраля", TODAY, Nearest::of(Category::Plans)), Some("2028-02-29".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in any::<String>()) {
            let _ = (told(&text, TODAY, Nearest::Ahead), read(&text, TODAY, Nearest::Behind));
        }
    }
}
