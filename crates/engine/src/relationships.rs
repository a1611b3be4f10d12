//! How a person and the companion stand, as a use case: what `/relationship` shows.

use chrono::NaiveDate;
use evolve_domain::{
    language::Language,
    profile::Settings,
    relationship::{Kind, Level, Levels, Relationship, rules::DAILY_CAP},
};
use evolve_runtime::clock::Clock;
use evolve_store::{Store, relationships::Happened};

use crate::profiles::ProfileError;

/// Lines of what happened lately.
const LATELY: u32 = 5;

/// A level, in the person's language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Which.
    pub level: Level,
    /// What it is called.
    pub name: String,
    /// Points at which it begins.
    pub points: i64,
}

/// What happened on one day for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The person's day.
    pub day: NaiveDate,
    /// What it was.
    pub kind: Kind,
    /// How often.
    pub times: u32,
    /// Points that came, or went.
    pub points: i64,
    /// The level that was reached, where one was.
    pub level: Option<Rung>,
}

/// How a person and the companion stand today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closeness {
    /// The person's day.
    pub today: NaiveDate,
    /// Points, without what has faded since the last message.
    pub points: i64,
    /// The level.
    pub level: Rung,
    /// The next one; nothing on the last.
    pub next: Option<Rung>,
    /// How many levels there are.
    pub levels: u8,
    /// Days in a row with a message, up to today or yesterday.
    pub streak: u32,
    /// Points earned today.
    pub points_today: i64,
    /// Most points of a day.
    pub points_a_day: i64,
    /// What happened lately, newest first.
    pub lately: Vec<Line>,
}

/// The use case. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Relationships {
    store: Store,
    clock: Clock,
    rules: Relationship,
    defaults: Settings,
}

impl Relationships {
    /// The use case over the store; `defaults` are the settings of somebody who has none.
    #[must_use]
    pub fn new(store: Store, clock: Clock, rules: Relationship, defaults: Settings) -> Self {
        Self { store, clock, rules, defaults }
    }

    /// How a person and the companion stand.
    ///
    /// # Errors
    /// [`ProfileError::NotFound`], [`ProfileError::Store`].
    pub async fn of(&self, user_id: i64) -> Result<Closeness, ProfileError> {
        let relationships = self.store.relationships();
        let standing = relationships.standing(user_id, self.defaults, LATELY, self.clock.now()).await?;
        let standing = standing.ok_or(ProfileError::NotFound)?;
        let (bond, today, language) = (standing.bond, standing.today, standing.settings.language);
        let levels = &self.rules.levels;
        let points = bond.points_on(&self.rules, today);
        let level = levels.of(points);
        let mut lately: Vec<Line> = standing.lately.into_iter().map(|happened| self.line(happened, language)).collect();
        if points != bond.points {
            // It will be written down with the next message; what is shown adds up already.
            let faded = Line { day: today, kind: Kind::Decay, times: 1, points: points - bond.points, level: None };
            lately.insert(0, faded);
            lately.truncate(LATELY as usize);
        }
        Ok(Closeness {
            today,
            points,
            level: rung(levels, level, language),
            next: levels.after(level).map(|next| rung(levels, next, language)),
            levels: levels.count(),
            streak: bond.streak_on(today),
            points_today: bond.earned_on(today),
            points_a_day: DAILY_CAP,
            lately,
        })
    }

    fn line(&self, happened: Happened, language: Language) -> Line {
        let Happened { day, kind, times, points, level } = happened;
        Line { day, kind, times, points, level: level.map(|level| rung(&self.rules.levels, level, language)) }
    }
}

/// A level, as it is called in a language.
pub(crate) fn rung(levels: &Levels, level: Level, language: Language) -> Rung {
    Rung { level, name: levels.name(level, language).to_owned(), points: levels.begins_at(level) }
}
