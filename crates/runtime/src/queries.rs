//! How long statements to Postgres take, as sqlx tells it: it makes an event of each (`sqlx::query`), with its text and never with
//! what is bound to it. So a layer of the subscriber sees every statement, also one within a transaction or of a connection that is
//! no part of a pool, and nobody has to wrap anything.
//!
//! A subscriber is of the process, and so is this: [`queries()`] is the only one. A process of several parts (tests start several
//! APIs in one) counts them together, in each of its registries (`database_query_duration_seconds`).

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        LazyLock, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use prometheus_client::encoding::EncodeLabelSet;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
};
use tracing_subscriber::{Layer, filter::Targets, layer::Context, registry::LookupSpan};

use crate::metrics::{Durations, Metrics, quick_durations};

/// What sqlx's events are called.
pub(crate) const TARGET: &str = "sqlx::query";
/// Slow statements that are remembered.
const REMEMBERED: usize = 50;
/// Longest text that is remembered, in characters: the longest of ours has some thousands.
const MAX_CHARS: usize = 4000;
/// What is slow where nobody says.
const SLOW: Duration = Duration::from_millis(100);
/// What statements are told apart by: their first word. One with common table expressions may read or write.
const OPERATIONS: [&str; 7] = ["select", "insert", "update", "delete", "with", "transaction", "other"];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
}

/// A statement that took long.
#[derive(Clone, Debug, PartialEq)]
pub struct SlowQuery {
    /// Its text, white space folded; never what was bound to it.
    pub text: String,
    /// How long it took.
    pub took: Duration,
    /// When it ended.
    pub at: DateTime<Utc>,
}

/// What is known of the statements of this process since it began.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueryReport {
    /// How many there were.
    pub total: u64,
    /// How many of them were slow.
    pub slow: u64,
    /// How long all of them took.
    pub took: Duration,
    /// From which time on a statement is slow.
    pub slow_from: Duration,
    /// The newest slow ones, newest first.
    pub newest: Vec<SlowQuery>,
}

/// The statements of this process.
#[derive(Debug)]
pub struct Queries {
    total: AtomicU64,
    slow: AtomicU64,
    took_micros: AtomicU64,
    slow_from_micros: AtomicU64,
    newest: Mutex<VecDeque<SlowQuery>>,
    durations: Durations<Operation>,
}

/// The statements of this process.
#[must_use]
pub fn queries() -> &'static Queries {
    static QUERIES: LazyLock<Queries> = LazyLock::new(Queries::default);
    &QUERIES
}

impl Default for Queries {
    fn default() -> Self {
        Self {
            total: AtomicU64::default(),
            slow: AtomicU64::default(),
            took_micros: AtomicU64::default(),
            slow_from_micros: AtomicU64::new(micros(SLOW)),
            newest: Mutex::default(),
            durations: quick_durations(),
        }
    }
}

impl Queries {
    /// Shows how long they take in these metrics, too.
    pub fn register(&self, metrics: &Metrics) {
        metrics.register(|book| {
            let help = "Time of statements to Postgres, seconds";
            book.register("database_query_duration_seconds", help, self.durations.clone())
                .one_of("operation", OPERATIONS);
        });
    }

    /// From now on a statement is slow that takes so long or longer.
    pub fn slow_from(&self, least: Duration) {
        self.slow_from_micros.store(micros(least), Relaxed);
    }

    /// What is known by now.
    #[must_use]
    pub fn report(&self) -> QueryReport {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        QueryReport {
            total: self.total.load(Relaxed),
            slow: self.slow.load(Relaxed),
            took: Duration::from_micros(self.took_micros.load(Relaxed)),
            slow_from: Duration::from_micros(self.slow_from_micros.load(Relaxed)),
            newest: newest.iter().cloned().collect(),
        }
    }

    fn count(&self, took: Duration, operation: &'static str, text: impl FnOnce() -> String) {
        self.durations.get_or_create(&Operation { operation }).observe(took.as_secs_f64());
        self.total.fetch_add(1, Relaxed);
        self.took_micros.fetch_add(micros(took), Relaxed);
        if micros(took) < self.slow_from_micros.load(Relaxed) {
            return;
        }
        self.slow.fetch_add(1, Relaxed);
        let query = SlowQuery { text: text(), took, at: Utc::now() };
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.push_front(query);
        newest.truncate(REMEMBERED);
    }
}

/// What listens to sqlx's events, whatever the log shows.
pub(crate) fn layer<S>(queries: &'static Queries) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    // They are at this level, and slower ones above it.
    Layer::<S>::with_filter(Ear(queries), Targets::new().with_target(TARGET, LevelFilter::DEBUG))
}

struct Ear(&'static Queries);

impl<S: Subscriber> Layer<S> for Ear {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut heard = Heard::default();
        event.record(&mut heard);
        // Anything else that sqlx may say under that name.
        let Some(took) = heard.took() else { return };
        self.0.count(took, heard.operation(), || text_of(event, MAX_CHARS));
    }
}

/// The fields of an event that count of every statement.
#[derive(Default)]
pub(crate) struct Heard {
    seconds: Option<f64>,
    /// The first words; all of a statement that has no more.
    summary: String,
}

