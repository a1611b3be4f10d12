//! What was said, as a use case: page by page, or by the words that lead to it.

use evolve_domain::memory::question::{Names, Question};
use evolve_store::{
    Store,
    history::{At, Page},
};

use crate::profiles::{ProfileError, Profiles};

/// Messages on a page.
const PAGE: u32 = 8;
/// Messages that a search shows.
const FOUND: usize = 8;
/// Longest search, in characters.
const MAX_SEARCH_CHARS: usize = 200;

/// The use case. Cheap to clone.
#[derive(Clone, Debug)]
pub struct History {
    store: Store,
    profiles: Profiles,
    companion: String,
}

impl History {
    /// The use case over the store; `companion` is how people call it.
    #[must_use]
    pub fn new(store: Store, profiles: Profiles, companion: String) -> Self {
        Self { store, profiles, companion }
    }

    /// A page.
    ///
    /// # Errors
    /// [`ProfileError::NotFound`], [`ProfileError::Store`].
    pub async fn page(&self, user_id: i64, at: At) -> Result<Page, ProfileError> {
        self.profiles.get(user_id).await?;
        Ok(self.store.history().page(user_id, at, PAGE).await?)
    }

    /// The messages that words lead to, most likely first.
    ///
    /// # Errors
    /// [`ProfileError`].
    pub async fn search(&self, user_id: i64, words: &str) -> Result<Page, ProfileError> {
        if words.chars().count() > MAX_SEARCH_CHARS {
            let reason = format!("must have at most {MAX_SEARCH_CHARS} characters");
            return Err(ProfileError::Invalid { field: "search", reason });
        }
        let person = self.profiles.get(user_id).await?;
        let names = Names { person: person.profile.name.as_deref(), companion: &self.companion };
        let messages = self.store.memory().find(user_id, &Question::read(words, names), None, FOUND).await?;
        Ok(Page { messages, older: None, newer: None })
    }
}
