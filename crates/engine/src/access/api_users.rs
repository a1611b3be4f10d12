//! Who looks at the statistics with a name and a password (HTTP Basic), as seed 004 has it.
//!
//! A browser shows them with every request, and hashing costs tens of milliseconds and 19 MiB. So a pair that was right is remembered
//! for a minute, under a hash keyed by a key that only this process has: its memory, looked into, gives nobody a password. Whatever
//! this replica changes about anybody forgets all; on others a change takes at most that minute.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::access::account_name;
use evolve_store::{access::ApiUser, audit::Outcome, guesses::Room};
use hmac::{Hmac, KeyInit as _, Mac as _};
use moka::future::Cache;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::{Access, AccessError, Origin, accounts::named, guessed};

/// How long a pair is remembered.
pub const REMEMBERED_FOR: TimeDelta = TimeDelta::minutes(1);
/// How many are.
const ROOM: u64 = 1000;
/// Shortest password, in characters, and longest, in bytes.
const SHORTEST: usize = 8;
const LONGEST: usize = 128;

/// Pairs that were right.
pub(super) struct Remembered {
    key: [u8; 32],
    pairs: Cache<[u8; 32], (Uuid, DateTime<Utc>)>,
    /// How often all of them were forgotten.
    forgotten: AtomicU64,
}

impl Remembered {
    pub(super) fn new() -> Self {
        let lasting = REMEMBERED_FOR.to_std().unwrap_or_default();
        let pairs = Cache::builder().max_capacity(ROOM).time_to_live(lasting).build();
        Self { key: rand::random(), pairs, forgotten: AtomicU64::new(0) }
    }

    /// Forgets all: of whoever is looked up from now on, what was changed is found.
    fn forget(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.pairs.invalidate_all();
    }

    /// Remembers a pair, unless all were forgotten since it was looked up: `forgotten` is how often they had been before.
    async fn insert(&self, hash: [u8; 32], pair: (Uuid, DateTime<Utc>), forgotten: u64) {
        self.pairs.insert(hash, pair).await;
        // Once it is there: whoever forgets all after this finds it.
        if self.forgotten.load(Ordering::SeqCst) != forgotten {
            self.pairs.invalidate(&hash).await;
        }
    }

    fn hash(&self, name: &str, password: &SecretString) -> Option<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        // The name has a bounded length and no such byte.
        mac.update(name.as_bytes());
        mac.update(&[0]);
        mac.update(password.expose_secret().as_bytes());
        Some(mac.finalize().into_bytes().into())
    }
}

impl Access {
    /// Registers somebody who knows the token of registration.
    ///
    /// # Errors
    /// [`AccessError::Wrong`] of the token, [`AccessError::Invalid`], [`AccessError::NameTaken`], and of the store.
    pub async fn register(
        &self,
        token: &SecretString,
        name: &str,
        password: &SecretString,
        origin: &Origin,
    ) -> Result<ApiUser, AccessError> {
        let expected = self.0.registration_token.as_ref().ok_or(AccessError::Wrong)?;
        if !bool::from(expected.expose_secret().as_bytes().ct_eq(token.expose_secret().as_bytes())) {
            return Err(AccessError::Wrong);
        }
        let username = named(name)?;
        let text = password.expose_secret();
        if text.chars().count() < SHORTEST || text.len() > LONGEST {
            let reason = format!("{SHORTEST} characters or more, and at most {LONGEST} bytes");
            return Err(AccessError::Invalid { field: "password", reason });
        }
        let (id, now) = (Uuid::now_v7(), self.0.clock.now());
        let hash = self.0.basic_passwords.hash(password).await?;
        let who = (format!("api-user:{id}"), None);
        self.log(("api_user.register", Outcome::Begun), who.clone(), origin, json!({})).await?;
        let is_made = self.0.store.access().create_api_user(id, &username, &hash, now).await?;
        let outcome = if is_made { Outcome::Done } else { Outcome::Refused };
        self.log(("api_user.register", outcome), who, origin, json!({})).await?;
        if is_made { Ok(ApiUser { id, username, created_at: now }) } else { Err(AccessError::NameTaken) }
    }

    /// Whose a name and a password are. Wrong ones are counted by the name and from where they came together (`address`, as in
    /// [`Origin`]): so a stranger who guesses at a name keeps nobody out who comes from elsewhere.
    ///
    /// # Errors
    /// [`AccessError::Wrong`], [`AccessError::Refused`], and of the store.
    pub async fn api_user(
        &self,
        name: &str,
        password: &SecretString,
        address: Option<&str>,
    ) -> Result<Uuid, AccessError> {
        let known = account_name(name);
        let remembered = &self.0.remembered;
        let hash = known.as_deref().and_then(|name| remembered.hash(name, password));
        // Who is remembered is served while others guess at their name.
        if let Some(id) = self.remembered(hash.as_ref()).await {
            return Ok(id);
        }
        let whose = format!("{} {}", known.as_deref().unwrap_or(name), address.unwrap_or_default());
        let guess = self.admit((Room::Names, &guessed("api-user", &whose))).await?;
        // Of many who came at once, as a page of many numbers does, the others had to wait for the first.
        if let Some(id) = self.remembered(hash.as_ref()).await {
            return Ok(id);
        }
        let forgotten = remembered.forgotten.load(Ordering::SeqCst);
        let store = self.0.store.access();
        let found = match &known {
            Some(name) => store.api_user(name).await?,
            None => None,
        };
        let passwords = &self.0.basic_passwords;
        let compared = passwords.compare(password, found.as_ref().map(|(_, hash)| hash)).await?;
        let Some((id, before)) = found.filter(|_| compared.is_right) else { return Err(self.wrong(guess).await) };
        if compared.is_old {
            let after = passwords.hash(password).await?;
            store.upgrade_api_user(id, before.expose_secret(), &after).await?;
        }
        if let Some(hash) = hash {
            remembered.insert(hash, (id, self.0.clock.now() + REMEMBERED_FOR), forgotten).await;
        }
        Ok(id)
    }

    /// Whose pair was right a moment ago.
    async fn remembered(&self, hash: Option<&[u8; 32]>) -> Option<Uuid> {
        let (id, until) = self.0.remembered.pairs.get(hash?).await?;
        (self.0.clock.now() < until).then_some(id)
    }

    /// All who look at the statistics so, by name.
    ///
    /// # Errors
    /// Of the store.
    pub async fn api_users(&self) -> Result<Vec<ApiUser>, AccessError> {
        Ok(self.0.store.access().api_users().await?)
    }

    /// Removes one of them: who it was.
    ///
    /// # Errors
    /// [`AccessError::NotFound`], and of the store.
    pub async fn remove_api_user(&self, id: Uuid) -> Result<ApiUser, AccessError> {
        let removed = self.0.store.access().remove_api_user(id).await;
        // Also where it is not known whether they are.
        self.0.remembered.forget();
        removed?.ok_or(AccessError::NotFound)
    }
}
