//! A copy of everything that is kept of a person, as a zip: a page to read (`index.html`) and JSON for programs.
//!
//! They ask once a day; the copy itself is made when it is fetched, and is kept nowhere. It is read page by page, and only what
//! is compressed already is held, up to what Telegram takes; each process holds one at a time, from its first byte until the last
//! one is sent, however often it is asked for. Pictures for which there is no room are left out (`pictures/left-out.json`).

mod archive;
mod data;
mod page;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::{day::next_day, profile::Settings};
use evolve_runtime::clock::Clock;
use evolve_store::{
    Store, StoreError,
    exports::{Asked, Talk},
    history::At,
    messages::Message,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use archive::Archive;
use page::{Page, PageError};

/// For so long after they asked it can be fetched: as long as the bot tries to send it.
const HOLDS: TimeDelta = TimeDelta::hours(24);
/// Messages read at once.
const MESSAGES: u32 = 500;
/// Conversations read at once.
const TALKS: u32 = 100;
/// Pictures read at once.
const PICTURES: u32 = 4;

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// This person has never come.
    #[error("this person has no profile yet")]
    NobodyThere,
    /// They asked on this day already.
    #[error("a copy was asked for today already; the next day begins at {0}")]
    AskedToday(DateTime<Utc>),
    /// They did not ask within the last day.
    #[error("no copy was asked for within the last day")]
    NotAsked,
    /// It is larger than Telegram takes.
    #[error("the copy is larger than Telegram takes")]
    TooLarge,
    /// A page could not be written.
    #[error("a page could not be written: {0}")]
    Broken(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<PageError> for ExportError {
    fn from(error: PageError) -> Self {
        Self::Broken(error.to_string())
    }
}

/// A copy, made. As long as it is held, no other is made in this process.
pub struct Made {
    bytes: Vec<u8>,
    _one: Option<OwnedSemaphorePermit>,
}

impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Made({} bytes)", self.bytes.len())
    }
}

impl AsRef<[u8]> for Made {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// The use case.
#[derive(Debug)]
pub struct Exports {
    store: Store,
    clock: Clock,
    defaults: Settings,
    page: Page,
    one: Arc<Semaphore>,
}

impl Exports {
    /// The use case over the store; `defaults` are the settings of somebody who has none, and `companion` how people call it.
    ///
    /// # Errors
    /// When a template is broken, which a test excludes.
    pub fn new(store: Store, clock: Clock, defaults: Settings, companion: String) -> Result<Self, ExportError> {
        Ok(Self { store, clock, defaults, page: Page::new(companion)?, one: Arc::new(Semaphore::new(1)) })
    }

    /// A person asks for a copy; until when it can be fetched.
    ///
    /// # Errors
    /// [`ExportError::NobodyThere`], [`ExportError::AskedToday`], [`ExportError::Store`].
    pub async fn ask(&self, user_id: i64) -> Result<DateTime<Utc>, ExportError> {
        let now = self.clock.now();
        match self.store.exports().ask(user_id, self.defaults, now).await? {
            Asked::Granted => Ok(now + HOLDS),
            Asked::Nobody => Err(ExportError::NobodyThere),
            Asked::Today => {
                let person = self.store.users().profile(user_id, self.defaults).await?;
                let zone = person.map_or(self.defaults.time_zone, |person| person.settings.time_zone);
                Err(ExportError::AskedToday(next_day(zone, now)))
            }
        }
    }

    /// The copy that was asked for.
    ///
    /// # Errors
    /// [`ExportError`].
    pub async fn make(&self, user_id: i64) -> Result<Made, ExportError> {
        let now = self.clock.now();
        if !self.store.exports().is_asked(user_id, now - HOLDS).await? {
            return Err(ExportError::NotAsked);
        }
        // It is never closed.
        let one = Arc::clone(&self.one).acquire_owned().await.ok();
        Ok(Made { bytes: self.written(user_id, now).await?, _one: one })
    }

