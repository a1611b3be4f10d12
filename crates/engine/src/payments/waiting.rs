//! How much waits for somebody who runs the bot, as metrics to be alarmed by.

use std::{sync::atomic::AtomicI64, time::Duration};

use evolve_runtime::{metrics::Metrics, shutdown::Tasks};
use prometheus_client::metrics::gauge::Gauge;

use super::Payments;

const EVERY: Duration = Duration::from_secs(300);

/// Counts again and again, as a task of `tasks`. Every replica shows the same.
pub fn watch(payments: Payments, metrics: &Metrics, tasks: &Tasks) {
    let (decisions, reports) = (Gauge::<i64, AtomicI64>::default(), Gauge::<i64, AtomicI64>::default());
    metrics.register(|registry| {
        let help = "Payments that somebody must decide about: GET /admin/payments";
        registry.register("payments_to_decide", help, decisions.clone());
        let help = "Reports of payments that could not be booked yet, though they were tried again and again";
        registry.register("payment_reports_waiting", help, reports.clone());
    });
    let soft = tasks.soft();
    tasks.spawn("watch-payments", async move {
        loop {
            match payments.waiting().await {
                Ok(waiting) => {
                    decisions.set(waiting.decisions);
                    reports.set(waiting.reports);
                }
                Err(error) => tracing::debug!(%error, "what waits about payments cannot be counted yet"),
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = soft.cancelled() => return Ok(()),
            }
        }
    });
}
