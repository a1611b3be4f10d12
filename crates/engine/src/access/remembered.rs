//! Names and passwords of the statistics that were right a moment ago, each with the address from which they were shown.
//!
//! A browser shows them with every request, and hashing costs tens of milliseconds and 19 MiB. Kept are hashes under a key that only this
//! process has: its memory, looked into, gives nobody a password. There is one password of a name, so another one that is shown from
//! there is known to be wrong.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use moka::future::Cache;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use uuid::Uuid;

/// How long a pair is remembered.
pub const REMEMBERED_FOR: TimeDelta = TimeDelta::minutes(1);
/// How many are.
const ROOM: u64 = 1000;

/// Pairs that were right, by name and address.
pub(super) struct Remembered {
    key: [u8; 32],
    pairs: Cache<[u8; 32], Pair>,
    /// How often all of them were forgotten.
    forgotten: AtomicU64,
}

/// One of them.
#[derive(Clone, Copy)]
struct Pair {
    password: [u8; 32],
    user: Uuid,
    until: DateTime<Utc>,
}

/// What somebody shows, as hashes.
pub(super) struct Shown {
    place: [u8; 32],
    password: [u8; 32],
}

/// How that compares with what is remembered.
pub(super) enum Found {
    /// It is the pair of this user.
    Right(Uuid),
    /// Another password of the name was right from there.
    Wrong,
    /// Nothing is known of the name there.
    Nothing,
}

impl Remembered {
    pub(super) fn new() -> Self {
        let lasting = REMEMBERED_FOR.to_std().unwrap_or_default();
        let pairs = Cache::builder().max_capacity(ROOM).time_to_live(lasting).build();
        Self { key: rand::random(), pairs, forgotten: AtomicU64::new(0) }
    }

    /// What is shown under a name, from an address.
    pub(super) fn shown(&self, name: &str, password: &SecretString, address: Option<&str>) -> Option<Shown> {
        Some(Shown {
            place: self.hash(["place", name, address.unwrap_or_default()])?,
            password: self.hash(["password", name, password.expose_secret()])?,
        })
    }

    pub(super) async fn find(&self, shown: &Shown, now: DateTime<Utc>) -> Found {
        match self.pairs.get(&shown.place).await.filter(|pair| now < pair.until) {
            // Of hashes that nobody else makes, how long comparing takes tells nothing.
            Some(pair) if pair.password == shown.password => Found::Right(pair.user),
            Some(_) => Found::Wrong,
            None => Found::Nothing,
        }
    }

    /// How often all were forgotten: to be asked before somebody is looked up who is to be remembered.
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten.load(Ordering::SeqCst)
    }

    /// Remembers a pair of a user, unless all were forgotten since it was looked up: then it was `before`.
    pub(super) async fn insert(&self, shown: &Shown, user: Uuid, (now, before): (DateTime<Utc>, u64)) {
        let pair = Pair { password: shown.password, user, until: now + REMEMBERED_FOR };
        self.pairs.insert(shown.place, pair).await;
        // Once it is there: whoever forgets all after this finds it.
        if self.forgotten() != before {
            self.pairs.invalidate(&shown.place).await;
        }
    }

    /// Forgets all: of whoever is looked up from now on, what was changed is found.
    pub(super) fn forget(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.pairs.invalidate_all();
    }

    /// None of the parts but the last has a zero byte.
    fn hash(&self, parts: [&str; 3]) -> Option<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        for part in parts {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        Some(mac.finalize().into_bytes().into())
    }
}
