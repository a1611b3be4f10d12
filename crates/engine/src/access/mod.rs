//! Who runs the bot: how they come in, and what they are known by. What each may do is [`evolve_domain::access`]'s table; which route
//! asks for what is the API's.
//!
//! What is shown to one person once (a link, a key, a recovery code, what a cookie holds) is made here, and its hash alone kept. What
//! has to survive between two pages of a sign-in is handed out sealed ([`sealed`]), so that nothing is kept for who never comes back.
//!
//! Sign-ins are written to the log here, and not by whoever asks: the panel and the API have one way in.

mod accounts;
mod api_users;
mod config;
mod factors;
mod issuer;
mod keys;
mod oidc;
mod passwords;
mod remembered;
mod sealed;
mod sessions;
mod sign_in;
mod totp;

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use chrono::TimeDelta;
use evolve_runtime::clock::Clock;
use evolve_store::{
    Store, StoreError,
    audit::{Entry, Outcome},
    guesses::{Failed, Guess, Room},
    redis::Redis,
};
use secrecy::SecretString;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

pub use config::{AccessConfig, OidcConfig, RoleMap};
pub use factors::{FactorOffer, Welcomed};
pub use issuer::OidcStart;
pub use keys::PREFIX as KEY_PREFIX;

pub use passwords::{Compared, Passwords};
pub use remembered::REMEMBERED_FOR;
pub use sign_in::{Entered, SignedIn};
pub use totp::code_at;

use oidc::Oidc;
use remembered::Remembered;

/// A session ends when it was not used for so long.
pub const IDLE: TimeDelta = TimeDelta::hours(12);
/// A session ends after so long, however much it is used.
pub const LONGEST: TimeDelta = TimeDelta::days(7);
/// For so long a one-time link holds that an administrator, or `evolve admin`, made.
pub const LINK_FOR: TimeDelta = TimeDelta::hours(1);

/// From where somebody asks, for the log and for the list of sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The address, of IPv6 the first 64 bits.
    pub address: Option<String>,
    /// What the browser calls itself.
    pub agent: Option<String>,
    /// By which request.
    pub request_id: String,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// What was shown is wrong. It is not said what of it.
    #[error("what was shown is wrong")]
    Wrong,
    /// It was not looked at, and whether it is right is not known: too often something wrong was shown for this account, or too many are
    /// being looked at.
    #[error("too many, or too many wrong ones; not looked at for {} seconds more", .0.as_secs())]
    Refused(Duration),
    /// The link, or the page, has run out, or was used.
    #[error("it has run out, or was used before")]
    Expired,
    /// An account of this role must have a second factor.
    #[error("this role needs a second factor")]
    SecondFactorNeeded,
    /// Who came from the issuer may do nothing here.
    #[error("nothing is allowed to them here")]
    NoRole,
    /// The issuer could not be asked, or what it answered does not hold.
    #[error("the issuer: {0}")]
    Issuer(String),
    /// Nobody can come by an issuer here.
    #[error("no issuer is configured")]
    NoIssuer,
    /// The name is somebody else's.
    #[error("the name is taken")]
    NameTaken,
    /// There is no such account, session, key or user.
    #[error("there is no such thing")]
    NotFound,
    /// Nobody would be left who may say who may what.
    #[error("the last owner stays one")]
    LastOwner,
    /// A value is out of its bounds.
    #[error("{field}: {reason}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A fault of ours.
    #[error("{0}")]
    Broken(&'static str),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The use case. Cheap to clone.
#[derive(Clone)]
pub struct Access(Arc<Parts>);

struct Parts {
    store: Store,
    redis: Redis,
    clock: Clock,
    passwords: Passwords,
    /// Of those who look at the statistics: who tries many of theirs keeps no administrator waiting.
    basic_passwords: Passwords,
    second_factor_required: bool,
    is_https: bool,
    registration_token: Option<SecretString>,
    oidc: Option<Oidc>,
    remembered: Remembered,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Access(…)")
    }
}

