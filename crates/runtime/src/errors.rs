//! Errors that somebody should look at, told to Sentry where it is set up (`SENTRY_DSN`); nowhere else and never without it.
//!
//! What is told is the line that the log has at level ERROR, and of that only what cannot hold a person's words: the message, which
//! stands in the code; numbers; and the fields of [`CODES`], which are short words of ours. Neither the text of an error below
//! (a server may quote in it what it was sent) nor a request nor a user is among it. So nothing has to be found and taken out
//! afterwards. The id of the trace leads to the rest, in our own logs.
//!
//! It never holds up the process: events wait in a bounded queue of the library's own thread, and what does not fit is dropped.

use std::{fmt, sync::Arc, time::Duration};

use anyhow::Context as _;
use opentelemetry::trace::TraceContextExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use sentry::{
    Client, ClientOptions, Level as SentryLevel,
    protocol::{Event as Report, Map},
    transports::DefaultTransportFactory,
    types::Dsn,
};
use tracing::{
    Dispatch, Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, filter::filter_fn, layer::Context, registry::LookupSpan};

use crate::{
    config::Reader,
    traces::{Around, is_ours, is_span_of_ours, nothing},
};

/// How long the last events may take on their way out when the process ends.
const LAST: Duration = Duration::from_secs(2);

/// Fields whose values are words of our own code.
const CODES: [&str; 9] = ["code", "job", "kind", "method", "outcome", "provider", "queue", "reason", "task"];
/// The place of a panic in it.
const PLACE: &str = "place";
/// Ids of our own rows and of Telegram's updates: every other number that is called an id may be somebody's.
const IDS: [&str; 2] = ["outbox_id", "update_id"];
/// What somebody may be called besides.
const PEOPLE: [&str; 7] = ["chat", "from", "id", "member", "person", "room", "user"];
/// Longest such word, in bytes: what is longer is no code.
const LONGEST: usize = 64;
/// Longest place, in bytes.
const LONGEST_PLACE: usize = 200;

/// Where errors are told.
#[derive(Clone, Debug)]
pub struct ErrorConfig {
    /// The project at Sentry; nothing is told without it.
    pub dsn: Option<SecretString>,
    /// What Sentry calls this installation.
    pub environment: String,
}

impl ErrorConfig {
    /// Reads `SENTRY_DSN` and `SENTRY_ENVIRONMENT`.
    pub fn read(env: &mut Reader) -> Self {
        let dsn = env.optional_secret(
            "SENTRY_DSN",
            1,
            "The project at Sentry to which errors are told, without any words of people. None are told without it.",
        );
        if dsn.as_ref().is_some_and(|dsn| dsn.expose_secret().parse::<Dsn>().is_err()) {
            env.problem(
                "SENTRY_DSN is not the address of a Sentry project, such as https://KEY@sentry.example.org/1"
                    .to_owned(),
            );
        }
        Self { dsn, environment: env.or("SENTRY_ENVIRONMENT", "production", "What Sentry calls this installation.") }
    }
}

/// The errors of a process. Dropping it loses what is not sent yet: [`Errors::finish`] sends that.
#[derive(Clone, Default)]
#[must_use]
pub struct Errors(Option<Arc<Client>>);

impl fmt::Debug for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Errors").field("told", &self.0.is_some()).finish()
    }
}

impl Errors {
    /// Begins to tell what `config` says.
    ///
    /// # Errors
    /// When the DSN is none.
    pub fn start(config: &ErrorConfig) -> anyhow::Result<Self> {
        let Some(dsn) = &config.dsn else { return Ok(Self(None)) };
        // Nothing that the library finds out by itself: host names, backtraces, what a panic says.
        let mut options = ClientOptions::new()
            .default_integrations(false)
            .send_default_pii(false)
            .max_breadcrumbs(0)
            .release(concat!("evolve@", env!("CARGO_PKG_VERSION")))
            .environment(config.environment.clone())
            .transport(DefaultTransportFactory)
            .shutdown_timeout(LAST);
        options.dsn = Some(dsn.expose_secret().parse().context("SENTRY_DSN is not the address of a Sentry project")?);
        Ok(Self(Some(Arc::new(Client::from(options)))))
    }

