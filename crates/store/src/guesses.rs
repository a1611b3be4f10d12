//! Proofs that did not hold: how often somebody showed a wrong key, and for how long they are not listened to any more.
//!
//! So many failures go unpunished ([`FREE`]); each one after that closes the door for twice as long, from half a minute to five,
//! and all is forgotten after a quarter of an hour without another. Who is counted is the caller's to say: an address, never the
//! one whose key is guessed, or anybody could lock anybody out. (Passwords of accounts are counted by the account as well: who came
//! from an address before is not asked there, see `evolve_engine::access`.)
//!
//! Only failures are counted, so whoever has the right key costs nothing. Failures are counted in Redis, for all replicas together;
//! each process remembers besides whom it heard to be refused, and asks nobody about them while that lasts. So a replica that has
//! not heard of somebody looks at one guess of theirs, of many at once at ten. While Redis is away each process counts for itself by the same rule: a
//! guesser then has as many tries more as there are replicas, and nobody who knows a key is kept out.
//!
//! Whoever asks many at once would be through before the first of them is counted. So a guess that can be looked at for a while is
//! begun first ([`Guesses::begin`]): no more of somebody's are under way in one process than could all be wrong and still cost nothing,
//! and of who has used those up one at a time. The others wait, or, where many wait, are sent away for a second.
//!
//! Memory is bounded: of [`ROOM`] entries at most, the one that would be forgotten first makes room for a new one. What costs nothing to
//! make up, an address or a name, must not push out what was counted of an account, so each kind has a [`Room`] of its own.

mod book;

use std::{sync::LazyLock, time::Duration};

use chrono::{DateTime, Utc};
use redis::{ErrorKind, ServerErrorKind};

pub(crate) use book::Book;

use self::book::{Ledger, Place, left};
use crate::redis::{Redis, RedisError};

/// What is counted together, and makes room for each other.
///
/// Redis keys `<prefix>:guess:1:counts` (a hash: how often each failed) and `…:until` (a sorted set: when each is forgotten, Unix
/// milliseconds), for each room its own. The number is the layout's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// By the address that they came from.
    Addresses,
    /// By what was typed as a name. Anybody can make up as many as they like.
    Names,
    /// By accounts that there are. There are few.
    Accounts,
}

impl Room {
    const fn key(self) -> &'static str {
        match self {
            Self::Addresses => "guess:1",
            Self::Names => "guess:1:names",
            Self::Accounts => "guess:1:accounts",
        }
    }
}

/// Failures that cost nothing: a slip, a rollout of another key.
pub const FREE: u32 = 10;
/// How long the first failure after those closes the door, milliseconds.
const FIRST: i64 = 30_000;
/// The longest that it is closed, milliseconds. No longer, since it may be a bot of ours with an old key, which is mended and comes
/// from the same address; and twelve guesses an hour find nothing.
const MOST: i64 = 300_000;
/// How long after the door has opened again a failure is still remembered, milliseconds.
const MEMORY: i64 = 900_000;
/// Entries that are kept, in Redis and in each process: some hundred bytes each.
const ROOM: usize = 10_000;
/// After so many doublings the longest wait is reached anyway; more would not fit into a number.
const DOUBLINGS: u32 = 12;
/// So many guesses at one wait for others that are under way; whoever comes then is sent away for a while ([`BUSY`]).
const WAITING: u32 = 32;
const BUSY: Duration = Duration::from_secs(1);

/// KEYS: counts, until; ARGV: who, now, failures that are free, first wait, longest wait, memory, room, doublings. Answers how often
/// they failed, and for how long they are refused, milliseconds. `Ledger::failed` is its twin. It begins with a write that removes nothing:
/// a script that has begun to write may go on in a Redis that is full, and any other would be refused.
const SCRIPT: &str = r"
local who, now, free, first, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local memory, room, doublings = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
redis.call('HDEL', KEYS[1], '')
local known = redis.call('ZSCORE', KEYS[2], who)
local count = 1
if known and tonumber(known) > now then count = tonumber(redis.call('HGET', KEYS[1], who) or '0') + 1 end
if not known and redis.call('ZCARD', KEYS[2]) >= room then
  local gone = redis.call('ZPOPMIN', KEYS[2])
  redis.call('HDEL', KEYS[1], gone[1])
end
local wait = 0
if count > free then wait = math.min(first * 2 ^ math.min(count - free - 1, doublings), most) end
redis.call('HSET', KEYS[1], who, string.format('%.0f', count))
redis.call('ZADD', KEYS[2], string.format('%.0f', now + wait + memory), who)
redis.call('PEXPIRE', KEYS[1], most + memory)
redis.call('PEXPIRE', KEYS[2], most + memory)
return {count, wait}
";

