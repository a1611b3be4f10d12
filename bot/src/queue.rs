//! Works a queue of the database with a bounded number of tasks.
//!
//! One dispatcher claims and hands out, rather than every worker claiming for itself: an idle bot then costs one waiting
//! task and no statements, and a busy one claims exactly as often as it has a hand free. It sleeps until something is
//! signalled, until the next row becomes ready, or, as a safety net for a signal that was lost, for [`SWEEP`].
//!
//! Tasks live in the dispatcher's own [`JoinSet`]: when it is dropped, so are they, and their leases run out.

use std::{panic::AssertUnwindSafe, time::Duration};

use chrono::{DateTime, Utc};
use evolve_store::{StoreError, wakeups::Wakeup};
use futures::FutureExt as _;
use tokio::{
    sync::Notify,
    task::JoinSet,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::bot::Bot;

/// Longest sleep without a look at the queue.
const SWEEP: Duration = Duration::from_secs(30);
/// Shortest sleep, for a row that is ready but that another process is just claiming.
const SHORTEST: Duration = Duration::from_millis(20);
/// Pause after Postgres could not be asked.
const PAUSE: Duration = Duration::from_secs(1);
/// How long an answer is waited for that a lease depends on.
const PATIENCE: Duration = Duration::from_secs(5);
/// What is told of an answer that did not come.
const SILENT: &str = "Postgres has not answered in time";

/// Why nothing could be claimed.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Store(StoreError),
    #[error("{SILENT}")]
    Silent,
}

/// A queue that can be worked.
pub(crate) trait Queue: Clone + Send + Sync + 'static {
    /// What is claimed.
    type Item: Send + 'static;
    /// For logs.
    const NAME: &'static str;
    /// Whether a stopping process works what is ready before it ends.
    const EMPTIED_AT_STOP: bool;

    /// What time it is.
    fn now(&self) -> DateTime<Utc>;
    /// Claims the next row that is ready at `at`, which is now.
    fn claim(&self, at: DateTime<Utc>) -> impl Future<Output = Result<Option<Self::Item>, StoreError>> + Send;
    /// After nothing could be claimed at `at`: in how long something can be.
    fn next_ready(&self, at: DateTime<Utc>) -> impl Future<Output = Result<Option<Duration>, StoreError>> + Send;
    /// Postgres has not answered: what is asked next is asked over a new connection.
    fn fell_silent(&self);
    /// Works one row, to its end.
    fn work(&self, item: Self::Item) -> impl Future<Output = ()> + Send;
}

/// Works `queue` with up to `hands` rows at a time until `stop`, and then until what was begun is done.
pub(crate) async fn run<Q: Queue>(queue: Q, hands: usize, mut wakeup: Wakeup, local: &Notify, stop: CancellationToken) {
    let mut dispatcher = Dispatcher { looked_at: queue.now(), queue, hands, running: JoinSet::new(), troubled: false };
    loop {
        let sleep = dispatcher.fill(&stop).await;
        let hand_free = dispatcher.running.len() < dispatcher.hands;
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = dispatcher.running.join_next() => {}
            () = wakeup.wait(), if hand_free => {}
            () = local.notified(), if hand_free => {}
            () = tokio::time::sleep(sleep), if hand_free => {}
        }
    }
    dispatcher.finish().await;
}

struct Dispatcher<Q: Queue> {
    queue: Q,
    hands: usize,
    running: JoinSet<()>,
    /// When something was to be claimed the last time.
    looked_at: DateTime<Utc>,
    troubled: bool,
}

impl<Q: Queue> Dispatcher<Q> {
    /// Claims until there is nothing more or no hand is free; says how long to sleep.
    async fn fill(&mut self, stop: &CancellationToken) -> Duration {
        while self.running.len() < self.hands && !stop.is_cancelled() {
            match self.claim_one().await {
                Ok(true) => {}
                Ok(false) => return self.until_next().await,
                Err(error) => return self.trouble(&error),
            }
        }
        SWEEP
    }

    async fn claim_one(&mut self) -> Result<bool, Trouble> {
        self.looked_at = self.queue.now();
        let Some(item) = self.soon(self.queue.claim(self.looked_at)).await? else { return Ok(false) };
        if std::mem::take(&mut self.troubled) {
            tracing::info!(queue = Q::NAME, "Postgres answers again");
        }
        let queue = self.queue.clone();
        self.running.spawn(async move {
            // The queue's own work deals with panics of what it calls; this one is the last resort.
            if AssertUnwindSafe(queue.work(item)).catch_unwind().await.is_err() {
                tracing::error!(
                    queue = Q::NAME,
                    "working a row panicked; it is tried again when its lease has run out"
                );
            }
        });
        Ok(true)
    }

