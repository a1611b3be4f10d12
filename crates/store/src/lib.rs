//! Postgres and Redis: the only place with SQL or Redis commands. Owns `migrations/`.
//!
//! One file per aggregate, its SQL static and beside the code that binds it. The store writes what it is given: ids and
//! times come from the use case. What belongs together is *one statement* (data-modifying CTEs), since a transaction of
//! several would pay a round trip for each, for `BEGIN` and for `COMMIT`.

pub mod access;
pub mod audio;
pub mod audit;
pub mod backup;
pub mod backups;
pub mod bans;
pub mod broadcasts;
pub mod cache;
pub mod connections;
pub mod consents;
pub mod conversations;
pub mod corrections;
pub mod deletions;
pub mod error;
pub mod exports;
pub mod facts;
pub mod failures;
pub mod feedback;
pub mod first;
pub mod flags;
pub mod forgetting;
pub mod guesses;
pub mod happenings;
pub mod history;
pub mod inbox;
pub mod jobs;
pub mod keys;
pub mod limits;
pub mod lock;
pub mod memory;
pub mod messages;
pub mod migrate;
pub mod outbox;
pub mod pace;
pub mod payments;
pub mod people;
pub mod pool;
pub mod preferences;
pub mod prompts;
pub mod purge;
pub mod queues;
pub mod redis;
pub mod referrals;
pub mod relationships;
pub mod reports;
pub mod retention;
pub mod roles;
pub mod rooms;
pub mod rotate;
pub mod search;
pub mod stats;
pub mod summaries;
pub mod time;
pub mod turns;
pub mod users;
pub mod vectors;
pub mod voice;
pub mod wakeups;
pub mod webhooks;
pub mod weeks;

mod database;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod scans;
mod tls;

pub use database::{Store, StoreConfig};
pub use error::StoreError;
pub use keys::Keyring;