    async fn written(&self, user_id: i64, now: DateTime<Utc>) -> Result<Vec<u8>, ExportError> {
        let person = self.store.users().profile(user_id, self.defaults).await?.ok_or(ExportError::NobodyThere)?;
        let preferences = self.store.preferences().read(user_id, self.defaults).await?;
        let facts = self.store.facts().book(user_id).await?.facts;
        let past = self.store.facts().history(user_id).await?;
        let weeks = self.store.exports().weeks(user_id).await?;
        let sections = self.store.exports().sections(user_id).await?;
        let data = data::of(&person, preferences.as_ref(), &facts, &past, &weeks, sections);

        let mut archive = Archive::new();
        archive.begin("data.json")?;
        archive.write(&data::pretty(&data))?;
        archive.begin("conversations.json")?;
        self.each_talk(user_id, &mut archive, data::talk, ["[\n", ",\n", "\n]\n"]).await?;
        archive.begin("messages.json")?;
        self.each_message(user_id, &mut archive, data::messages, ["[\n", ",\n", "\n]\n"]).await?;

        let (language, zone) = (person.settings.language, person.settings.time_zone);
        archive.begin("index.html")?;
        archive.write(&self.page.head(language, zone, &data, now)?)?;
        self.each_talk(user_id, &mut archive, |talks| self.page.talks(language, zone, talks), ["", "", ""]).await?;
        archive.write(&self.page.between(language)?)?;
        let lines = |messages: &[Message]| self.page.messages(language, zone, messages);
        self.each_message(user_id, &mut archive, lines, ["", "", ""]).await?;
        archive.write(&self.page.tail(language)?)?;
        self.each_picture(user_id, &mut archive).await?;
        archive.finish()
    }

    /// What was drawn, by its turn, as far as there is room.
    async fn each_picture(&self, user_id: i64, archive: &mut Archive) -> Result<(), ExportError> {
        let (mut last, mut left_out): (Option<Uuid>, Vec<Uuid>) = (None, Vec::new());
        loop {
            let pictures = self.store.exports().pictures(user_id, last, PICTURES).await?;
            for (turn, picture) in &pictures {
                let ending = if picture.starts_with(b"\x89PNG") { "png" } else { "jpg" };
                if !archive.put(&format!("pictures/{turn}.{ending}"), picture)? {
                    left_out.push(*turn);
                }
            }
            last = pictures.last().map(|(turn, _)| *turn);
            if pictures.len() < PICTURES as usize {
                break;
            }
        }
        if !left_out.is_empty() {
            archive.begin("pictures/left-out.json")?;
            archive.write(&data::pretty(&serde_json::json!(left_out)))?;
        }
        Ok(())
    }

    /// Writes all conversations, in portions, with what stands before, between and after them.
    async fn each_talk(
        &self,
        user_id: i64,
        archive: &mut Archive,
        written: impl Fn(&[Talk]) -> Result<String, PageError>,
        [before, between, after]: [&str; 3],
    ) -> Result<(), ExportError> {
        archive.write(before)?;
        let mut last: Option<Talk> = None;
        loop {
            let talks = self.store.exports().talks(user_id, last.as_ref(), TALKS).await?;
            let is_last = talks.len() < TALKS as usize;
            if !talks.is_empty() {
                archive.write(if last.is_some() { between } else { "" })?;
                archive.write(&written(&talks)?)?;
                last = talks.into_iter().next_back();
            }
            if is_last {
                return archive.write(after);
            }
        }
    }

    /// As [`Exports::each_talk`], all that was said.
    async fn each_message(
        &self,
        user_id: i64,
        archive: &mut Archive,
        written: impl Fn(&[Message]) -> Result<String, PageError>,
        [before, between, after]: [&str; 3],
    ) -> Result<(), ExportError> {
        archive.write(before)?;
        let mut next = Some(0);
        let mut is_first = true;
        while let Some(number) = next {
            let page = self.store.history().page(user_id, At::From(number), MESSAGES).await?;
            if !page.messages.is_empty() {
                archive.write(if is_first { "" } else { between })?;
                archive.write(&written(&page.messages)?)?;
                is_first = false;
            }
            next = page.newer;
        }
        archive.write(after)
    }
}
