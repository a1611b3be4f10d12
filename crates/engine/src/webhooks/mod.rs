//! Other systems are told what happens: by signed requests (Standard Webhooks), or by a line of text in Slack.
//!
//! What is here is for administrators: who is told what, and what became of it. `send` does the telling; what is said and how it
//! is signed is in [`message`]. Where requests may lead is [`evolve_runtime::outside`]'s to say, here when a subscriber is made, and
//! again whenever something is sent.

pub mod message;
mod send;

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::{language::Language, webhook::EventKind};
use evolve_runtime::{
    clock::Clock,
    metrics::Metrics,
    outside::{Outside, Refused},
};
use evolve_store::{
    Store, StoreError,
    webhooks::{Change, Delivery, Kind, NewWebhook, Replayed, Webhook},
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
};
use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

pub use send::start;

/// Most subscribers.
pub const MOST: u32 = 20;
/// Longest URL, in bytes.
const MAX_URL: usize = 2000;
/// Deliveries on a page.
const PAGE: u32 = 100;
/// Most that is told again at once.
const MOST_REPLAYED: u32 = 1000;
/// For so long the secret before signs as well, once it was rotated.
const OLD_SECRET_FOR: TimeDelta = TimeDelta::days(1);

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// There is no such subscriber.
    #[error("there is no such webhook")]
    NotFound,
    /// Nothing is sent to such a URL.
    #[error("the URL is refused: {0}")]
    UrlRefused(Refused),
    /// A value is out of its bounds.
    #[error("{field}: {reason}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is to change about a subscriber; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Where it is.
    pub url: Option<String>,
    /// What it wants to hear of; everything, where it is empty.
    pub events: Option<Vec<String>>,
    /// Whether it is told anything.
    pub enabled: Option<bool>,
}

/// The use case. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Webhooks {
    store: Store,
    clock: Clock,
    outside: Outside,
    language: Language,
    attempts: Family<Outcome, Counter>,
}

impl Webhooks {
    /// The use case over the store. `language` is that of who runs the bot; `outside` asks their URLs.
    #[must_use]
    pub fn new(store: Store, clock: Clock, outside: Outside, language: Language, metrics: &Metrics) -> Self {
        let attempts: Family<Outcome, Counter> = Family::default();
        metrics.register(|registry| {
            let help = "Attempts to tell other systems what happened, by how they ended: accepted, later, given_up";
            registry
                .register("webhook_attempts", help, Family::clone(&attempts))
                .one_of("outcome", ["accepted", "later", "given_up"]);
        });
        Self { store, clock, outside, language, attempts }
    }

