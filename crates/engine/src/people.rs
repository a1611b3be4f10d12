//! People, as a use case of those who run the bot: looked for, seen without a word of what they said, banned, removed.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::{
    language::Language,
    payment::{Going, Renewal},
    profile::Settings,
    relationship::{Level, Relationship},
};
use evolve_runtime::clock::Clock;
use evolve_store::{
    Store, StoreError, audit,
    bans::{Ban, NewBan},
    payments::Account,
    people::{By, Listed, Order, Place, Somebody},
    users::Deleted,
};
use uuid::Uuid;

use crate::{
    deletions::Deletions,
    payments::{PaymentError, Payments},
    profiles::{ProfileError, Profiles},
    relationships::{Rung, rung},
};

/// People on a page.
const PAGE: u32 = 50;
/// Longest reason of a ban, in characters.
const MAX_REASON_CHARS: usize = 500;
/// Longest ban that ends.
const MAX_BAN: TimeDelta = TimeDelta::days(3660);
/// The highest Telegram id of a person.
const MAX_USER_ID: i64 = (1 << 52) - 1;
/// Longest @name at Telegram, in characters.
const MAX_HANDLE: usize = 32;

/// Somebody in a list, with the level that their points give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Who.
    pub listed: Listed,
    /// Relationship points today.
    pub points: i64,
    /// The level.
    pub level: Rung,
}

/// A page of people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Whoever was here last first.
    pub people: Vec<Line>,
    /// What the page after it is asked for with; nothing on the last.
    pub next: Option<Place>,
}

/// Somebody, without a word of theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who, and how much there is of them.
    pub somebody: Somebody,
    /// Relationship points today.
    pub points: i64,
    /// The level.
    pub level: Rung,
    /// How they stand with premium, and their newest payments.
    pub account: Account,
    /// Why they are not talked with, where they are not.
    pub ban: Option<Ban>,
}

/// The use case. Cheap to clone.
#[derive(Clone, Debug)]
pub struct People {
    store: Store,
    clock: Clock,
    rules: Relationship,
    profiles: Profiles,
    deletions: Deletions,
    payments: Payments,
    defaults: Settings,
}

impl People {
    /// The use case over the store and those of what people have; `defaults` are the settings of somebody who has none.
    #[must_use]
    pub fn new(
        store: Store,
        clock: Clock,
        rules: Relationship,
        (profiles, deletions, payments): (Profiles, Deletions, Payments),
        defaults: Settings,
    ) -> Self {
        Self { store, clock, rules, profiles, deletions, payments, defaults }
    }