    /// What listens to events of level ERROR.
    pub(crate) fn layer<S>(&self) -> Box<dyn Layer<S> + Send + Sync>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let Some(client) = self.0.clone() else { return nothing() };
        let told = filter_fn(|metadata: &Metadata<'_>| {
            is_span_of_ours(metadata) || (is_ours(metadata) && metadata.is_event() && *metadata.level() == Level::ERROR)
        })
        .with_max_level_hint(Level::INFO);
        Layer::<S>::with_filter(Teller { client, around: Around::default() }, told).boxed()
    }

    /// Sends the last events, for [`LAST`] at most.
    pub async fn finish(self) {
        let Some(client) = self.0 else { return };
        // It blocks.
        let sent = tokio::task::spawn_blocking(move || client.close(Some(LAST))).await;
        if !matches!(sent, Ok(true)) {
            tracing::warn!("the last errors could not be told");
        }
    }
}

struct Teller {
    client: Arc<Client>,
    around: Around,
}

impl<S> Layer<S> for Teller
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        self.around.register(subscriber);
    }

    fn on_event(&self, event: &Event<'_>, here: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        let mut report = Report::new();
        report.level = SentryLevel::Error;
        report.logger = Some(event.metadata().target().to_owned());
        report.message = said.message;
        report.tags = said.tags;
        if let Some(context) = self.around.context(&here) {
            let span = context.span();
            report.tags.insert("trace_id".to_owned(), span.span_context().trace_id().to_string());
        }
        self.client.capture_event(report, None);
    }
}

/// What of an event may be told.
#[derive(Default)]
struct Said {
    message: Option<String>,
    tags: Map<String, String>,
}

impl Said {
    fn tag(&mut self, field: &Field, value: impl ToString) {
        if may_be_somebody(field.name()) {
            return;
        }
        self.tags.insert(field.name().to_owned(), value.to_string());
    }
}

impl Visit for Said {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.tag(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.tag(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.tag(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.tag(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let is_told = match field.name() {
            PLACE => is_place(value),
            name => CODES.contains(&name) && is_code(value),
        };
        if is_told {
            self.tag(field, value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // The macros hand the message over like this. Ours stand in the code: what differs is in fields.
        if field.name() == "message" {
            self.message = Some(format!("{value:?}"));
        }
    }
}

/// Whether a number of this name may be a person's, or of a group of people.
fn may_be_somebody(name: &str) -> bool {
    PEOPLE.contains(&name) || (name.ends_with("_id") && !IDS.contains(&name))
}

/// Whether it is one word, as codes and Telegram's methods are. What was made of several parts is none, and neither is an address or
/// a token (`123:abc`).
fn is_code(value: &str) -> bool {
    value.len() <= LONGEST && value.bytes().all(is_of_a_word)
}

/// Whether it is a file of ours or of a library with a line and a column, as `api/src/main.rs:7:3`.
fn is_place(value: &str) -> bool {
    let may_be = |byte| is_of_a_word(byte) || b":/".contains(&byte);
    value.len() <= LONGEST_PLACE && !value.contains("://") && value.bytes().all(may_be)
}

fn is_of_a_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_ours_is_told_and_neither_an_address_nor_a_token() {
        assert!(is_code("not_stored") && is_code("sendMessage") && is_code("backup-verify") && is_code("gemini-2.5"));
        for other in ["https://example.org/ivan", "example.org/ivan", "734002117:AAF", "ivan@example.org", "two words"]
        {
            assert!(!is_code(other), "{other}");
        }
        assert!(!is_code(&"a".repeat(LONGEST + 1)));
        assert!(is_place("crates/engine/src/turn/mod.rs:12:5") && !is_place("https://example.org/ivan"));
    }
}