impl Heard {
    fn operation(&self) -> &'static str {
        let first = self.summary.split_whitespace().next().unwrap_or_default();
        if ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT"].iter().any(|word| word.eq_ignore_ascii_case(first)) {
            return "transaction";
        }
        OPERATIONS.into_iter().find(|known| known.eq_ignore_ascii_case(first)).unwrap_or("other")
    }

    /// How long it took; nothing where the event tells of no statement.
    pub(crate) fn took(&self) -> Option<Duration> {
        Duration::try_from_secs_f64(self.seconds?).ok()
    }

    /// Its first words.
    pub(crate) fn summary(&self) -> &str {
        self.summary.trim_end_matches('…').trim()
    }
}

impl Visit for Heard {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.seconds = Some(value);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "summary" {
            value.clone_into(&mut self.summary);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// The first `most` characters of the statement that an event tells of, white space folded. It may have thousands, and is not copied
/// for nothing.
fn text_of(event: &Event<'_>, most: usize) -> String {
    said(event, |text| folded(text).take(most).collect())
}

/// The first and the last characters of the statement that an event tells of, white space folded, and a sign for what is between
/// them. What is between is not looked at.
pub(crate) fn ends_of(event: &Event<'_>, lengths: (usize, usize)) -> String {
    said(event, |text| ends(text, lengths))
}

fn ends(text: &str, (first, last): (usize, usize)) -> String {
    let mut ends: String = folded(text).take(first + last + 1).collect();
    if ends.chars().count() <= first + last {
        return ends;
    }
    ends = ends.chars().take(first).chain(['…']).collect();
    let words = text.split_whitespace().rev().map(|word| word.chars().rev());
    let end: Vec<char> = spaced(words).take(last).collect();
    ends.extend(end.into_iter().rev());
    ends
}

fn folded(text: &str) -> impl Iterator<Item = char> {
    spaced(text.split_whitespace().map(str::chars))
}

fn spaced(words: impl Iterator<Item = impl Iterator<Item = char>>) -> impl Iterator<Item = char> {
    words.enumerate().flat_map(|(place, word)| (place > 0).then_some(' ').into_iter().chain(word))
}

/// What `cut` makes of the statement that an event tells of: it has a text of its own where its summary is not all of it.
fn said<F: Fn(&str) -> String>(event: &Event<'_>, cut: F) -> String {
    let mut said = Said { cut, summary: String::new(), statement: String::new() };
    event.record(&mut said);
    if said.statement.is_empty() { said.summary } else { said.statement }
}

struct Said<F> {
    cut: F,
    /// All of one that has no more.
    summary: String,
    /// All of one that has.
    statement: String,
}

impl<F: Fn(&str) -> String> Visit for Said<F> {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => self.summary = (self.cut)(value),
            "db.statement" => self.statement = (self.cut)(value),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    fn fresh() -> &'static Queries {
        Box::leak(Box::new(Queries::default()))
    }

    #[test]
    fn every_statement_is_counted_and_the_newest_slow_ones_are_remembered_without_what_is_bound() {
        let queries = fresh();
        let subscriber = tracing_subscriber::registry().with(layer(queries));
        tracing::subscriber::with_default(subscriber, || {
            tracing::debug!(target: "sqlx::query", summary = "SELECT 1", db.statement = "", elapsed_secs = 0.05_f64);
            for n in 0..60 {
                let statement = format!("\n\nSELECT {n}\n   FROM people\n WHERE id = $1\n");
                tracing::warn!(target: "sqlx::query", summary = "SELECT …", db.statement = statement, elapsed_secs = 0.25_f64);
            }
            tracing::debug!(target: "sqlx::query", "something else");
            tracing::debug!(target: "elsewhere", elapsed_secs = 9.0_f64);
        });
        let report = queries.report();
        assert_eq!((report.total, report.slow, report.newest.len()), (61, 60, REMEMBERED));
        assert_eq!(report.took, Duration::from_millis(60 * 250 + 50));
        assert_eq!(report.newest[0].text, "SELECT 59 FROM people WHERE id = $1");
    }

    #[test]
    fn the_ends_of_a_statement_are_what_is_told_of_it() {
        for (statement, told) in [
            ("", ""),
            (" SELECT\n  1 ", "SELECT 1"),
            ("SELECT 12", "SELEC… 12"),
            ("  SELECT   'ёж'  \n\n  FROM  é  ", "SELEC…M é"),
        ] {
            assert_eq!(ends(statement, (5, 3)), told);
        }
    }

    #[test]
    fn how_long_statements_take_is_shown_by_what_they_do_and_never_by_their_words() {
        let (queries, metrics) = (fresh(), Metrics::new());
        queries.register(&metrics);
        let subscriber = tracing_subscriber::registry().with(layer(queries));
        tracing::subscriber::with_default(subscriber, || {
            for summary in ["SELECT 1", "\n  select name …", "COMMIT", "VACUUM", ""] {
                tracing::debug!(target: "sqlx::query", summary, db.statement = "", elapsed_secs = 0.002_f64);
            }
        });
        let text = metrics.encode();
        for (operation, count) in [("select", 2), ("transaction", 1), ("other", 2)] {
            let line = format!("database_query_duration_seconds_count{{operation=\"{operation}\"}} {count}");
            assert!(text.lines().any(|shown| shown == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn what_is_slow_can_be_said() {
        let queries = fresh();
        queries.slow_from(Duration::from_millis(10));
        queries.count(Duration::from_millis(9), "select", || "fast".to_owned());
        queries.count(Duration::from_millis(10), "select", || "slow".to_owned());
        let report = queries.report();
        assert_eq!((report.total, report.slow, report.newest[0].text.as_str()), (2, 1, "slow"));
    }
}
