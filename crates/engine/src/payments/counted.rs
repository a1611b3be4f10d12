//! What becomes of money, as metrics. Each payment, and each refund, is counted as what it is by the replica that booked it, after its
//! transaction; its other reports, wherever they come, are counted as replayed.

use evolve_domain::payment::STARS;
use evolve_runtime::metrics::Metrics;
use evolve_store::{
    StoreError,
    payments::{NewPayment, Paid, Purchase, Refund, Refunded},
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};

/// What becomes of a report.
const OUTCOMES: [&str; 6] = ["booked", "unmatched", "refunded", "replayed", "unknown", "failed"];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

/// Metrics of payments. Clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    reports: Family<Outcome, Counter>,
    stars: Family<Kind, Counter>,
    refunded_stars: Counter,
}

impl Counted {
    pub(super) fn register(metrics: &Metrics) -> Self {
        let this = Self { reports: Family::default(), stars: Family::default(), refunded_stars: Counter::default() };
        // Shown from the beginning: they are so rare that the first would be lost to whoever asks by how much they grew.
        for outcome in OUTCOMES {
            this.reports.get_or_create(&Outcome { outcome }).inc_by(0);
        }
        for kind in Purchase::ALL.map(Purchase::as_str) {
            this.stars.get_or_create(&Kind { kind }).inc_by(0);
        }
        metrics.register(|book| {
            let help = "Reports of payments and refunds by what became of them: booked, booked for no offer of ours, given back, known before, of no payment that is known, or not written, so that it is reported again";
            book.register("payments", help, this.reports.clone()).one_of("outcome", OUTCOMES);
            let help = "Telegram Stars booked for offers of ours, by what they buy; what is given back is not taken off";
            book.register("revenue_stars", help, this.stars.clone()).one_of("kind", Purchase::ALL.map(Purchase::as_str));
            let help = "Telegram Stars given back that had been booked for offers of ours";
            book.register("refunded_stars", help, this.refunded_stars.clone());
        });
        this
    }

    /// A payment was reported.
    pub(super) fn paid(&self, payment: &NewPayment, paid: &Result<Paid, StoreError>) {
        match paid {
            Err(_) => self.report("failed"),
            Ok(Paid { replayed: true, .. }) => self.report("replayed"),
            Ok(Paid { matched: false, .. }) => self.report("unmatched"),
            Ok(Paid { buys, .. }) => {
                self.report("booked");
                if payment.currency == STARS {
                    self.stars.get_or_create(&Kind { kind: buys.as_str() }).inc_by(whole(payment.amount));
                }
            }
        }
    }

    /// A refund was reported.
    pub(super) fn refunded(&self, refunded: &Result<Refunded, StoreError>) {
        match refunded {
            Err(_) => self.report("failed"),
            Ok(Refunded { back: Some(back), .. }) => {
                self.report("refunded");
                if back.was_sale && back.currency == STARS {
                    self.refunded_stars.inc_by(whole(back.amount));
                }
            }
            Ok(Refunded { refund: Refund::Unknown, .. }) => self.report("unknown"),
            Ok(_) => self.report("replayed"),
        }
    }

    fn report(&self, outcome: &'static str) {
        self.reports.get_or_create(&Outcome { outcome }).inc();
    }
}

/// What was paid is more than nothing.
fn whole(amount: i64) -> u64 {
    u64::try_from(amount).unwrap_or_default()
}
