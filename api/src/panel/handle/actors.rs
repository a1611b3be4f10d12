//! How those are called in pages who did something: accounts by their names, and not by their ids.

use std::collections::HashMap;

use evolve_engine::access::actor_of;

use crate::{problem::ApiError, state::Api};

/// Names of accounts, by what the log calls them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actors(HashMap<String, String>);

impl Actors {
    /// Those of all accounts: they are few.
    ///
    /// # Errors
    /// Of the store.
    pub async fn known(api: &Api) -> Result<Self, ApiError> {
        let accounts = api.access.accounts().await?;
        Ok(Self(accounts.into_iter().map(|account| (actor_of(account.id), account.name)).collect()))
    }

    /// What the log calls the account of this name, whatever the size of its letters; the text itself, where there is none.
    #[must_use]
    pub fn meant(&self, typed: &str) -> String {
        let named = self.0.iter().find(|(_, name)| name.to_lowercase() == typed.to_lowercase());
        named.map_or_else(|| typed.to_owned(), |(actor, _)| actor.clone())
    }

    /// All of them, by what the log calls them.
    #[must_use]
    pub fn into_names(self) -> HashMap<String, String> {
        self.0
    }

    /// What an actor is called: as in the log, where it is no account, or none any more.
    #[must_use]
    pub fn called(&self, actor: &str) -> String {
        self.0.get(actor).cloned().unwrap_or_else(|| actor.to_owned())
    }
}
