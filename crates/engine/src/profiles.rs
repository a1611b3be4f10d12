//! What a person told of themselves, as use cases: read (through the cache), change (after checking), remove, and how
//! they stand today.

mod changes;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use evolve_domain::{
    day,
    language::Language,
    plan::{Plan, Plans},
    profile::{Field, Onboarding, Profile, ProfilePatch, Settings},
    relationship::{Level, Relationship},
};
use evolve_runtime::clock::Clock;
use evolve_store::{
    Store, StoreError,
    cache::{Cache, Entry},
    redis::Redis,
    users::{Deleted, Status, UserRecord},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use changes::Changes;
pub(crate) use changes::time_zone;

use crate::facts::{Wish, settle};

/// Why a use case did not do it.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// This person has never come.
    #[error("this person has no profile yet")]
    NotFound,
    /// A value is out of its bounds.
    #[error("{field}: {reason}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// What is wrong with it, without its content.
        reason: String,
    },
    /// They told that they are under 18, so no yes to adult matters is taken from them.
    #[error("this person told that they are under 18; a year after they did, or with another birthday, they can agree")]
    Underage,
    /// They want to be written to first, and nobody knows where they live.
    #[error("this person has not said where they live, so nobody knows when it is morning there")]
    ZoneNotChosen,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How a person stands today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// As stored.
    pub status: Status,
    /// Messages a day in the plan in force; nothing for no limit.
    pub messages_limit: Option<u32>,
    /// When today's count starts over.
    pub resets_at: DateTime<Utc>,
    /// Relationship level.
    pub level: Level,
    /// What it is called.
    pub level_name: String,
    /// Relationship points today.
    pub points: i64,
    /// Points at which the next level begins; nothing on the last.
    pub next_level_at: Option<i64>,
}

/// A person as cached ([`Entry::Profile`]). Raise the version in that key when this changes.
#[derive(Serialize, Deserialize)]
struct Cached {
    user_id: i64,
    profile: Profile,
    language: Language,
    time_zone: Tz,
    onboarding: Onboarding,
    has_settings: bool,
    plan: Plan,
    premium_until: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl From<UserRecord> for Cached {
    fn from(record: UserRecord) -> Self {
        let UserRecord { user_id, profile, settings, has_settings, plan, premium_until, created_at } = record;
        let Settings { language, time_zone, onboarding } = settings;
        Self { user_id, profile, language, time_zone, onboarding, has_settings, plan, premium_until, created_at }
    }
}

impl From<Cached> for UserRecord {
    fn from(cached: Cached) -> Self {
        let Cached { user_id, profile, language, time_zone, onboarding, has_settings, plan, premium_until, created_at } =
            cached;
        let settings = Settings { language, time_zone, onboarding };
        Self { user_id, profile, settings, has_settings, plan, premium_until, created_at }
    }
}

/// The windows of people's rate limits, which go with them.
#[derive(Clone, Debug)]
pub struct Windows {
    /// Where they are.
    pub redis: Redis,
    /// Their keys, of one person.
    pub of: fn(i64) -> Vec<String>,
}

/// The use cases. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Profiles {
    store: Store,
    cache: Cache,
    windows: Windows,
    clock: Clock,
    plans: Plans,
    relationship: Relationship,
    defaults: Settings,
}

impl Profiles {
    /// Use cases over the store; `defaults` are the settings of somebody who has none.
    #[must_use]
    pub fn new(
        store: Store,
        cache: Cache,
        windows: Windows,
        clock: Clock,
        plans: Plans,
        relationship: Relationship,
        defaults: Settings,
    ) -> Self {
        Self { store, cache, windows, clock, plans, relationship, defaults }
    }

    /// What is known of a person.
    ///
    /// # Errors
    /// [`ProfileError::NotFound`], [`ProfileError::Store`].
    pub async fn get(&self, user_id: i64) -> Result<UserRecord, ProfileError> {
        let cached = self.cache.get_or_load(Entry::Profile(user_id), async || self.load(user_id).await).await?;
        cached.map(UserRecord::from).ok_or(ProfileError::NotFound)
    }

    /// Somebody is seen whose language is told beside: it is theirs from now on, unless they have settings already. Nothing is
    /// written of somebody who is not known.
    ///
    /// # Errors
    /// [`ProfileError::Store`].
    pub async fn meet(&self, user_id: i64, language: Language) -> Result<(), ProfileError> {
        if self.has_settings(user_id).await? {
            return Ok(());
        }
        let settings = Settings { language, ..self.defaults };
        self.cache.forget(Entry::Profile(user_id)).await;
        let written = self.store.users().meet(user_id, settings, self.clock.now()).await;
        self.cache.forget(Entry::Profile(user_id)).await;
        Ok(written?)
    }

    /// As [`Profiles::meet`], of somebody who speaks to the companion, and thus is known from now on.
    ///
    /// # Errors
    /// [`ProfileError::Store`].
    pub async fn welcome(&self, user_id: i64, language: Language) -> Result<(), ProfileError> {
        if self.has_settings(user_id).await? {
            return Ok(());
        }
        let settings = Settings { language, ..self.defaults };
        self.cache.forget(Entry::Profile(user_id)).await;
        let written = self.store.users().welcome(user_id, settings, self.clock.now()).await;
        self.cache.forget(Entry::Profile(user_id)).await;
        Ok(written?)
    }

