//! What the companion remembers, as the person sees it: listed, searched, corrected and forgotten.

use std::collections::HashSet;

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use evolve_domain::{
    fact::{
        self, Category,
        likeness::{Likeness, likeness},
    },
    memory::terms::terms,
    plan::Plans,
    profile::Settings,
};
use evolve_runtime::clock::Clock;
use evolve_store::{
    Store, StoreError, corrections,
    facts::{Fact, FactChanges},
    forgetting::Forgotten,
    users::UserRecord,
};
use uuid::Uuid;

use crate::{Engine, facts::past_with};

/// Most facts on a page.
pub const MOST_ON_A_PAGE: u32 = 50;
/// The years of which a day can be.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9999;
/// A turn that forgot something may be asked for its answer again for this long; then its answer is forgotten too.
const REPEATS: TimeDelta = TimeDelta::minutes(10);

/// Why it could not be done.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// This person has never come.
    #[error("this person has no profile yet")]
    NobodyThere,
    /// No such fact holds for this person.
    #[error("no such fact is remembered")]
    NoSuchFact,
    /// A value is out of its bounds.
    #[error("{field}: {reason}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// What is wrong with it, without its content.
        reason: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is to be listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Facts of one category alone.
    pub category: Option<Category>,
    /// Facts that hold all of these words, whatever their endings; after those that hold, those that are over.
    pub words: Option<String>,
    /// Instead of what holds, what is over and has nothing in its place.
    pub past: bool,
    /// Which page, from 0; one that is too high is the last.
    pub page: u32,
    /// Facts on a page.
    pub per_page: u32,
}

/// A page of what is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Facts that hold.
    pub total: u32,
    /// Matters of which nothing holds: the last fact of each is over.
    pub past: u32,
    /// Most facts of the person's plan.
    pub limit: Option<u32>,
    /// How many there are of each category that has any.
    pub categories: Vec<(Category, u32)>,
    /// Facts that the filter lets through.
    pub found: u32,
    /// The page that this is.
    pub page: u32,
    /// How many pages there are; at least one.
    pub pages: u32,
    /// The facts: those that hold, told last first, and then those that are over, ended last first.
    pub facts: Vec<Remembered>,
}

/// A fact, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// The fact.
    pub fact: Fact,
    /// The person's day on which it was told.
    pub told_on: NaiveDate,
    /// The person's day on which it ceased to hold.
    pub ended_on: Option<NaiveDate>,
}

/// How a fact is right; what is not given stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Correction<'a> {
    /// Its words.
    pub content: Option<&'a str>,
    /// What it is about.
    pub category: Option<Category>,
    /// The day that it is about; `Some(None)` for none.
    pub day: Option<Option<NaiveDate>>,
}

/// What is remembered. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Memories {
    store: Store,
    clock: Clock,
    plans: Plans,
    defaults: Settings,
}

impl Memories {
    /// The use cases over a store.
    #[must_use]
    pub fn new(store: Store, clock: Clock, plans: Plans, defaults: Settings) -> Self {
        Self { store, clock, plans, defaults }
    }

