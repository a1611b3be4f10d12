//! Two-stage shutdown: *soft* asks everything to take no new work and finish what runs; *hard* ends the wait.
//!
//! No task is detached: everything long-lived is spawned through [`Tasks::spawn`], and one that ends with an error, or panics,
//! brings the whole process down softly, so that Kubernetes (or `evolve up`) sees it.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long a soft shutdown may take before it becomes a hard one.
pub const GRACE: Duration = Duration::from_secs(30);

/// The running tasks of a process, and the tokens that stop them. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    soft: CancellationToken,
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
                Err(join) => anyhow::Error::new(join).context(format!("the task {name:?} crashed")),
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

    /// Waits for SIGTERM, SIGINT or a failed task; then asks everything to finish, and waits for it at most
    /// [`GRACE`], or until a second signal.
    ///
    /// # Errors
    /// The first task failure, if that is what stopped the process.
    pub async fn run_until_stopped(self) -> anyhow::Result<()> {
        let mut signals = Signals::new()?;
        tokio::select! {
            name = signals.next() => tracing::info!(signal = name, "asked to stop; finishing what runs"),
            () = self.soft.cancelled() => {}
        }
        self.stop(async move {
            signals.next().await;
        })
        .await
    }

    /// Stops softly, then hard after [`GRACE`] or when `hurry` completes.
    ///
    /// # Errors
    /// The first task failure, if there was one.
    pub async fn stop(self, hurry: impl Future<Output = ()> + Send) -> anyhow::Result<()> {
        self.soft.cancel();
        self.tracker.close();
        tokio::select! {
            () = self.tracker.wait() => {}
            () = hurry => tracing::warn!("asked to stop a second time; stopping hard"),
            () = tokio::time::sleep(GRACE) => tracing::warn!("work did not finish in time; stopping hard"),
        }
        self.hard.cancel();
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        failure.map_or(Ok(()), Err)
    }
}

struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
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
        tasks.spawn("unlucky", async { panic!("boom") });
        let error = tasks.run_until_stopped().await.unwrap_err();
        assert!(format!("{error:#}").contains("\"unlucky\" crashed"), "{error:#}");
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_hangs_is_ended_after_the_grace() {
        let tasks = Tasks::new();
        tasks.spawn("stuck", std::future::pending());
        let before = tokio::time::Instant::now();
        tasks.stop(std::future::pending()).await.unwrap();
        assert_eq!(before.elapsed(), GRACE);
    }
}
