//! What pages say: the messages `panel-…` of `locales/`, and numbers, money and times as the reader's language writes them.
//!
//! A page holds a [`Words`]: the reader's language, and the zone in which days are counted. Names of messages stand in templates
//! and code as literals, which a test collects and compares with the files; a code of ours that has no words is shown as it is.

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use evolve_domain::{
    language::Language,
    payment::{STARS, places, priced},
};
use evolve_texts::{FluentArgs, FluentValue, format};

/// What is less than this, of a whole, is nothing: a millionth of a dollar is the least that anything costs.
const LEAST: f64 = 0.000_001;

/// What a number counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    #[default]
    Count,
    /// Shares: 1 is all.
    Share,
    /// Money, in the currency's smallest unit; of a mean, also a part of that.
    Money(String),
    /// What models cost: millionths of a US dollar.
    Microdollars,
    /// How long something takes: milliseconds.
    Millis,
    /// Tenths matter: a mean.
    Mean,
}

/// A reader's language, and the zone of the days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// In which language.
    pub language: Language,
    /// In whose hours times are shown.
    pub zone: Tz,
}

impl Words {
    /// A message.
    #[must_use]
    pub fn say(self, key: &str) -> String {
        self.fill(key, FluentArgs::new())
    }

    /// A message that counts something: it has `n`, for the form of words, and `shown`, the number as it is written.
    #[must_use]
    pub fn count(self, key: &str, n: u64) -> String {
        let mut args = FluentArgs::new();
        args.set("n", n);
        args.set("shown", self.number(n as f64));
        self.fill(key, args)
    }

