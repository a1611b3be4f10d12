//! Time as a parameter: use cases ask a [`Clock`], so that a test can be weeks long in milliseconds.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

/// Where "now" comes from. Cheap to clone; clones share the time.
#[derive(Clone, Debug, Default)]
pub struct Clock(Source);

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    Machine,
    Fixed(Arc<Mutex<DateTime<Utc>>>),
    Ahead(Arc<Mutex<TimeDelta>>),
}

impl Clock {
    /// The machine's own clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::Machine)
    }

    /// A clock that stands still at `start` until a test moves it.
    #[must_use]
    pub fn fixed(start: DateTime<Utc>) -> Self {
        Self(Source::Fixed(Arc::new(Mutex::new(start.trunc_subsecs(6)))))
    }

    /// A clock that goes as the machine's does and that a test can move on besides: for whole systems, in which something
    /// always waits for a second to pass.
    #[must_use]
    pub fn ahead() -> Self {
        Self(Source::Ahead(Arc::default()))
    }

    /// The time now, to the microsecond that Postgres can hold, so that a value written and read back is equal.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::Machine => Utc::now().trunc_subsecs(6),
            Source::Fixed(now) => *now.lock().unwrap_or_else(PoisonError::into_inner),
            Source::Ahead(by) => Utc::now().trunc_subsecs(6) + *by.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a test's clock on by `by` (which may be negative). Does nothing to the machine's clock.
    pub fn advance(&self, by: TimeDelta) {
        match &self.0 {
            Source::Machine => {}
            Source::Fixed(now) => *now.lock().unwrap_or_else(PoisonError::into_inner) += by,
            Source::Ahead(ahead) => *ahead.lock().unwrap_or_else(PoisonError::into_inner) += by,
        }
    }
}
