//! What reports are computed with, pure: the hours of a day, what tokens cost, percentiles, and what recurs of money.
//! `docs/analytics.md` says what each number means.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, TimeDelta, Timelike as _, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// Highest price that is not taken for a typing mistake: dollars per million tokens.
const MOST_DOLLARS: f64 = 100_000.0;
/// Millionths of a dollar in a dollar.
const MICROS: f64 = 1e6;
/// Picodollars in a microdollar.
const PICOS_PER_MICRO: i64 = 1_000_000;

/// What the tokens of one model cost, in US dollars per million.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DollarsPerMillion {
    /// Of the prompt.
    pub input: f64,
    /// Of the answer, thinking included.
    pub output: f64,
}

/// What the tokens of one model cost, in millionths of a dollar per million: times tokens, that is picodollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelPrice {
    /// Of the prompt.
    pub input: i64,
    /// Of the answer, thinking included.
    pub output: i64,
}

/// What each model costs, by its name as its provider calls it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, DollarsPerMillion>", into = "BTreeMap<String, DollarsPerMillion>")]
pub struct ModelPrices(BTreeMap<String, ModelPrice>);

impl TryFrom<BTreeMap<String, DollarsPerMillion>> for ModelPrices {
    type Error = String;

    fn try_from(list: BTreeMap<String, DollarsPerMillion>) -> Result<Self, String> {
        let mut prices = BTreeMap::new();
        for (model, DollarsPerMillion { input, output }) in list {
            let (Some(input), Some(output)) = (micros(input), micros(output)) else {
                return Err(format!("the prices of {model:?} must be 0 to {MOST_DOLLARS} dollars per million tokens"));
            };
            prices.insert(model, ModelPrice { input, output });
        }
        Ok(Self(prices))
    }
}

impl From<ModelPrices> for BTreeMap<String, DollarsPerMillion> {
    fn from(prices: ModelPrices) -> Self {
        let dollars = |micros: i64| micros as f64 / MICROS;
        let price =
            |price: ModelPrice| DollarsPerMillion { input: dollars(price.input), output: dollars(price.output) };
        prices.0.into_iter().map(|(model, of)| (model, price(of))).collect()
    }
}

impl ModelPrices {
    /// Every model that has a price, with it.
    pub fn iter(&self) -> impl Iterator<Item = (&str, ModelPrice)> {
        self.0.iter().map(|(model, price)| (model.as_str(), *price))
    }
}

fn micros(dollars: f64) -> Option<i64> {
    let is_price = (0.0..=MOST_DOLLARS).contains(&dollars);
    // Within bounds, it is a whole number that fits.
    is_price.then(|| (dollars * MICROS).round() as i64)
}

/// Picodollars as microdollars, half up.
#[must_use]
pub const fn microdollars(picodollars: i64) -> i64 {
    picodollars.saturating_add(PICOS_PER_MICRO / 2).div_euclid(PICOS_PER_MICRO)
}

/// The hours that clocks in `zone` show from `begins` to before `ends`: when each begins, and which it is. One that clocks show
/// twice comes twice.
#[must_use]
pub fn hours(zone: Tz, begins: DateTime<Utc>, ends: DateTime<Utc>) -> Vec<(DateTime<Utc>, u8)> {
    let mut hours: Vec<(DateTime<Utc>, u8)> = Vec::new();
    let (mut at, mut last) = (begins, None);
    while at < ends {
        let local = at.with_timezone(&zone);
        let hour = (local.date_naive(), local.hour(), local.naive_local() - at.naive_utc());
        if last != Some(hour) {
            hours.push((at, u8::try_from(local.hour()).unwrap_or_default()));
            last = Some(hour);
        }
        // Clocks change on quarter hours of UTC; `begins` is one unless the zone was another the day before.
        let seconds = at.timestamp().rem_euclid(900);
        at += TimeDelta::seconds(900 - seconds);
    }
    hours
}

/// The Monday of the week of `day`.
#[must_use]
pub fn monday(day: NaiveDate) -> NaiveDate {
    let since = u64::from(day.weekday().num_days_from_monday());
    day.checked_sub_days(Days::new(since)).unwrap_or(day)
}

/// The least value that at least `percent` of all are not above (nearest rank); nothing where there is none. `counted` has each
/// value and how often it came, ascending.
#[must_use]
pub fn percentile(counted: &[(i64, i64)], percent: u8) -> Option<i64> {
    let all: i64 = counted.iter().map(|(_, times)| times).sum();
    let rank = all.saturating_mul(percent.into()).saturating_add(99) / 100;
    let mut passed = 0;
    counted
        .iter()
        .find(|(_, times)| {
            passed += times;
            passed >= rank.max(1)
        })
        .map(|(value, _)| *value)
}

