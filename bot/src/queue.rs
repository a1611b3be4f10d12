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
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
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
    let looked_at = queue.now();
    let (running, late) = (JoinSet::new(), FuturesUnordered::new());
    let mut dispatcher = Dispatcher { looked_at, queue, hands, running, late, troubled: false };
    loop {
        let sleep = dispatcher.fill(&stop).await;
        let hand_free = dispatcher.running.len() < dispatcher.hands;
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = dispatcher.running.join_next() => {}
            Some(claimed) = dispatcher.late.next() => dispatcher.begin_late(claimed),
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
    /// Claims that have not been answered in time. They may yet be: whoever answers has them made, and would count them as attempts.
    late: FuturesUnordered<BoxFuture<'static, Result<Option<Q::Item>, StoreError>>>,
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
        let (queue, at) = (self.queue.clone(), self.looked_at);
        let mut claim = async move { queue.claim(at).await }.boxed();
        let Ok(claimed) = timeout(PATIENCE, &mut claim).await else {
            self.late.push(claim);
            self.queue.fell_silent();
            return Err(Trouble::Silent);
        };
        let Some(item) = claimed.map_err(Trouble::Store)? else { return Ok(false) };
        self.begin(item);
        Ok(true)
    }

    /// What was claimed late is worked like anything else; if it is another's by now, its lease shows that.
    fn begin_late(&mut self, claimed: Result<Option<Q::Item>, StoreError>) {
        match claimed {
            Ok(item) => drop(item.map(|item| self.begin(item))),
            Err(error) => tracing::debug!(queue = Q::NAME, %error, "a claim that was given up has failed"),
        }
    }

    fn begin(&mut self, item: Q::Item) {
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
    }

    async fn until_next(&mut self) -> Duration {
        let Ok(asked) = timeout(PATIENCE, self.queue.next_ready(self.looked_at)).await else {
            self.queue.fell_silent();
            return self.trouble(&Trouble::Silent);
        };
        match asked.map_err(Trouble::Store) {
            Ok(next) => next.unwrap_or(SWEEP).clamp(SHORTEST, SWEEP),
            Err(error) => self.trouble(&error),
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
            tokio::select! {
                Some(claimed) = self.late.next() => self.begin_late(claimed),
                Some(_) = self.running.join_next() => {}
                else => return,
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

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    };

    use super::*;

    /// Answers the first claim after seven seconds.
    #[derive(Clone, Default)]
    struct Slow(Arc<[AtomicU32; 3]>);

    impl Queue for Slow {
        type Item = ();
        const NAME: &'static str = "slow";
        const EMPTIED_AT_STOP: bool = false;

        fn now(&self) -> DateTime<Utc> {
            DateTime::UNIX_EPOCH
        }

        fn fell_silent(&self) {
            self.0[1].fetch_add(1, SeqCst);
        }

        async fn claim(&self, _: DateTime<Utc>) -> Result<Option<()>, StoreError> {
            if self.0[0].fetch_add(1, SeqCst) > 0 {
                return Ok(None);
            }
            tokio::time::sleep(Duration::from_secs(7)).await;
            Ok(Some(()))
        }

        async fn next_ready(&self, _: DateTime<Utc>) -> Result<Option<Duration>, StoreError> {
            Ok(None)
        }

        async fn work(&self, (): ()) {
            self.0[2].fetch_add(1, SeqCst);
        }
    }

    /// Were it given up, the row would have been attempted by nobody, as if a process had died over it.
    #[tokio::test(start_paused = true)]
    async fn a_claim_that_is_answered_late_holds_nobody_up_and_is_worked() {
        let queue = Slow::default();
        let (looked_at, running, late) = (queue.now(), JoinSet::new(), FuturesUnordered::new());
        let mut dispatcher = Dispatcher { looked_at, queue: queue.clone(), hands: 4, running, late, troubled: false };
        let (begun, stop) = (Instant::now(), CancellationToken::new());
        assert!(dispatcher.fill(&stop).await < SWEEP, "it is not tried again soon");
        assert_eq!(begun.elapsed(), PATIENCE);
        assert_eq!(dispatcher.fill(&stop).await, SWEEP, "the second claim waits for the first");
        dispatcher.finish().await;
        assert_eq!(queue.0.each_ref().map(|count| count.load(SeqCst)), [2, 1, 1]);
    }
}
