//! What this replica found when it looked last, for its `/metrics`. Jobs look in turn: what was found too long ago another replica
//! has looked at since, and shows.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Cheap to clone; all clones are one.
#[derive(Debug)]
pub(super) struct Lately<T>(Arc<Mutex<Option<(Instant, T)>>>);

impl<T> Default for Lately<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Clone for Lately<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Copy> Lately<T> {
    pub(super) fn found(&self, it: T) {
        // A value is written whole.
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), it));
    }

    /// What was found within this time, and how long ago.
    pub(super) fn within(&self, fresh_for: Duration) -> Option<(T, Duration)> {
        let (at, it) = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        let since = at.elapsed();
        (since < fresh_for).then_some((it, since))
    }
}
