//! Providers of speech in the order in which they are asked: the next answers when one fails.
//!
//! As the chain of models does it, with less to do: each has a breaker, and a rest that it asked for itself. There is no
//! second go: somebody waits for their turn, and writing is always possible.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use evolve_runtime::{
    breaker::{BreakerConfig, SharedBreaker},
    metrics::Metrics,
};
use futures::future::BoxFuture;
use tokio::time::Instant;
use tracing::{Instrument as _, Span, field};

use super::{Speaker, Transcriber};
use crate::model::{ChainError, Failure, ModelError, Skipped};

/// The longest rest that a provider's `Retry-After` is believed.
const LONGEST_REST: Duration = Duration::from_secs(3600);

/// What the lists have in common.
pub(super) trait Named {
    /// What they do, for traces.
    const DOES: &'static str;

    /// For failures.
    fn name_of(&self) -> &str;

    /// For traces.
    fn model_of(&self) -> &str;
}

impl Named for dyn Transcriber {
    const DOES: &'static str = "transcribe";

    fn name_of(&self) -> &str {
        self.name()
    }

    fn model_of(&self) -> &str {
        self.model()
    }
}

impl Named for dyn Speaker {
    const DOES: &'static str = "speak";

    fn name_of(&self) -> &str {
        self.name()
    }

    fn model_of(&self) -> &str {
        self.model()
    }
}

/// Providers in order.
pub(super) struct Line<T: ?Sized>(Vec<Link<T>>);

struct Link<T: ?Sized> {
    provider: Arc<T>,
    breaker: SharedBreaker,
    rests_until: Mutex<Option<Instant>>,
}

impl<T: Named + ?Sized> Line<T> {
    pub(super) fn new(providers: Vec<Arc<T>>) -> Self {
        let link = |provider| Link {
            provider,
            breaker: SharedBreaker::new(BreakerConfig::MODEL),
            rests_until: Mutex::new(None),
        };
        Self(providers.into_iter().map(link).collect())
    }

    /// What its providers are called.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|link| link.provider.name_of())
    }

    /// Shows the states of its breakers, by provider; `what` is what all of them are.
    pub(super) fn show(&self, what: &'static str, metrics: &Metrics) {
        metrics.show_breakers(what, self.0.iter().map(|link| (link.provider.name_of(), &link.breaker)));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Asks until one has answered. `is_blamed` says which failures count against a provider, among those that may.
    pub(super) async fn ask<'a, R>(
        &self,
        is_blamed: impl Fn(&ModelError) -> bool + Send,
        call: impl Fn(Arc<T>) -> BoxFuture<'a, Result<R, ModelError>> + Send,
    ) -> Result<R, ChainError> {
        let mut failures = Vec::new();
        for link in &self.0 {
            let provider = link.provider.name_of().to_owned();
            if let Some(retry_in) = link.rest() {
                failures.push(Failure::Skipped { provider, skipped: Skipped::Resting { retry_in } });
                continue;
            }
            let permit = match link.breaker.admit() {
                Ok(permit) => permit,
                Err(open) => {
                    let skipped = Skipped::BreakerOpen { retry_in: open.retry_in };
                    failures.push(Failure::Skipped { provider, skipped });
                    continue;
                }
            };
            let span = span_of(&*link.provider);
            match call(Arc::clone(&link.provider)).instrument(span.clone()).await {
                Ok(answer) => {
                    permit.succeeded();
                    return Ok(answer);
                }
                Err(error) => {
                    span.record("error.type", error.kind());
                    span.record("otel.status_code", "ERROR");
                    if error.counts_as_failure() && is_blamed(&error) {
                        permit.failed()
                    } else {
                        permit.succeeded()
                    }
                    tracing::warn!(provider, %error, "a provider of speech failed");
                    link.rest_for(error.retry_after());
                    failures.push(Failure::Failed { provider, error });
                }
            }
        }
        Err(ChainError::new(failures))
    }
}

/// Seconds of the answer to a voice message: the trace of it shows them. Neither what is heard nor what is said is in it.
fn span_of<T: Named + ?Sized>(provider: &T) -> Span {
    tracing::info_span!(
        "ask for speech",
        otel.name = format!("{} {}", T::DOES, provider.model_of()),
        otel.kind = "client",
        otel.status_code = field::Empty,
        gen_ai.operation.name = T::DOES,
        gen_ai.provider.name = provider.name_of(),
        gen_ai.request.model = provider.model_of(),
        "error.type" = field::Empty,
    )
}

impl<T: ?Sized> Link<T> {
    fn rest(&self) -> Option<Duration> {
        let until = *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.map(|until| until.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
    }

    fn rest_for(&self, duration: Option<Duration>) {
        let Some(duration) = duration else { return };
        let mut until = self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        *until = (*until).max(Some(Instant::now() + duration.min(LONGEST_REST)));
    }
}

impl<T: Named + ?Sized> fmt::Debug for Line<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|link| link.provider.name_of())).finish()
    }
}