    /// Whether a person is known, and has settings of their own.
    ///
    /// # Errors
    /// [`ProfileError::Store`].
    pub async fn has_settings(&self, user_id: i64) -> Result<bool, ProfileError> {
        match self.get(user_id).await {
            Ok(known) => Ok(known.has_settings),
            Err(ProfileError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Puts what is known of a person into the cache, before anybody asks for it; whether it was not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn warm(&self, user_id: i64) -> Result<bool, StoreError> {
        self.cache.warm(Entry::Profile(user_id), async || self.load(user_id).await).await
    }

    /// Whether anything is cached at all.
    #[must_use]
    pub fn are_cached(&self) -> bool {
        self.cache.is_on()
    }

    async fn load(&self, user_id: i64) -> Result<Option<Cached>, StoreError> {
        Ok(self.store.users().profile(user_id, self.defaults).await?.map(Cached::from))
    }

    /// Changes what is known of a person; makes the profile of somebody new.
    ///
    /// # Errors
    /// [`ProfileError::Invalid`], [`ProfileError::Store`].
    pub async fn update(&self, user_id: i64, changes: Changes) -> Result<UserRecord, ProfileError> {
        let now = self.clock.now();
        let patch = changes.check(now)?;
        self.cache.forget(Entry::Profile(user_id)).await;
        let written = self.store.users().update(user_id, &patch, self.defaults, now).await;
        self.cache.forget(Entry::Profile(user_id)).await;
        Ok(written?)
    }

    /// Forgets fields of what is known of a person, with whatever was said of them.
    ///
    /// # Errors
    /// [`ProfileError::NotFound`], [`ProfileError::Store`]; where it is a failure after the fields were cleared, the rest
    /// follows in the background.
    pub async fn forget(&self, user_id: i64, fields: &[Field]) -> Result<UserRecord, ProfileError> {
        let record = self.store.users().profile(user_id, self.defaults).await?.ok_or(ProfileError::NotFound)?;
        let said: Vec<_> = fields.iter().flat_map(|field| record.profile.said(*field)).collect();
        // It is owed before it is cleared: afterwards nobody would know what to look for.
        if !said.is_empty() {
            self.owe(user_id, said).await?;
        }
        let mut patch = ProfilePatch::default();
        fields.iter().for_each(|field| patch.clear(*field));
        self.cache.forget(Entry::Profile(user_id)).await;
        let written = self.store.users().update_existing(user_id, &patch, self.defaults, self.clock.now()).await;
        self.cache.forget(Entry::Profile(user_id)).await;
        let record = written?.ok_or(ProfileError::NotFound)?;
        self.store.forgetting().settle(user_id).await?;
        Ok(record)
    }

    async fn owe(&self, user_id: i64, said: Vec<String>) -> Result<(), StoreError> {
        let unsay = [Wish::Unsay(said.into_iter().map(|words| (Uuid::now_v7(), words)).collect())];
        loop {
            let book = self.store.facts().book(user_id).await?;
            let (changes, _) = settle(&unsay, &book.facts, book.version, None);
            // Somebody else changed the facts meanwhile, and ends; or the person is gone, and there is nothing to owe.
            if self.store.facts().write(user_id, &changes, self.clock.now()).await?
                || self.store.users().profile(user_id, self.defaults).await?.is_none()
            {
                return Ok(());
            }
        }
    }

    /// Tells that a person's profile was changed by somebody else: a turn's tools.
    pub async fn changed(&self, user_id: i64) {
        self.cache.forget(Entry::Profile(user_id)).await;
    }

    /// Removes everything of a person, the cached copy and the windows of their limits included. What is left in Redis is, for
    /// half a minute, the mark that keeps the old copy out.
    ///
    /// # Errors
    /// [`ProfileError::Store`]; then nothing was removed.
    pub async fn delete(&self, user_id: i64) -> Result<Deleted, ProfileError> {
        self.cache.forget(Entry::Profile(user_id)).await;
        let deleted = self.store.users().delete(user_id).await;
        self.cache.forget(Entry::Profile(user_id)).await;
        let deleted = deleted?;
        self.forget_windows(user_id).await;
        Ok(deleted)
    }

    async fn forget_windows(&self, user_id: i64) {
        self.windows.redis.limits().forget(&(self.windows.of)(user_id)).await;
    }

    /// Removes everything of a person who asked for it by `now` and did not change their mind; whether it did.
    ///
    /// # Errors
    /// [`ProfileError::Store`]; then nothing was removed.
    pub async fn delete_due(&self, user_id: i64, now: DateTime<Utc>) -> Result<bool, ProfileError> {
        let deleted = self.store.users().delete_due(user_id, now).await;
        self.cache.forget(Entry::Profile(user_id)).await;
        let is_removed = deleted?.is_some();
        if is_removed {
            self.forget_windows(user_id).await;
        }
        Ok(is_removed)
    }

    /// How a person stands.
    ///
    /// # Errors
    /// [`ProfileError::NotFound`], [`ProfileError::Store`].
    pub async fn status(&self, user_id: i64) -> Result<Standing, ProfileError> {
        let now = self.clock.now();
        let status = self.store.users().status(user_id, self.defaults, now).await?.ok_or(ProfileError::NotFound)?;
        let (levels, points) = (&self.relationship.levels, status.bond.points_on(&self.relationship, status.today));
        let level = levels.of(points);
        Ok(Standing {
            messages_limit: self.plans.limits(status.plan).messages_per_day,
            resets_at: day::next_day(status.time_zone, now),
            level,
            level_name: levels.name(level, status.language).to_owned(),
            points,
            next_level_at: levels.after(level).map(|next| levels.begins_at(next)),
            status,
        })
    }

    /// Ends the open conversation; whether there was one.
    ///
    /// # Errors
    /// [`ProfileError::Store`].
    pub async fn reset(&self, user_id: i64) -> Result<bool, ProfileError> {
        Ok(self.store.users().end_conversation(user_id, self.clock.now()).await?)
    }
}
