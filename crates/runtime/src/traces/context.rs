//! Where in a trace we are: in the form in which rows and requests carry it on, and for layers that add to what others tell.

use std::{collections::HashMap, sync::OnceLock};

use opentelemetry::{Context, propagation::TextMapPropagator as _, trace::TraceContextExt as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Dispatch, Span, Subscriber, dispatcher::WeakDispatch};
use tracing_opentelemetry::{OpenTelemetrySpanExt as _, get_otel_context};
use tracing_subscriber::{layer, registry::LookupSpan};

/// The name of the W3C's header.
const TRACEPARENT: &str = "traceparent";

/// Where we are, as the W3C writes it (`traceparent`): also of a trace that is not kept, so that whoever goes on from it does not
/// keep it either. Nothing where there are no traces.
#[must_use]
pub fn current() -> Option<String> {
    let context = Span::current().context();
    if !context.span().span_context().is_valid() {
        return None;
    }
    let mut carried = HashMap::new();
    TraceContextPropagator::new().inject_context(&context, &mut carried);
    carried.remove(TRACEPARENT)
}

/// Makes `span`, which nobody has entered yet, a part of the trace that a row or a request carries. What is no `traceparent` is as
/// if there were none: then the span is where it was made.
pub fn follow(span: &Span, traceparent: Option<&str>) {
    let Some(traceparent) = traceparent else { return };
    let carried = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &carried);
    if parent.span().span_context().is_valid() {
        // It fails where there are no traces, and then there is nothing to go on from.
        let _ = span.set_parent(parent);
    }
}

/// For a layer: in which span of a trace an event happens.
#[derive(Default)]
pub(crate) struct Around(OnceLock<WeakDispatch>);

impl Around {
    /// To be called once by [`tracing_subscriber::Layer::on_register_dispatch`]. Weakly, since the subscriber holds the layer.
    pub(crate) fn register(&self, subscriber: &Dispatch) {
        let _ = self.0.set(subscriber.downgrade());
    }

    /// The span around what happens now, as far as the layer's filter lets it see spans.
    pub(crate) fn context<S>(&self, here: &layer::Context<'_, S>) -> Option<Context>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let id = here.lookup_current()?.id();
        get_otel_context(&id, &self.0.get()?.upgrade()?)
    }
}
