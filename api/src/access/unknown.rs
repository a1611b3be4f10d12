//! What is shown and not known to hold. To find out costs a look into Postgres, and a session, a key or the token of somebody who runs
//! nothing can be made up or shown as fast as anybody likes. So each address has so many looks a minute that find nothing; beyond it
//! what is not known is looked up [`BEYOND`] at a time, of all such addresses together, and what waits for that too long is refused. So
//! what is made up never takes the pool, and who is right and not known here yet (after a restart nobody is) is served, if slowly.
//!
//! What was just found wrong and can never be right again is wrong for the rest of some seconds without a look: a dead key that a
//! program shows twice a second uses up nobody's looks.
//!
//! Whatever held once is known from then on, and is looked up however much is shown that does not: who is at work is not kept out by
//! who has the same address. One that holds no more is forgotten with the look that finds it so. To be known is to be looked up, no
//! more: whether it holds, Postgres says each time.
//!
//! A look is counted as it begins, and given back where it found somebody or nothing could be found out: whoever shows many at once has
//! no more of them looked up at once. Each process counts for itself, since it is its own looks that are counted. Memory is bounded: of
//! what held, the last [`KNOWN`] are known, at least half of them; of what was wrong the first [`WRONG`]; of addresses beyond
//! [`ADDRESSES`] all are counted as one.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use crate::limits;

/// Looks that find nothing, of one address in one minute: an office whose sessions ended over night has fewer.
const MOST: u32 = 60;
/// Addresses that are counted apart in one minute.
const ADDRESSES: usize = 10_000;
/// What is known to have held.
const KNOWN: usize = 10_000;
/// What is remembered to be wrong.
const WRONG: usize = 10_000;
/// Looks at a time for addresses that used up theirs: as many connections of the pool, whoever shows whatever.
const BEYOND: usize = 2;
/// How long such a look is waited for.
const BEYOND_WAIT: Duration = Duration::from_secs(5);
/// Seconds.
const MINUTE: i64 = 60;
/// Seconds for which something stays wrong without a look, at most.
const WRONG_FOR: i64 = 5;

/// What is kept of what is shown: a hash.
type Mark = [u8; 32];

/// What is not known, by address, and what is. For one process.
#[derive(Debug)]
pub struct Unknown {
    kept: Mutex<Kept>,
    beyond: Semaphore,
}

impl Default for Unknown {
    fn default() -> Self {
        Self { kept: Mutex::default(), beyond: Semaphore::new(BEYOND) }
    }
}

#[derive(Debug, Default)]
struct Kept {
    /// Since 1970; that of the counts.
    minute: i64,
    looks: HashMap<String, u32>,
    /// The newer half of what held, and the older: that is forgotten once the newer is full.
    held: HashSet<Mark>,
    held_before: HashSet<Mark>,
    /// Since 1970, each of [`WRONG_FOR`] seconds; that of what is wrong.
    span: i64,
    wrong: HashSet<Mark>,
}

impl Kept {
    fn knows(&self, mark: &Mark) -> bool {
        self.held.contains(mark) || self.held_before.contains(mark)
    }

    fn remember(&mut self, mark: Mark) {
        if self.held.len() >= KNOWN / 2 && !self.held.contains(&mark) {
            self.held_before = std::mem::take(&mut self.held);
        }
        self.wrong.remove(&mark);
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
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to look up what is shown: a `kind` of proof, and itself. Waits, where too much from that address was nothing.
    ///
    /// # Errors
    /// That too many wait: for how long that address has no looks of its own.
    pub async fn look(
        &self,
        (kind, shown): (&str, &str),
        address: Option<IpAddr>,
        now: DateTime<Utc>,
    ) -> Result<Look<'_>, Duration> {
        let mark = mark(kind, shown);
        let (counted, beyond) = match self.count(&mark, address, now) {
            Ok(counted) => (counted, None),
            Err(left) => match timeout(BEYOND_WAIT, self.beyond.acquire()).await {
                Ok(Ok(permit)) => (None, Some(permit)),
                Ok(Err(_)) | Err(_) => return Err(left),
            },
        };
        Ok(Look { unknown: self, mark, counted, _beyond: beyond })
    }

    /// Counts a look of what is not known; fails with how long its address has none left.
    fn count(
        &self,
        mark: &Mark,
        address: Option<IpAddr>,
        now: DateTime<Utc>,
    ) -> Result<Option<(String, i64)>, Duration> {
        let mut kept = self.kept();
        // Every request has an address; without any there is nobody to count.
        let Some(address) = address.filter(|_| !kept.knows(mark)) else { return Ok(None) };
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
        Ok(Some((who, minute)))
    }

    /// What was shown was found wrong just now, and can never be right again.
    pub fn wrong(&self, (kind, shown): (&str, &str), now: DateTime<Utc>) {
        let (mut kept, span) = (self.kept(), now.timestamp().div_euclid(WRONG_FOR));
        if kept.span != span {
            kept.span = span;
            kept.wrong.clear();
        }
        if kept.wrong.len() < WRONG {
            kept.wrong.insert(mark(kind, shown));
        }
    }

