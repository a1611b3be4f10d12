//! How fast to send.
//!
//! Telegram allows a bot some 30 messages a second, all chats together, and one a second in a chat, short bursts aside.
//! The first we keep by ourselves, per process; beyond it, and for chats, Telegram answers 429 and we do as it says. A 429
//! does not tell whether it is about the chat or about the bot: it is taken for the chat's, until a second chat gets one
//! while the first still waits.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// When the next call may be made.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Between two calls, on average.
    interval: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// When the call after those that were let through would be due, if calls came evenly.
    due: Instant,
    paused_until: Option<Instant>,
    flooded: HashMap<i64, Instant>,
    /// When groups were sent something within the last minute.
    rooms: HashMap<i64, VecDeque<Instant>>,
}

/// What Telegram takes for one group in a minute, for all replicas together: beyond it, it answers 429.
const ROOM_CALLS: usize = 20;
const ROOM_WINDOW: Duration = Duration::from_secs(60);

impl State {
    /// Counts one call; when it is due. One second's worth may be made up for at once.
    fn take(&mut self, now: Instant, interval: Duration) -> Instant {
        self.due = self.due.max(now.checked_sub(Duration::from_secs(1)).unwrap_or(now)) + interval;
        self.due
    }
}

impl Pace {
    /// So many calls a second; as many may come at once.
    #[must_use]
    pub(crate) fn new(per_second: u32) -> Self {
        let interval = Duration::from_secs(1) / per_second.max(1);
        let state = State { due: Instant::now(), paused_until: None, flooded: HashMap::new(), rooms: HashMap::new() };
        Self { interval, state: Mutex::new(state) }
    }

    /// Waits until the caller may make a call.
    pub(crate) async fn turn(&self) {
        let at = self.lock().take(Instant::now(), self.interval);
        tokio::time::sleep_until(at).await;
    }

    /// How long a call for this chat has to wait, if it is a group that was sent as much as it may be; otherwise the call is
    /// counted.
    pub(crate) fn room(&self, chat_id: i64) -> Option<Duration> {
        if chat_id >= 0 {
            return None;
        }
        let now = Instant::now();
        let is_over = |sent: &Instant| now.duration_since(*sent) >= ROOM_WINDOW;
        let mut state = self.lock();
        state.rooms.retain(|_, calls| calls.back().is_some_and(|last| !is_over(last)));
        let calls = state.rooms.entry(chat_id).or_default();
        while calls.front().is_some_and(is_over) {
            calls.pop_front();
        }
        if calls.len() >= ROOM_CALLS {
            return calls.front().map(|first| (*first + ROOM_WINDOW).saturating_duration_since(now));
        }
        calls.push_back(now);
        None
    }

    /// Whether a call that nobody has to wait for may be made now: at most half of what is allowed is used, and nobody was
    /// told to wait.
    pub(crate) fn has_room(&self) -> bool {
        if self.pause().is_some() {
            return false;
        }
        let now = Instant::now();
        let mut state = self.lock();
        // Half of the second that may be made up for is kept for what is owed.
        if state.due > now.checked_sub(Duration::from_millis(500)).unwrap_or(now) {
            return false;
        }
        state.take(now, self.interval);
        true
    }

    /// For how long nothing may be sent at all.
    pub(crate) fn pause(&self) -> Option<Duration> {
        let left = self.lock().paused_until?.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// Sends nothing for a while.
    pub(crate) fn pause_for(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut state = self.lock();
        state.paused_until = state.paused_until.max(Some(until));
    }

    /// Telegram asked to wait when this chat was sent something. Whether everything waits now.
    pub(crate) fn flooded(&self, chat_id: i64, wait: Duration) -> bool {
        let now = Instant::now();
        let is_global = {
            let mut state = self.lock();
            state.flooded.retain(|_, until| *until > now);
            state.flooded.insert(chat_id, now + wait);
            state.flooded.len() > 1
        };
        if is_global {
            self.pause_for(wait);
        }
        is_global
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change leaves the state whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_goes_at_once_and_what_follows_goes_evenly() {
        let pace = Pace::new(10);
        tokio::time::advance(Duration::from_secs(60)).await;
        let start = Instant::now();
        for _ in 0..10 {
            pace.turn().await;
        }
        assert!(start.elapsed() <= Duration::from_millis(1), "{:?}", start.elapsed());
        for _ in 0..20 {
            pace.turn().await;
        }
        assert!((1990..2010).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_group_is_sent_twenty_a_minute_and_a_person_is_not_counted() {
        let pace = Pace::new(1000);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!((0..20).all(|_| pace.room(-5).is_none()));
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(pace.room(-5), Some(Duration::from_secs(40)));
        assert!((0..50).all(|_| pace.room(5).is_none()));
        tokio::time::advance(Duration::from_secs(40)).await;
        assert_eq!(pace.room(-5), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_chat_that_is_told_to_wait_means_that_the_bot_is_meant() {
        let pace = Pace::new(30);
        assert!(!pace.flooded(1, Duration::from_secs(3)));
        assert!(!pace.flooded(1, Duration::from_secs(3)));
        assert_eq!(pace.pause(), None);
        assert!(pace.flooded(2, Duration::from_secs(5)));
        assert_eq!(pace.pause(), Some(Duration::from_secs(5)));
        tokio::time::advance(Duration::from_secs(6)).await;
        assert_eq!(pace.pause(), None);
        assert!(!pace.flooded(3, Duration::from_secs(1)), "what is over does not count");
    }
}
