//! What is known of the connections, and which of them are suspected: see the module above.

use std::time::{Duration, Instant};

use tokio::{
    sync::watch,
    time::{Instant as Deadline, timeout_at},
};

use super::{Limits, silent};

/// Why connections are suspected.
#[derive(Clone, Copy, Debug)]
pub(super) enum Why {
    /// What they lead to takes no changes.
    ReadOnly,
    /// What they lead to does not answer.
    Silent,
}

impl Why {
    /// How often at most; see the module's header.
    const fn every(self) -> Duration {
        match self {
            Self::ReadOnly => Duration::from_secs(1),
            Self::Silent => Duration::from_secs(5),
        }
    }
}

/// What is known of the connections.
#[derive(Debug)]
pub(super) struct Care {
    pub(super) limits: Limits,
    /// Connections that were made before are not lent.
    pub(super) suspected: watch::Sender<Option<Instant>>,
}

impl Care {
    /// After so long without a suspicion the next one is worth a word.
    const NEWS_AFTER: Duration = Duration::from_secs(60);

    pub(super) fn deadline(&self) -> Deadline {
        Deadline::now() + self.limits.statement
    }

    /// Whether a connection of this age is not lent any more.
    pub(super) fn is_suspect(&self, age: Duration) -> bool {
        self.suspected.borrow().is_some_and(|at| at.elapsed() < age)
    }

    pub(super) fn suspect(&self, why: Why) {
        let mut before = None;
        let is_new = self.suspected.send_if_modified(|suspected| {
            before = suspected.map(|at| at.elapsed());
            let is_due = before.is_none_or(|before| before >= why.every());
            if is_due {
                *suspected = Some(Instant::now());
            }
            is_due
        });
        // As long as it goes on it is suspected again and again.
        if is_new && before.is_none_or(|before| before >= Self::NEWS_AFTER) {
            match why {
                Why::ReadOnly => tracing::warn!(
                    "Postgres takes no changes (a fail-over?); giving up the connections to it, for new ones"
                ),
                Why::Silent => {
                    tracing::warn!("Postgres does not answer; giving up the connections to it, for new ones")
                }
            }
        }
    }

    /// Learns from what a statement ended with.
    fn heard(&self, error: &sqlx::Error) {
        if error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "25006") {
            self.suspect(Why::ReadOnly);
        }
    }

    pub(super) async fn within<T>(
        &self,
        deadline: Deadline,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        let done = timeout_at(deadline, work).await.unwrap_or_else(|_| {
            self.suspect(Why::Silent);
            Err(silent())
        });
        done.inspect_err(|error| self.heard(error))
    }
}
