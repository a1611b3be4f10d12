//! Broadcasts, as a use case: what somebody who runs the bot says to many.
//!
//! Here one is checked, shown, begun, paused and ended; that people are written to is a job's (`work`). What cannot be said to
//! anybody (markup that Telegram refuses, an audience that nobody is in by its own words) is refused before it is taken.

mod work;

use std::collections::BTreeMap;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use evolve_domain::{
    broadcast::Audience,
    language::Language,
    markup::{self, Shown},
    relationship::{Levels, Relationship},
};
use evolve_runtime::clock::Clock;
use evolve_store::{
    Store, StoreError,
    broadcasts::{Broadcast, NewBroadcast, Reach, State},
    outbox::{NewOutgoing, Priority},
};
use serde_json::json;
use uuid::Uuid;

pub use work::work;

/// Broadcasts that are shown at once.
const PAGE: u32 = 50;
/// People looked at at once when they are counted: the statement takes some tens of milliseconds.
const LOOK: u32 = 10_000;
/// A time further away is a typing mistake.
const LONGEST_AHEAD: TimeDelta = TimeDelta::days(366);

/// What is said, and to whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Speech {
    /// In Telegram's HTML, to everybody for whose language there is no translation.
    pub text: String,
    /// In Telegram's HTML, by language.
    pub translations: BTreeMap<Language, String>,
    /// To whom.
    pub audience: Audience,
}

/// What a broadcast would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// How many people it reaches now.
    pub people: u64,
    /// The text as it is seen.
    pub text: Shown,
    /// The translations as they are seen.
    pub translations: BTreeMap<Language, Shown>,
}

/// Why a use case did not do it.
#[derive(Debug, thiserror::Error)]
pub enum BroadcastError {
    /// Something about what was asked for cannot be.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field.
        field: String,
        /// What is wrong with it, without quoting it.
        reason: String,
    },
    /// There is no such broadcast.
    #[error("there is no such broadcast")]
    NotFound,
    /// The broadcast is in no state in which this can be done.
    #[error("the broadcast is {}", .0.as_str())]
    WrongState(State),
    /// The key was used for another broadcast.
    #[error("the key was used for another broadcast")]
    KeyReused,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The use case. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Broadcasts {
    store: Store,
    clock: Clock,
    rules: Relationship,
}

impl Broadcasts {
    /// The use case over the store; `rules` say what the levels are.
    #[must_use]
    pub fn new(store: Store, clock: Clock, rules: Relationship) -> Self {
        Self { store, clock, rules }
    }

    /// How many people it would reach now, and what they would see. With `send_to` it is also sent to that chat.
    ///
    /// # Errors
    /// [`BroadcastError::Invalid`], [`BroadcastError::Store`].
    pub async fn preview(&self, speech: &Speech, send_to: Option<i64>) -> Result<Preview, BroadcastError> {
        let (text, translations) = self.check(speech)?;
        let now = self.clock.now();
        let reach = reach(&speech.audience, &self.rules.levels, now);
        let (mut people, mut after) = (0, 0);
        while let Some((last, some)) = self.store.broadcasts().reaches(after, LOOK, &reach, now).await? {
            people += some;
            after = last;
        }
        if let Some(chat_id) = send_to {
            self.store.outbox().put(&samples(speech, chat_id), now).await?;
        }
        Ok(Preview { people, text, translations })
    }

    /// Makes a broadcast that begins at `send_at`, or at once. Asked again under the same key, it is made once; whether it had
    /// been made before.
    ///
    /// # Errors
    /// [`BroadcastError::Invalid`], [`BroadcastError::KeyReused`], [`BroadcastError::Store`].
    pub async fn create(
        &self,
        key: &str,
        speech: Speech,
        send_at: Option<DateTime<Utc>>,
    ) -> Result<(Broadcast, bool), BroadcastError> {
        self.check(&speech)?;
        let now = self.clock.now();
        if send_at.is_some_and(|at| at > now + LONGEST_AHEAD) {
            return Err(invalid("send_at", "must be within a year"));
        }
        // As Postgres keeps it, so that it can be compared.
        let send_at = send_at.map(|at| at.trunc_subsecs(6));
        let Speech { text, translations, audience } = speech;
        let key = key.to_owned();
        let id = Uuid::now_v7();
        let new = NewBroadcast { id, key, text, translations, audience, send_at: send_at.unwrap_or(now) };
        let (made, is_new) = self.store.broadcasts().create(&new, now).await?;
        let is_same = (&made.text, &made.translations, &made.audience) == (&new.text, &new.translations, &new.audience);
        if !is_same || send_at.is_some_and(|at| at != made.send_at) {
            return Err(BroadcastError::KeyReused);
        }
        Ok((made, !is_new))
    }

    /// A broadcast, as it stands.
    ///
    /// # Errors
    /// [`BroadcastError::NotFound`], [`BroadcastError::Store`].
    pub async fn get(&self, id: Uuid) -> Result<Broadcast, BroadcastError> {
        self.store.broadcasts().find(id).await?.ok_or(BroadcastError::NotFound)
    }

