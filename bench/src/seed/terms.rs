//! The index of words, as the turns of a life would have made it: month by month, of a share of people.

use std::{collections::BTreeMap, fmt::Write as _};

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use evolve_domain::memory::{Side, index::index};

use crate::rows::add;

/// What a month holds so far.
pub(crate) struct Terms {
    /// Of how many people in a hundred.
    percent: u8,
    /// Postings of each word of each person.
    held: BTreeMap<(i64, String), Vec<u8>>,
}

impl Terms {
    pub(crate) fn new(percent: u8) -> Self {
        Self { percent, held: BTreeMap::new() }
    }

    /// Takes in a message; `number` is its place among all of the person's.
    pub(crate) fn said(&mut self, person: i64, number: i32, text: &str, side: Side) {
        if person.rem_euclid(100) >= self.percent.into() {
            return;
        }
        for entry in index(text, side) {
            let postings = self.held.entry((person, entry.term)).or_default();
            postings.extend(number.to_be_bytes());
            postings.extend(entry.payload);
        }
    }

    /// A day is over: at the end of its month, and at that of the life, the rows of the month are written.
    pub(crate) fn day_ends(&mut self, day: DateTime<Utc>, is_last: bool, table: &mut String) {
        let (today, tomorrow) = (day.date_naive(), (day + TimeDelta::days(1)).date_naive());
        if today.month() == tomorrow.month() && !is_last {
            return;
        }
        let month = NaiveDate::from_ymd_opt(today.year(), today.month(), 1).unwrap_or(today);
        for ((person, term), postings) in std::mem::take(&mut self.held) {
            let mut bytes = "\\\\x".to_owned();
            for byte in postings {
                let _ = write!(bytes, "{byte:02x}");
            }
            add(table, &[&person, &term, &month, &bytes]);
        }
    }
}
