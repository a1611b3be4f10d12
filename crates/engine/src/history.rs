//! What was said, as a use case: page by page, by the words that lead to it, or by what each conversation was about.

use chrono::{DateTime, NaiveDate, Utc};
use evolve_domain::memory::question::{Names, Question};
use evolve_store::{
    Store,
    exports::Talk,
    history::{At, Page},
};

use crate::profiles::{ProfileError, Profiles};

/// Messages on a page.
const PAGE: u32 = 8;
/// Messages that a search shows.
const FOUND: usize = 8;
/// Longest search, in characters.
const MAX_SEARCH_CHARS: usize = 200;

/// Conversations on a page.
const TALKS: usize = 20;

/// Conversations, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Talks {
    /// Each with what it was about, once it was summed up.
    pub talks: Vec<Talk>,
    /// What the page after this one is asked for with; nothing on the last.
    pub older: Option<DateTime<Utc>>,
    /// On the first page, what each week was about that is over, by its Monday, newest first.
    pub weeks: Vec<(NaiveDate, String)>,
}

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

    /// The conversations that began before a time; the newest where there is none.
    ///
    /// # Errors
    /// [`ProfileError::NotFound`], [`ProfileError::Store`].
    pub async fn talks(&self, user_id: i64, before: Option<DateTime<Utc>>) -> Result<Talks, ProfileError> {
        self.profiles.get(user_id).await?;
        let limit = u32::try_from(TALKS + 1).unwrap_or(u32::MAX);
        let mut talks = self.store.conversations().list(user_id, before, limit).await?;
        // One more than is shown tells whether there is a page after it.
        let is_more = talks.len() > TALKS;
        talks.truncate(TALKS);
        for talk in &mut talks {
            // What all was forgotten of has a summary without a word.
            talk.summary = talk.summary.take().filter(|summary| !summary.is_empty());
        }
        let older = talks.last().filter(|_| is_more).map(|talk| talk.started_at);
        let mut weeks = match before {
            None => self.store.exports().weeks(user_id).await?,
            Some(_) => Vec::new(),
        };
        weeks.reverse();
        Ok(Talks { talks, older, weeks })
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
        Ok(Page { messages, ..Page::default() })
    }
}
