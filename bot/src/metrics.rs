//! What the bot counts. Labels are names from this code, never a person's id or text.

use std::fmt::Display;

use evolve_runtime::metrics::{DURATION_BUCKETS, Metrics};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

/// The bot's metrics. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct BotMetrics {
    received: Family<KindLabel, Counter>,
    sent: Family<KindLabel, Counter>,
    inbox_failures: Family<ReasonLabel, Counter>,
    outbox_failures: Family<ReasonLabel, Counter>,
    swallowed: Family<ReasonLabel, Counter>,
    checkouts: Family<KindLabel, Counter>,
    handling: Histogram,
    busy: Gauge,
    waiting: Gauge,
    full: Gauge,
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
            handling: Histogram::new(DURATION_BUCKETS),
            busy: Gauge::default(),
            waiting: Gauge::default(),
            full: Gauge::default(),
        };
        metrics.register(|r| {
            r.register("telegram_messages_received", "Updates worked, by what they were", this.received.clone());
            r.register("telegram_messages_sent", "Calls that Telegram accepted, by method", this.sent.clone());
            r.register("telegram_inbox_failures", "Attempts at an update that failed", this.inbox_failures.clone());
            r.register("telegram_outbox_failures", "Calls that failed", this.outbox_failures.clone());
            r.register("telegram_errors_swallowed", "Errors that nobody has to wait for", this.swallowed.clone());
            r.register("telegram_checkouts", "Checkouts answered, by what", this.checkouts.clone());
            r.register("telegram_update_duration_seconds", "Time to work an update, seconds", this.handling.clone());
            r.register("telegram_updates_in_progress", "Updates being worked", this.busy.clone());
            r.register("telegram_inbox_waiting", "Updates that wait, at most INBOX_LIMIT", this.waiting.clone());
            r.register("telegram_inbox_full", "Whether so many wait that no more is taken", this.full.clone());
        });
        this
    }

    /// An update of this kind was worked.
    pub(crate) fn received(&self, kind: &'static str) {
        self.received.get_or_create(&KindLabel { kind }).inc();
    }

    /// Telegram accepted a call.
    pub(crate) fn sent(&self, method: &str) {
        let kind = match method {
            "sendMessage" => "sendMessage",
            "editMessageText" => "editMessageText",
            "sendMessageDraft" => "sendMessageDraft",
            "sendInvoice" => "sendInvoice",
            "sendVoice" => "sendVoice",
            "sendPhoto" => "sendPhoto",
            _ => "other",
        };
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
