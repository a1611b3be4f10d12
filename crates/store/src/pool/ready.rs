//! Connections that have just answered to the end, for whoever asks next.
//!
//! sqlx asks each connection that it is given back whether it is well. Nobody waits for that, but it is a round trip for each
//! statement, and wakes Postgres each time. One that has just answered has said so already, and goes from hand to hand here. It
//! goes back to sqlx, which looks after it, when it has rested as long as a connection rests before it is checked, and each
//! minute; and when somebody waits for one, since sqlx's pool is where they stand in line.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::lent::{Lent, State};

/// For how long a connection goes from hand to hand before sqlx sees it again.
const AWAY_FOR: Duration = Duration::from_secs(60);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Ready(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// The one that came first is lent first, so that whoever asks whether Postgres takes changes asks each of them in turn.
    connections: VecDeque<Rested>,
    /// Callers that wait for a connection of sqlx's pool.
    waiting: u32,
    /// Whether nothing is kept any more.
    is_closed: bool,
}

#[derive(Debug)]
struct Rested {
    lent: Lent,
    since: Instant,
}

impl Rested {
    fn is_fit(&self) -> bool {
        self.since.elapsed() < self.lent.care.limits.rest && may_stay(&self.lent)
    }
}

fn may_stay(lent: &Lent) -> bool {
    let away = lent.since.elapsed();
    away < AWAY_FOR && !lent.care.is_suspect(away)
}

/// A caller that waits for a connection of sqlx's pool.
#[derive(Debug)]
pub(super) struct Waiting<'a>(&'a Ready);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.with(|inner| inner.waiting -= 1);
    }
}

impl Ready {
    /// One of them, or a place among those who wait for sqlx's.
    pub(super) fn take(&self) -> Result<Lent, Waiting<'_>> {
        // Given back when nobody is kept waiting by it.
        let mut unfit = Vec::new();
        self.with(|inner| {
            while let Some(rested) = inner.connections.pop_front() {
                if !rested.is_fit() {
                    unfit.push(rested);
                    continue;
                }
                let mut lent = rested.lent;
                lent.state = State::Sound;
                return Ok(lent);
            }
            inner.waiting += 1;
            Err(Waiting(self))
        })
    }

    /// Takes a connection that has answered to the end. It goes back to sqlx when it may not stay, or somebody waits for one there.
    pub(super) fn put(&self, mut lent: Lent) {
        lent.state = State::Answered;
        let may_stay = may_stay(&lent);
        let rested = Rested { lent, since: Instant::now() };
        let refused = self.with(|inner| {
            if !may_stay || inner.waiting > 0 || inner.is_closed {
                return Some(rested);
            }
            inner.connections.push_back(rested);
            None
        });
        drop(refused);
    }

    /// Gives back those that are not fit to be lent.
    pub(super) fn tidy(&self) {
        let unfit: VecDeque<_> = self.with(|inner| {
            let all = std::mem::take(&mut inner.connections);
            let (fit, unfit) = all.into_iter().partition(Rested::is_fit);
            inner.connections = fit;
            unfit
        });
        drop(unfit);
    }

    /// Gives all of them back, and keeps none from now on.
    pub(super) fn close(&self) {
        let all = self.with(|inner| {
            inner.is_closed = true;
            std::mem::take(&mut inner.connections)
        });
        drop(all);
    }

    /// How many there are, and how many callers wait.
    pub(super) fn count(&self) -> (u32, u32) {
        self.with(|inner| (u32::try_from(inner.connections.len()).unwrap_or(u32::MAX), inner.waiting))
    }

    fn with<T>(&self, look: impl FnOnce(&mut Inner) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
