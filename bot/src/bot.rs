//! What every part of the bot works with.

use std::{
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU8, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use evolve_runtime::{clock::Clock, shutdown::Tasks};
use evolve_store::Store;
use moka::future::Cache;
use secrecy::SecretString;
use tokio::sync::{Notify, OnceCell, Semaphore};

use crate::{
    api::Api,
    handlers::Beginnings,
    inbound::Pressure,
    inline::Askers,
    metrics::BotMetrics,
    outbound::Pace,
    room::Room,
    telegram::{Me, Telegram, TelegramError},
};

/// The parts of one running bot. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Bot {
    pub(crate) store: Store,
    pub(crate) telegram: Telegram,
    /// Who it is there, once that was asked.
    pub(crate) me: Arc<OnceCell<Me>>,
    pub(crate) api: Api,
    pub(crate) clock: Clock,
    pub(crate) metrics: BotMetrics,
    /// Room for the files of people.
    pub(crate) room: Room,
    pub(crate) max_image_bytes: u64,
    /// Longest recording of a person, seconds.
    pub(crate) max_voice_seconds: u32,
    /// How answers are shown while they are made.
    pub(crate) showing: Showing,
    /// The first messages of such answers that are being sent.
    pub(crate) beginnings: Beginnings,
    /// How fast to send.
    pub(crate) pace: Arc<Pace>,
    pub(crate) contact: Contact,
    /// Whether too much waits in the inbox.
    pub(crate) pressure: Pressure,
    /// Worked one at a time: what was under way in several processes that died.
    pub(crate) suspects: Arc<Semaphore>,
    /// Signalled when this process wrote something into the outbox, which is sooner than Postgres' notification.
    pub(crate) owed: Arc<Notify>,
    /// Who asks from other chats.
    pub(crate) askers: Askers,
    /// What the payloads of invoices are signed with; the API has the same.
    pub(crate) payload_keys: Arc<[SecretString]>,
    /// For invoices in money.
    pub(crate) provider_token: Option<SecretString>,
    /// Checkouts that were answered lately.
    pub(crate) checkouts: Cache<String, ()>,
    /// Where what is answered in the background runs, so that a stopping process waits for it.
    pub(crate) tasks: Tasks,
}

impl Bot {
    /// Who the bot is.
    ///
    /// # Errors
    /// [`TelegramError`], where it has to be asked first.
    pub(crate) async fn me(&self) -> Result<&Me, TelegramError> {
        self.me.get_or_try_init(|| self.telegram.me()).await
    }
}

/// None yet. Telegram forgets a checkout after ten seconds.
#[must_use]
pub(crate) fn checkouts() -> Cache<String, ()> {
    Cache::builder().max_capacity(100_000).time_to_live(Duration::from_secs(60)).build()
}

/// How answers are shown while they are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Showing {
    /// As a message that grows by edits.
    #[default]
    Edits,
    /// As Telegram's own draft of a message, which its apps show in private chats.
    Drafts,
    /// Not at all: an answer comes when it is whole.
    Off,
}

impl FromStr for Showing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "edits" => Ok(Self::Edits),
            "drafts" => Ok(Self::Drafts),
            "off" => Ok(Self::Off),
            other => Err(format!("{other:?} is none of edits, drafts and off")),
        }
    }
}

/// Whether Telegram answered us when we last asked it for something on our own account, and when it last brought us something (seconds
/// since 1970). Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contact(Arc<AtomicU8>, Arc<AtomicI64>);

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

    /// Notes that an update was delivered, and taken.
    pub(crate) fn delivered(&self, now: DateTime<Utc>) {
        self.1.fetch_max(now.timestamp(), Ordering::Relaxed);
    }

    /// When the last one was, seconds since 1970; 0 where none was.
    #[must_use]
    pub(crate) fn delivered_at(&self) -> i64 {
        self.1.load(Ordering::Relaxed)
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
