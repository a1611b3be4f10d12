//! Every rule that gives points, and how a turn changes a bond.
//!
//! | for | points | when |
//! | --- | --- | --- |
//! | a message | [`MESSAGE`] | it was answered |
//! | something new that the person told | [`NEW_FACT`] | once in a message, however much it told |
//! | a day streak | as many as the days, at most [`STREAK_MOST`] | with the first message of a day after a day with one |
//! | coming back | [`RETURN`] | with the first message after [`RETURN_AFTER_DAYS`] days without one |
//!
//! At most [`DAILY_CAP`] points a day: closeness takes time, and cannot be had by sending "hi" a thousand times. Days are
//! the person's own. A day never comes twice: after a flight westwards, or a message that was answered past midnight, the
//! later day goes on.
//!
//! Points are taken by [`super::decay`] alone.

use std::str::FromStr;

use chrono::NaiveDate;

use super::{Level, Relationship};

/// Points for a message that was answered.
pub const MESSAGE: i64 = 1;
/// Points for something new that the person told of themselves.
pub const NEW_FACT: i64 = 2;
/// Most points for a day that continues a streak.
pub const STREAK_MOST: i64 = 5;
/// Points for coming back.
pub const RETURN: i64 = 5;
/// Days without a message after which it is a return.
pub const RETURN_AFTER_DAYS: i64 = 7;
/// Most points of one day.
pub const DAILY_CAP: i64 = 30;

/// How the companion and a person stand, as it is stored: as it was at the end of their last turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bond {
    /// Points.
    pub points: i64,
    /// The last day on which a message of the person was answered; nothing before the first.
    pub last_day: Option<NaiveDate>,
    /// Points earned on that day.
    pub points_today: i64,
    /// Days in a row with a message, that day included.
    pub streak: u32,
    /// The highest level that was reached, so that none is celebrated twice; nothing before the first turn.
    pub best_level: Option<Level>,
}

/// What points came or went for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// See [`MESSAGE`].
    Message,
    /// See [`NEW_FACT`].
    Fact,
    /// See [`STREAK_MOST`].
    Streak,
    /// See [`RETURN`].
    Return,
    /// See [`super::decay`].
    Decay,
    /// A level was reached. It has no points of its own.
    LevelUp,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Message, Self::Fact, Self::Streak, Self::Return, Self::Decay, Self::LevelUp];

    /// Its name in the database and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Fact => "fact",
            Self::Streak => "streak",
            Self::Return => "return",
            Self::Decay => "decay",
            Self::LevelUp => "level_up",
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|kind| kind.as_str() == name);
        known.ok_or_else(|| format!("{name:?} is not known to give points"))
    }
}

/// Something that happened to a bond in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// What.
    pub kind: Kind,
    /// Points that came, or went.
    pub points: i64,
    /// The levels before and after, where a level was reached.
    pub levels: Option<(Level, Level)>,
}

/// What a turn makes of a bond.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    /// The bond after it.
    pub after: Bond,
    /// What happened, in order. Together their points are what the bond gained.
    pub events: Vec<Event>,
}

impl Growth {
    /// The level that was reached for the first time.
    #[must_use]
    pub fn level_up(&self) -> Option<Level> {
        self.events.iter().find_map(|event| Some(event.levels?.1))
    }
}

impl Bond {
    /// The bond after a message was answered on `day`, in which so many `new_facts` were told.
    #[must_use]
    pub fn grow(&self, relationship: &Relationship, day: NaiveDate, new_facts: usize) -> Growth {
        let today = self.last_day.map_or(day, |last| last.max(day));
        let days_away = self.last_day.map(|last| (today - last).num_days());
        let streak = match days_away {
            Some(0) => self.streak.max(1),
            Some(1) => self.streak.saturating_add(1),
            _ => 1,
        };
        let faded = self.points_on(relationship, today) - self.points;
        let mut events = Vec::new();
        if faded != 0 {
            events.push(Event { kind: Kind::Decay, points: faded, levels: None });
        }
        let before = if days_away == Some(0) { self.points_today } else { 0 };
        let mut points_today = before;
        for (kind, points) in earned(days_away, streak, new_facts) {
            let points = points.min(DAILY_CAP - points_today).max(0);
            if points > 0 {
                points_today += points;
                events.push(Event { kind, points, levels: None });
            }
        }
        let points = self.points.saturating_add(faded).saturating_add(points_today - before);
        let levels = &relationship.levels;
        let best = self.best_level.unwrap_or_else(|| levels.of(self.points));
        let reached = levels.of(points);
        if reached > best {
            events.push(Event { kind: Kind::LevelUp, points: 0, levels: Some((best, reached)) });
        }
        let best_level = Some(best.max(reached));
        Growth { after: Self { points, last_day: Some(today), points_today, streak, best_level }, events }
    }

    /// The points as they are on `today`, when some may have faded.
    #[must_use]
    pub fn points_on(&self, relationship: &Relationship, today: NaiveDate) -> i64 {
        match (relationship.decay, self.last_day) {
            (Some(decay), Some(last)) => decay.left(self.points, last, today, &relationship.levels),
            _ => self.points,
        }
    }

    /// Points that were earned on `today`.
    #[must_use]
    pub fn earned_on(&self, today: NaiveDate) -> i64 {
        if self.last_day.is_some_and(|last| last >= today) { self.points_today } else { 0 }
    }

    /// The days in a row with a message, as of `today`: a streak is broken once a whole day has passed without one.
    #[must_use]
    pub fn streak_on(&self, today: NaiveDate) -> u32 {
        let lives = self.last_day.is_some_and(|last| (today - last).num_days() <= 1);
        if lives { self.streak } else { 0 }
    }
}

/// What a message earns, before the cap.
fn earned(days_away: Option<i64>, streak: u32, new_facts: usize) -> impl Iterator<Item = (Kind, i64)> {
    let returned = days_away.is_some_and(|days| days >= RETURN_AFTER_DAYS);
    let continued = days_away == Some(1);
    [
        returned.then_some((Kind::Return, RETURN)),
        continued.then(|| (Kind::Streak, i64::from(streak).min(STREAK_MOST))),
        Some((Kind::Message, MESSAGE)),
        (new_facts > 0).then_some((Kind::Fact, NEW_FACT)),
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests;