    /// A message with values.
    #[must_use]
    pub fn with<'a, V: Into<FluentValue<'a>>, const N: usize>(self, key: &str, values: [(&'a str, V); N]) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in values {
            args.set(name, value);
        }
        self.fill(key, args)
    }

    /// The words for a code of ours (`panel-FAMILY-CODE`); the code itself where there are none, as for what a later version names.
    #[must_use]
    pub fn code(self, family: &str, code: &str) -> String {
        let key = format!("panel-{family}-{}", code.replace(['_', '.'], "-"));
        let (text, problems) = format(self.language, &key, None);
        if problems.is_empty() { text } else { code.to_owned() }
    }

    fn fill(self, key: &str, args: FluentArgs<'_>) -> String {
        let (text, problems) = format(self.language, key, Some(&args));
        debug_assert!(problems.is_empty(), "{key} in {}: {problems:?}", self.language);
        text
    }

    /// A number of a unit.
    #[must_use]
    pub fn value(self, unit: &Unit, value: f64) -> String {
        match unit {
            Unit::Count => self.number(value),
            Unit::Share => self.percent(value),
            Unit::Money(currency) => self.mean_money(value, currency),
            Unit::Microdollars => format!("${}", self.fine(value / 1_000_000.0, 2)),
            Unit::Millis => self.millis(value),
            Unit::Mean => self.decimal(value, 1),
        }
    }

    /// A whole number, its digits in threes.
    #[must_use]
    pub fn number(self, value: f64) -> String {
        self.decimal(value, 0)
    }

    /// A share in per cent, with a tenth.
    #[must_use]
    pub fn percent(self, share: f64) -> String {
        // Not 100.0%: whole ones are whole.
        let percent = share * 100.0;
        let places = if (percent - percent.round()).abs() < 0.05 { 0 } else { 1 };
        // Typographers of Russian put a space between, and so does ours, one that does not break.
        let between = if self.language == Language::En { "" } else { "\u{a0}" };
        format!("{}{between}%", self.decimal(percent, places))
    }

    /// Money, in the currency's smallest unit.
    #[must_use]
    pub fn money(self, amount: i64, currency: &str) -> String {
        let shown = priced(amount.abs(), currency);
        let (number, sign) = shown.split_once(' ').unwrap_or((shown.as_str(), currency));
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let minus = if amount < 0 { "−" } else { "" };
        let point = if part.is_empty() { "" } else { self.point() };
        format!("{minus}{}{point}{part}\u{a0}{sign}", self.grouped(whole))
    }

    /// Money that may have been divided: of what has no smaller unit, tenths are shown then.
    fn mean_money(self, value: f64, currency: &str) -> String {
        if (value - value.round()).abs() < 1e-9 {
            return self.money(value.round() as i64, currency);
        }
        let places = places(currency);
        let number = self.fine(value / 10_f64.powi(places.into()), usize::from(places).max(1));
        let sign = if currency == STARS { "⭐" } else { currency };
        format!("{number}\u{a0}{sign}")
    }

    /// How long, from milliseconds: the two largest units that matter.
    #[must_use]
    pub fn millis(self, millis: f64) -> String {
        if millis < 1000.0 {
            return self.with("panel-lasts-ms", [("n", self.number(millis))]);
        }
        if millis < 60_000.0 {
            return self.with("panel-lasts-s", [("n", self.decimal(millis / 1000.0, 1))]);
        }
        self.lasting(TimeDelta::milliseconds(millis as i64))
    }

    /// How long, in the two largest units that matter.
    #[must_use]
    pub fn lasting(self, time: TimeDelta) -> String {
        let minutes = time.num_minutes().max(0);
        let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
        let part = |key: &str, n: i64| (n > 0).then(|| self.with(key, [("n", n)]));
        let parts = [part("panel-lasts-d", days), part("panel-lasts-h", hours), part("panel-lasts-min", minutes)];
        let shown: Vec<String> = parts.into_iter().skip_while(Option::is_none).flatten().take(2).collect();
        if shown.is_empty() { self.with("panel-lasts-min", [("n", 0)]) } else { shown.join(" ") }
    }

    /// A number for the side of a chart, short: `12k`, `1.5M`.
    #[must_use]
    pub fn short(self, unit: &Unit, value: f64) -> String {
        let (sign, count) = match unit {
            Unit::Count | Unit::Mean => ("", value),
            Unit::Money(currency) => ("", value / 10_f64.powi(places(currency).into())),
            Unit::Microdollars => ("$", value / 1_000_000.0),
            Unit::Share => return self.percent(value),
            Unit::Millis => return self.millis(value),
        };
        let shown = if count >= 1_000_000.0 {
            self.with("panel-short-million", [("n", self.rounded(count / 1_000_000.0))])
        } else if count >= 10_000.0 {
            self.with("panel-short-thousand", [("n", self.rounded(count / 1000.0))])
        } else {
            self.rounded(count)
        };
        format!("{sign}{shown}")
    }

    /// With a digit or two after the point where there is something there; of what is less than one, with as many as it takes.
    fn rounded(self, value: f64) -> String {
        let is_near = |places: i32| {
            let moved = value * 10_f64.powi(places);
            (moved - moved.round()).abs() <= 0.001 * moved.abs()
        };
        let most = telling(value);
        let places = (0..most).find(|places| is_near(i32::try_from(*places).unwrap_or_default())).unwrap_or(most);
        self.decimal(value, places)
    }

    /// With so many digits after the point. What is too little to be seen with them has more, since it is not nothing.
    fn fine(self, value: f64, places: usize) -> String {
        let telling = telling(value);
        if telling <= places + 1 || value.abs() < LEAST {
            return self.decimal(value, places);
        }
        self.decimal(value, telling).trim_end_matches('0').to_owned()
    }

    fn decimal(self, value: f64, places: usize) -> String {
        let shown = format!("{:.places$}", value.abs());
        let (whole, part) = shown.split_once('.').unwrap_or((shown.as_str(), ""));
        let is_zero = !shown.contains(|c: char| c.is_ascii_digit() && c != '0');
        let minus = if value < 0.0 && !is_zero { "−" } else { "" };
        let point = if part.is_empty() { "" } else { self.point() };
        format!("{minus}{}{point}{part}", self.grouped(whole))
    }

    fn point(self) -> &'static str {
        if self.language == Language::En { "." } else { "," }
    }

