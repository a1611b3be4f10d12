//! How close the companion and a person have become.
//!
//! | file | what a reader finds there |
//! | --- | --- |
//! | [`rules`] | every rule that gives points or takes them, and how a turn changes a [`Bond`] |
//! | [`levels`] | where each level begins, what it is called, how the companion speaks on it |
//! | [`decay`] | what being away costs, where that is configured |
//!
//! A bond changes in turns alone. What passes by itself (a streak that was broken, points that faded) is computed from the
//! last day whenever somebody looks, so nothing has to run at midnight.

pub mod decay;
pub mod levels;
pub mod rules;

pub use decay::Decay;
pub use levels::{Level, LevelSpec, Levels};
pub use rules::{Bond, Event, Growth, Kind};

/// How relationships go in one bot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relationship {
    /// The levels.
    pub levels: Levels,
    /// What being away costs; nothing, unless it is configured.
    pub decay: Option<Decay>,
}

/// A level that was reached, as it is celebrated: in the language in which the person was spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelUp {
    /// The level's number, from 1.
    pub level: u8,
    /// What it is called.
    pub name: String,
}
