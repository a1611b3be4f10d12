//! One-time links, and what is chosen behind them: a password, a second factor, recovery codes; and changing them later.

use chrono::TimeDelta;
use data_encoding::BASE32_NOPAD;
use evolve_store::{
    access::{Account, Chosen, Credentials, NewFactor, hash_of},
    guesses::Room,
};
use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;

use super::{
    Access, AccessError, Entered, Origin, actor_of, guessed, passwords,
    sealed::{self, Purpose},
    totp,
};

/// How many recovery codes there are.
const CODES: usize = 10;
/// Bytes of one: 16 letters.
const CODE_BYTES: usize = 10;
/// For so long the page with the picture can be sent.
const SET_UP_WITHIN: TimeDelta = TimeDelta::minutes(30);

/// A second factor that may be set up.
#[derive(Clone, Debug)]
pub struct FactorOffer {
    /// Comes back with the first code.
    pub sealed: SecretString,
    /// The secret, for who types it.
    pub secret: SecretString,
    /// The link, for who takes a picture of it.
    pub uri: SecretString,
}

/// What came of a one-time link.
#[derive(Clone, Debug)]
pub struct Welcomed {
    /// The session.
    pub entered: Entered,
    /// Recovery codes, where a second factor was set up. They are shown once.
    pub recovery_codes: Vec<SecretString>,
}

impl Access {
    /// Whose a one-time link is; it is not used up by looking.
    ///
    /// # Errors
    /// [`AccessError::Expired`], and of the store.
    pub async fn linked(&self, token: &str) -> Result<Account, AccessError> {
        let store = self.0.store.access();
        let id = store.linked(&hash_of(token), self.0.clock.now()).await?.ok_or(AccessError::Expired)?;
        store.account(id).await?.ok_or(AccessError::Expired)
    }

    /// Whether an account must have a second factor.
    #[must_use]
    pub fn must_have_second_factor(&self, account: &Account) -> bool {
        self.needs_second_factor(account)
    }

    /// A second factor for an account, to be confirmed by a code; `issuer` is what apps show it under.
    ///
    /// # Errors
    /// [`AccessError::Broken`].
    pub fn offer_factor(&self, issuer: &str, account: &Account) -> Result<FactorOffer, AccessError> {
        let (secret, now) = (totp::new_secret(), self.0.clock.now());
        let it = (account.id, &secret);
        let sealed = sealed::seal(self.0.store.keys(), Purpose::NewFactor, it, now, SET_UP_WITHIN);
        let sealed = sealed.ok_or(AccessError::Broken("a page could not be sealed"))?;
        let uri = totp::uri(issuer, &account.name, &secret);
        Ok(FactorOffer { sealed: sealed.into(), secret: secret.into(), uri: uri.into() })
    }

    /// The same offer again, for who typed something wrong; another one, where it has run out.
    ///
    /// # Errors
    /// [`AccessError::Broken`].
    pub fn offer_again(&self, issuer: &str, account: &Account, sealed: &str) -> Result<FactorOffer, AccessError> {
        let opened: Option<(Uuid, String)> =
            sealed::open(self.0.store.keys(), Purpose::NewFactor, sealed, self.0.clock.now());
        let Some((_, secret)) = opened.filter(|(whose, _)| *whose == account.id) else {
            return self.offer_factor(issuer, account);
        };
        let uri = totp::uri(issuer, &account.name, &secret);
        Ok(FactorOffer { sealed: sealed.into(), secret: secret.into(), uri: uri.into() })
    }

    /// Uses a one-time link up: with a password, and a second factor where one was offered and its code is shown. Every session of
    /// the account ends, and one begins. With a code that is wrong the link is not used up.
    ///
    /// # Errors
    /// [`AccessError::Expired`], [`AccessError::Wrong`] of the code, [`AccessError::Refused`], [`AccessError::SecondFactorNeeded`],
    /// [`AccessError::Invalid`] of the password, and of the store.
    pub async fn welcome(
        &self,
        token: &str,
        password: &SecretString,
        factor: Option<(&str, &str)>,
        origin: &Origin,
    ) -> Result<Welcomed, AccessError> {
        let account = self.linked(token).await?;
        passwords::check(&account.name, password)?;
        let (factor, recovery_codes) = match factor {
            Some((sealed, code)) => {
                let (factor, codes) = self.confirmed(account.id, sealed, code).await?;
                (Some(factor), codes)
            }
            None if self.needs_second_factor(&account) && !account.has_second_factor => {
                return Err(AccessError::SecondFactorNeeded);
            }
            None => (None, Vec::new()),
        };
        let detail = json!({ "second_factor": factor.is_some() });
        let who = (actor_of(account.id), Some(account.id));
        let password_hash = self.0.passwords.hash(password).await?;
        let chosen = Chosen { password_hash: &password_hash, factor };
        let work = async {
            let used = self.0.store.access().use_link(&hash_of(token), &chosen, self.0.clock.now()).await?;
            used.ok_or(AccessError::Expired)
        };
        let id = self.logged("account.welcome", who, (origin, detail), work).await?;
        let compared = hash_of(&password_hash);
        Ok(Welcomed { entered: self.enter(id, ("link", Some(compared.as_slice())), origin).await?, recovery_codes })
    }

