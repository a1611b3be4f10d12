//! The provider chain: ask in order until one answers.
//!
//! Each provider has a breaker, and a rest that it asked for itself (`Retry-After`): while either lasts it is skipped,
//! at no cost to the person who waits. Every error falls back, our own mistakes too, since another provider has another
//! key, other filters and other limits. When all have failed and one of them may be well again in a moment, the chain
//! waits that moment and goes through once more; then it gives up with a [`ChainError`].
//!
//! A stream that breaks after it has given something out cannot be continued by another model, so it starts again:
//! [`Event::Started`] comes a second time, and voids what came before.

mod attempt;
mod failure;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_stream::stream;
use evolve_runtime::breaker::{BreakerConfig, BreakerSnapshot, Permit, SharedBreaker};
use evolve_runtime::metrics::Metrics;
use futures::StreamExt;
use futures::stream::BoxStream;
use serde::Serialize;
use tokio::time::Instant;

use self::attempt::Running;
pub use self::failure::{ChainError, Failure, Skipped};
use super::answer::{Answer, Event};
use super::error::ModelError;
use super::observer::{Attempt, Observer, Outcome, TracingObserver};
use super::request::Request;
use super::{ModelProvider, Usage};

/// How a chain treats its providers.
#[derive(Debug, Clone, Copy)]
pub struct ChainConfig {
    /// The breaker of each provider.
    pub breaker: BreakerConfig,
    /// The longest rest that a provider's `Retry-After` is believed: a server's mistake must not silence it for a day.
    pub longest_rest: Duration,
    /// How long a person may be kept waiting for a second go through the chain when all providers have failed. Zero
    /// means no second go.
    pub patience: Duration,
}

impl Default for ChainConfig {
    fn default() -> Self {
        Self {
            breaker: BreakerConfig::MODEL,
            longest_rest: Duration::from_secs(3600),
            patience: Duration::from_secs(3),
        }
    }
}

/// An answer, and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The answer.
    pub answer: Answer,
    /// The provider that gave it.
    pub provider: String,
    /// Its model.
    pub model: String,
}

/// A provider as `GET /ready` shows it.
#[derive(Debug, Clone, Serialize)]
pub struct LinkStatus {
    /// Its name.
    pub provider: String,
    /// Its model.
    pub model: String,
    /// Its breaker.
    pub circuit_breaker: BreakerSnapshot,
    /// For how many more seconds it asked to be left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resting_seconds: Option<u64>,
}

/// Providers in the order in which they are asked. Clones are the same chain, breakers included.
#[derive(Clone)]
pub struct Chain {
    inner: Arc<Inner>,
}

struct Inner {
    links: Vec<Link>,
    config: ChainConfig,
    observer: Arc<dyn Observer>,
}

struct Link {
    provider: Arc<dyn ModelProvider>,
    breaker: SharedBreaker,
    rests_until: Mutex<Option<Instant>>,
}

impl Link {
    /// The right to ask this provider now.
    fn admit(&self) -> Result<Permit, Skipped> {
        if let Some(retry_in) = self.rest() {
            return Err(Skipped::Resting { retry_in });
        }
        self.breaker.admit().map_err(|open| Skipped::BreakerOpen { retry_in: open.retry_in })
    }

    fn rest(&self) -> Option<Duration> {
        let until = *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.map(|until| until.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
    }

    fn rest_for(&self, duration: Duration) {
        let mut until = self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        // Of many that were refused at once, the longest rest counts.
        *until = (*until).max(Some(Instant::now() + duration));
    }
}

impl Chain {
    /// A chain that logs what it tries. A chain of no providers fails every request.
    #[must_use]
    pub fn new(providers: Vec<Arc<dyn ModelProvider>>, config: ChainConfig) -> Self {
        Self::observed(providers, config, Arc::new(TracingObserver))
    }

    /// A chain whose every attempt is told to `observer`.
    #[must_use]
    pub fn observed(providers: Vec<Arc<dyn ModelProvider>>, config: ChainConfig, observer: Arc<dyn Observer>) -> Self {
        let links = providers
            .into_iter()
            .map(|provider| Link {
                provider,
                breaker: SharedBreaker::new(config.breaker),
                rests_until: Mutex::new(None),
            })
            .collect();
        Self { inner: Arc::new(Inner { links, config, observer }) }
    }

