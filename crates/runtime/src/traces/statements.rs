//! Statements to Postgres as spans, made of the events of sqlx ([`crate::queries`] says which). Where no span of ours is around a
//! statement it is in no trace: what a process does by itself every few seconds would drown what people asked for.

use std::time::SystemTime;

use opentelemetry::{
    KeyValue,
    trace::{Span as _, SpanKind, TraceContextExt as _, Tracer as _},
};
use opentelemetry_sdk::trace::SdkTracer;
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};
use tracing_subscriber::{Layer, filter::filter_fn, layer::Context, registry::LookupSpan};

use super::{Around, is_span_of_ours};
use crate::queries::{Heard, TARGET, ends_of};

/// So many characters of a statement's beginning and of its end are in a span. Those of a turn have some thousands: to send all of them
/// with each turn takes longer than all else of the trace. What is made in several ways often differs at its end alone.
const ENDS: (usize, usize) = (300, 100);

/// What makes spans of statements.
pub(super) fn layer<S>(tracer: SdkTracer) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    // It has to see the spans around them.
    let seen = filter_fn(|metadata: &Metadata<'_>| {
        is_span_of_ours(metadata) || (metadata.is_event() && metadata.target() == TARGET)
    })
    .with_max_level_hint(Level::DEBUG);
    Layer::<S>::with_filter(Statements { tracer, around: Around::default() }, seen)
}

struct Statements {
    tracer: SdkTracer,
    around: Around,
}

impl<S> Layer<S> for Statements
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        self.around.register(subscriber);
    }

    fn on_event(&self, event: &Event<'_>, here: Context<'_, S>) {
        let Some(parent) = self.around.context(&here).filter(|parent| parent.span().span_context().is_sampled()) else {
            return;
        };
        let mut heard = Heard::default();
        event.record(&mut heard);
        let Some(took) = heard.took() else { return };
        let ended = SystemTime::now();
        let began = ended.checked_sub(took).unwrap_or(ended);
        let summary = heard.summary().to_owned();
        let operation = summary.split_whitespace().next().unwrap_or_default().to_owned();
        let statement = self.tracer.span_builder(summary.clone()).with_kind(SpanKind::Client).with_start_time(began);
        let statement = statement.with_attributes([
            KeyValue::new("db.system.name", "postgresql"),
            KeyValue::new("db.operation.name", operation),
            KeyValue::new("db.query.summary", summary),
            KeyValue::new("db.query.text", ends_of(event, ENDS)),
        ]);
        statement.start_with_context(&self.tracer, &parent).end_with_timestamp(ended);
    }
}
