//! One provider being asked: whatever becomes of it, its breaker, its rest and the observer hear of it exactly once.

use std::sync::Arc;
use std::time::Duration;

use evolve_runtime::breaker::Permit;
use tokio::time::Instant;
use tracing::{Span, field};

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
    span: Span,
}

impl Running {
    pub(super) fn new(chain: Arc<Inner>, position: usize, again: bool, permit: Permit) -> Self {
        let (began, usage) = (Instant::now(), Usage::default());
        let span = span_of(chain.links[position].provider.as_ref(), position, again);
        Self { chain, position, again, permit: Some(permit), began, first_event: None, usage, span }
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
        self.span.record("gen_ai.usage.input_tokens", self.usage.prompt_tokens);
        self.span.record("gen_ai.usage.output_tokens", self.usage.output_tokens);
        match outcome {
            Outcome::Answered(reason) => {
                self.span.record("gen_ai.response.finish_reasons", name(reason));
            }
            Outcome::Failed(_) | Outcome::Skipped(_) => {
                self.span.record("error.type", outcome.label());
                self.span.record("otel.status_code", "ERROR");
            }
            Outcome::Abandoned => {
                self.span.record("error.type", outcome.label());
            }
        }
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

/// Ends with the attempt. Neither what is asked nor what is answered is in it.
fn span_of(provider: &dyn ModelProvider, position: usize, again: bool) -> Span {
    tracing::info_span!(
        "ask a model",
        otel.name = format!("chat {}", provider.model()),
        otel.kind = "client",
        otel.status_code = field::Empty,
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = provider.name(),
        gen_ai.request.model = provider.model(),
        gen_ai.response.finish_reasons = field::Empty,
        gen_ai.usage.input_tokens = field::Empty,
        gen_ai.usage.output_tokens = field::Empty,
        "error.type" = field::Empty,
        evolve.chain.position = position,
        evolve.chain.again = again,
    )
}

/// As the field calls it.
const fn name(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::Stop => "stop",
        FinishReason::Length => "length",
        FinishReason::ToolCalls => "tool_calls",
    }
}