    /// The newest, newest first, of those before the given one; with what to ask for to see those before them.
    ///
    /// # Errors
    /// [`BroadcastError::Store`].
    pub async fn list(&self, before: Option<Uuid>) -> Result<(Vec<Broadcast>, Option<Uuid>), BroadcastError> {
        let mut page = self.store.broadcasts().newest(before, PAGE + 1).await?;
        let shown = usize::try_from(PAGE).unwrap_or(usize::MAX);
        let has_more = page.len() > shown;
        page.truncate(shown);
        let next = page.last().filter(|_| has_more).map(|last| last.id);
        Ok((page, next))
    }

    /// Has it rest: what waits is taken back, what is on its way arrives. It says how it stands then.
    ///
    /// # Errors
    /// [`BroadcastError::NotFound`], [`BroadcastError::WrongState`] where it has neither begun nor waits for its time,
    /// [`BroadcastError::Store`].
    pub async fn pause(&self, id: Uuid) -> Result<Broadcast, BroadcastError> {
        self.halt(id, State::Paused).await
    }

    /// Ends it: as [`Broadcasts::pause`], for good.
    ///
    /// # Errors
    /// [`BroadcastError::NotFound`], [`BroadcastError::WrongState`] where it is over, [`BroadcastError::Store`].
    pub async fn cancel(&self, id: Uuid) -> Result<Broadcast, BroadcastError> {
        self.halt(id, State::Cancelled).await
    }

    /// Has it go on where it was, after a pause or after it stopped by itself.
    ///
    /// # Errors
    /// [`BroadcastError::NotFound`], [`BroadcastError::WrongState`] where it does not rest, or has for two months;
    /// [`BroadcastError::Store`].
    pub async fn resume(&self, id: Uuid) -> Result<Broadcast, BroadcastError> {
        let resumed = self.store.broadcasts().resume(id, self.clock.now()).await?;
        let now = self.get(id).await?;
        // Asked again, it is as it was to become.
        let is_so = resumed || matches!(now.state, State::Running | State::Scheduled);
        if is_so { Ok(now) } else { Err(BroadcastError::WrongState(now.state)) }
    }

    async fn halt(&self, id: Uuid, to: State) -> Result<Broadcast, BroadcastError> {
        let halted = self.store.broadcasts().halt(id, to, self.clock.now()).await?;
        let now = self.get(id).await?;
        let is_so = halted || now.state == to;
        if is_so { Ok(now) } else { Err(BroadcastError::WrongState(now.state)) }
    }

    fn check(&self, speech: &Speech) -> Result<(Shown, BTreeMap<Language, Shown>), BroadcastError> {
        if let Err(wrong) = speech.audience.check(&self.rules.levels) {
            return Err(invalid(&format!("audience.{}", wrong.field), &wrong.reason));
        }
        let read = |field: &str, html: &str| markup::read(html).map_err(|wrong| invalid(field, &wrong.to_string()));
        let text = read("text", &speech.text)?;
        let mut translations = BTreeMap::new();
        for (language, html) in &speech.translations {
            translations.insert(*language, read(&format!("translations.{language}"), html)?);
        }
        Ok((text, translations))
    }
}

fn invalid(field: &str, reason: &str) -> BroadcastError {
    BroadcastError::Invalid { field: field.to_owned(), reason: reason.to_owned() }
}

/// An audience in what is stored of people; days are counted back from when the broadcast began.
fn reach(audience: &Audience, levels: &Levels, began_at: DateTime<Utc>) -> Reach {
    let (points_from, points_below) = audience.points(levels);
    let languages: Vec<&'static str> = audience.languages.iter().map(|language| language.as_str()).collect();
    let ago = |days: u32| began_at - TimeDelta::days(days.into());
    Reach {
        plan: audience.plan.map(|plan| plan.as_str()),
        points_from,
        points_below,
        languages: (!languages.is_empty()).then_some(languages),
        seen_since: audience.active_within_days.map(ago),
        unseen_since: audience.silent_for_days.map(ago),
        came_by: began_at,
    }
}

/// The messages of a broadcast, for somebody to look at in Telegram.
fn samples(speech: &Speech, chat_id: i64) -> Vec<NewOutgoing> {
    let id = Uuid::now_v7();
    let all = std::iter::once(&speech.text).chain(speech.translations.values()).enumerate();
    let sample = |(place, text): (usize, &String)| NewOutgoing {
        chat_id,
        user_id: (chat_id > 0).then_some(chat_id),
        key: format!("broadcast-preview-{id}-{place}"),
        method: "sendMessage".to_owned(),
        params: json!({ "chat_id": chat_id, "text": text, "parse_mode": "HTML" }),
        priority: Priority::Notice,
    };
    all.map(sample).collect()
}
