//! Sessions of the panel: whose a cookie is, and what its pages prove that a request came from them (CSRF).

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use chrono::TimeDelta;
use evolve_store::access::{Live, Session, hash_of};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq as _};
use uuid::Uuid;

use super::{Access, AccessError, IDLE, Origin, actor_of};

/// What the keys of CSRF tokens are derived for.
const PURPOSE: &str = "CSRF tokens of the panel";
/// That a session is used is written down this often.
pub(super) const SEEN_EVERY: TimeDelta = TimeDelta::minutes(1);

impl Access {
    /// Whose a cookie is, with which somebody does something. Nothing where its session is over, was ended, or is of an account that may
    /// not come in.
    ///
    /// # Errors
    /// Of the store.
    pub async fn session(&self, token: &str) -> Result<Option<Live>, AccessError> {
        let (found, now) = (self.session_unused(token).await?, self.0.clock.now());
        if let Some(live) = &found
            && now - live.seen_at >= SEEN_EVERY
        {
            self.0.store.access().session_seen(live.id, now).await?;
        }
        Ok(found)
    }

    /// The same for what a page asks by itself, perhaps while nobody is there: that keeps no session from being over.
    ///
    /// # Errors
    /// Of the store.
    pub async fn session_unused(&self, token: &str) -> Result<Option<Live>, AccessError> {
        let now = self.0.clock.now();
        Ok(self.0.store.access().session(&hash_of(token), now, now - IDLE).await?)
    }

    /// Whether a session holds still, with what it may do: a changed role ends it. To ask is no use of it.
    ///
    /// # Errors
    /// Of the store.
    pub async fn holds(&self, live: &Live) -> Result<bool, AccessError> {
        Ok(self.sessions(Some(live.account)).await?.iter().any(|session| session.id == live.id))
    }

    /// What pages of a session put into their forms.
    #[must_use]
    pub fn csrf(&self, session: Uuid) -> String {
        self.csrf_tokens(session).into_iter().next().unwrap_or_default()
    }

    /// Whether a request of a session came from a page of it. Compared in constant time.
    #[must_use]
    pub fn is_csrf(&self, session: Uuid, shown: &str) -> bool {
        let tokens = self.csrf_tokens(session);
        let equal =
            tokens.iter().fold(Choice::from(0), |found, token| found | token.as_bytes().ct_eq(shown.as_bytes()));
        bool::from(equal) && !shown.is_empty()
    }

    /// By each of our keys one, since a page may be older than a rotation.
    fn csrf_tokens(&self, session: Uuid) -> Vec<String> {
        let keys = self.0.store.keys().signing_keys(PURPOSE);
        keys.iter().filter_map(|key| token(key, session)).collect()
    }

    /// The sessions that hold, of one account or of all, the one that was used last first.
    ///
    /// # Errors
    /// Of the store.
    pub async fn sessions(&self, account: Option<Uuid>) -> Result<Vec<Session>, AccessError> {
        let now = self.0.clock.now();
        Ok(self.0.store.access().sessions(account, now, now - IDLE).await?)
    }

    /// Ends a session; of this account, where one is given.
    ///
    /// # Errors
    /// [`AccessError::NotFound`], and of the store.
    pub async fn end_session(&self, id: Uuid, account: Option<Uuid>) -> Result<(), AccessError> {
        let ended = self.0.store.access().end_session(id, account, self.0.clock.now()).await?;
        if ended { Ok(()) } else { Err(AccessError::NotFound) }
    }

    /// Ends the session of somebody who goes.
    ///
    /// # Errors
    /// Of the store.
    pub async fn sign_out(&self, live: &Live, origin: &Origin) -> Result<(), AccessError> {
        let who = (actor_of(live.account), Some(live.account));
        let work = async {
            let (store, now) = (self.0.store.access(), self.0.clock.now());
            Ok::<_, AccessError>(store.end_session(live.id, Some(live.account), now).await?)
        };
        self.logged("session.sign_out", who, (origin, json!({ "session": live.id })), work).await?;
        Ok(())
    }
}

fn token(key: &SecretString, session: Uuid) -> Option<String> {
    // HMAC takes keys of any length; the signature of `new_from_slice` cannot say so.
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()).ok()?;
    mac.update(session.as_bytes());
    Some(BASE64.encode(mac.finalize().into_bytes()))
}