    /// People who are meant by `words`: a Telegram id, an @name, a payment by Telegram's id of it or ours; everybody where there are none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(&self, words: &str, after: Option<Place>) -> Result<Page, StoreError> {
        let (people, now, words) = (self.store.people(), self.clock.now(), words.trim());
        if words.is_empty() {
            return self.list(Order::default(), after, PAGE).await;
        }
        let mut found = Vec::new();
        if let Ok(id) = words.parse::<i64>() {
            found.extend(people.by_id(id, now).await?);
        }
        if found.is_empty() && is_handle(words) {
            found.extend(people.by_handle(words, PAGE, now).await?);
        }
        if found.is_empty() {
            found.extend(people.by_payment(words, words.parse::<Uuid>().ok(), now).await?);
        }
        Ok(Page { people: self.lines(found), next: None })
    }

    /// A page of at most `size` people in an order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(&self, order: Order, after: Option<Place>, size: u32) -> Result<Page, StoreError> {
        let found = self.store.people().ordered(order, after, size.saturating_add(1), self.clock.now()).await;
        let mut found = found?;
        let is_more = found.len() > size as usize;
        found.truncate(size as usize);
        let place = |last: &Listed| match order.by {
            By::Seen => (last.seen_at, last.user_id),
            By::Came => (last.created_at, last.user_id),
        };
        let next = found.last().filter(|_| is_more).map(place);
        Ok(Page { people: self.lines(found), next })
    }

    /// Somebody, without a word of theirs.
    ///
    /// # Errors
    /// [`ProfileError::NotFound`], [`ProfileError::Store`].
    pub async fn one(&self, user_id: i64) -> Result<Person, ProfileError> {
        let now = self.clock.now();
        let somebody = self.store.people().one(user_id, self.defaults, now).await?.ok_or(ProfileError::NotFound)?;
        let account = self.payments.account(user_id).await.map_err(|error| match error {
            PaymentError::Store(error) => ProfileError::Store(error),
            _ => ProfileError::NotFound,
        })?;
        let ban = self.store.bans().of(user_id, now).await?;
        let (points, level) = self.standing(&somebody.listed, somebody.settings.language);
        Ok(Person { somebody, points, level, account, ban })
    }

    /// Has somebody not be talked with until a time, or for good. They need not have come. A subscription that would be charged while
    /// they are banned is stopped; to lift the ban takes none up again, which they alone can do.
    ///
    /// These are two transactions, of which the log has the second alone: whoever asks for it writes down before that it begins.
    ///
    /// # Errors
    /// [`ProfileError::Invalid`], [`ProfileError::Store`].
    pub async fn ban(
        &self,
        user_id: i64,
        ban: NewBan<'_>,
        entry: &audit::Entry,
    ) -> Result<Option<DateTime<Utc>>, ProfileError> {
        let now = self.clock.now();
        check(user_id, ban, now)?;
        // Before it begins: nobody pays on for what they do not have.
        self.stop_charging(user_id, ban.until, now).await?;
        self.store.bans().ban(user_id, ban, Some(entry), now).await?;
        Ok(ban.until)
    }

    async fn stop_charging(
        &self,
        user_id: i64,
        until: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), ProfileError> {
        let standing = self.store.payments().account(user_id, 0).await?.standing;
        let outlasts = |renewal: &Renewal| until.is_none_or(|until| until > renewal.renews_at);
        let renewal = standing.subscription(now).filter(outlasts);
        if renewal.is_none_or(|renewal| renewal.going() == Going::Stopped) {
            return Ok(());
        }
        match self.payments.renew(user_id, false).await {
            Err(PaymentError::Store(error)) => Err(error.into()),
            // Any other refusal says that there is none.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Has somebody be talked with again; false where nothing kept them from it.
    ///
    /// # Errors
    /// [`ProfileError::Store`].
    pub async fn lift_ban(&self, user_id: i64, entry: &audit::Entry) -> Result<bool, ProfileError> {
        Ok(self.store.bans().lift(user_id, Some(entry)).await?)
    }

    /// Has somebody removed in so many days, as if they had asked for it: until then they may change their mind. When that is.
    ///
    /// # Errors
    /// [`ProfileError`].
    pub async fn forget_later(&self, user_id: i64, days: u32) -> Result<DateTime<Utc>, ProfileError> {
        self.deletions.ask(user_id, days).await
    }

    /// Removes somebody now.
    ///
    /// # Errors
    /// [`ProfileError::NotFound`], [`ProfileError::Store`]; then nothing was removed.
    pub async fn forget_now(&self, user_id: i64) -> Result<Deleted, ProfileError> {
        if self.store.people().by_id(user_id, self.clock.now()).await?.is_none() {
            return Err(ProfileError::NotFound);
        }
        self.profiles.delete(user_id).await
    }

    fn lines(&self, found: Vec<Listed>) -> Vec<Line> {
        let line = |listed: Listed| {
            let (points, level) = self.standing(&listed, listed.language.unwrap_or(self.defaults.language));
            Line { listed, points, level }
        };
        found.into_iter().map(line).collect()
    }

    fn standing(&self, listed: &Listed, language: Language) -> (i64, Rung) {
        // By the day of UTC: their own may be another, which changes a point.
        let points = listed.bond.points_on(&self.rules, self.clock.now().date_naive());
        let level: Level = self.rules.levels.of(points);
        (points, rung(&self.rules.levels, level, language))
    }
}

/// Whether this may be an @name at Telegram.
#[must_use]
pub fn is_handle(words: &str) -> bool {
    let name = words.strip_prefix('@').unwrap_or(words);
    (1..=MAX_HANDLE).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn check(user_id: i64, ban: NewBan<'_>, now: DateTime<Utc>) -> Result<(), ProfileError> {
    let invalid = |field, reason: &str| Err(ProfileError::Invalid { field, reason: reason.to_owned() });
    if !(1..=MAX_USER_ID).contains(&user_id) {
        return invalid("user_id", "must be a Telegram id of a person");
    }
    let chars = ban.reason.trim().chars().count();
    if !(1..=MAX_REASON_CHARS).contains(&chars) || ban.reason.contains('\0') {
        return invalid("reason", "must have 1 to 500 characters");
    }
    if ban.until.is_some_and(|until| until <= now || until > now + MAX_BAN) {
        return invalid("until", "must be in the future, and at most ten years away; leave it out for good");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_at_telegram_is_told_from_a_charge() {
        assert!(is_handle("@Anna_1") && is_handle("anna"));
        assert!(
            !is_handle("") && !is_handle("@") && !is_handle("стан") && !is_handle("a-b") && !is_handle(&"a".repeat(33))
        );
    }
}