    /// A page of a person's facts.
    ///
    /// # Errors
    /// [`MemoryError`].
    pub async fn list(&self, user_id: i64, filter: &Filter) -> Result<Listing, MemoryError> {
        let person = self.person(user_id).await?;
        let facts = self.store.facts().book(user_id).await?.facts;
        let history = self.store.facts().history(user_id).await?;
        let count = |category: Category| count(facts.iter().filter(|fact| fact.category == category).count());
        let categories = Category::ALL.into_iter().map(|category| (category, count(category)));
        let categories = categories.filter(|(_, count)| *count > 0).collect();
        let plan = person.plan.in_force(person.premium_until, self.clock.now());
        let total = self::count(facts.len());
        let words = filter.words.as_deref().filter(|words| !words.trim().is_empty());
        let left: HashSet<Uuid> = left_behind(&facts, &history).collect();
        let past = self::count(left.len());
        // Whoever looks for words is shown all that there is of them; else, what has a successor is shown with it.
        let over = history.into_iter().filter(|fact| words.is_some() || (filter.past && left.contains(&fact.id)));
        let found: Vec<_> = facts
            .into_iter()
            .filter(|_| !filter.past)
            .chain(over)
            .filter(|fact| filter.category.is_none_or(|category| category == fact.category))
            .filter(|fact| words.is_none_or(|words| says(fact, words)))
            .collect();
        let per_page = filter.per_page.clamp(1, MOST_ON_A_PAGE);
        let pages = self::count(found.len()).div_ceil(per_page).max(1);
        let page = filter.page.min(pages - 1);
        let skipped = usize::try_from(page.saturating_mul(per_page)).unwrap_or(usize::MAX);
        let zone = person.settings.time_zone;
        Ok(Listing {
            total,
            past,
            limit: self.plans.limits(plan).facts,
            categories,
            found: self::count(found.len()),
            page,
            pages,
            facts: found.into_iter().skip(skipped).take(per_page as usize).map(|fact| shown(fact, zone)).collect(),
        })
    }

    /// A fact, which may be over, and what held before it, latest first.
    ///
    /// # Errors
    /// [`MemoryError`].
    pub async fn one(&self, user_id: i64, fact: Uuid) -> Result<(Remembered, Vec<Remembered>), MemoryError> {
        let person = self.person(user_id).await?;
        let holding = self.store.facts().book(user_id).await?.facts;
        let history = self.store.facts().history(user_id).await?;
        let known = holding.iter().chain(&history).find(|known| known.id == fact);
        let fact = known.ok_or(MemoryError::NoSuchFact)?.clone();
        let zone = person.settings.time_zone;
        let is_before = |past: &Fact| fact.ended_at.is_none() || (past.ended_at, past.id) < (fact.ended_at, fact.id);
        let before = history.into_iter().filter(|past| past.chain == fact.chain && is_before(past));
        let before = before.map(|past| shown(past, zone)).collect();
        Ok((shown(fact, zone), before))
    }

    /// Puts a fact right. What was wrong is not kept: it never held. One that is put right into what is known already, of the
    /// same day, becomes one with it, and that is the fact that is given back.
    ///
    /// # Errors
    /// [`MemoryError`].
    pub async fn correct(
        &self,
        user_id: i64,
        fact: Uuid,
        Correction { content, category, day }: Correction<'_>,
    ) -> Result<Remembered, MemoryError> {
        let person = self.person(user_id).await?;
        let facts = self.store.facts().book(user_id).await?.facts;
        let fact = facts.iter().find(|known| known.id == fact).ok_or(MemoryError::NoSuchFact)?;
        let content = match content {
            Some(text) if text.chars().count() > fact::MAX_CHARS => {
                return Err(invalid("content", format!("must have at most {} characters", fact::MAX_CHARS)));
            }
            Some(text) => Some(fact::clean(text).ok_or_else(|| invalid("content", "must not be empty".to_owned()))?),
            None => None,
        };
        let content = content.filter(|content| *content != fact.content);
        if let Some(Some(day)) = day
            && !YEARS.contains(&day.year())
        {
            return Err(invalid("day", format!("must be of a year from {} to {}", YEARS.start(), YEARS.end())));
        }
        let category = category.unwrap_or(fact.category);
        let day = day.unwrap_or(fact.day);
        let says = |other: &&Fact, text: &str| {
            other.id != fact.id && likeness((other.category, &other.content), (category, text)) == Likeness::Same
        };
        let is_of_day = |other: &&Fact| day.is_none() || other.day.is_none() || other.day == day;
        let known = content.as_deref().and_then(|text| facts.iter().filter(is_of_day).find(|other| says(other, text)));
        let correction = known
            .map_or(corrections::Correction::Is(content.as_deref()), |known| corrections::Correction::SaysAs(known.id));
        let day = day.or_else(|| known.and_then(|known| known.day));
        let now = self.clock.now();
        let corrected = self.store.facts().correct(user_id, fact.id, correction, category, day, now).await?;
        let corrected = corrected.ok_or(MemoryError::NoSuchFact)?;
        Ok(shown(corrected, person.settings.time_zone))
    }

