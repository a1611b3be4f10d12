//! Signing in: a password, then the second factor, then a session.
//!
//! Wrong ones are counted by the account, besides by the address, which is the API's to do; known or not, a name costs the same. From
//! an address that somebody came from before, the account's door is always open: so a stranger who guesses on and on from elsewhere
//! keeps nobody out for good. (What is wrong with this one account is counted apart there, by the API: see [`Access::at_home`].) Codes are six
//! digits, so at those everybody waits; whoever gets there has the password.
//!
//! What is wrong with an account that there is, is counted by its id, apart from names that anybody makes up.
//!
//! Between a right password and a session there may be minutes. A session begins only if the password is still the one that was
//! compared: who changes theirs, since somebody else knows it, has shut out that one too.

use chrono::TimeDelta;
use evolve_domain::access::account_name;
use evolve_store::{
    access::{Account, Credentials, NewSession, hash_of},
    audit::Outcome,
    guesses::Room,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use uuid::Uuid;

use super::{
    Access, AccessError, LONGEST, Origin, actor_of, guessed, random_token,
    sealed::{self, Purpose},
    totp,
};

/// For so long the page with the second factor can be sent.
const CODE_WITHIN: TimeDelta = TimeDelta::minutes(5);
/// For so long somebody whose password was right may set up the second factor that they must have.
const ENROL_WITHIN: TimeDelta = TimeDelta::minutes(15);

/// A session that has begun.
#[derive(Clone, Debug)]
pub struct Entered {
    /// What the cookie holds.
    pub token: SecretString,
    /// The session.
    pub session: Uuid,
    /// Whose.
    pub account: Uuid,
}

/// How a sign-in goes on.
#[derive(Clone, Debug)]
pub enum SignedIn {
    /// They are in.
    Entered(Entered),
    /// The second factor is asked for: this comes back with it, to [`Access::second_factor`].
    NeedsCode(SecretString),
    /// They must set up a second factor first: the token of a one-time link, as of [`Access::welcome`].
    MustEnrol(SecretString),
}

impl Access {
    /// The account of a name, where somebody has signed in to it from there in about the last month: who guesses at others from the same
    /// address is not taken for them.
    ///
    /// # Errors
    /// Of the store.
    pub async fn at_home(&self, name: &str, origin: &Origin) -> Result<Option<Uuid>, AccessError> {
        let (Some(name), Some(address)) = (account_name(name), &origin.address) else { return Ok(None) };
        Ok(self.0.store.access().at_home(&name, address).await?)
    }

    /// Whose password was right a moment ago, by what [`SignedIn::NeedsCode`] gave; nothing where that does not hold any more.
    #[must_use]
    pub fn pending(&self, pending: &str) -> Option<Uuid> {
        self.opened(pending).map(|(id, _)| id)
    }

    fn opened(&self, pending: &str) -> Option<(Uuid, Vec<u8>)> {
        sealed::open(self.0.store.keys(), Purpose::SecondFactor, pending, self.0.clock.now())
    }

    /// Takes a name and a password.
    ///
    /// # Errors
    /// [`AccessError::Wrong`], [`AccessError::Refused`], and of the store.
    pub async fn sign_in(&self, name: &str, password: &SecretString, origin: &Origin) -> Result<SignedIn, AccessError> {
        let known = account_name(name);
        let store = self.0.store.access();
        let found = match &known {
            Some(name) => store.credentials(name).await?,
            None => None,
        };
        let id = found.as_ref().map_or_else(Uuid::nil, |found| found.account.id);
        let is_stranger = match &origin.address {
            Some(address) => !store.came_from(id, address).await?,
            None => true,
        };
        let (room, guessed) = match &found {
            Some(found) => (Room::Accounts, guessed("password", &found.account.id.to_string())),
            None => (Room::Names, guessed("account", known.as_deref().unwrap_or(name))),
        };
        let guess = if is_stranger { Some(self.admit((room, &guessed)).await?) } else { None };
        let hash = found.as_ref().and_then(|found| found.password_hash.as_ref());
        let compared = self.0.passwords.compare(password, hash).await?;
        let mut right = found.filter(|found| compared.is_right && found.account.disabled_at.is_none());
        if compared.is_old
            && let Some(found) = right.take()
        {
            right = self.upgraded(found, password).await?;
        }
        let Some(found) = right else {
            // Counted first: where the log cannot be written it was a guess all the same.
            let error = match guess {
                Some(guess) => self.wrong(guess).await,
                // Of who is no stranger it is counted, and no more.
                None => self.wrong_at_home((room, &guessed)).await,
            };
            self.refused(id, origin, "password").await?;
            return Err(error);
        };
        self.after_the_password(&found, origin).await
    }

    /// The account with its right password kept by a hash of today; nothing where the password is another one by now.
    async fn upgraded(
        &self,
        mut found: Credentials,
        password: &SecretString,
    ) -> Result<Option<Credentials>, AccessError> {
        let Some(before) = &found.password_hash else { return Ok(Some(found)) };
        let (store, after) = (self.0.store.access(), self.0.passwords.hash(password).await?);
        if store.upgrade_password(found.account.id, before.expose_secret(), &after).await? {
            found.password_hash = Some(after.into());
            return Ok(Some(found));
        }
        // Another sign-in was faster, or the password was changed: what is kept now says whether this is still the one.
        let kept = store.credentials_of(found.account.id).await?;
        let hash = kept.as_ref().and_then(|kept| kept.password_hash.as_ref());
        let compared = self.0.passwords.compare(password, hash).await?;
        Ok(kept.filter(|kept| compared.is_right && kept.account.disabled_at.is_none()))
    }

    async fn after_the_password(&self, found: &Credentials, origin: &Origin) -> Result<SignedIn, AccessError> {
        let (id, now) = (found.account.id, self.0.clock.now());
        let compared = found.password_hash.as_ref().map(|hash| hash_of(hash.expose_secret())).unwrap_or_default();
        if found.totp_secret.is_some() {
            let sealed = sealed::seal(self.0.store.keys(), Purpose::SecondFactor, (id, compared), now, CODE_WITHIN);
            let sealed = sealed.ok_or(AccessError::Broken("a page could not be sealed"))?;
            return Ok(SignedIn::NeedsCode(sealed.into()));
        }
        if self.needs_second_factor(&found.account) {
            let token = random_token();
            let store = self.0.store.access();
            if !store.give_link(id, &hash_of(&token), Some(compared.as_slice()), now + ENROL_WITHIN).await? {
                return Err(AccessError::Wrong);
            }
            return Ok(SignedIn::MustEnrol(token.into()));
        }
        Ok(SignedIn::Entered(self.enter(id, ("password", Some(compared.as_slice())), origin).await?))
    }

    /// Takes the second factor: a code of the app, or one of recovery. `pending` is what [`SignedIn::NeedsCode`] gave.
    ///
    /// # Errors
    /// [`AccessError::Wrong`], [`AccessError::Refused`], [`AccessError::Expired`] where they must begin again, and of the store.
    pub async fn second_factor(&self, pending: &str, code: &str, origin: &Origin) -> Result<Entered, AccessError> {
        let (id, compared) = self.opened(pending).ok_or(AccessError::Expired)?;
        let guess = self.admit((Room::Accounts, &guessed("code", &id.to_string()))).await?;
        if !self.is_factor(id, code).await? {
            let error = self.wrong(guess).await;
            self.refused(id, origin, "second_factor").await?;
            return Err(error);
        }
        self.enter(id, ("password", Some(compared.as_slice())), origin).await
    }

    /// Whether a code holds for an account, which uses it up.
    async fn is_factor(&self, id: Uuid, code: &str) -> Result<bool, AccessError> {
        let store = self.0.store.access();
        let found = store.credentials_of(id).await?.filter(|found| found.account.disabled_at.is_none());
        let Some(secret) = found.and_then(|found| found.totp_secret) else { return Ok(false) };
        if let Some(step) = totp::step_of(secret.expose_secret(), code, self.0.clock.now()) {
            return Ok(store.take_step(id, step).await?);
        }
        Ok(store.take_recovery_code(id, &hash_of(&super::factors::plain(code))).await?)
    }

    /// Whether this account must have a second factor to come in by a password. Who comes by an issuer has it there.
    pub(super) fn needs_second_factor(&self, account: &Account) -> bool {
        self.0.second_factor_required && account.role.needs_second_factor()
    }

    /// Begins a session, of which the log knows before it is there: the way by which they came, and the hash of the password's hash
    /// that was compared, where one was.
    pub(super) async fn enter(
        &self,
        id: Uuid,
        (way, compared): (&'static str, Option<&[u8]>),
        origin: &Origin,
    ) -> Result<Entered, AccessError> {
        let (token, session, now) = (random_token(), Uuid::now_v7(), self.0.clock.now());
        let detail = json!({ "way": way, "session": session });
        let token_hash = hash_of(&token);
        let new = NewSession {
            id: session,
            account: id,
            token_hash: &token_hash,
            way,
            compared,
            address: origin.address.as_deref(),
            agent: origin.agent.as_deref(),
            expires_at: now + LONGEST,
        };
        let work = async {
            let is_open = self.0.store.access().open_session(&new, now).await?;
            if is_open { Ok::<(), AccessError>(()) } else { Err(AccessError::Wrong) }
        };
        self.logged("session.sign_in", (actor_of(id), Some(id)), (origin, detail), work).await?;
        tracing::info!(account = %id, way, "an administrator signs in");
        Ok(Entered { token: token.into(), session, account: id })
    }

    /// Writes down that somebody was not let in to an account that there is. Of names that nobody has there is no entry, or anybody
    /// could fill the log; of others there are as many as guesses are looked at.
    async fn refused(&self, id: Uuid, origin: &Origin, what: &str) -> Result<(), AccessError> {
        if id.is_nil() {
            return Ok(());
        }
        let who = ("unknown".to_owned(), Some(id));
        Ok(self.log(("session.sign_in", Outcome::Refused), who, origin, json!({ "wrong": what })).await?)
    }
}
