//! What every part of the bot works with.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use evolve_runtime::{clock::Clock, shutdown::Tasks};
use evolve_store::Store;
use moka::future::Cache;
use secrecy::SecretString;
use tokio::sync::Notify;

use crate::{api::Api, metrics::BotMetrics, telegram::Telegram};

/// The parts of one running bot. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Bot {
    pub(crate) store: Store,
    pub(crate) telegram: Telegram,
    pub(crate) api: Api,
    pub(crate) clock: Clock,
    pub(crate) metrics: BotMetrics,
    pub(crate) max_image_bytes: u64,
    pub(crate) contact: Contact,
    /// Signalled when this process wrote something into the outbox, which is sooner than Postgres' notification.
    pub(crate) owed: Arc<Notify>,
    /// Signs the payloads of invoices; the API has the same.
    pub(crate) payload_key: SecretString,
    /// For invoices in money.
    pub(crate) provider_token: Option<SecretString>,
    /// Checkouts that were answered lately.
    pub(crate) checkouts: Cache<String, ()>,
    /// Where what is answered in the background runs, so that a stopping process waits for it.
    pub(crate) tasks: Tasks,
}

/// None yet. Telegram forgets a checkout after ten seconds.
#[must_use]
pub(crate) fn checkouts() -> Cache<String, ()> {
    Cache::builder().max_capacity(100_000).time_to_live(Duration::from_secs(60)).build()
}

/// Whether Telegram answered us when we last asked it for something on our own account. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contact(Arc<AtomicU8>);

/// What `/ready` says of Telegram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContactState {
    /// Nothing was asked yet.
    NotTried,
    /// It answered.
    Healthy,
    /// It did not.
    Unhealthy,
}

impl Contact {
    /// Notes how a call went.
    pub(crate) fn note(&self, healthy: bool) {
        self.0.store(if healthy { 1 } else { 2 }, Ordering::Relaxed);
    }

    /// How the last call went.
    #[must_use]
    pub(crate) fn state(&self) -> ContactState {
        match self.0.load(Ordering::Relaxed) {
            0 => ContactState::NotTried,
            1 => ContactState::Healthy,
            _ => ContactState::Unhealthy,
        }
    }
}