    fn grouped(self, digits: &str) -> String {
        let between = if self.language == Language::En { ',' } else { '\u{a0}' };
        // Russians do not divide four digits.
        let is_short = self.language != Language::En && digits.len() == 4;
        let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) && !is_short {
                shown.push(between);
            }
            shown.push(digit);
        }
        shown
    }

    /// A moment, to the minute.
    #[must_use]
    pub fn when(self, at: DateTime<Utc>) -> String {
        let at = at.with_timezone(&self.zone);
        format!("{}, {}", self.date(at.date_naive()), at.format("%H:%M"))
    }

    /// A moment of today or so, to the second.
    #[must_use]
    pub fn clock(self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.zone).format("%H:%M:%S").to_string()
    }

    /// A day with its year.
    #[must_use]
    pub fn date(self, day: NaiveDate) -> String {
        format!("{} {}", self.day(day), day.year())
    }

    /// A day without its year.
    #[must_use]
    pub fn day(self, day: NaiveDate) -> String {
        let months = self.say("panel-months");
        let month = months.split(',').map(str::trim).nth(day.month0() as usize).unwrap_or_default();
        self.with("panel-day", [("day", day.day().to_string()), ("month", month.to_owned())])
    }
}

/// How many digits after the point it takes to see two that say something; two of what is one or more, or nothing.
fn telling(value: f64) -> usize {
    let first = -value.abs().log10().floor();
    if first.is_finite() { first.clamp(1.0, 5.0) as usize + 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const EN: Words = Words { language: Language::En, zone: Tz::UTC };
    const RU: Words = Words { language: Language::Ru, zone: Tz::Europe__Moscow };

    #[rstest]
    #[case(0.0, "0", "0")]
    #[case(1234.0, "1,234", "1234")]
    #[case(12_345.0, "12,345", "12\u{a0}345")]
    #[case(-1_234_567.0, "−1,234,567", "−1\u{a0}234\u{a0}567")]
    #[case(-0.2, "0", "0")]
    fn numbers_are_written_as_the_reader_writes_them(#[case] value: f64, #[case] en: &str, #[case] ru: &str) {
        assert_eq!((EN.number(value).as_str(), RU.number(value).as_str()), (en, ru));
    }

    #[rstest]
    #[case(Unit::Share, 0.125, "12.5%", "12,5\u{a0}%")]
    #[case(Unit::Share, 1.0, "100%", "100\u{a0}%")]
    #[case(Unit::Money("RUB".into()), 1_234_550.0, "12,345.50\u{a0}RUB", "12\u{a0}345,50\u{a0}RUB")]
    #[case(Unit::Money("XTR".into()), 250.0, "250\u{a0}⭐", "250\u{a0}⭐")]
    #[case(Unit::Money("JPY".into()), 350.0, "350\u{a0}JPY", "350\u{a0}JPY")]
    #[case(Unit::Money("KWD".into()), 1250.0, "1.250\u{a0}KWD", "1,250\u{a0}KWD")]
    #[case(Unit::Money("RUB".into()), -29_900.0, "−299.00\u{a0}RUB", "−299,00\u{a0}RUB")]
    #[case(Unit::Microdollars, 1_230_000.0, "$1.23", "$1,23")]
    #[case(Unit::Millis, 850.0, "850 ms", "850 мс")]
    #[case(Unit::Millis, 1500.0, "1.5 s", "1,5 с")]
    #[case(Unit::Millis, 5_400_000.0, "1 h 30 min", "1 ч 30 мин")]
    #[case(Unit::Mean, 3.12, "3.1", "3,1")]
    fn units_have_signs(#[case] unit: Unit, #[case] value: f64, #[case] en: &str, #[case] ru: &str) {
        assert_eq!((EN.value(&unit, value).as_str(), RU.value(&unit, value).as_str()), (en, ru));
    }

    /// A mean is no whole number of the smallest unit, and what is little is not nothing.
    #[rstest]
    #[case(Unit::Money("XTR".into()), 0.8, "0.8\u{a0}⭐", "0,8\u{a0}⭐")]
    #[case(Unit::Money("XTR".into()), 12.34, "12.3\u{a0}⭐", "12,3\u{a0}⭐")]
    #[case(Unit::Money("XTR".into()), 0.04, "0.04\u{a0}⭐", "0,04\u{a0}⭐")]
    #[case(Unit::Money("XTR".into()), -0.8, "−0.8\u{a0}⭐", "−0,8\u{a0}⭐")]
    #[case(Unit::Money("RUB".into()), 1234.6, "12.35\u{a0}RUB", "12,35\u{a0}RUB")]
    #[case(Unit::Money("RUB".into()), 0.4, "0.004\u{a0}RUB", "0,004\u{a0}RUB")]
    #[case(Unit::Money("JPY".into()), 350.3, "350.3\u{a0}JPY", "350,3\u{a0}JPY")]
    #[case(Unit::Money("KWD".into()), 1250.6, "1.251\u{a0}KWD", "1,251\u{a0}KWD")]
    #[case(Unit::Microdollars, 2300.0, "$0.0023", "$0,0023")]
    #[case(Unit::Microdollars, 9_960.0, "$0.01", "$0,01")]
    #[case(Unit::Microdollars, 52_300.0, "$0.05", "$0,05")]
    #[case(Unit::Microdollars, 1.0, "$0.000001", "$0,000001")]
    #[case(Unit::Microdollars, 0.2, "$0.00", "$0,00")]
    #[case(Unit::Microdollars, 0.0, "$0.00", "$0,00")]
    fn means_and_small_amounts_are_told(#[case] unit: Unit, #[case] value: f64, #[case] en: &str, #[case] ru: &str) {
        assert_eq!((EN.value(&unit, value).as_str(), RU.value(&unit, value).as_str()), (en, ru));
    }

    #[rstest]
    #[case(950.0, "950")]
    #[case(2500.0, "2,500")]
    #[case(25_000.0, "25k")]
    #[case(1_500_000.0, "1.5M")]
    fn the_side_of_a_chart_has_room_for_short_numbers(#[case] value: f64, #[case] en: &str) {
        assert_eq!(EN.short(&Unit::Count, value), en);
    }

    #[rstest]
    #[case(Unit::Microdollars, &[0.0, 2000.0, 4000.0, 10_000.0], &["$0", "$0.002", "$0.004", "$0.01"])]
    #[case(Unit::Microdollars, &[5.0, 12_500_000.0, 25_000_000_000.0], &["$0.000005", "$12.5", "$25k"])]
    #[case(Unit::Money("RUB".into()), &[125.0, 5000.0, 2_500_000.0], &["1.25", "50", "25k"])]
    #[case(Unit::Money("JPY".into()), &[350.0, 20_000.0], &["350", "20k"])]
    #[case(Unit::Money("KWD".into()), &[1250.0, 2000.0], &["1.25", "2"])]
    #[case(Unit::Money("XTR".into()), &[12.0, 1500.0], &["12", "1,500"])]
    fn lines_of_a_chart_have_different_numbers_in_the_currencys_own_unit(
        #[case] unit: Unit,
        #[case] values: &[f64],
        #[case] en: &[&str],
    ) {
        let shown: Vec<String> = values.iter().map(|value| EN.short(&unit, *value)).collect();
        assert_eq!(shown, en);
    }

    #[test]
    fn times_are_those_of_the_zone() {
        let at = "2026-05-31T22:30:00Z".parse().unwrap();
        assert_eq!(EN.when(at), "31 May 2026, 22:30");
        assert_eq!(RU.when(at), "1 июн 2026, 01:30");
    }

    #[test]
    fn a_code_without_words_is_shown_as_it_is() {
        assert_eq!(EN.code("job", "of_tomorrow"), "of_tomorrow");
        assert_ne!(EN.code("job", "cleanup_messages"), "cleanup_messages");
    }
}
