//! What is shown and not known to hold. To find out costs a look into Postgres, and a session, a key or the token of somebody who runs
//! nothing can be made up or shown as fast as anybody likes. So each address has so many looks a minute that find nothing; beyond it
//! nothing new is looked up from there, and nobody is asked about it.
//!
//! Whatever held once is known from then on, and is looked up however much is shown that does not: who is at work is not kept out by
//! who has the same address. One that holds no more is forgotten with the look that finds it so. To be known is to be looked up, no
//! more: whether it holds, Postgres says each time.
//!
//! A look is counted as it begins, and given back where it found somebody or nothing could be found out: whoever shows many at once has
//! no more of them looked up. Each process counts for itself, since it is its own looks that are counted. Memory is bounded: of what
//! held, the last [`KNOWN`] are known, at least half of them; of addresses beyond [`ADDRESSES`] all are counted as one.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use crate::limits;

/// Looks that find nothing, of one address in one minute: an office whose sessions ended over night has fewer.
const MOST: u32 = 60;
/// Addresses that are counted apart in one minute.
const ADDRESSES: usize = 10_000;
/// What is known to have held.
const KNOWN: usize = 10_000;
/// Seconds.
const MINUTE: i64 = 60;

/// What is kept of what is shown: a hash.
type Mark = [u8; 32];

/// What is not known, by address, and what is. For one process.
#[derive(Debug, Default)]
pub struct Unknown(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// Since 1970; that of the counts.
    minute: i64,
    looks: HashMap<String, u32>,
    /// The newer half of what held, and the older: that is forgotten once the newer is full.
    held: HashSet<Mark>,
    held_before: HashSet<Mark>,
}

impl Kept {
    fn knows(&self, mark: &Mark) -> bool {
        self.held.contains(mark) || self.held_before.contains(mark)
    }

    fn remember(&mut self, mark: Mark) {
        if self.held.len() >= KNOWN / 2 && !self.held.contains(&mark) {
            self.held_before = std::mem::take(&mut self.held);
        }
        self.held.insert(mark);
    }

    fn give_back(&mut self, counted: Option<&(String, i64)>) {
        let counted = counted.filter(|(_, minute)| *minute == self.minute);
        if let Some(looks) = counted.and_then(|(who, _)| self.looks.get_mut(who)) {
            *looks = looks.saturating_sub(1);
        }
    }
}

impl Unknown {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to look up what is shown: a `kind` of proof, and itself.
    ///
    /// # Errors
    /// For how long nothing unknown is looked up from that address.
    pub fn look(
        &self,
        (kind, shown): (&str, &str),
        address: Option<IpAddr>,
        now: DateTime<Utc>,
    ) -> Result<Look<'_>, Duration> {
        let (mark, mut kept) = (mark(kind, shown), self.kept());
        // Every request has an address; without any there is nobody to count.
        let Some(address) = address.filter(|_| !kept.knows(&mark)) else {
            return Ok(Look { unknown: self, mark, counted: None });
        };
        let (minute, second) = (now.timestamp().div_euclid(MINUTE), now.timestamp().rem_euclid(MINUTE));
        if kept.minute != minute {
            kept.minute = minute;
            kept.looks.clear();
        }
        let mut who = limits::block(address);
        if kept.looks.len() >= ADDRESSES && !kept.looks.contains_key(&who) {
            who = String::new();
        }
        let looks = kept.looks.entry(who.clone()).or_default();
        if *looks >= MOST {
            return Err(Duration::from_secs((MINUTE - second).unsigned_abs()));
        }
        *looks += 1;
        Ok(Look { unknown: self, mark, counted: Some((who, minute)) })
    }

    /// Something was given out just now, and so holds.
    pub fn given(&self, kind: &str, shown: &str) {
        self.kept().remember(mark(kind, shown));
    }
}