    /// Whether what is shown was found wrong a moment ago.
    #[must_use]
    pub fn is_wrong(&self, (kind, shown): (&str, &str), now: DateTime<Utc>) -> bool {
        let kept = self.kept();
        kept.span == now.timestamp().div_euclid(WRONG_FOR) && kept.wrong.contains(&mark(kind, shown))
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
    /// Held for as long as the look takes, where its address had none left.
    _beyond: Option<SemaphorePermit<'a>>,
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

    async fn look<'a>(unknown: &'a Unknown, shown: &str, from: &str, second: i64) -> Result<Look<'a>, Duration> {
        unknown.look(("session", shown), Some(from.parse().unwrap()), at(second)).await
    }

    async fn flood(unknown: &Unknown, from: &str, second: i64) {
        for made_up in 0..MOST {
            look(unknown, &format!("made up {made_up}"), from, second).await.unwrap().missed();
        }
    }

    /// While this is held, who has no looks left is refused.
    async fn busy(unknown: &Unknown) -> SemaphorePermit<'_> {
        unknown.beyond.acquire_many(u32::try_from(BEYOND).unwrap()).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn who_shows_much_that_is_nothing_has_no_looks_for_the_rest_of_the_minute_and_others_have() {
        let unknown = Unknown::default();
        let _busy = busy(&unknown).await;
        flood(&unknown, HERE, 20).await;
        assert_eq!(look(&unknown, "another", HERE, 20).await.unwrap_err(), Duration::from_secs(40));
        assert_eq!(look(&unknown, "another", HERE, 59).await.unwrap_err(), Duration::from_secs(1));
        look(&unknown, "another", "203.0.113.8", 20).await.unwrap().missed();
        look(&unknown, "another", HERE, 60).await.unwrap().missed();
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_no_looks_left_is_looked_up_few_at_a_time_and_waits_for_it_no_longer_than_some_seconds() {
        let unknown = Unknown::default();
        flood(&unknown, HERE, 20).await;
        let mut under_way = Vec::new();
        for n in 0..BEYOND {
            under_way.push(look(&unknown, &format!("beyond {n}"), HERE, 20).await.unwrap());
        }
        assert_eq!(look(&unknown, "right", HERE, 20).await.unwrap_err(), Duration::from_secs(40));
        let done = under_way.pop().unwrap();
        let (served, ()) = tokio::join!(look(&unknown, "right", HERE, 20), async { done.missed() });
        served.unwrap().found();
        drop(under_way);
        let _busy = busy(&unknown).await;
        look(&unknown, "right", HERE, 21).await.unwrap().found();
        look(&unknown, "wrong", HERE, 21).await.unwrap_err();
    }

    #[test]
    fn what_was_wrong_is_wrong_for_some_seconds_unless_it_is_given_out() {
        let unknown = Unknown::default();
        unknown.wrong(("key", "dead"), at(0));
        assert!(unknown.is_wrong(("key", "dead"), at(WRONG_FOR - 1)));
        assert!(!unknown.is_wrong(("session", "dead"), at(0)) && !unknown.is_wrong(("key", "other"), at(0)));
        assert!(!unknown.is_wrong(("key", "dead"), at(WRONG_FOR)));
        unknown.given("key", "dead");
        assert!(!unknown.is_wrong(("key", "dead"), at(0)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_held_is_looked_up_whatever_else_comes_from_there_until_it_holds_no_more() {
        let unknown = Unknown::default();
        let _busy = busy(&unknown).await;
        look(&unknown, "right", HERE, 0).await.unwrap().found();
        unknown.given("session", "given");
        flood(&unknown, HERE, 1).await;
        look(&unknown, "right", HERE, 2).await.unwrap().found();
        look(&unknown, "given", HERE, 2).await.unwrap().found();
        let as_key = unknown.look(("key", "right"), Some(HERE.parse().unwrap()), at(2)).await;
        assert!(as_key.is_err(), "it is no key");
        look(&unknown, "right", HERE, 3).await.unwrap().missed();
        assert!(look(&unknown, "right", HERE, 4).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_under_way_is_counted_and_what_was_right_or_not_found_out_costs_nothing() {
        let unknown = Unknown::default();
        let _busy = busy(&unknown).await;
        let mut under_way = Vec::new();
        for n in 0..MOST {
            under_way.push(look(&unknown, &format!("{n}"), HERE, 0).await.unwrap());
        }
        assert!(look(&unknown, "one more", HERE, 0).await.is_err());
        for (place, look) in under_way.into_iter().enumerate() {
            if place % 2 == 0 { look.found() } else { look.failed() }
        }
        flood(&unknown, HERE, 0).await;
        assert!(look(&unknown, "one more", HERE, 0).await.is_err());
    }

    #[tokio::test]
    async fn memory_is_bounded() {
        let unknown = Unknown::default();
        for n in 0..ADDRESSES + 100 {
            let from = format!("10.{}.{}.{}", n >> 16, (n >> 8) & 255, n & 255);
            look(&unknown, "made up", &from, 0).await.unwrap().missed();
            unknown.given("session", &format!("{n}"));
            unknown.wrong(("key", &format!("{n}")), at(0));
        }
        let kept = unknown.kept();
        assert_eq!((kept.looks.len(), kept.wrong.len()), (ADDRESSES + 1, WRONG));
        assert!(kept.held.len() + kept.held_before.len() <= KNOWN);
        assert!(kept.knows(&mark("session", &format!("{}", ADDRESSES + 99))));
    }
}
