//! One provider being asked: whatever becomes of it, its breaker, its rest and the observer hear of it exactly once.

use std::sync::Arc;
use std::time::Duration;

use evolve_runtime::breaker::Permit;
use tokio::time::Instant;

use super::super::ModelProvider;
use super::super::answer::{Answer, Event, FinishReason, Usage};
use super::super::error::ModelError;
use super::super::observer::{Attempt, Outcome};
use super::{Answered, Failure, Inner, Link};

/// An attempt that is under way. Dropping it counts as abandoned.
pub(super) struct Running {
    chain: Arc<Inner>,
    position: usize,
    again: bool,
    permit: Option<Permit>,
    began: Instant,
    first_event: Option<Duration>,
    usage: Usage,
}

impl Running {
    pub(super) fn new(chain: Arc<Inner>, position: usize, again: bool, permit: Permit) -> Self {
        let (began, usage) = (Instant::now(), Usage::default());
        Self { chain, position, again, permit: Some(permit), began, first_event: None, usage }
    }

    pub(super) fn provider(&self) -> &dyn ModelProvider {
        self.link().provider.as_ref()
    }

    /// Looks at an event of the stream; true for the first.
    pub(super) fn note(&mut self, event: &Event) -> bool {
        if let Event::Usage(usage) = event {
            self.usage = *usage;
        }
        let first = self.first_event.is_none();
        self.first_event.get_or_insert_with(|| self.began.elapsed());
        first
    }

    pub(super) fn started(&self) -> Event {
        Event::Started { provider: self.provider().name().to_owned(), model: self.provider().model().to_owned() }
    }

    /// The provider answered, whole.
    pub(super) fn answered(mut self, answer: Answer) -> Answered {
        self.usage = answer.usage;
        let (provider, model) = (self.provider().name().to_owned(), self.provider().model().to_owned());
        self.finished(answer.finish);
        Answered { answer, provider, model }
    }

    /// The provider answered to the end.
    pub(super) fn finished(mut self, reason: FinishReason) {
        if let Some(permit) = self.permit.take() {
            permit.succeeded();
        }
        self.report(Outcome::Answered(reason));
    }

    /// The provider failed.
    pub(super) fn failed(mut self, error: ModelError) -> Failure {
        if let Some(permit) = self.permit.take() {
            // A server that blocks or refuses what we sent is alive, and that is all a breaker wants to know.
            if error.counts_as_failure() { permit.failed() } else { permit.succeeded() }
        }
        if let Some(rest) = error.retry_after() {
            self.link().rest_for(rest.min(self.chain.config.longest_rest));
        }
        self.report(Outcome::Failed(&error));
        Failure::Failed { provider: self.provider().name().to_owned(), error }
    }

    fn link(&self) -> &Link {
        &self.chain.links[self.position]
    }

    fn report(&self, outcome: Outcome<'_>) {
        self.chain.observer.attempt(&Attempt {
            provider: self.provider().name(),
            model: self.provider().model(),
            position: self.position,
            again: self.again,
            outcome,
            took: self.began.elapsed(),
            first_event: self.first_event,
            usage: self.usage,
        });
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.permit.is_some() {
            self.report(Outcome::Abandoned);
        }
    }
}