/// That something is looked up. Dropped, it stays counted: what came of it nobody heard.
#[derive(Debug)]
#[must_use = "what came of a look decides whether there will be another"]
pub struct Look<'a> {
    unknown: &'a Unknown,
    mark: Mark,
    /// Of which address in which minute; nothing of what is known.
    counted: Option<(String, i64)>,
}

impl Look<'_> {
    /// It holds.
    pub fn found(self) {
        let mut kept = self.unknown.kept();
        kept.give_back(self.counted.as_ref());
        kept.remember(self.mark);
    }

    /// It does not.
    pub fn missed(self) {
        let mut kept = self.unknown.kept();
        kept.held.remove(&self.mark);
        kept.held_before.remove(&self.mark);
    }

    /// Nobody could say.
    pub fn failed(self) {
        self.unknown.kept().give_back(self.counted.as_ref());
    }
}

fn mark(kind: &str, shown: &str) -> Mark {
    Sha256::new().chain_update(kind).chain_update(":").chain_update(shown).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "203.0.113.7";

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_262_400 + second, 0).unwrap()
    }

    fn look<'a>(unknown: &'a Unknown, shown: &str, from: &str, second: i64) -> Result<Look<'a>, Duration> {
        unknown.look(("session", shown), Some(from.parse().unwrap()), at(second))
    }

    fn flood(unknown: &Unknown, from: &str, second: i64) {
        for made_up in 0..MOST {
            look(unknown, &format!("made up {made_up}"), from, second).unwrap().missed();
        }
    }

    #[test]
    fn who_shows_much_that_is_nothing_is_not_looked_up_for_the_rest_of_the_minute_and_others_are() {
        let unknown = Unknown::default();
        flood(&unknown, HERE, 20);
        assert_eq!(look(&unknown, "another", HERE, 20).unwrap_err(), Duration::from_secs(40));
        assert_eq!(look(&unknown, "another", HERE, 59).unwrap_err(), Duration::from_secs(1));
        look(&unknown, "another", "203.0.113.8", 20).unwrap().missed();
        look(&unknown, "another", HERE, 60).unwrap().missed();
    }

    #[test]
    fn what_held_is_looked_up_whatever_else_comes_from_there_until_it_holds_no_more() {
        let unknown = Unknown::default();
        look(&unknown, "right", HERE, 0).unwrap().found();
        unknown.given("session", "given");
        flood(&unknown, HERE, 1);
        look(&unknown, "right", HERE, 2).unwrap().found();
        look(&unknown, "given", HERE, 2).unwrap().found();
        assert!(unknown.look(("key", "right"), Some(HERE.parse().unwrap()), at(2)).is_err(), "it is no key");
        look(&unknown, "right", HERE, 3).unwrap().missed();
        assert!(look(&unknown, "right", HERE, 4).is_err());
    }

    #[test]
    fn what_is_under_way_is_counted_and_what_was_right_or_not_found_out_costs_nothing() {
        let unknown = Unknown::default();
        let under_way: Vec<_> = (0..MOST).map(|n| look(&unknown, &format!("{n}"), HERE, 0).unwrap()).collect();
        assert!(look(&unknown, "one more", HERE, 0).is_err());
        for (place, look) in under_way.into_iter().enumerate() {
            if place % 2 == 0 { look.found() } else { look.failed() }
        }
        flood(&unknown, HERE, 0);
        assert!(look(&unknown, "one more", HERE, 0).is_err());
    }

    #[test]
    fn memory_is_bounded() {
        let unknown = Unknown::default();
        for n in 0..ADDRESSES + 100 {
            let from = format!("10.{}.{}.{}", n >> 16, (n >> 8) & 255, n & 255);
            if let Ok(look) = look(&unknown, "made up", &from, 0) {
                look.missed();
            }
            unknown.given("session", &format!("{n}"));
        }
        let kept = unknown.kept();
        assert_eq!(kept.looks.len(), ADDRESSES + 1);
        assert!(kept.held.len() + kept.held_before.len() <= KNOWN);
        assert!(kept.knows(&mark("session", &format!("{}", ADDRESSES + 99))));
    }
}
