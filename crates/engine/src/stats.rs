//! How much was said and how close a person and the companion have become, day by day, as a use case: what `/stats` draws, and
//! what it advises. Who runs the bot is told the numbers alone: advice is made of when somebody talks and of what they plan.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use evolve_domain::{
    advice::{self, Advice, Plan, Situation},
    fact::Category,
    plan::Plans,
    profile::Settings,
    relationship::Relationship,
    safety::crisis,
};
use evolve_runtime::clock::Clock;
use evolve_store::{Store, facts::Fact, stats::Stats as Numbers};

use crate::{
    profiles::ProfileError,
    relationships::{Rung, rung},
};

/// Days that are shown.
const DAYS: u16 = 30;

/// A day of the person's own time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Which.
    pub day: NaiveDate,
    /// Messages of the person.
    pub messages: i64,
    /// Relationship points at its end.
    pub points: i64,
}

/// The last days, and all of it in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The day on which they came.
    pub since: NaiveDate,
    /// The last days, today included, oldest first.
    pub days: Vec<Day>,
    /// Messages since they came.
    pub messages: i64,
    /// Days with a message since they came.
    pub active_days: i64,
    /// Days in a row, up to today or yesterday.
    pub streak: u32,
    /// The level now.
    pub level: Rung,
    /// All levels, lowest first.
    pub levels: Vec<Rung>,
    /// What they might do next, the most pressing first; for nobody but them.
    pub advice: Vec<Advice>,
}

/// The use case. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Stats {
    store: Store,
    clock: Clock,
    rules: Relationship,
    plans: Plans,
    defaults: Settings,
}

impl Stats {
    /// The use case over the store; `defaults` are the settings of somebody who has none.
    #[must_use]
    pub fn new(store: Store, clock: Clock, rules: Relationship, plans: Plans, defaults: Settings) -> Self {
        Self { store, clock, rules, plans, defaults }
    }

    /// The last days of a person, for themselves.
    ///
    /// # Errors
    /// [`ProfileError::NotFound`], [`ProfileError::Store`].
    pub async fn of(&self, user_id: i64) -> Result<Picture, ProfileError> {
        let numbers = self.store.stats().of(user_id, DAYS, self.defaults, self.clock.now()).await?;
        let numbers = numbers.ok_or(ProfileError::NotFound)?;
        let facts = self.store.facts().book(user_id).await?.facts;
        Ok(Picture { advice: self.advice(&numbers, &facts), ..self.picture(&numbers) })
    }

    /// The last days of a person, for those who run the bot: without advice, and without a look at messages or facts.
    ///
    /// # Errors
    /// [`ProfileError::NotFound`], [`ProfileError::Store`].
    pub async fn numbers(&self, user_id: i64) -> Result<Picture, ProfileError> {
        let numbers = self.store.stats().numbers(user_id, DAYS, self.defaults, self.clock.now()).await?;
        Ok(self.picture(&numbers.ok_or(ProfileError::NotFound)?))
    }

    fn picture(&self, numbers: &Numbers) -> Picture {
        let (levels, language) = (&self.rules.levels, numbers.settings.language);
        let points = numbers.bond.points_on(&self.rules, numbers.today);
        Picture {
            advice: Vec::new(),
            since: numbers.since,
            days: days(numbers, points),
            messages: numbers.all_messages,
            active_days: numbers.active_days,
            streak: numbers.bond.streak_on(numbers.today),
            level: rung(levels, levels.of(points), language),
            levels: levels.all().map(|level| rung(levels, level, language)).collect(),
        }
    }

    fn advice(&self, numbers: &Numbers, facts: &[Fact]) -> Vec<Advice> {
        let zone = numbers.settings.time_zone;
        // Whoever spoke of ending their life is not reminded of it as of a plan.
        let is_plan = |fact: &&Fact| fact.category == Category::Plans && !crisis::is_told_of(&fact.content);
        let plan = |fact: &Fact| Plan {
            text: fact.content.clone(),
            day: fact.day,
            told: fact.last_said_at.with_timezone(&zone).date_naive(),
        };
        let plans: Vec<Plan> = facts.iter().filter(is_plan).map(plan).collect();
        advice::advise(&Situation {
            now: self.clock.now(),
            zone,
            streak: numbers.bond.streak_on(numbers.today),
            last_day: numbers.bond.last_day,
            hours: &numbers.hours,
            facts: u32::try_from(facts.len()).unwrap_or(u32::MAX),
            most_facts: self.plans.limits(numbers.plan).facts,
            plans: &plans,
        })
    }
}

/// Each of the last days, with what there was on it. Points are what there are now, less what came since; what has faded
/// since the last message is written with the next one, and counts for today until then.
fn days(numbers: &Numbers, now: i64) -> Vec<Day> {
    let messages: BTreeMap<_, _> = numbers.messages.iter().copied().collect();
    let came: BTreeMap<_, _> = numbers.points.iter().copied().collect();
    let mut points = numbers.bond.points;
    let back = (0..DAYS).filter_map(|ago| numbers.today.checked_sub_days(Days::new(ago.into())));
    let day = |day: NaiveDate| {
        let at_its_end = if day == numbers.today { now } else { points };
        points -= came.get(&day).copied().unwrap_or_default();
        Day { day, messages: messages.get(&day).copied().unwrap_or_default(), points: at_its_end.max(0) }
    };
    let mut days: Vec<Day> = back.map(day).collect();
    days.reverse();
    days
}
