//! Why a chain gave no answer.

use std::time::Duration;

use super::super::error::ModelError;

/// How long a provider is given that failed in a way that often passes by itself and did not say for how long.
const BREATH: Duration = Duration::from_secs(1);

/// Why a provider was not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skipped {
    /// Its breaker is open.
    BreakerOpen {
        /// When it may be asked again.
        retry_in: Duration,
    },
    /// It asked to be left alone for a while.
    Resting {
        /// When it may be asked again.
        retry_in: Duration,
    },
}

impl Skipped {
    /// When the provider may be asked again.
    #[must_use]
    pub fn retry_in(&self) -> Duration {
        match self {
            Self::BreakerOpen { retry_in } | Self::Resting { retry_in } => *retry_in,
        }
    }
}

/// What became of one provider in a chain that gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It was asked, and failed.
    Failed {
        /// Its name.
        provider: String,
        /// How.
        error: ModelError,
    },
    /// It was not asked.
    Skipped {
        /// Its name.
        provider: String,
        /// Why.
        skipped: Skipped,
    },
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Failed { provider, error } => write!(f, "{provider}: {error}"),
            Self::Skipped { provider, skipped } => {
                let why = match skipped {
                    Skipped::BreakerOpen { .. } => "its circuit breaker is open",
                    Skipped::Resting { .. } => "it asked to be left alone",
                };
                write!(f, "{provider}: not asked, {why}")
            }
        }
    }
}

/// No provider gave an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no model provider answered ({})", list(.failures))]
pub struct ChainError {
    /// What became of each, in the order of the chain.
    pub failures: Vec<Failure>,
}

impl ChainError {
    pub(crate) fn new(failures: Vec<Failure>) -> Self {
        Self { failures }
    }

    /// When the earliest of them may be asked again, where one of them says so.
    #[must_use]
    pub fn retry_in(&self) -> Option<Duration> {
        let times = self.failures.iter().filter_map(|failure| match failure {
            Failure::Failed { error, .. } => error.retry_after(),
            Failure::Skipped { skipped, .. } => Some(skipped.retry_in()),
        });
        times.min()
    }

    /// Whether a filter took the question or the answer: asking again later will not help, other words may.
    #[must_use]
    pub fn blocked(&self) -> bool {
        self.failures.iter().any(|failure| matches!(failure, Failure::Failed { error: ModelError::Blocked { .. }, .. }))
    }

    /// Whether a provider that was asked gave an answer that is none: the models work, but not for this question.
    #[must_use]
    pub fn nonsense(&self) -> bool {
        let nonsense = |error: &ModelError| matches!(error, ModelError::Malformed { .. } | ModelError::Empty { .. });
        self.failures.iter().any(|failure| matches!(failure, Failure::Failed { error, .. } if nonsense(error)))
    }

    /// How long to wait before a second go, if one may help at all. Not after a time-out: the person has waited long
    /// enough, and the second go would wait for the same provider again.
    pub(super) fn worth_waiting(&self) -> Option<Duration> {
        let timed_out =
            |failure: &Failure| matches!(failure, Failure::Failed { error: ModelError::TimedOut { .. }, .. });
        if self.failures.iter().any(timed_out) {
            return None;
        }
        let times = self.failures.iter().filter_map(|failure| match failure {
            Failure::Failed { error, .. } if error.retryable() => Some(error.retry_after().unwrap_or(BREATH)),
            Failure::Failed { .. } => None,
            Failure::Skipped { skipped, .. } => Some(skipped.retry_in().max(BREATH)),
        });
        times.min()
    }
}

fn list(failures: &[Failure]) -> String {
    if failures.is_empty() {
        return String::from("none is configured: set GOOGLE_API_KEY, or choose the scripted provider");
    }
    failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
