//! Asks each report, and says how long that took.

use std::time::{Duration, Instant};

use evolve_engine::reports::{Period, Reports};
use evolve_store::{StoreError, reports::Unit};

/// How often each is asked.
const TIMES: usize = 20;
/// What is promised of each.
const PROMISED: Duration = Duration::from_millis(100);

/// Asks each report, of as many days as it may be asked for; those that take longer than is promised.
///
/// # Errors
/// When a report cannot be told.
pub(crate) async fn all(reports: &Reports) -> Result<Vec<&'static str>, StoreError> {
    let mut missed = Vec::new();
    let mut judge = |name: &'static str, took: Vec<Duration>| {
        let at =
            |percent: usize| took.get((took.len() * percent).div_ceil(100).max(1) - 1).copied().unwrap_or_default();
        println!("{name:<22} p50 {:>9.2?}  p99 {:>9.2?}", at(50), at(99));
        if at(99) > PROMISED {
            missed.push(name);
        }
    };
    judge("overview", times(async || reports.overview(366).await.map(|_| ())).await?);
    judge("users", times(async || reports.users(366).await.map(|_| ())).await?);
    judge("messages", times(async || reports.messages(366).await.map(|_| ())).await?);
    judge("revenue", times(async || reports.revenue(366).await.map(|_| ())).await?);
    judge("features", times(async || reports.features(366).await.map(|_| ())).await?);
    judge("cohort by day", times(async || reports.cohort(Unit::Day, 90).await.map(|_| ())).await?);
    judge("cohort by week", times(async || reports.cohort(Unit::Week, 360).await.map(|_| ())).await?);
    judge("funnel", times(async || reports.funnel().await.map(|_| ())).await?);
    judge("activity", times(async || reports.activity(366).await.map(|_| ())).await?);
    judge("tools", times(async || reports.tools(366).await.map(|_| ())).await?);
    judge("stats of a day", times(async || reports.dialog_stats(Period::Day).await.map(|_| ())).await?);
    judge("stats of a week", times(async || reports.dialog_stats(Period::Week).await.map(|_| ())).await?);
    judge("stats of a month", times(async || reports.dialog_stats(Period::Month).await.map(|_| ())).await?);
    Ok(missed)
}

/// How long each time took, ascending. The first time warms up.
async fn times(ask: impl AsyncFn() -> Result<(), StoreError>) -> Result<Vec<Duration>, StoreError> {
    ask().await?;
    let mut took = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let began = Instant::now();
        ask().await?;
        took.push(began.elapsed());
    }
    took.sort_unstable();
    Ok(took)
}
