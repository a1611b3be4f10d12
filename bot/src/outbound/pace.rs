//! How fast to send: as Redis says, where all replicas share one budget ([`evolve_store::pace`]); while it is away, as this
//! process says by itself ([`local`]).
//!
//! A call whose turn comes in a moment is held in the hand until then. One that must wait longer is given back, and if it is not
//! its chat alone that waits, nothing of its kind is claimed before: or each claim would only be given back. One that cannot be given
//! back, since it finishes what was begun, is held for longer ([`Pace::turn_within`]).
//!
//! What takes a turn is what Telegram counts: whatever a chat is sent, and edits. Answers to pressed buttons, to checkouts and to inline
//! queries, and questions of Telegram's own, are counted by nobody and wait for nothing.

mod local;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use evolve_runtime::breaker::BreakerState;
use evolve_store::{
    outbox::Priority,
    pace::{Budget, Call, Kind, Scope, Turn},
    redis::Redis,
};
use tokio::time::Instant;

use local::Local;

/// When the next call may be made.
#[derive(Debug)]
pub(crate) struct Pace {
    redis: Redis,
    budget: Budget,
    local: Local,
    held: Mutex<Held>,
}

/// Until when nothing is claimed: of what goes to one person, and of broadcasts.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    replies: Option<Instant>,
    broadcasts: Option<Instant>,
}

/// What may be claimed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Open {
    /// The least urgent that may; nothing where nothing may.
    pub(super) up_to: Option<Priority>,
    /// When more may, if not everything does.
    pub(super) more_at: Option<Instant>,
}

impl Pace {
    /// So many calls, of all replicas together.
    #[must_use]
    pub(crate) fn new(redis: Redis, budget: Budget) -> Self {
        Self { redis, budget, local: Local::new(budget), held: Mutex::default() }
    }

    /// Whether the budget is kept with all replicas, as far as is known.
    #[must_use]
    pub(crate) fn is_shared(&self) -> bool {
        self.redis.breaker().is_some_and(|breaker| breaker.state == BreakerState::Closed)
    }

    /// Waits until a call may be made, if that is a moment.
    ///
    /// # Errors
    /// How long it has to wait where that is longer: then it is to be given back, and has not been counted.
    pub(super) async fn turn(&self, call: Call) -> Result<(), Duration> {
        match self.take(call).await {
            Turn::In(wait) => {
                tokio::time::sleep(wait).await;
                Ok(())
            }
            Turn::NotBefore { wait, scope } => {
                if scope == Scope::Bot {
                    self.hold(call.kind, wait);
                }
                Err(wait)
            }
        }
    }

    /// As [`Self::turn`], for a call that finishes what was begun: waits for `most` at the longest.
    ///
    /// # Errors
    /// How long it has to wait where that is longer.
    pub(crate) async fn turn_within(&self, call: Call, most: Duration) -> Result<(), Duration> {
        let end = Instant::now() + most;
        loop {
            match self.turn(call).await {
                Err(wait) if Instant::now() + wait <= end => tokio::time::sleep(wait).await,
                decided => return decided,
            }
        }
    }

    /// Whether a call to a chat that nobody has to wait for may be made now: at most half of what is allowed is used, and nobody
    /// was told to wait.
    pub(crate) async fn has_room(&self, chat_id: i64) -> bool {
        self.may(Call { chat_id: Some(chat_id), kind: Kind::Courtesy }).await
    }

    /// The same of a sign in a chat that is no message.
    pub(crate) async fn has_room_for_sign(&self, chat_id: i64) -> bool {
        self.may(Call { chat_id: Some(chat_id), kind: Kind::Sign }).await
    }

    /// Whether a call that need not be made may be made at once.
    async fn may(&self, call: Call) -> bool {
        self.open().up_to.is_some() && matches!(self.take(call).await, Turn::In(_))
    }

    /// What may be claimed now.
    pub(super) fn open(&self) -> Open {
        let now = Instant::now();
        let held = *self.lock();
        let waits = |until: Option<Instant>| until.filter(|until| *until > now);
        match (waits(held.replies), waits(held.broadcasts)) {
            (Some(until), _) => Open { up_to: None, more_at: Some(until) },
            (None, Some(until)) => Open { up_to: Some(Priority::Notice), more_at: Some(until) },
            (None, None) => Open { up_to: Some(Priority::Broadcast), more_at: None },
        }
    }

