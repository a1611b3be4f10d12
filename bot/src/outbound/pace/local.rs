//! The budget of this process alone, for while Redis is away: the rate of all calls, and groups. It does not count what a person
//! is sent, nor what other replicas send: beyond its limits Telegram answers 429, and we do as it says.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use evolve_store::pace::{Budget, Call, Kind, Scope, Turn};
use tokio::time::Instant;

/// What may be made up for at once.
const SECOND: Duration = Duration::from_secs(1);
/// What Telegram takes for one group in a minute.
const ROOM_CALLS: usize = 20;
const ROOM_WINDOW: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Local {
    budget: Budget,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// When the call after those that were let through would be due, if calls came evenly.
    due: Instant,
    /// When the last broadcast was due.
    broadcast: Option<Instant>,
    /// Chats that Telegram wants to hear nothing for, and until when.
    flooded: HashMap<i64, Instant>,
    /// When groups were sent something within the last minute.
    rooms: HashMap<i64, VecDeque<Instant>>,
}

impl State {
    /// When the next call is due, if it is made. One second's worth may be made up for at once.
    fn next(&self, now: Instant, budget: Budget) -> Instant {
        self.due.max(now.checked_sub(SECOND).unwrap_or(now)) + budget.interval()
    }

    /// How long a chat has to wait by itself.
    fn chat_wait(&mut self, chat_id: i64, now: Instant) -> Option<Duration> {
        let asked = self.flooded.get(&chat_id).map(|until| until.saturating_duration_since(now));
        let full = (chat_id < 0).then(|| self.room_wait(chat_id, now)).flatten();
        asked.max(full).filter(|wait| !wait.is_zero())
    }

    fn room_wait(&mut self, chat_id: i64, now: Instant) -> Option<Duration> {
        let is_over = |sent: &Instant| now.duration_since(*sent) >= ROOM_WINDOW;
        self.rooms.retain(|_, calls| calls.back().is_some_and(|last| !is_over(last)));
        let calls = self.rooms.get_mut(&chat_id)?;
        while calls.front().is_some_and(is_over) {
            calls.pop_front();
        }
        let oldest = calls.front().filter(|_| calls.len() >= ROOM_CALLS)?;
        Some((*oldest + ROOM_WINDOW).saturating_duration_since(now))
    }
}

impl Local {
    pub(super) fn new(budget: Budget) -> Self {
        let (flooded, rooms) = (HashMap::new(), HashMap::new());
        Self { budget, state: Mutex::new(State { due: Instant::now(), broadcast: None, flooded, rooms }) }
    }

    /// When a call may be made; one that may is counted.
    pub(super) fn take(&self, call: Call) -> Turn {
        let now = Instant::now();
        let mut state = self.lock();
        if let Some(wait) = call.chat_id.and_then(|chat_id| state.chat_wait(chat_id, now)) {
            return Turn::NotBefore { wait, scope: Scope::Chat };
        }
        let due = state.next(now, self.budget);
        // Half of the second that may be made up for is kept from courtesies.
        let at = match (call.kind, state.broadcast) {
            (Kind::Courtesy, _) => state.due + SECOND / 2,
            (Kind::Broadcast, Some(last)) => due.max(last + self.budget.broadcast_gap()),
            _ => due,
        };
        let wait = at.saturating_duration_since(now);
        if wait > call.kind.patience() {
            return Turn::NotBefore { wait, scope: Scope::Bot };
        }
        state.due = due;
        if call.kind == Kind::Broadcast {
            state.broadcast = Some(at.max(now));
        }
        if let Some(chat_id) = call.chat_id.filter(|chat_id| *chat_id < 0) {
            state.rooms.entry(chat_id).or_default().push_back(now);
        }
        Turn::In(wait)
    }

    /// Telegram asked to wait when this chat was sent something. A 429 does not tell whether it is about the chat or about the bot:
    /// it is taken for the chat's, until a second chat gets one while the first still waits. Whether the bot is meant.
    pub(super) fn flooded(&self, chat_id: i64, wait: Duration) -> bool {
        let now = Instant::now();
        let mut state = self.lock();
        state.flooded.retain(|_, until| *until > now);
        state.flooded.insert(chat_id, now + wait);
        state.flooded.len() > 1
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change leaves the state whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(per_second: u32) -> Local {
        Local::new(Budget::new(per_second))
    }

    fn reply(chat_id: i64) -> Call {
        Call { chat_id: Some(chat_id), kind: Kind::Reply }
    }

    fn broadcast(chat_id: i64) -> Call {
        Call { chat_id: Some(chat_id), kind: Kind::Broadcast }
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_goes_at_once_and_what_follows_goes_evenly() {
        let local = local(10);
        tokio::time::advance(Duration::from_secs(60)).await;
        for _ in 0..10 {
            assert_eq!(local.take(reply(1)), Turn::In(Duration::ZERO));
        }
        for n in 1..=5 {
            assert_eq!(local.take(reply(1)), Turn::In(Duration::from_millis(100 * n)));
        }
        let wait = Duration::from_millis(600);
        assert_eq!(local.take(reply(1)), Turn::NotBefore { wait, scope: Scope::Bot });
        tokio::time::advance(wait).await;
        assert_eq!(local.take(reply(1)), Turn::In(Duration::ZERO), "what was given back was counted");
    }

    #[tokio::test(start_paused = true)]
    async fn a_group_is_sent_twenty_a_minute_and_a_person_is_not_counted() {
        let local = local(1000);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!((0..20).all(|_| matches!(local.take(reply(-5)), Turn::In(_))));
        tokio::time::advance(Duration::from_secs(20)).await;
        let wait = Duration::from_secs(40);
        assert_eq!(local.take(reply(-5)), Turn::NotBefore { wait, scope: Scope::Chat });
        assert!((0..50).all(|_| matches!(local.take(reply(5)), Turn::In(_))));
        tokio::time::advance(wait).await;
        assert!(matches!(local.take(reply(-5)), Turn::In(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn broadcasts_leave_room_for_replies() {
        let local = local(10);
        tokio::time::advance(Duration::from_secs(60)).await;
        let sent = (0..100).filter(|chat| matches!(local.take(broadcast(*chat)), Turn::In(_))).count();
        assert_eq!(sent, 1, "broadcasts come evenly");
        assert_eq!(local.take(reply(1)), Turn::In(Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn a_courtesy_leaves_half_of_what_may_be_made_up_for() {
        let local = local(10);
        tokio::time::advance(Duration::from_secs(60)).await;
        let courtesy = Call { chat_id: Some(1), kind: Kind::Courtesy };
        let shown = (0..20).filter(|_| matches!(local.take(courtesy), Turn::In(_))).count();
        assert!((5..=6).contains(&shown), "{shown}");
        assert_eq!(local.take(reply(1)), Turn::In(Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_chat_that_is_told_to_wait_means_that_the_bot_is_meant() {
        let local = local(30);
        assert!(!local.flooded(1, Duration::from_secs(3)));
        assert!(!local.flooded(1, Duration::from_secs(3)));
        let wait = Duration::from_secs(3);
        assert_eq!(local.take(reply(1)), Turn::NotBefore { wait, scope: Scope::Chat });
        assert!(local.flooded(2, Duration::from_secs(5)));
        tokio::time::advance(Duration::from_secs(6)).await;
        assert!(!local.flooded(3, Duration::from_secs(1)), "what is over does not count");
    }
}