    /// Asks until one provider has answered, and waits for the whole answer.
    ///
    /// # Errors
    /// [`ChainError`] when none did.
    pub async fn generate(&self, request: &Request) -> Result<Answered, ChainError> {
        let mut again = false;
        loop {
            let mut failures = Vec::new();
            for position in 0..self.inner.links.len() {
                let running = match self.inner.begin(position, again) {
                    Ok(running) => running,
                    Err(failure) => {
                        failures.push(failure);
                        continue;
                    }
                };
                match running.provider().generate(request).await {
                    Ok(answer) => return Ok(running.answered(answer)),
                    Err(error) => failures.push(running.failed(error)),
                }
            }
            again = self.go_again(again, ChainError::new(failures)).await?;
        }
    }

    /// Asks until one provider has answered, and hands the answer out as it is made. See [`Event::Started`].
    ///
    /// The last item is [`Event::Finished`], or the [`ChainError`] when no provider has answered to the end.
    #[must_use]
    pub fn stream(&self, request: Arc<Request>) -> BoxStream<'static, Result<Event, ChainError>> {
        let chain = self.clone();
        let events = stream! {
            let mut again = false;
            loop {
                let mut failures = Vec::new();
                for position in 0..chain.inner.links.len() {
                    let mut running = match chain.inner.begin(position, again) {
                        Ok(running) => running,
                        Err(failure) => {
                            failures.push(failure);
                            continue;
                        }
                    };
                    let mut events = match running.provider().stream(&request).await {
                        Ok(events) => events,
                        Err(error) => {
                            failures.push(running.failed(error));
                            continue;
                        }
                    };
                    let error = loop {
                        let event = match events.next().await {
                            Some(Ok(event)) => event,
                            Some(Err(error)) => break error,
                            None => break ModelError::malformed("the answer ended before it was finished"),
                        };
                        if running.note(&event) {
                            yield Ok(running.started());
                        }
                        if let Event::Finished(reason) = event {
                            running.finished(reason);
                            yield Ok(event);
                            return;
                        }
                        yield Ok(event);
                    };
                    failures.push(running.failed(error));
                }
                match chain.go_again(again, ChainError::new(failures)).await {
                    Ok(next) => again = next,
                    Err(error) => {
                        yield Err(error);
                        return;
                    }
                }
            }
        };
        events.boxed()
    }

    /// Shows the states of its breakers, by model.
    pub fn show(&self, metrics: &Metrics) {
        metrics.show_breakers("model", self.inner.links.iter().map(|link| (link.provider.model(), &link.breaker)));
    }

    /// Each provider and its state now, in order.
    #[must_use]
    pub fn status(&self) -> Vec<LinkStatus> {
        let status = |link: &Link| LinkStatus {
            provider: link.provider.name().to_owned(),
            model: link.provider.model().to_owned(),
            circuit_breaker: link.breaker.snapshot(),
            resting_seconds: link.rest().map(|rest| rest.as_secs_f64().ceil() as u64),
        };
        self.inner.links.iter().map(status).collect()
    }

    /// Waits until the chain may be gone through a second time, or gives up.
    async fn go_again(&self, again: bool, error: ChainError) -> Result<bool, ChainError> {
        match error.worth_waiting() {
            Some(wait) if !again && wait <= self.inner.config.patience => {
                tokio::time::sleep(wait).await;
                Ok(true)
            }
            _ => Err(error),
        }
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Chain").field(&self.status()).finish()
    }
}

impl Inner {
    /// Begins to ask one provider, if it may be asked.
    fn begin(self: &Arc<Self>, position: usize, again: bool) -> Result<Running, Failure> {
        let link = &self.links[position];
        match link.admit() {
            Ok(permit) => Ok(Running::new(Arc::clone(self), position, again, permit)),
            Err(skipped) => {
                self.observer.attempt(&Attempt {
                    provider: link.provider.name(),
                    model: link.provider.model(),
                    position,
                    again,
                    outcome: Outcome::Skipped(skipped),
                    took: Duration::ZERO,
                    first_event: None,
                    usage: Usage::default(),
                });
                Err(Failure::Skipped { provider: link.provider.name().to_owned(), skipped })
            }
        }
    }
}