/// A part of a whole; nothing of nothing.
#[must_use]
pub fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Of who paid thirty days before, the share that pays no more; nothing where nobody paid.
#[must_use]
pub fn churn(paid_before: i64, pay_still: i64) -> Option<f64> {
    share(paid_before.saturating_sub(pay_still), paid_before)
}

/// What somebody who pays brings until they pay no more: what they pay in thirty days, by the share that leaves in as many. Nothing
/// where nobody leaves, or that is not known.
#[must_use]
pub fn lifetime_value(mrr: i64, paying: i64, churn: Option<f64>) -> Option<f64> {
    let churn = churn.filter(|churn| *churn > 0.0)?;
    Some(share(mrr, paying)? / churn)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::day;

    #[rstest]
    #[case("Europe/Berlin", "2026-03-29", 23, 23)]
    #[case("Europe/Berlin", "2026-10-25", 25, 24)]
    #[case("Europe/Berlin", "2026-11-21", 24, 24)]
    #[case("Asia/Kolkata", "2026-11-21", 24, 24)]
    #[case("America/Havana", "2026-03-08", 23, 23)]
    fn a_day_has_the_hours_that_clocks_show(
        #[case] zone: Tz,
        #[case] date: NaiveDate,
        #[case] long: usize,
        #[case] shown: usize,
    ) {
        let (begins, ends) = (day::begins(zone, date).unwrap(), day::begins(zone, date + Days::new(1)).unwrap());
        assert_eq!((ends - begins).num_hours(), i64::try_from(long).unwrap());
        let hours = hours(zone, begins, ends);
        assert_eq!((hours.len(), hours[0].0), (long, begins));
        let mut different: Vec<u8> = hours.iter().map(|(_, hour)| *hour).collect();
        different.dedup();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), shown);
    }

    #[test]
    fn prices_are_read_to_the_millionth_and_typing_mistakes_refused() {
        let read = |text: &str| serde_json::from_str::<ModelPrices>(text);
        let prices = read(r#"{"a": {"input": 0.075, "output": 0.3}}"#).unwrap();
        assert_eq!(prices.iter().collect::<Vec<_>>(), [("a", ModelPrice { input: 75_000, output: 300_000 })]);
        assert_eq!(read(&serde_json::to_string(&prices).unwrap()).unwrap(), prices);
        for bad in [r#"{"a": {"input": -1, "output": 0}}"#, r#"{"a": {"input": 1e9, "output": 0}}"#, r#"{"a": 1}"#] {
            assert!(read(bad).is_err(), "{bad}");
        }
        // A million tokens at 0.075 dollars.
        assert_eq!(microdollars(1_000_000 * 75_000), 75_000);
        assert_eq!((microdollars(499_999), microdollars(500_000)), (0, 1));
    }

    #[test]
    fn what_is_not_known_is_not_zero() {
        assert_eq!((share(1, 0), share(0, 4)), (None, Some(0.0)));
        assert_eq!((churn(0, 0), churn(4, 3)), (None, Some(0.25)));
        assert_eq!(lifetime_value(500, 2, Some(0.25)), Some(1000.0));
        assert_eq!((lifetime_value(500, 2, Some(0.0)), lifetime_value(500, 2, None)), (None, None));
    }

    #[rstest]
    #[case("2026-11-16", "2026-11-16")]
    #[case("2026-11-22", "2026-11-16")]
    #[case("2027-01-01", "2026-12-28")]
    fn weeks_begin_on_mondays(#[case] date: NaiveDate, #[case] begins: NaiveDate) {
        assert_eq!(monday(date), begins);
    }

    proptest! {
        #[test]
        fn a_percentile_is_the_value_at_its_rank(mut values in prop::collection::vec(0_i64..50, 1..80), percent in 1_u8..=100) {
            values.sort_unstable();
            let mut counted = BTreeMap::new();
            for value in &values {
                *counted.entry(*value).or_insert(0) += 1;
            }
            let counted: Vec<(i64, i64)> = counted.into_iter().collect();
            let rank = (values.len() * usize::from(percent)).div_ceil(100);
            prop_assert_eq!(percentile(&counted, percent), Some(values[rank - 1]));
        }
    }
}
