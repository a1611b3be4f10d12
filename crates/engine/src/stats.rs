//! How much was said and how close a person and the companion have become, day by day, as a use case: what `/stats` draws, and
//! what it advises. Who runs the bot is told the numbers alone: advice is made of when somebody talks and of what they plan.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use evolve_domain::{
    advice::{self, Advice, Plan, Situation},
    fact::Category,
    plan::Plans,
    profile::Settings,
    relationship::Relationship,
    safety::crisis,
};
use evolve_runtime::clock::Clock;
use evolve_store::{
    Store,
    facts::Fact,
    stats::{Life as Kept, Stats as Numbers},
};

use crate::{
    profiles::ProfileError,
    relationships::{Rung, rung},
};

/// Days that are shown.
const DAYS: u16 = 30;
/// Most days of a life that are told one by one; of a longer one it is one in every so many weeks.
const MOST_VALUES: u64 = 120;

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

/// How close somebody has become since they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// Whose days they are: those of the person's own time zone.
    pub zone: Tz,
    /// Relationship points at the end of days that lie equally far apart, oldest first; the last is today. Thirty days at least, also
    /// of who came yesterday.
    pub points: Vec<(NaiveDate, i64)>,
    /// All levels, lowest first.
    pub levels: Vec<Rung>,
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

    /// How close somebody has become since they came.
    ///
    /// # Errors
    /// [`ProfileError::NotFound`], [`ProfileError::Store`].
    pub async fn life(&self, user_id: i64) -> Result<Life, ProfileError> {
        let kept = self.store.stats().life(user_id, self.defaults, self.clock.now()).await?;
        let kept = kept.ok_or(ProfileError::NotFound)?;
        let (levels, settings) = (&self.rules.levels, kept.settings);
        Ok(Life {
            zone: settings.time_zone,
            points: over_life(&kept, kept.bond.points_on(&self.rules, kept.today)),
            levels: levels.all().map(|level| rung(levels, level, settings.language)).collect(),
        })
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

/// Points over a whole life, counted back from what there are `now`, as in [`days`].
fn over_life(kept: &Kept, now: i64) -> Vec<(NaiveDate, i64)> {
    let first = kept.points.first().map_or(kept.since, |(day, _)| kept.since.min(*day));
    let lived = u64::try_from((kept.today - first).num_days() + 1).unwrap_or_default().max(DAYS.into());
    let every = if lived <= MOST_VALUES { 1 } else { 7 * lived.div_ceil(7 * MOST_VALUES) };
    let (mut points, mut later) = (kept.bond.points, kept.points.iter().rev().peekable());
    let back = (0..lived.div_ceil(every)).filter_map(|place| kept.today.checked_sub_days(Days::new(place * every)));
    let value = |day: NaiveDate| {
        while let Some((_, came)) = later.next_if(|(of, _)| *of > day) {
            points -= came;
        }
        (day, if day == kept.today { now } else { points.max(0) })
    };
    let mut values: Vec<(NaiveDate, i64)> = back.map(value).collect();
    values.reverse();
    values
}

#[cfg(test)]
mod tests {
    use evolve_domain::relationship::Bond;
    use rstest::rstest;

    use super::*;

    fn day(ago: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 22).unwrap() - Days::new(ago)
    }

    fn kept(since: u64, points: &[(u64, i64)]) -> Kept {
        Kept {
            bond: Bond { points: points.iter().map(|(_, points)| points).sum(), ..Bond::default() },
            settings: Settings {
                language: evolve_domain::language::Language::En,
                time_zone: Tz::UTC,
                onboarding: evolve_domain::profile::Onboarding::default(),
            },
            today: day(0),
            since: day(since),
            points: points.iter().map(|(ago, points)| (day(*ago), *points)).collect(),
        }
    }

    #[rstest]
    #[case(0, 30, 1)]
    #[case(119, 120, 1)]
    #[case(120, 18, 7)]
    #[case(839, 120, 7)]
    #[case(840, 61, 14)]
    fn of_a_life_of_any_length_there_are_as_many_values_as_can_be_looked_at(
        #[case] since: u64,
        #[case] values: usize,
        #[case] every: u64,
    ) {
        let told = over_life(&kept(since, &[]), 0);
        assert_eq!((told.len(), told[told.len() - 1].0, told[told.len() - 2].0), (values, day(0), day(every)));
    }

    #[test]
    fn each_value_is_what_there_was_at_the_end_of_its_day_and_the_last_what_there_is_now() {
        let told = over_life(&kept(200, &[(190, 150), (100, 200), (14, -50)]), 295);
        let at = |ago: u64| told.iter().find(|(of, _)| *of == day(ago)).map(|(_, points)| *points);
        assert_eq!([at(196), at(189), at(105), at(98)], [Some(0), Some(150), Some(150), Some(350)]);
        assert_eq!([at(21), at(14), at(7), at(0)], [Some(350), Some(300), Some(300), Some(295)]);
    }
}
