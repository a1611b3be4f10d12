//! What was measured, in words.

use std::{collections::BTreeMap, time::Duration};

use evolve_bench::times::ms;

/// How many of the first messages count.
const CUTS: [usize; 3] = [5, 10, 20];
/// The place of ten among them, by which is judged.
const TEN: usize = 1;
/// What is promised of the evidence among the first ten.
const RECALL: f64 = 0.75;
/// What is promised of 95 of 100 questions.
const LATENCY: Duration = Duration::from_millis(20);

/// Shares of evidence found, and how long it took.
#[derive(Default)]
pub(crate) struct Report {
    found: Vec<(u8, [f64; 3])>,
    took: Vec<Duration>,
}

impl Report {
    pub(crate) fn answered(&mut self, category: u8, evidence: &[String], found: &[&str], took: Duration) {
        let share = |cut: usize| {
            let first: Vec<_> = found.iter().take(cut).collect();
            mean(evidence.iter().map(|id| f64::from(u8::from(first.contains(&&id.as_str())))))
        };
        self.found.push((category, CUTS.map(share)));
        self.took.push(took);
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.found.extend(other.found);
        self.took.extend(other.took);
    }

    /// Questions, recall at each cut, and latency.
    pub(crate) fn line(&self, name: &str) -> String {
        let recall = CUTS.iter().enumerate().map(|(at, cut)| format!("recall@{cut} {:.3}", self.recall(at)));
        let recall = recall.collect::<Vec<_>>().join("  ");
        format!("{name:<12} {:>4} questions  {recall}  {}", self.found.len(), self.latency())
    }

    pub(crate) fn categories(&self) -> String {
        let mut by = BTreeMap::<u8, Vec<f64>>::new();
        for (category, [_, at_ten, _]) in &self.found {
            by.entry(*category).or_default().push(*at_ten);
        }
        let line = |(category, shares): (u8, Vec<f64>)| format!("category {category} {:.3}", mean(shares.into_iter()));
        format!("recall@10 by category: {}", by.into_iter().map(line).collect::<Vec<_>>().join("  "))
    }

    pub(crate) fn latency(&self) -> String {
        format!("p50 {:.1} ms  p95 {:.1} ms", ms(self.within(50)), ms(self.within(95)))
    }

    /// In which way too little is found, if it is.
    pub(crate) fn too_little(&self, name: &str) -> Option<String> {
        let recall = self.recall(TEN);
        (recall < RECALL).then(|| format!("{name}: recall@10 is {recall:.3}, below {RECALL}"))
    }

    /// In which way finding takes too long, if it does.
    pub(crate) fn too_slow(&self) -> Option<String> {
        let took = self.within(95);
        (took > LATENCY).then(|| format!("95 of 100 questions take up to {took:.1?}, more than {LATENCY:?}"))
    }

    fn recall(&self, cut: usize) -> f64 {
        mean(self.found.iter().map(|(_, shares)| shares.get(cut).copied().unwrap_or_default()))
    }

    /// Within which time so many of 100 questions were answered.
    fn within(&self, percent: usize) -> Duration {
        let mut took = self.took.clone();
        took.sort_unstable();
        took.get((took.len() * percent / 100).min(took.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = u32::try_from(values.len()).map_or(f64::MAX, f64::from);
    values.sum::<f64>() / count.max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(found: usize, of: usize, took: Duration) -> Report {
        let mut report = Report::default();
        for place in 0..of {
            let ids: &[&str] = if place < found { &["D1:1"] } else { &["D1:2"] };
            report.answered(4, &["D1:1".to_owned()], ids, took);
        }
        report
    }

    #[test]
    fn a_goal_that_is_missed_is_named_and_one_that_is_met_is_not() {
        let (quick, slow) = (Duration::from_millis(20), Duration::from_millis(21));
        assert_eq!(report(3, 4, quick).too_little("all"), None);
        assert_eq!(report(2, 4, quick).too_little("all").as_deref(), Some("all: recall@10 is 0.500, below 0.75"));
        assert_eq!(report(4, 4, quick).too_slow(), None);
        assert!(report(4, 4, slow).too_slow().unwrap().contains("more than 20ms"));
    }
}