impl Access {
    /// The use case over the store; guesses are counted in `redis`.
    ///
    /// # Errors
    /// When the machine's TLS certificates cannot be loaded, by which an issuer is asked.
    pub fn new(store: Store, redis: Redis, clock: Clock, config: AccessConfig) -> reqwest::Result<Self> {
        Ok(Self(Arc::new(Parts {
            store,
            redis,
            clock,
            passwords: Passwords::new(),
            basic_passwords: Passwords::one_at_a_time(),
            second_factor_required: config.second_factor_required,
            is_https: config.is_https,
            registration_token: config.registration_token,
            oidc: config.oidc.map(Oidc::new).transpose()?,
            remembered: Remembered::new(),
        })))
    }

    /// Whether people find the panel at an address with `https`, as it is configured.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.is_https
    }

    /// Writes an act into the log that no request of an administrator does: a sign-in, a registration.
    async fn log(
        &self,
        (act, outcome): (&str, Outcome),
        (actor, subject): (String, Option<Uuid>),
        origin: &Origin,
        detail: Value,
    ) -> Result<(), StoreError> {
        let entry = Entry {
            id: Uuid::now_v7(),
            at: self.0.clock.now(),
            actor,
            address: origin.address.clone(),
            request_id: origin.request_id.clone(),
            act: act.to_owned(),
            subject: subject.map(|id| format!("account:{id}")),
            detail,
        };
        self.0.store.audit().write(&entry, outcome).await
    }

    /// Does what no request of an administrator does, with the log around it: it is written down before it is tried, and again when it
    /// is over. Where the log cannot be written nothing is done.
    fn logged<T>(
        &self,
        act: &str,
        who: (String, Option<Uuid>),
        (origin, detail): (&Origin, Value),
        work: impl Future<Output = Result<T, AccessError>>,
    ) -> impl Future<Output = Result<T, AccessError>> {
        // On the heap, or each who waits for it would have it on its stack.
        Box::pin(self.log_around(act, who, (origin, detail), work))
    }

    async fn log_around<T>(
        &self,
        act: &str,
        who: (String, Option<Uuid>),
        (origin, detail): (&Origin, Value),
        work: impl Future<Output = Result<T, AccessError>>,
    ) -> Result<T, AccessError> {
        self.log((act, Outcome::Begun), who.clone(), origin, detail.clone()).await?;
        let done = work.await;
        let outcome = match &done {
            Ok(_) => Outcome::Done,
            Err(AccessError::Store(_) | AccessError::Broken(_)) => Outcome::Failed,
            Err(_) => Outcome::Refused,
        };
        if let Err(error) = self.log((act, outcome), who, origin, detail).await {
            // It is in the log already, as begun.
            tracing::error!(%error, act, ?outcome, "how an act went could not be written down");
        }
        done
    }

    /// Begins to look at what is shown for somebody, unless too much wrong was shown for them. What is given is held until it is known
    /// whether that is right, and found [`wrong`](Self::wrong) where it is not: so of many at once no more are looked at than may be wrong.
    async fn admit(&self, (room, guessed): (Room, &str)) -> Result<Guess<'_>, AccessError> {
        let guesses = self.0.redis.guesses_in(room);
        guesses.begin(guessed, self.0.clock.now()).await.map_err(AccessError::Refused)
    }

    /// Counts that something wrong was shown for somebody. That it was wrong is what is answered; the next one hears that nobody listens.
    async fn wrong(&self, guess: Guess<'_>) -> AccessError {
        count(guess.failed(self.0.clock.now()).await)
    }

    /// The same of who is looked at however much is wrong.
    async fn wrong_at_home(&self, (room, guessed): (Room, &str)) -> AccessError {
        count(self.0.redis.guesses_in(room).failed(guessed, self.0.clock.now()).await)
    }
}

fn count(failed: Failed) -> AccessError {
    if failed.is_first_refusal() {
        tracing::warn!(failures = failed.count, "too many wrong passwords or codes were shown for one account");
    }
    AccessError::Wrong
}

/// What is counted: of what kind, and for whom. What somebody typed as a name may be their password, so it is not kept as it is.
fn guessed(kind: &str, name: &str) -> String {
    let hash = Sha256::digest(name.as_bytes());
    let hash: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("{kind}:{hash}")
}

/// 256 random bits, as text.
fn random_token() -> String {
    BASE64.encode(rand::random::<[u8; 32]>())
}

/// How an account is called in the log.
#[must_use]
pub fn actor_of(account: Uuid) -> String {
    format!("account:{account}")
}
