//! Buttons that do what cannot be undone hold for a quarter of an hour: nothing is lost to a button that is found months
//! later. Such a button carries the time at which it was made.

use chrono::{DateTime, TimeDelta, Utc};

use super::Turn;

/// For so long such a button holds.
const HOLDS: TimeDelta = TimeDelta::minutes(15);

/// The time that a button made now carries.
#[must_use]
pub(super) fn stamp(turn: &Turn<'_>) -> i64 {
    turn.bot.clock.now().timestamp()
}

/// Whether a button that was made at this time still holds.
#[must_use]
pub(super) fn is_fresh(turn: &Turn<'_>, made: i64) -> bool {
    let age = DateTime::<Utc>::from_timestamp(made, 0).map(|made| turn.bot.clock.now() - made);
    // A second of rounding, and nothing from the future.
    age.is_some_and(|age| age >= TimeDelta::seconds(-1) && age <= HOLDS)
}
