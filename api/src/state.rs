//! What handlers share.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use evolve_contract::payments::Terms;
use evolve_engine::{
    Engine, access::Access, broadcasts::Broadcasts, deletions::Deletions, exports::Exports, failures::Failures,
    history::History, jobs::Scheduler, memories::Memories, payments::Payments, people::People,
    preferences::Preferences, profiles::Profiles, relationships::Relationships, reports::Reports, stats::Stats,
    webhooks::Webhooks,
};
use evolve_runtime::{clock::Clock, config::Setting, metrics::Metrics, shutdown::Tasks};
use evolve_store::{Store, cache::Cache, redis::Redis};
use secrecy::SecretString;

use crate::{
    access::unknown::Unknown,
    auth::token::Tokens,
    chat::{Bounds, Room, metrics::ChatMetrics},
    limits::RateLimits,
    panel::{download::Downloads, seats::Seats},
    proofs::ProofMetrics,
    ready::Readiness,
    stats_api::StatsMetrics,
};

/// The API. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Api(Arc<Parts>);

impl Api {
    /// Shares the parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for Api {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// What [`Api`] shares.
pub struct Parts {
    /// Chat turns.
    pub engine: Engine,
    /// Who runs the bot.
    pub access: Access,
    /// Profiles.
    pub profiles: Profiles,
    /// Removals to come.
    pub deletions: Deletions,
    /// Copies of everything that is kept of people.
    pub exports: Exports,
    /// What was said.
    pub history: History,
    /// What people set.
    pub preferences: Preferences,
    /// Payments.
    pub payments: Payments,
    /// What premium gives.
    pub premium_terms: Terms,
    /// People, for those who run the bot.
    pub people: People,
    /// What is said to many.
    pub broadcasts: Broadcasts,
    /// Which other systems are told what happens.
    pub webhooks: Webhooks,
    /// Relationships.
    pub relationships: Relationships,
    /// How much was said, day by day.
    pub stats: Stats,
    /// Days of the bot, in numbers.
    pub reports: Reports,
    /// What is remembered.
    pub memories: Memories,
    /// What was given up or set apart.
    pub failures: Failures,
    /// What is done again and again.
    pub scheduler: Scheduler,
    /// For how many days messages are kept; nothing for until people delete them.
    pub message_days: Option<u32>,
    /// How old the newest copy of the database may be; nothing where none is expected.
    pub backup_age: Option<TimeDelta>,
    /// What is configured, without secrets.
    pub settings: Vec<Setting>,
    /// Postgres, for readiness.
    pub store: Store,
    /// What is cached in Redis.
    pub cache: Cache,
    /// What this replica is called.
    pub replica: String,
    /// Redis, for limits and readiness.
    pub redis: Redis,
    /// Bearer tokens.
    pub tokens: Tokens,
    /// Our bot's key.
    pub service_key: SecretString,
    /// The bot's Telegram token, with which `initData` is signed.
    pub bot_token: Option<SecretString>,
    /// Rate limits.
    pub limits: RateLimits,
    /// How many proxies of our own stand before us.
    pub proxy_hops: usize,
    /// How much may come with a message.
    pub bounds: Bounds,
    /// Room for large messages.
    pub room: Room,
    /// Whose turn it is to have a long list made into a file.
    pub downloads: Downloads,
    /// Places of those who listen to live parts of pages.
    pub seats: Seats,
    /// How long a caller of `/chat` is kept waiting.
    pub chat_timeout: Duration,
    /// The last look at our neighbours.
    pub readiness: Readiness,
    /// Chat metrics.
    pub chat_metrics: ChatMetrics,
    /// How often numbers are asked for.
    pub stats_metrics: StatsMetrics,
    /// What is shown and not known to hold.
    pub unknown: Unknown,
    /// How many proofs were wrong.
    pub proof_metrics: ProofMetrics,
    /// The registry that `/metrics` shows.
    pub metrics: Metrics,
    /// Time.
    pub clock: Clock,
    /// Where turns run that outlive their callers.
    pub tasks: Tasks,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Parts(…)")
    }
}