    /// Forgets a fact, with its history and whatever holds it. One that is over and has something in its place goes alone.
    ///
    /// # Errors
    /// [`MemoryError`]; where it is a failure of the store after the fact was marked, the rest follows in the background.
    pub async fn forget(&self, user_id: i64, fact: Uuid) -> Result<Forgotten, MemoryError> {
        let now = self.clock.now();
        loop {
            let book = self.store.facts().book(user_id).await?;
            let mut changes = FactChanges { version: book.version, ..FactChanges::default() };
            if let Some(known) = book.facts.iter().find(|known| known.id == fact) {
                changes.forgotten.push(known.chain);
            } else {
                let history = self.store.facts().history(user_id).await?;
                let past = history.iter().find(|past| past.id == fact).ok_or(MemoryError::NoSuchFact)?;
                changes.forgotten_alone = past_with(past, &book.facts, &history);
            }
            // Somebody else changed the facts meanwhile: that ends.
            if self.store.facts().write(user_id, &changes, now).await? {
                return Ok(self.store.forgetting().settle(user_id).await?);
            }
        }
    }

    /// Forgets everything that was said and learnt.
    ///
    /// # Errors
    /// [`MemoryError`].
    pub async fn forget_all(&self, user_id: i64) -> Result<Forgotten, MemoryError> {
        Ok(self.store.forgetting().everything(user_id).await?)
    }

    async fn person(&self, user_id: i64) -> Result<UserRecord, MemoryError> {
        self.store.users().profile(user_id, self.defaults).await?.ok_or(MemoryError::NobodyThere)
    }
}

/// The facts that are over and have nothing in their place, of all that hold and all that are over, latest first.
fn left_behind(holding: &[Fact], history: &[Fact]) -> impl Iterator<Item = Uuid> {
    let mut of_matters: HashSet<Uuid> = holding.iter().map(|fact| fact.chain).collect();
    history.iter().filter(move |past| of_matters.insert(past.chain)).map(|past| past.id)
}

/// Whether a fact holds all of the words that are looked for; by their letters where they are none ("🎉").
fn says(fact: &Fact, words: &str) -> bool {
    let (wanted, held) = (terms(words), terms(&fact.content));
    if wanted.is_empty() {
        return fact::normalized(&fact.content).contains(&fact::normalized(words));
    }
    wanted.iter().all(|term| held.iter().any(|held| held.starts_with(term.as_str())))
}

fn shown(fact: Fact, zone: Tz) -> Remembered {
    let day = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
    Remembered { told_on: day(fact.created_at), ended_on: fact.ended_at.map(day), fact }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn invalid(field: &'static str, reason: String) -> MemoryError {
    MemoryError::Invalid { field, reason }
}

/// Forgets what everybody is owed; for how many it was done. Somebody for whom it does not work is left for a while and does
/// not keep the others waiting.
///
/// # Errors
/// [`StoreError`], when the database cannot serve; whoever was not reached is still owed.
pub async fn settle_owed(engine: &Engine, is_over: impl Fn() -> bool) -> Result<usize, StoreError> {
    let forgetting = engine.store.forgetting();
    let (mut settled, mut failed) = (0, Vec::new());
    while !is_over() {
        let Some(user_id) = forgetting.owed(engine.clock.now() - REPEATS, &failed).await? else { break };
        match forgetting.settle(user_id).await {
            Ok(_) => settled += 1,
            Err(error) if error.is_unavailable() => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "what was to be forgotten could not be; trying again later");
                failed.push(user_id);
            }
        }
    }
    Ok(settled)
}
