//! Who looks at the statistics with a name and a password (HTTP Basic), as seed 004 has it.
//!
//! A pair that was right is [remembered](super::remembered) for a minute. Whatever this replica changes about anybody forgets all; on
//! others a change takes at most that minute.

use evolve_domain::access::account_name;
use evolve_store::{access::ApiUser, audit::Outcome, guesses::Room};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::{
    Access, AccessError, Origin,
    accounts::named,
    guessed,
    remembered::{Found, Shown},
};

/// Shortest password, in characters, and longest, in bytes.
const SHORTEST: usize = 8;
const LONGEST: usize = 128;

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
        let shown = known.as_deref().and_then(|name| remembered.shown(name, password, address));
        // Who is remembered is served while others guess at their name.
        if let Found::Right(id) = self.found(shown.as_ref()).await {
            return Ok(id);
        }
        let whose = at(known.as_deref().unwrap_or(name), address);
        let guess = self.admit((Room::Names, &guessed("api-user", &whose))).await?;
        // Of many who came at once, as a page of many numbers does, the others had to wait for the first.
        if let Found::Right(id) = self.found(shown.as_ref()).await {
            return Ok(id);
        }
        let forgotten = remembered.forgotten();
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
        if let Some(shown) = &shown {
            remembered.insert(shown, id, (self.0.clock.now(), forgotten)).await;
        }
        Ok(id)
    }

    /// Whose a name and a password are that were right from this address a moment ago: to be asked where nobody from there is listened to
    /// any more, since others guess. Whoever guesses at a pair that is remembered has as many tries as anywhere, and no more.
    pub async fn remembered_api_user(
        &self,
        name: &str,
        password: &SecretString,
        address: Option<&str>,
    ) -> Option<Uuid> {
        let name = account_name(name)?;
        let shown = self.0.remembered.shown(&name, password, address)?;
        let guess = self.admit((Room::Names, &guessed("api-user-remembered", &at(&name, address)))).await.ok()?;
        match self.found(Some(&shown)).await {
            Found::Right(id) => Some(id),
            Found::Wrong => {
                self.wrong(guess).await;
                None
            }
            Found::Nothing => None,
        }
    }

    async fn found(&self, shown: Option<&Shown>) -> Found {
        match shown {
            Some(shown) => self.0.remembered.find(shown, self.0.clock.now()).await,
            None => Found::Nothing,
        }
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

/// By what a name is counted, and from where it is shown.
fn at(name: &str, address: Option<&str>) -> String {
    format!("{name} {}", address.unwrap_or_default())
}