/// What `EVALSHA` calls it.
static SCRIPT_HASH: LazyLock<String> = LazyLock::new(|| redis::Script::new(SCRIPT).get_hash().to_owned());

/// What a failure led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed {
    /// How often they have failed, this time included.
    pub count: u32,
    /// For how long they are not listened to; zero while failures are free.
    pub refused_for: Duration,
}

impl Failed {
    /// Whether this is the failure by which the door was closed first.
    #[must_use]
    pub const fn is_first_refusal(&self) -> bool {
        self.count == FREE + 1
    }
}

/// A place among those that wait, until it is dropped.
struct Waiting<'a> {
    ledger: &'a Ledger,
    who: &'a str,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.ledger.end(self.who, |looks| &mut looks.waiting);
    }
}

/// A guess that is being looked at. Until it is dropped, or found wrong, it counts as one that may be.
#[derive(Debug)]
#[must_use = "what is being looked at must be held until it is known whether it holds"]
pub struct Guess<'a> {
    guesses: Guesses<'a>,
    who: String,
}

impl Guess<'_> {
    /// Counts it as a failure. One round trip to Redis; never fails.
    pub async fn failed(self, now: DateTime<Utc>) -> Failed {
        // Only then the next one is looked at.
        self.guesses.failed(&self.who, now).await
    }
}

impl Drop for Guess<'_> {
    fn drop(&mut self) {
        self.guesses.ledger.end(&self.who, |looks| &mut looks.under_way);
        self.guesses.ledger.over.notify_waiters();
    }
}

/// The failures of one [`Redis`].
#[derive(Clone, Copy, Debug)]
pub struct Guesses<'a> {
    redis: &'a Redis,
    room: Room,
    ledger: &'a Ledger,
}

impl<'a> Guesses<'a> {
    pub(crate) const fn new(redis: &'a Redis, book: &'a Book, room: Room) -> Self {
        Self { redis, room, ledger: book.of(room) }
    }

    /// For how long `who` (what was guessed and from where) is still not listened to, as far as this process has heard. Asks nobody.
    #[must_use]
    pub fn refused_for(&self, who: &str, now: DateTime<Utc>) -> Option<Duration> {
        left(self.ledger.refused_until(who), now.timestamp_millis())
    }

    /// Begins to look at what `who` shows; waits while as many of theirs are under way as may be wrong. Asks nobody.
    ///
    /// # Errors
    /// For how long they are not listened to.
    pub async fn begin(&self, who: &str, now: DateTime<Utc>) -> Result<Guess<'a>, Duration> {
        let mut waiting = None;
        loop {
            // From here on nothing that ends is missed.
            let over = self.ledger.over.notified();
            match self.ledger.begin(who, now.timestamp_millis(), waiting.is_some()) {
                Place::Begun => return Ok(Guess { guesses: *self, who: who.to_owned() }),
                Place::Refused(left) => return Err(left),
                Place::Busy => {
                    waiting.get_or_insert_with(|| Waiting { ledger: self.ledger, who });
                    over.await;
                }
            }
        }
    }

    /// Counts a failure of `who`. One round trip to Redis; never fails.
    pub async fn failed(&self, who: &str, now: DateTime<Utc>) -> Failed {
        let now = now.timestamp_millis();
        let (count, wait) = match self.failed_in_redis(who, now).await {
            Ok(answer) => {
                self.ledger.heard(who, now, answer);
                answer
            }
            // Logged and counted by `call`.
            Err(_) => self.ledger.failed(who, now),
        };
        Failed { count, refused_for: Duration::from_millis(u64::try_from(wait).unwrap_or_default()) }
    }

    async fn failed_in_redis(&self, who: &str, now: i64) -> Result<(u32, i64), RedisError> {
        let command = |name: &str, script: &str| {
            let mut command = redis::cmd(name);
            command.arg(script).arg(2);
            let key = self.room.key();
            command.arg(self.redis.key(format_args!("{key}:counts"))).arg(self.redis.key(format_args!("{key}:until")));
            command.arg(who).arg(now).arg(FREE).arg(FIRST).arg(MOST).arg(MEMORY).arg(ROOM).arg(DOUBLINGS);
            command
        };
        let by_hash = command("EVALSHA", &SCRIPT_HASH);
        let by_text = command("EVAL", SCRIPT);
        self.redis
            .call("guess", |mut connection| async move {
                match by_hash.query_async(&mut connection).await {
                    // Redis has restarted, or never saw it: sending the text makes it known.
                    Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                        by_text.query_async(&mut connection).await
                    }
                    answer => answer,
                }
            })
            .await
    }
}

#[cfg(test)]
mod tests;