    async fn until_next(&mut self) -> Duration {
        match self.soon(self.queue.next_ready(self.looked_at)).await {
            Ok(next) => next.unwrap_or(SWEEP).clamp(SHORTEST, SWEEP),
            Err(error) => self.trouble(&error),
        }
    }

    /// One connection that fell silent stops nobody for longer than a lease lasts: what it has claimed is claimed again.
    async fn soon<T>(&self, asked: impl Future<Output = Result<T, StoreError>>) -> Result<T, Trouble> {
        match timeout(PATIENCE, asked).await {
            Ok(answer) => answer.map_err(Trouble::Store),
            Err(_) => {
                self.queue.fell_silent();
                Err(Trouble::Silent)
            }
        }
    }

    fn trouble(&mut self, error: &Trouble) -> Duration {
        if !std::mem::replace(&mut self.troubled, true) {
            tracing::warn!(queue = Q::NAME, %error, "cannot claim; trying again until Postgres answers");
        }
        PAUSE.mul_f64(rand::random_range(0.5..1.5))
    }

    async fn finish(mut self) {
        loop {
            while Q::EMPTIED_AT_STOP && self.running.len() < self.hands && matches!(self.claim_one().await, Ok(true)) {}
            if self.running.join_next().await.is_none() {
                return;
            }
        }
    }
}

/// How long it is until `at`.
#[must_use]
pub(crate) fn until(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<Duration> {
    at.map(|at| (at - now).to_std().unwrap_or_default())
}

/// Extends the lease of a row `every` so often while it is worked; completes if it is lost. An attempt ends with the beginning of the
/// next, so that one connection that fell silent does not cost the lease.
pub(crate) async fn lease_lost<F>(bot: &Bot, every: Duration, extend: impl Fn() -> F)
where
    F: Future<Output = Result<bool, StoreError>>,
{
    let mut begins = Instant::now() + every;
    loop {
        tokio::time::sleep_until(begins).await;
        begins = Instant::now() + every;
        match within(bot, begins, extend()).await {
            Some(Ok(true)) => {}
            Some(Ok(false)) => return,
            // While Postgres is away nobody else can claim it either.
            Some(Err(error)) => bot.metrics.swallow("lease_not_extended", &error),
            None => bot.metrics.swallow("lease_not_extended", &SILENT),
        }
    }
}

/// Repeats a statement that ends a row while Postgres is away, for as long as it makes sense: what has happened outside
/// must be written down, or it happens again. Each attempt has its end well before a lease has, since others can claim the row as soon
/// as it is over, at a server that took the place of one that fell silent.
pub(crate) async fn insist<T, F>(bot: &Bot, what: &'static str, statement: impl Fn() -> F) -> Option<T>
where
    F: Future<Output = Result<T, StoreError>>,
{
    const FOR: Duration = Duration::from_secs(120);
    let begun = Instant::now();
    let mut is_told = false;
    while begun.elapsed() < FOR {
        match within(bot, Instant::now() + PATIENCE, statement()).await {
            Some(Ok(done)) => return Some(done),
            Some(Err(error)) if !error.is_unavailable() => {
                tracing::error!(what, %error, "cannot write down what was done; it will be done again");
                return None;
            }
            trouble => {
                if !std::mem::replace(&mut is_told, true) {
                    let error =
                        trouble.and_then(Result::err).map_or_else(|| SILENT.to_owned(), |error| error.to_string());
                    tracing::warn!(what, error, "cannot write down what was done; trying again until Postgres answers");
                }
                tokio::time::sleep(PAUSE.mul_f64(rand::random_range(0.2..0.6))).await;
            }
        }
    }
    tracing::error!(what, "gave up writing down what was done; it will be done again");
    None
}

/// What a statement comes to; nothing if it did not come in time. Then the next one gets a new connection.
async fn within<T>(bot: &Bot, end: Instant, statement: impl Future<Output = T>) -> Option<T> {
    let done = tokio::time::timeout_at(end, statement).await.ok();
    if done.is_none() {
        bot.store.fell_silent();
    }
    done
}
