//! Accounts: making them, changing them, and letting in again who lost what they are known by.

use evolve_domain::{
    access::{Role, account_name},
    language::Language,
};
use evolve_store::access::{Account, Change, Changed, NewAccount, hash_of};
use secrecy::SecretString;
use uuid::Uuid;

use super::{Access, AccessError, LINK_FOR, random_token};

impl Access {
    /// All accounts, by name.
    ///
    /// # Errors
    /// Of the store.
    pub async fn accounts(&self) -> Result<Vec<Account>, AccessError> {
        Ok(self.0.store.access().accounts().await?)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`AccessError::NotFound`], and of the store.
    pub async fn account(&self, id: Uuid) -> Result<Account, AccessError> {
        self.0.store.access().account(id).await?.ok_or(AccessError::NotFound)
    }

    /// The account of a person, by Telegram id; none that is disabled.
    ///
    /// # Errors
    /// Of the store.
    pub async fn account_of_person(&self, telegram_id: i64) -> Result<Option<Account>, AccessError> {
        Ok(self.0.store.access().account_of_person(telegram_id).await?)
    }

    /// Makes an account; with it, the token of its one-time link.
    ///
    /// # Errors
    /// [`AccessError::Invalid`], [`AccessError::NameTaken`], and of the store.
    pub async fn create(&self, name: &str, role: Role) -> Result<(Account, SecretString), AccessError> {
        let name = named(name)?;
        let (id, now, store) = (Uuid::now_v7(), self.0.clock.now(), self.0.store.access());
        let new = NewAccount { id, name: &name, role, oidc_subject: None };
        if !store.create_account(&new, now).await? {
            return Err(AccessError::NameTaken);
        }
        let token = random_token();
        if !store.give_link(id, &hash_of(&token), None, now + LINK_FOR).await? {
            return Err(AccessError::NotFound);
        }
        Ok((self.account(id).await?, token.into()))
    }

    /// Changes one. Another role, or being shut out, ends its sessions.
    ///
    /// # Errors
    /// [`AccessError::NotFound`], [`AccessError::LastOwner`], [`AccessError::Invalid`], and of the store.
    pub async fn change(&self, id: Uuid, change: Change) -> Result<Account, AccessError> {
        let unlinkable = |reason: &str| AccessError::Invalid { field: "telegram_id", reason: reason.to_owned() };
        match self.0.store.access().change_account(id, change, self.0.clock.now()).await? {
            Changed::Done { sessions } => {
                tracing::info!(account = %id, sessions, "an account of the panel is changed");
                self.account(id).await
            }
            Changed::NotFound => Err(AccessError::NotFound),
            Changed::LastOwner => Err(AccessError::LastOwner),
            Changed::LinkTaken => Err(unlinkable("another account is linked to this person")),
            Changed::NobodyThere => Err(unlinkable("they have not written to the bot")),
        }
    }

    /// In which language somebody reads; that of their browser, where there is none.
    ///
    /// # Errors
    /// [`AccessError::NotFound`], and of the store.
    pub async fn speak(&self, id: Uuid, language: Option<Language>) -> Result<(), AccessError> {
        let done = self.0.store.access().set_language(id, language).await?;
        if done { Ok(()) } else { Err(AccessError::NotFound) }
    }

    /// Gives one a new one-time link; nothing by which it was known before holds any more, and nobody's bearer tokens are its. The token
    /// of the link.
    ///
    /// # Errors
    /// [`AccessError::NotFound`], also of one that is disabled, [`AccessError::Invalid`] of one that comes by an issuer, where alone it
    /// is known, and of the store.
    pub async fn reset(&self, id: Uuid) -> Result<(Account, SecretString), AccessError> {
        let (token, now) = (random_token(), self.0.clock.now());
        if self.account(id).await?.is_external {
            let reason =
                "it comes by an issuer: end its sessions, or shut it out, and have it let in again there".to_owned();
            return Err(AccessError::Invalid { field: "account", reason });
        }
        if !self.0.store.access().reset_account(id, (hash_of(&token).as_slice(), now + LINK_FOR), false, now).await? {
            return Err(AccessError::NotFound);
        }
        Ok((self.account(id).await?, token.into()))
    }
}

/// A name as it is kept.
pub(super) fn named(name: &str) -> Result<String, AccessError> {
    account_name(name).ok_or_else(|| AccessError::Invalid {
        field: "name",
        reason: "1 to 64 Latin letters, digits and .-_@+, beginning with a letter or a digit".to_owned(),
    })
}
