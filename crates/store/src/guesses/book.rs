//! What one process knows of guesses, without asking anybody.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use super::{BUSY, DOUBLINGS, FIRST, FREE, MEMORY, MOST, ROOM, Room, WAITING};

/// What one process knows, for each room.
#[derive(Debug, Default)]
pub(crate) struct Book {
    addresses: Ledger,
    names: Ledger,
    accounts: Ledger,
}

impl Book {
    pub(super) const fn of(&self, room: Room) -> &Ledger {
        match room {
            Room::Addresses => &self.addresses,
            Room::Names => &self.names,
            Room::Accounts => &self.accounts,
        }
    }
}

/// Whom a process heard to be refused; while Redis is away, how often each failed; and what is being looked at.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    state: Mutex<State>,
    /// Something was looked at.
    pub(super) over: Notify,
}

#[derive(Debug, Default)]
pub(super) struct State {
    entries: HashMap<String, Entry>,
    /// As many as requests are being answered, so that nothing has to make room.
    pub(super) looks: HashMap<String, Looks>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    count: u32,
    refused_until: i64,
    forgotten_at: i64,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Looks {
    pub(super) under_way: u32,
    pub(super) waiting: u32,
}

/// How a guess stands that wants to be looked at.
pub(super) enum Place {
    Begun,
    /// Others must be over first.
    Busy,
    Refused(Duration),
}

impl Ledger {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn refused_until(&self, who: &str) -> i64 {
        self.state().entries.get(who).map_or(0, |entry| entry.refused_until)
    }

    /// Begins a look, or finds a place among those that wait; `is_waiting` of who has one.
    pub(super) fn begin(&self, who: &str, now: i64, is_waiting: bool) -> Place {
        let mut state = self.state();
        let entry = state.entries.get(who).copied().unwrap_or_default();
        if let Some(left) = left(entry.refused_until, now) {
            return Place::Refused(left);
        }
        let count = if entry.forgotten_at > now { entry.count } else { 0 };
        let looks = state.looks.entry(who.to_owned()).or_default();
        if looks.under_way == 0 || count.saturating_add(looks.under_way) < FREE {
            looks.under_way = looks.under_way.saturating_add(1);
            return Place::Begun;
        }
        if is_waiting {
            return Place::Busy;
        }
        if looks.waiting >= WAITING {
            return Place::Refused(BUSY);
        }
        looks.waiting = looks.waiting.saturating_add(1);
        Place::Busy
    }

    /// Takes one of those back.
    pub(super) fn end(&self, who: &str, which: impl FnOnce(&mut Looks) -> &mut u32) {
        let mut state = self.state();
        if let Some(looks) = state.looks.get_mut(who) {
            let number = which(looks);
            *number = number.saturating_sub(1);
            if looks.under_way == 0 && looks.waiting == 0 {
                state.looks.remove(who);
            }
        }
    }

    pub(super) fn failed(&self, who: &str, now: i64) -> (u32, i64) {
        let mut state = self.state();
        let known = state.entries.get(who).filter(|entry| entry.forgotten_at > now).map_or(0, |entry| entry.count);
        let count = known.saturating_add(1);
        let wait = match count.checked_sub(FREE + 1) {
            None => 0,
            Some(more) => MOST.min(FIRST << more.min(DOUBLINGS)),
        };
        let entry = Entry { count, refused_until: now + wait, forgotten_at: now + wait + MEMORY };
        write(&mut state.entries, who, entry);
        (count, wait)
    }

    /// Notes what Redis said. Answers may overtake each other, so none opens what another has closed.
    pub(super) fn heard(&self, who: &str, now: i64, (count, wait): (u32, i64)) {
        let mut state = self.state();
        let known = state.entries.get(who).filter(|entry| entry.forgotten_at > now).copied().unwrap_or_default();
        let refused_until = known.refused_until.max(now + wait);
        let entry = Entry { count: known.count.max(count), refused_until, forgotten_at: refused_until + MEMORY };
        write(&mut state.entries, who, entry);
    }
}

pub(super) fn left(until: i64, now: i64) -> Option<Duration> {
    u64::try_from(until - now).ok().filter(|left| *left > 0).map(Duration::from_millis)
}

fn write(entries: &mut HashMap<String, Entry>, who: &str, entry: Entry) {
    if entries.len() >= ROOM && !entries.contains_key(who) {
        // Only while somebody guesses from ten thousand addresses, so looking at all of them is no matter.
        let first = entries.iter().min_by_key(|(_, entry)| entry.forgotten_at).map(|(who, _)| who.clone());
        if let Some(first) = first {
            entries.remove(&first);
        }
    }
    entries.insert(who.to_owned(), entry);
}
