//! What the bot counts. Labels are names from this code, never a person's id or text.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use evolve_runtime::metrics::{DurationHistogram, Metrics};
use evolve_store::queues::Waiting;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

/// Methods that are told apart.
const METHODS: [&str; 7] =
    ["sendMessage", "editMessageText", "sendMessageDraft", "sendInvoice", "sendVoice", "sendPhoto", "other"];
const REASONS: &str = "why, by a word of the code, such as `not_stored`";

/// The bot's metrics. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct BotMetrics {
    received: Family<KindLabel, Counter>,
    sent: Family<KindLabel, Counter>,
    inbox_failures: Family<ReasonLabel, Counter>,
    outbox_failures: Family<ReasonLabel, Counter>,
    swallowed: Family<ReasonLabel, Counter>,
    checkouts: Family<KindLabel, Counter>,
    handling: DurationHistogram,
    busy: Gauge,
    waiting: Gauge,
    full: Gauge,
    inbox_age: Gauge,
    owed: Gauge,
    outbox_age: Gauge,
}

impl BotMetrics {
    /// Registers them.
    #[must_use]
    pub(crate) fn register(metrics: &Metrics) -> Self {
        let this = Self {
            received: Family::default(),
            sent: Family::default(),
            inbox_failures: Family::default(),
            outbox_failures: Family::default(),
            swallowed: Family::default(),
            checkouts: Family::default(),
            handling: DurationHistogram::default(),
            busy: Gauge::default(),
            waiting: Gauge::default(),
            full: Gauge::default(),
            inbox_age: Gauge::default(),
            owed: Gauge::default(),
            outbox_age: Gauge::default(),
        };
        metrics.register(|r| {
            r.register("telegram_messages_received", "Updates worked, by what they were", this.received.clone())
                .label("kind", "what an update is, by a word of the code, such as `text`");
            r.register("telegram_messages_sent", "Calls that Telegram accepted, by method", this.sent.clone())
                .one_of("kind", METHODS);
            r.register("telegram_inbox_failures", "Attempts at an update that failed", this.inbox_failures.clone())
                .label("reason", REASONS);
            r.register("telegram_outbox_failures", "Calls that failed", this.outbox_failures.clone())
                .label("reason", REASONS);
            r.register("telegram_errors_swallowed", "Errors that nobody has to wait for", this.swallowed.clone())
                .label("reason", REASONS);
            r.register("telegram_checkouts", "Checkouts answered, by what", this.checkouts.clone())
                .one_of("kind", ["accepted", "refused"]);
            r.register("telegram_update_duration_seconds", "Time to work an update, seconds", this.handling.clone());
            r.register("telegram_updates_in_progress", "Updates being worked", this.busy.clone());
            r.register("telegram_inbox_waiting", "Updates that wait, at most INBOX_LIMIT", this.waiting.clone());
            r.register("telegram_inbox_full", "Whether so many wait that no more is taken", this.full.clone());
            let help = "How long the update that came first has waited, seconds; every replica shows the same";
            r.register("telegram_inbox_oldest_seconds", help, this.inbox_age.clone());
            let help = "Calls that are owed to Telegram, at most 10,000; every replica shows the same";
            r.register("telegram_outbox_waiting", help, this.owed.clone());
            let help = "How long the call that is owed longest has waited, broadcasts aside, seconds; every replica shows the same";
            r.register("telegram_outbox_oldest_seconds", help, this.outbox_age.clone());
        });
        this
    }

    /// An update of this kind was worked.
    pub(crate) fn received(&self, kind: &'static str) {
        self.received.get_or_create(&KindLabel { kind }).inc();
    }

    /// Telegram accepted a call.
    pub(crate) fn sent(&self, method: &str) {
        let kind = METHODS.into_iter().find(|known| *known == method).unwrap_or("other");
        self.sent.get_or_create(&KindLabel { kind }).inc();
    }

    /// An attempt at an update failed.
    pub(crate) fn inbox_failure(&self, reason: &'static str) {
        self.inbox_failures.get_or_create(&ReasonLabel { reason }).inc();
    }

    /// A call failed.
    pub(crate) fn outbox_failure(&self, reason: &'static str) {
        self.outbox_failures.get_or_create(&ReasonLabel { reason }).inc();
    }

    /// So many updates wait, and whether more is taken.
    pub(crate) fn waiting(&self, waiting: u64, is_full: bool) {
        self.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        self.full.set(i64::from(is_full));
    }

    /// This waits, and has waited since.
    pub(crate) fn backlog(&self, queues: &[Waiting], now: DateTime<Utc>) {
        for Waiting { name, waiting, oldest } in queues {
            let age = oldest.map_or(0, |since| (now - since).num_seconds().max(0));
            match name.as_str() {
                // How many wait in the inbox is counted more often, and no further than its bound.
                "inbox" => {
                    self.inbox_age.set(age);
                }
                "outbox" => {
                    self.owed.set(*waiting);
                    self.outbox_age.set(age);
                }
                _ => {}
            }
        }
    }

    /// A checkout was accepted or refused.
    pub(crate) fn checkout(&self, kind: &'static str) {
        self.checkouts.get_or_create(&KindLabel { kind }).inc();
    }

    /// An error on which nothing depends: it is logged and counted, and life goes on.
    pub(crate) fn swallow(&self, reason: &'static str, error: &dyn Display) {
        tracing::debug!(reason, %error, "went on after an error");
        self.swallowed.get_or_create(&ReasonLabel { reason }).inc();
    }

    /// Counts and times one update while the returned value lives.
    #[must_use]
    pub(crate) fn working(&self) -> Working {
        self.busy.inc();
        Working { metrics: self.clone(), started: tokio::time::Instant::now() }
    }
}

/// An update being worked.
#[derive(Debug)]
pub(crate) struct Working {
    metrics: BotMetrics,
    started: tokio::time::Instant,
}

impl Drop for Working {
    fn drop(&mut self) {
        self.metrics.busy.dec();
        self.metrics.handling.observe(self.started.elapsed().as_secs_f64());
    }
}