    /// Claims nothing for a while.
    pub(super) fn pause_for(&self, wait: Duration) {
        self.hold(Kind::Reply, wait);
    }

    /// Telegram asked to wait when this chat was sent something: all replicas are told. Whether everything waits now.
    pub(crate) async fn flooded(&self, chat_id: i64, wait: Duration) -> bool {
        // Both are told, so that it holds whichever is asked next.
        let alone = self.local.flooded(chat_id, wait);
        let together = self.redis.pace().flooded(chat_id, wait).await.unwrap_or_default();
        if alone || together {
            self.pause_for(wait);
        }
        alone || together
    }

    async fn take(&self, call: Call) -> Turn {
        // Why Redis did not answer was logged and counted by itself.
        self.redis.pace().take(call, self.budget).await.unwrap_or_else(|_| self.local.take(call))
    }

    fn hold(&self, kind: Kind, wait: Duration) {
        let until = Some(Instant::now() + wait);
        let mut held = self.lock();
        let of_kind = if kind == Kind::Broadcast { &mut held.broadcasts } else { &mut held.replies };
        *of_kind = until.max(*of_kind);
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        // Each change leaves it whole.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use evolve_runtime::metrics::Metrics;
    use evolve_store::redis::RedisConfig;

    use super::*;

    /// Of a process without Redis.
    fn alone(per_second: u32) -> Pace {
        Pace::new(Redis::connect(&RedisConfig::default(), &Metrics::new()), Budget::new(per_second))
    }

    fn call(chat_id: i64, kind: Kind) -> Call {
        Call { chat_id: Some(chat_id), kind }
    }

    #[tokio::test(start_paused = true)]
    async fn what_must_wait_is_given_back_and_nothing_of_its_kind_is_claimed_meanwhile() {
        let pace = alone(1);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(pace.open(), Open { up_to: Some(Priority::Broadcast), more_at: None });
        pace.turn(call(1, Kind::Broadcast)).await.unwrap();
        let wait = pace.turn(call(2, Kind::Broadcast)).await.unwrap_err();
        let until = Instant::now() + wait;
        assert_eq!(pace.open(), Open { up_to: Some(Priority::Notice), more_at: Some(until) });
        let wait = pace.turn(call(3, Kind::Reply)).await.unwrap_err();
        assert_eq!(pace.open(), Open { up_to: None, more_at: Some(Instant::now() + wait) });
        assert!(!pace.has_room(4).await);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(pace.open(), Open { up_to: Some(Priority::Broadcast), more_at: None });
    }

    #[tokio::test(start_paused = true)]
    async fn a_chat_that_must_wait_holds_up_nobody_else() {
        let pace = alone(1000);
        assert!(!pace.flooded(1, Duration::from_secs(3)).await);
        assert_eq!(pace.turn(call(1, Kind::Reply)).await, Err(Duration::from_secs(3)));
        assert_eq!(pace.open(), Open { up_to: Some(Priority::Broadcast), more_at: None });
        pace.turn(call(2, Kind::Reply)).await.unwrap();
        assert!(pace.flooded(2, Duration::from_secs(5)).await);
        let until = Instant::now() + Duration::from_secs(5);
        assert_eq!(pace.open(), Open { up_to: None, more_at: Some(until) });
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_given_back_is_held_until_its_turn_or_told_how_long_it_would_take() {
        let pace = alone(1000);
        pace.turn(call(-5, Kind::Reply)).await.unwrap();
        let begun = Instant::now();
        assert!(pace.turn(call(-5, Kind::Reply)).await.is_err());
        pace.turn_within(call(-5, Kind::Reply), Duration::from_secs(5)).await.unwrap();
        assert!((1..5).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
        pace.flooded(-5, Duration::from_secs(30)).await;
        let wait = pace.turn_within(call(-5, Kind::Reply), Duration::from_secs(5)).await.unwrap_err();
        assert_eq!(wait, Duration::from_secs(30));
    }
}