    /// Makes a subscriber; with it, its secret, which nobody is shown again.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub async fn create(
        &self,
        kind: Kind,
        url: &str,
        events: Vec<String>,
    ) -> Result<(Webhook, SecretString), WebhookError> {
        let (id, secret) = (Uuid::now_v7(), message::new_secret());
        let (url, events) = (self.checked(url).await?, known(events)?);
        let new = NewWebhook { id, kind, url: &url, secret: &secret, events };
        if !self.store.webhooks().create(&new, MOST, self.clock.now()).await? {
            let reason = format!("there are {MOST} already, which is the most; remove one");
            return Err(WebhookError::Invalid { field: "webhooks", reason });
        }
        Ok((self.get(id).await?, secret))
    }

    /// All of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all(&self) -> Result<Vec<Webhook>, StoreError> {
        self.store.webhooks().all().await
    }

    /// Changes one.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub async fn change(&self, id: Uuid, wish: Wish) -> Result<Webhook, WebhookError> {
        let url = match &wish.url {
            Some(url) => Some(self.checked(url).await?),
            None => None,
        };
        let events = wish.events.map(known).transpose()?;
        let change = Change { url: url.as_deref(), events, enabled: wish.enabled };
        if !self.store.webhooks().change(id, &change, self.clock.now()).await? {
            return Err(WebhookError::NotFound);
        }
        self.get(id).await
    }

    /// Gives one another secret. The one before signs as well for a day; where that is so already, the one from before both.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub async fn rotate(&self, id: Uuid) -> Result<(Webhook, SecretString), WebhookError> {
        let (secret, now) = (message::new_secret(), self.clock.now());
        if !self.store.webhooks().rotate(id, &secret, now + OLD_SECRET_FOR, now).await? {
            return Err(WebhookError::NotFound);
        }
        Ok((self.get(id).await?, secret))
    }

    /// Removes one, with what it is owed. What it was.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub async fn remove(&self, id: Uuid) -> Result<Webhook, WebhookError> {
        let webhook = self.get(id).await?;
        if self.store.webhooks().remove(id).await? { Ok(webhook) } else { Err(WebhookError::NotFound) }
    }

    /// What one was told and is owed, newest first, before the one of this number; and the number for the page after.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub async fn deliveries(
        &self,
        id: Uuid,
        before: Option<i64>,
    ) -> Result<(Vec<Delivery>, Option<i64>), WebhookError> {
        self.get(id).await?;
        let mut page = self.store.webhooks().deliveries(id, before, PAGE + 1).await?;
        let more = page.len() > PAGE as usize;
        page.truncate(PAGE as usize);
        let next = page.last().filter(|_| more).map(|last| last.id);
        Ok((page, next))
    }

    /// Tells one everything again that happened since, after what waits; with it, since when to ask for the rest.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub async fn replay(
        &self,
        id: Uuid,
        since: DateTime<Utc>,
    ) -> Result<(Replayed, Option<DateTime<Utc>>), WebhookError> {
        self.get(id).await?;
        let replayed = self.store.webhooks().replay(id, since, self.clock.now(), MOST_REPLAYED).await?;
        // Those of the same moment that are owed already are not owed twice.
        let next = replayed.last.filter(|_| replayed.count >= u64::from(MOST_REPLAYED));
        Ok((replayed, next))
    }

    /// Tells one again what was given up.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub async fn replay_failed(&self, id: Uuid) -> Result<Replayed, WebhookError> {
        self.get(id).await?;
        Ok(self.store.webhooks().replay_failed(id, self.clock.now(), MOST_REPLAYED).await?)
    }

    /// Tells one that this is a test, after what waits for it; the event's id, by which it is found among the deliveries. One that is
    /// disabled is told nothing, so it is refused.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub async fn test(&self, id: Uuid) -> Result<Uuid, WebhookError> {
        if !self.get(id).await?.enabled {
            let reason = "it is disabled: enable it first".to_owned();
            return Err(WebhookError::Invalid { field: "webhook", reason });
        }
        let event = Uuid::now_v7();
        let owed = self.store.webhooks().test(id, event, self.clock.now()).await?;
        if owed { Ok(event) } else { Err(WebhookError::NotFound) }
    }

    async fn get(&self, id: Uuid) -> Result<Webhook, WebhookError> {
        self.store.webhooks().find(id).await?.ok_or(WebhookError::NotFound)
    }

    /// The URL, as it is kept, if something would be sent to it now.
    async fn checked(&self, url: &str) -> Result<String, WebhookError> {
        let url = Url::parse(url).ok().filter(|_| url.len() <= MAX_URL);
        let mut url = url.ok_or(WebhookError::UrlRefused(Refused::NotPlain))?;
        url.set_fragment(None);
        self.outside.check(&url).await.map_err(WebhookError::UrlRefused)?;
        Ok(url.into())
    }
}

/// The kinds, if all of them are there.
fn known(events: Vec<String>) -> Result<Vec<String>, WebhookError> {
    let is_known = |name: &String| EventKind::named(name).is_some_and(EventKind::is_chosen);
    if events.iter().all(is_known) && events.len() <= EventKind::ALL.len() {
        return Ok(events);
    }
    let names: Vec<&str> = EventKind::ALL.iter().filter(|kind| kind.is_chosen()).map(|kind| kind.as_str()).collect();
    Err(WebhookError::Invalid { field: "events", reason: format!("each once of {}", names.join(", ")) })
}