    /// Gives the account of somebody who is signed in another second factor, the one that was offered sealed, if they know their
    /// password: an open session alone must not be enough to make the door its own. Recovery codes are with it, and the ones before
    /// hold no more.
    ///
    /// # Errors
    /// [`AccessError::Wrong`] of the password or the code, [`AccessError::Refused`], [`AccessError::Expired`], and of the store.
    pub async fn change_factor(
        &self,
        account: Uuid,
        password: &SecretString,
        (sealed, code): (&str, &str),
        origin: &Origin,
    ) -> Result<Vec<SecretString>, AccessError> {
        self.knows_password(account, password).await?;
        let (factor, codes) = self.confirmed(account, sealed, code).await?;
        let who = (actor_of(account), Some(account));
        let work = async { Ok::<_, AccessError>(self.0.store.access().set_factor(account, &factor).await?) };
        self.logged("account.second_factor", who, (origin, json!({})), work).await?;
        Ok(codes)
    }

    /// Gives the account of somebody who is signed in another password, if they know the one before; every session but theirs ends.
    ///
    /// # Errors
    /// [`AccessError::Wrong`] of the one before, [`AccessError::Refused`], [`AccessError::Invalid`], and of the store.
    pub async fn change_password(
        &self,
        (account, session): (Uuid, Uuid),
        before: &SecretString,
        after: &SecretString,
        origin: &Origin,
    ) -> Result<(), AccessError> {
        let store = self.0.store.access();
        let found = self.knows_password(account, before).await?;
        passwords::check(&found.account.name, after)?;
        let hash = self.0.passwords.hash(after).await?;
        let who = (actor_of(account), Some(account));
        let work = async {
            let now = self.0.clock.now();
            Ok::<_, AccessError>(store.set_password(account, &hash, Some(session), now).await?)
        };
        self.logged("account.password", who, (origin, json!({})), work).await
    }

    /// Gives the account of somebody who is signed in other recovery codes, if they know their password; the ones before hold no more.
    ///
    /// # Errors
    /// [`AccessError::Wrong`] of the password, [`AccessError::Refused`], [`AccessError::SecondFactorNeeded`] where there is none for
    /// which the codes would be, and of the store.
    pub async fn change_recovery_codes(
        &self,
        account: Uuid,
        password: &SecretString,
        origin: &Origin,
    ) -> Result<Vec<SecretString>, AccessError> {
        let store = self.0.store.access();
        let found = self.knows_password(account, password).await?;
        if !found.account.has_second_factor {
            return Err(AccessError::SecondFactorNeeded);
        }
        let (codes, hashes) = new_codes();
        let who = (actor_of(account), Some(account));
        let changed = async { Ok::<_, AccessError>(store.set_recovery_codes(account, &hashes).await?) };
        self.logged("account.recovery_codes", who, (origin, json!({})), changed).await?;
        Ok(codes)
    }

    /// How many recovery codes an account has left.
    ///
    /// # Errors
    /// Of the store.
    pub async fn recovery_codes_left(&self, account: Uuid) -> Result<u64, AccessError> {
        Ok(self.0.store.access().recovery_codes(account).await?)
    }

    /// Somebody who is signed in, if they know their password.
    async fn knows_password(&self, account: Uuid, password: &SecretString) -> Result<Credentials, AccessError> {
        let found = self.0.store.access().credentials_of(account).await?.ok_or(AccessError::NotFound)?;
        // Apart from guesses at the door, by which strangers would keep those who are in from changing theirs.
        let guess = self.admit((Room::Accounts, &guessed("own-password", &account.to_string()))).await?;
        if !self.0.passwords.compare(password, found.password_hash.as_ref()).await?.is_right {
            return Err(self.wrong(guess).await);
        }
        Ok(found)
    }

    /// The factor that was offered to this account, if the code is one of it, with recovery codes to go with it.
    async fn confirmed(
        &self,
        account: Uuid,
        sealed: &str,
        code: &str,
    ) -> Result<(NewFactor, Vec<SecretString>), AccessError> {
        let now = self.0.clock.now();
        let opened: Option<(Uuid, String)> = sealed::open(self.0.store.keys(), Purpose::NewFactor, sealed, now);
        let (_, secret) = opened.filter(|(whose, _)| *whose == account).ok_or(AccessError::Expired)?;
        let guess = self.admit((Room::Accounts, &guessed("code", &account.to_string()))).await?;
        let Some(step) = totp::step_of(&secret, code, now) else { return Err(self.wrong(guess).await) };
        let (codes, recovery_codes) = new_codes();
        Ok((NewFactor { secret: secret.into(), step, recovery_codes }, codes))
    }
}

/// Recovery codes, and what is kept of them.
fn new_codes() -> (Vec<SecretString>, Vec<Vec<u8>>) {
    let codes: Vec<String> = (0..CODES).map(|_| new_code()).collect();
    let hashes = codes.iter().map(|code| hash_of(&plain(code))).collect();
    (codes.into_iter().map(Into::into).collect(), hashes)
}

/// Four times four letters.
fn new_code() -> String {
    let letters = BASE32_NOPAD.encode(&rand::random::<[u8; CODE_BYTES]>()).to_ascii_lowercase();
    let letters: Vec<char> = letters.chars().collect();
    letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// A recovery code without what people put between its letters.
pub(super) fn plain(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_code_is_read_as_people_type_it() {
        let code = new_code();
        assert_eq!(code.len(), 19, "{code}");
        let typed = format!(" {} ", code.replace('-', " ").to_uppercase());
        assert_eq!(plain(&typed), plain(&code));
        assert_eq!(plain(&code).len(), 16);
    }
}
