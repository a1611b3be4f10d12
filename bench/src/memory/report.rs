//! What was measured, in words.

use std::{collections::BTreeMap, time::Duration};

/// How many of the first messages count.
const CUTS: [usize; 3] = [5, 10, 20];

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
        let recall = CUTS.iter().enumerate().map(|(at, cut)| {
            let mean = mean(self.found.iter().map(|(_, shares)| shares.get(at).copied().unwrap_or_default()));
            format!("recall@{cut} {mean:.3}")
        });
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
        let mut took = self.took.clone();
        took.sort_unstable();
        let at = |percent: usize| took.get((took.len() * percent / 100).min(took.len().saturating_sub(1)));
        let ms = |percent: usize| at(percent).map_or(0.0, |took| took.as_secs_f64() * 1000.0);
        format!("p50 {:.1} ms  p95 {:.1} ms", ms(50), ms(95))
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = u32::try_from(values.len()).map_or(f64::MAX, f64::from);
    values.sum::<f64>() / count.max(1.0)
}
