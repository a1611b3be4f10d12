//! Quiet hours: when the companion does not write first.

use std::{fmt, str::FromStr};

use crate::words::{QUIET_WORDS, compared};

/// From one hour of the person's day to another; past midnight, where the second is the smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    from: u8,
    until: u8,
}

/// What quiet hours look like.
pub const SHAPE: &str = "must be two different hours from 0 to 23, such as 22-8";

impl QuietHours {
    /// From `from` to `until`, whole hours; nothing where these are not two different hours.
    #[must_use]
    pub fn new(from: u8, until: u8) -> Option<Self> {
        (from < 24 && until < 24 && from != until).then_some(Self { from, until })
    }

    /// The hour at which they begin.
    #[must_use]
    pub const fn from(self) -> u8 {
        self.from
    }

    /// The hour at which they are over.
    #[must_use]
    pub const fn until(self) -> u8 {
        self.until
    }

    /// Whether an hour of the day is one of them.
    #[must_use]
    pub const fn cover(self, hour: u8) -> bool {
        if self.from < self.until {
            self.from <= hour && hour < self.until
        } else {
            self.from <= hour || hour < self.until
        }
    }
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.until)
    }
}

impl FromStr for QuietHours {
    type Err = &'static str;

    /// `22-8`, `22:00 – 08:00`, `22.00-8.00`, `с 22 до 8`, `from 22 to 8`, `22 8`: as people write it. Minutes must be 00.
    fn from_str(text: &str) -> Result<Self, &'static str> {
        let parts: Vec<&str> = text
            .split(|c: char| c.is_whitespace() || matches!(c, '-' | '–' | '—' | '−'))
            .filter(|part| !part.is_empty() && !QUIET_WORDS.contains(&compared(part).as_str()))
            .collect();
        let hour =
            |part: &str| [":00", ".00"].iter().find_map(|end| part.strip_suffix(end)).unwrap_or(part).parse().ok();
        match parts.as_slice() {
            [from, until] => hour(from).zip(hour(until)).and_then(|(from, until)| Self::new(from, until)).ok_or(SHAPE),
            _ => Err(SHAPE),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("22-8", &[22, 23, 0, 7], &[8, 12, 21])]
    #[case("13:00 – 15:00", &[13, 14], &[15, 12, 0])]
    #[case(" 0  6 ", &[0, 5], &[6, 23])]
    #[case("С 22 до 8", &[22, 7], &[8, 21])]
    #[case("from 22 to 8", &[22, 7], &[8, 21])]
    #[case("22.00-8.00", &[22, 7], &[8, 21])]
    fn they_cover_hours_also_past_midnight(#[case] text: &str, #[case] quiet: &[u8], #[case] loud: &[u8]) {
        let hours: QuietHours = text.parse().unwrap();
        assert!(quiet.iter().all(|hour| hours.cover(*hour)));
        assert!(!loud.iter().any(|hour| hours.cover(*hour)));
        assert_eq!(hours.to_string().parse(), Ok(hours));
    }

    #[rstest]
    #[case("22")]
    #[case("8-8")]
    #[case("22-24")]
    #[case("22:30-8")]
    #[case("22.30-8")]
    #[case("с до")]
    #[case("always")]
    fn other_texts_are_not_hours(#[case] text: &str) {
        assert_eq!(text.parse::<QuietHours>(), Err(SHAPE));
    }
}
