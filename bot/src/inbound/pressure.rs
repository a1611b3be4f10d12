//! Back-pressure: when too much waits in the inbox, no more is taken, and Telegram keeps it, for a day at least.
//!
//! What counts is how many updates wait, not for how long: while the API is away for hours the inbox is where they are safe. Each
//! replica counts by itself, every few seconds and no further than the bound, and adds what it takes meanwhile: so replicas
//! together may go beyond it by what they take in that time. Below nine tenths it takes again, lest it opens and closes with each
//! update. Wishes to stop and checkouts are taken always: they make less to do, or are somebody's payment. By polling, which cannot
//! take them without what came before, they are looked for among what Telegram keeps, and nothing is confirmed: of that Telegram shows
//! the first hundred, and what is behind them waits.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use evolve_runtime::shutdown::Tasks;
use tokio::sync::watch;

use crate::{bot::Bot, metrics::BotMetrics};

/// How often what waits is counted.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often it is looked how long it has waited, which decides nothing here.
const LOOK_BACK_EVERY: Duration = Duration::from_secs(10);

/// Whether too much waits. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Pressure(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limit: u64,
    waiting: AtomicU64,
    full: watch::Sender<bool>,
    metrics: BotMetrics,
}

impl Pressure {
    /// None so far. From `limit` waiting updates on, it is too much.
    #[must_use]
    pub(crate) fn new(limit: u64, metrics: BotMetrics) -> Self {
        Self(Arc::new(Inner { limit, waiting: AtomicU64::new(0), full: watch::Sender::new(false), metrics }))
    }

    /// Whether no more is taken.
    #[must_use]
    pub(crate) fn is_full(&self) -> bool {
        *self.0.full.borrow()
    }

    /// Waits until more is taken.
    pub(crate) async fn opened(&self) {
        let mut full = self.0.full.subscribe();
        // The sender lives as long as we do.
        drop(full.wait_for(|full| !full).await);
    }

    /// So many were taken since the last look.
    pub(super) fn took(&self, new: u64) {
        let before = self.0.waiting.fetch_add(new, Ordering::Relaxed);
        self.judge(before.saturating_add(new));
    }

    /// So many wait, as far as the bound.
    fn found(&self, waiting: u64) {
        self.0.waiting.store(waiting, Ordering::Relaxed);
        self.judge(waiting);
    }

    fn judge(&self, waiting: u64) {
        let limit = self.0.limit;
        let changed = self.0.full.send_if_modified(|full| {
            let is_full = if *full { waiting > limit.saturating_sub(limit.div_ceil(10)) } else { waiting >= limit };
            std::mem::replace(full, is_full) != is_full
        });
        self.0.metrics.waiting(waiting, self.is_full());
        if !changed {
            return;
        }
        if self.is_full() {
            tracing::error!(
                waiting,
                limit,
                "too much waits in the inbox; Telegram keeps what comes until there is less"
            );
        } else {
            tracing::info!(waiting, limit, "there is room in the inbox again");
        }
    }
}

/// Counts what waits, again and again, and looks how long it has waited.
pub(crate) fn watch(bot: &Bot, tasks: &Tasks) {
    let (looking, stop) = (bot.clone(), tasks.soft());
    tasks.spawn("watch-backlog", async move {
        loop {
            match looking.store.queues().of_telegram().await {
                Ok(queues) => looking.metrics.backlog(&queues, looking.clock.now()),
                Err(error) => looking.metrics.swallow("backlog_not_counted", &error),
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_BACK_EVERY.mul_f64(rand::random_range(0.8..1.2))) => {}
                () = stop.cancelled() => return Ok(()),
            }
        }
    });
    let (bot, soft) = (bot.clone(), tasks.soft());
    tasks.spawn("watch-inbox", async move {
        loop {
            match bot.store.inbox().waiting(bot.pressure.0.limit).await {
                Ok(waiting) => bot.pressure.found(waiting),
                // Nothing can be stored either, then.
                Err(error) => bot.metrics.swallow("inbox_not_counted", &error),
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY.mul_f64(rand::random_range(0.8..1.2))) => {}
                () = soft.cancelled() => return Ok(()),
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use evolve_runtime::metrics::Metrics;

    use super::*;

    #[test]
    fn it_closes_at_the_bound_and_opens_a_tenth_below() {
        let pressure = Pressure::new(100, BotMetrics::register(&Metrics::new()));
        pressure.found(99);
        assert!(!pressure.is_full());
        pressure.took(1);
        assert!(pressure.is_full(), "what was taken since the last look was not counted");
        pressure.found(91);
        assert!(pressure.is_full());
        pressure.found(90);
        assert!(!pressure.is_full());
    }

    #[test]
    fn a_bound_of_one_opens_when_nothing_waits() {
        let pressure = Pressure::new(1, BotMetrics::register(&Metrics::new()));
        pressure.took(1);
        assert!(pressure.is_full());
        pressure.found(0);
        assert!(!pressure.is_full());
    }
}
