//! The one place where what a chain tries can be seen: metrics and logs hang here, not in the providers.

use std::time::Duration;

use super::answer::{FinishReason, Usage};
use super::chain::Skipped;
use super::error::ModelError;

/// One provider's part in answering one request.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// The provider's name.
    pub provider: &'a str,
    /// Its model.
    pub model: &'a str,
    /// Its place in the chain; above zero means a fallback.
    pub position: usize,
    /// Whether the chain had gone through all its providers before, and this is its second go.
    pub again: bool,
    /// What became of it.
    pub outcome: Outcome<'a>,
    /// From asking to the end. Zero where it was not asked.
    pub took: Duration,
    /// From asking to the first event of a stream.
    pub first_event: Option<Duration>,
    /// What it cost, as far as the server said.
    pub usage: Usage,
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy)]
pub enum Outcome<'a> {
    /// It answered.
    Answered(FinishReason),
    /// It failed; the next provider is asked.
    Failed(&'a ModelError),
    /// It was not asked.
    Skipped(Skipped),
    /// Nobody waited for the answer any longer.
    Abandoned,
}

impl Outcome<'_> {
    /// A short, stable name for a metric's label.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Answered(_) => "answered",
            Self::Failed(error) => error.kind(),
            Self::Skipped(Skipped::BreakerOpen { .. }) => "breaker_open",
            Self::Skipped(Skipped::Resting { .. }) => "resting",
            Self::Abandoned => "abandoned",
        }
    }
}

/// Is told of every attempt when it is over. It runs on the way of a person's message: it must not block.
pub trait Observer: Send + Sync {
    /// An attempt is over.
    fn attempt(&self, attempt: &Attempt<'_>);
}

/// Writes attempts to the log: failures as warnings, what we did wrong ourselves as errors, the rest for debugging.
#[derive(Debug, Default, Clone, Copy)]
pub struct TracingObserver;

impl Observer for TracingObserver {
    fn attempt(&self, attempt: &Attempt<'_>) {
        let Attempt { provider, model, position, again, outcome, took, first_event, usage } = *attempt;
        let (outcome_label, seconds) = (outcome.label(), took.as_secs_f64());
        match outcome {
            Outcome::Failed(error @ ModelError::Rejected { .. }) => {
                tracing::error!(provider, model, position, again, seconds, %error, "a model provider refuses our requests");
            }
            Outcome::Failed(error) => {
                tracing::warn!(provider, model, position, again, seconds, %error, "a model provider failed");
            }
            Outcome::Answered(_) | Outcome::Skipped(_) | Outcome::Abandoned => {
                let first_event_seconds = first_event.map(|first| first.as_secs_f64());
                tracing::debug!(
                    provider,
                    model,
                    position,
                    again,
                    outcome = outcome_label,
                    seconds,
                    first_event_seconds,
                    total_tokens = usage.total_tokens,
                    cached_tokens = usage.cached_tokens,
                    "a model provider was tried"
                );
            }
        }
    }
}
