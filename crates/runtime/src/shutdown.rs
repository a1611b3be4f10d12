//! Shutdown in stages: *soft* asks everything to take no new work and finish what runs; *handing back* asks what still runs to let
//! go of what it holds, so that another replica goes on at once; *hard* ends the wait.
//!
//! No task is detached: everything long-lived is spawned through [`Tasks::spawn`], and one that ends with an error, or panics,
//! brings the whole process down softly, so that Kubernetes (or `evolve up`) sees it.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::logs::how_it_ended;

/// How long a shutdown may take in all before it becomes a hard one.
pub const GRACE: Duration = Duration::from_secs(30);
/// The end of it, in which what still runs is handed back, and what is owed by then is sent.
pub const HAND_BACK: Duration = Duration::from_secs(5);
/// What is left for that after a second signal.
const HURRY: Duration = Duration::from_secs(1);

/// The running tasks of a process, and the tokens that stop them. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    leaving: CancellationToken,
    soft: CancellationToken,
    handing_back: CancellationToken,
    hard: CancellationToken,
    failure: Arc<Mutex<Option<anyhow::Error>>>,
}

impl Tasks {
    /// Nothing running, nothing asked to stop.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when no new work may be taken.
    #[must_use]
    pub fn soft(&self) -> CancellationToken {
        self.soft.clone()
    }

    /// Says that it will be asked to stop soon, so that nobody is sent here any more.
    pub(crate) fn leave(&self) {
        self.leaving.cancel();
    }

    /// Whether no new callers should be sent here: it stops, or is about to.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        self.leaving.is_cancelled() || self.soft.is_cancelled()
    }

    /// Cancelled when there is no time left to finish what runs: whoever holds a lease gives it back, and ends.
    #[must_use]
    pub fn handing_back(&self) -> CancellationToken {
        self.handing_back.clone()
    }

    /// Cancelled when even running work must end.
    #[must_use]
    pub fn hard(&self) -> CancellationToken {
        self.hard.clone()
    }

    /// Runs a long-lived task. Its error or panic stops the process; the first one is what [`Tasks::run_until_stopped`]
    /// returns.
    pub fn spawn<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let (hard, this) = (self.hard.clone(), self.clone());
        self.tracker.spawn(async move {
            let inner = tokio::spawn(async move {
                tokio::select! {
                    done = task => done,
                    () = hard.cancelled() => Ok(()),
                }
            });
            let failed = match inner.await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error.context(format!("the task {name:?} failed")),
                Err(join) => {
                    anyhow::anyhow!("it {}", how_it_ended(&join)).context(format!("the task {name:?} crashed"))
                }
            };
            tracing::error!(task = name, error = format!("{failed:#}"), "a task ended with an error; stopping");
            this.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failed);
            this.soft.cancel();
        });
    }

    /// Runs one piece of work that shutdown waits for, such as a turn that its caller no longer waits for.
    pub fn spawn_work<F>(&self, work: F) -> tokio::task::JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.tracker.spawn(work)
    }

    /// Waits for one of `signals` or a failed task; then asks everything to finish, and waits for it at most
    /// [`GRACE`], or until a moment after a second signal.
    ///
    /// # Errors
    /// The first task failure, if that is what stopped the process.
    pub async fn run_until_stopped(self, mut signals: Signals) -> anyhow::Result<()> {
        tokio::select! {
            name = signals.next() => tracing::info!(signal = name, "asked to stop; finishing what runs"),
            () = self.soft.cancelled() => {}
        }
        self.stop(async move {
            signals.next().await;
        })
        .await
    }

    /// Stops softly; [`HAND_BACK`] before the end of [`GRACE`], or when `hurry` completes, has everything handed back; then stops
    /// hard.
    ///
    /// # Errors
    /// The first task failure, if there was one.
    pub async fn stop(self, hurry: impl Future<Output = ()> + Send) -> anyhow::Result<()> {
        self.soft.cancel();
        self.tracker.close();
        let left = tokio::select! {
            () = self.tracker.wait() => Duration::ZERO,
            () = hurry => {
                tracing::warn!("asked to stop a second time; handing back what runs");
                HURRY
            }
            () = tokio::time::sleep(GRACE.saturating_sub(HAND_BACK)) => {
                tracing::warn!("work did not finish in time; handing it back");
                HAND_BACK
            }
        };
        self.handing_back.cancel();
        if tokio::time::timeout(left, self.tracker.wait()).await.is_err() {
            tracing::warn!("stopping hard; what could not be handed back goes on elsewhere when its lease has run out");
        }
        self.hard.cancel();
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        failure.map_or(Ok(()), Err)
    }
}

/// SIGTERM and SIGINT, which end the process at once until somebody listens: so before it says that it is ready.
#[derive(Debug)]
pub struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    /// From now on they are kept for [`Tasks::run_until_stopped`]. To be called within a tokio runtime.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_crashed_task_stops_the_others_and_is_the_reason() {
        let tasks = Tasks::new();
        let soft = tasks.soft();
        tasks.spawn("steady", async move {
            soft.cancelled().await;
            Ok(())
        });
        // As one that cuts a text in the middle of a letter does.
        tasks.spawn("unlucky", async { panic!("what a person wrote") });
        let error = format!("{:#}", tasks.run_until_stopped(Signals::listen().unwrap()).await.unwrap_err());
        assert_eq!(error, "the task \"unlucky\" crashed: it panicked");
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_hangs_is_ended_after_the_grace() {
        let tasks = Tasks::new();
        tasks.spawn("stuck", std::future::pending());
        let before = tokio::time::Instant::now();
        tasks.stop(std::future::pending()).await.unwrap();
        assert_eq!(before.elapsed(), GRACE);
    }

    /// Lets go of what it holds when it is asked to, and of nothing before.
    fn holder(tasks: &Tasks) -> Arc<Mutex<Option<tokio::time::Instant>>> {
        let (let_go, handing_back) = (Arc::new(Mutex::new(None)), tasks.handing_back());
        let at = Arc::clone(&let_go);
        tasks.spawn("holder", async move {
            handing_back.cancelled().await;
            *at.lock().unwrap() = Some(tokio::time::Instant::now());
            Ok(())
        });
        let_go
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_finish_in_time_is_handed_back_and_the_process_waits_no_longer() {
        let tasks = Tasks::new();
        let (let_go, before) = (holder(&tasks), tokio::time::Instant::now());
        tasks.stop(std::future::pending()).await.unwrap();
        assert_eq!(*let_go.lock().unwrap(), Some(before + GRACE - HAND_BACK));
        assert_eq!(before.elapsed(), GRACE - HAND_BACK);
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_signal_leaves_a_moment_to_hand_back_and_then_stops_hard() {
        let tasks = Tasks::new();
        let (let_go, before) = (holder(&tasks), tokio::time::Instant::now());
        tasks.spawn("stuck", std::future::pending());
        tasks.stop(std::future::ready(())).await.unwrap();
        assert_eq!(*let_go.lock().unwrap(), Some(before));
        assert_eq!(before.elapsed(), HURRY);
    }
}
