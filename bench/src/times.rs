//! How long each took, and which did not go well.

use std::collections::BTreeMap;
use std::time::Duration;

/// What became of requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// How long each took that went well, shortest first.
    times: Vec<Duration>,
    /// How many did not, by why.
    pub failures: BTreeMap<String, usize>,
    /// From the first begin to the last end.
    pub took: Duration,
}

impl Outcome {
    /// What became of these, which took so long together.
    #[must_use]
    pub fn of(results: impl IntoIterator<Item = Result<Duration, String>>, took: Duration) -> Self {
        let mut outcome = Self { took, ..Self::default() };
        for result in results {
            match result {
                Ok(time) => outcome.times.push(time),
                Err(why) => *outcome.failures.entry(why).or_default() += 1,
            }
        }
        outcome.times.sort_unstable();
        outcome
    }

    /// How many went well.
    #[must_use]
    pub fn succeeded(&self) -> usize {
        self.times.len()
    }

    /// How many did not.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.failures.values().sum()
    }

    /// The share that did not go well, in percent; 0 of none.
    #[must_use]
    pub fn failed_percent(&self) -> f64 {
        let all = self.succeeded() + self.failed();
        if all == 0 { 0.0 } else { 100.0 * self.failed() as f64 / all as f64 }
    }

    /// How many went well in a second.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        if self.took.is_zero() { 0.0 } else { self.succeeded() as f64 / self.took.as_secs_f64() }
    }

    /// What `percent` of 100 did not exceed, by the nearest rank; zero of none.
    #[must_use]
    pub fn percentile(&self, percent: u32) -> Duration {
        let rank = (self.times.len() * percent as usize).div_ceil(100).max(1);
        self.times.get(rank - 1).copied().unwrap_or_default()
    }

    /// The longest; zero of none.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.times.last().copied().unwrap_or_default()
    }

    /// As [`Self::percentile`], in milliseconds.
    #[must_use]
    pub fn percentile_ms(&self, percent: u32) -> f64 {
        ms(self.percentile(percent))
    }

    /// What failed, in words: `2 × rate_limited, 1 × 502`; empty where nothing did.
    #[must_use]
    pub fn failures_in_words(&self) -> String {
        let words = self.failures.iter().map(|(why, count)| format!("{count} × {why}"));
        words.collect::<Vec<_>>().join(", ")
    }
}

/// A time in milliseconds.
#[must_use]
pub const fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The middle one; of an even number, the greater of the two. The default of none.
#[must_use]
pub fn median<T: Ord + Default>(values: impl IntoIterator<Item = T>) -> T {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_unstable();
    let middle = values.len() / 2;
    values.into_iter().nth(middle).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_the_nearest_rank_and_failures_are_counted_apart() {
        let mut results: Vec<_> = (1..=200).rev().map(|ms| Ok(Duration::from_millis(ms))).collect();
        results.extend([Err("busy".to_owned()), Err("gone".to_owned()), Err("busy".to_owned())]);
        let outcome = Outcome::of(results, Duration::from_secs(2));
        assert_eq!([50, 99, 100].map(|percent| outcome.percentile(percent).as_millis()), [100, 198, 200]);
        assert_eq!(outcome.longest(), Duration::from_millis(200));
        assert_eq!((outcome.succeeded(), outcome.failed()), (200, 3));
        assert!((outcome.per_second() - 100.0).abs() < 1e-9);
        assert!((outcome.failed_percent() - 300.0 / 203.0).abs() < 1e-9);
        assert_eq!(outcome.failures_in_words(), "2 × busy, 1 × gone");
    }

    #[test]
    fn the_median_is_the_middle_one_or_the_greater_of_two() {
        assert_eq!([median(vec![3, 1, 2]), median(vec![4, 1, 3, 2]), median(Vec::new())], [2, 3, 0]);
    }

    #[test]
    fn of_nothing_there_is_nothing_to_tell() {
        let outcome = Outcome::of([], Duration::ZERO);
        assert_eq!((outcome.percentile(99), outcome.longest()), (Duration::ZERO, Duration::ZERO));
        assert_eq!((outcome.per_second(), outcome.failed_percent()), (0.0, 0.0));
    }
}
