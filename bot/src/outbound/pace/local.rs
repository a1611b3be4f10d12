//! The budget of this process alone, for while Redis is away: the rate of all calls, and of those to one chat. It does not count
//! what other replicas send: beyond its limits Telegram answers 429, and we do as it says.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use evolve_store::pace::{
    Budget, Call, GROUP_CALLS, GROUP_GAP, GROUP_WINDOW, Kind, PERSON_AHEAD, PERSON_GAP, Scope, Turn,
};
use tokio::time::Instant;

/// What may be made up for at once.
const SECOND: Duration = Duration::from_secs(1);

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
    /// When the next sign is due: they take half of what there is.
    sign: Instant,
    /// Chats that Telegram wants to hear nothing for, and until when.
    flooded: HashMap<i64, Instant>,
    /// When groups were sent something within the last minute.
    groups: HashMap<i64, VecDeque<Instant>>,
    /// When people will have made up for what they were sent.
    people: HashMap<i64, Instant>,
}

impl State {
    /// When the next call is due, if it is made. One second's worth may be made up for at once.
    fn next(&self, now: Instant, budget: Budget) -> Instant {
        self.due.max(now.checked_sub(SECOND).unwrap_or(now)) + budget.interval()
    }

    /// How long a call has to wait for its chat.
    fn chat_wait(&mut self, call: Call, budget: Budget, now: Instant) -> Duration {
        let Some(chat_id) = call.chat_id else { return Duration::ZERO };
        let asked = self.flooded.get(&chat_id).map(|until| until.saturating_duration_since(now)).unwrap_or_default();
        if !budget.paces_chat_of(call) {
            return asked;
        }
        let full = if chat_id < 0 { self.group_wait(chat_id, now) } else { self.person_wait(chat_id, now) };
        asked.max(full)
    }

    fn group_wait(&mut self, chat_id: i64, now: Instant) -> Duration {
        let is_over = |sent: &Instant| now.saturating_duration_since(*sent) >= GROUP_WINDOW;
        self.groups.retain(|_, calls| calls.back().is_some_and(|last| !is_over(last)));
        let Some(calls) = self.groups.get_mut(&chat_id) else { return Duration::ZERO };
        while calls.front().is_some_and(is_over) {
            calls.pop_front();
        }
        let most = usize::try_from(GROUP_CALLS).unwrap_or(usize::MAX);
        let first = calls.len().checked_sub(most).and_then(|index| calls.get(index)).map(|first| *first + GROUP_WINDOW);
        let last = calls.back().map(|last| *last + GROUP_GAP);
        first.max(last).map(|until| until.saturating_duration_since(now)).unwrap_or_default()
    }

    fn person_wait(&mut self, chat_id: i64, now: Instant) -> Duration {
        self.people.retain(|_, until| *until > now);
        let until = self.people.get(&chat_id).map(|until| until.saturating_duration_since(now));
        until.unwrap_or_default().saturating_sub(PERSON_AHEAD)
    }

    /// A chat is sent something `at` this time, which is no earlier than what it was sent before.
    fn count(&mut self, chat_id: i64, at: Instant) {
        if chat_id < 0 {
            self.groups.entry(chat_id).or_default().push_back(at);
        } else {
            let until = self.people.entry(chat_id).or_insert(at);
            *until = (*until).max(at) + PERSON_GAP;
        }
    }
}

impl Local {
    pub(super) fn new(budget: Budget) -> Self {
        let now = Instant::now();
        let (flooded, groups, people) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { budget, state: Mutex::new(State { due: now, broadcast: None, sign: now, flooded, groups, people }) }
    }

    /// When a call may be made; one that may is counted.
    pub(super) fn take(&self, call: Call) -> Turn {
        let now = Instant::now();
        let mut state = self.lock();
        let for_chat = state.chat_wait(call, self.budget, now);
        if for_chat > call.kind.patience() {
            return Turn::NotBefore { wait: for_chat, scope: Scope::Chat };
        }
        let due = state.next(now, self.budget);
        let at = match (call.kind, state.broadcast) {
            // Half of the second that may be made up for is kept from courtesies.
            (Kind::Courtesy, _) => state.due + SECOND / 2,
            (Kind::Sign, _) => state.due.max(state.sign),
            (Kind::Broadcast, Some(last)) => due.max(last + self.budget.broadcast_gap()),
            _ => due,
        };
        let wait = at.saturating_duration_since(now);
        if wait > call.kind.patience() {
            return Turn::NotBefore { wait, scope: Scope::Bot };
        }
        state.due = due;
        let wait = wait.max(for_chat);
        match call.kind {
            Kind::Broadcast => state.broadcast = Some(now + wait),
            Kind::Sign => state.sign = now + self.budget.interval() * 2,
            Kind::Reply | Kind::Courtesy => {}
        }
        if let Some(chat_id) = call.chat_id.filter(|_| self.budget.paces_chat_of(call)) {
            state.count(chat_id, now + wait);
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
        for chat in 0..10 {
            assert_eq!(local.take(reply(chat)), Turn::In(Duration::ZERO));
        }
        for (chat, n) in (10..).zip(1..=5) {
            assert_eq!(local.take(reply(chat)), Turn::In(Duration::from_millis(100 * n)));
        }
        let wait = Duration::from_millis(600);
        assert_eq!(local.take(reply(20)), Turn::NotBefore { wait, scope: Scope::Bot });
        tokio::time::advance(wait).await;
        assert_eq!(local.take(reply(20)), Turn::In(Duration::ZERO), "what was given back was counted");
    }

    #[tokio::test(start_paused = true)]
    async fn a_person_is_sent_a_short_burst_and_then_one_a_second() {
        let local = local(1000);
        tokio::time::advance(Duration::from_secs(60)).await;
        for _ in 0..3 {
            assert_eq!(local.take(reply(5)), Turn::In(Duration::ZERO));
        }
        assert_eq!(local.take(reply(5)), Turn::NotBefore { wait: PERSON_GAP, scope: Scope::Chat });
        assert_eq!(local.take(reply(6)), Turn::In(Duration::ZERO), "another person waits");
        let sign = Call { chat_id: Some(5), kind: Kind::Sign };
        assert_eq!(local.take(sign), Turn::In(Duration::ZERO), "a sign waits for the chat");
        tokio::time::advance(Duration::from_millis(700)).await;
        assert_eq!(local.take(reply(5)), Turn::In(Duration::from_millis(300)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_group_is_sent_one_a_second_and_twenty_a_minute() {
        let local = local(1000);
        let begun = Instant::now();
        let mut sent = Vec::new();
        while begun.elapsed() < Duration::from_secs(180) {
            match local.take(reply(-5)) {
                Turn::In(wait) => sent.push(Instant::now() + wait),
                Turn::NotBefore { wait, scope: Scope::Chat } => tokio::time::advance(wait).await,
                turn @ Turn::NotBefore { .. } => panic!("{turn:?}"),
            }
        }
        assert!(sent.windows(2).all(|two| two[1] - two[0] >= SECOND), "two in a second");
        assert!(sent.windows(21).all(|all| all[20] - all[0] >= Duration::from_secs(60)), "twenty-one in a minute");
        assert!(sent.len() >= 59, "{} in three minutes", sent.len());
        assert!(matches!(local.take(reply(-6)), Turn::In(_)), "another group waits");
    }

    #[tokio::test(start_paused = true)]
    async fn where_chats_are_not_paced_telegrams_own_wish_counts_all_the_same() {
        let local = Local::new(Budget::new(1000).without_chats());
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!((0..50).all(|_| matches!(local.take(reply(-5)), Turn::In(_))));
        local.flooded(-5, Duration::from_secs(3));
        assert!(matches!(local.take(reply(-5)), Turn::NotBefore { scope: Scope::Chat, .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn signs_go_at_once_and_leave_replies_what_they_need() {
        let local = local(10);
        let sign = |chat_id| Call { chat_id: Some(chat_id), kind: Kind::Sign };
        assert_eq!(local.take(sign(1)), Turn::In(Duration::ZERO), "not even the first");
        assert!(matches!(local.take(sign(2)), Turn::NotBefore { scope: Scope::Bot, .. }));
        tokio::time::advance(Duration::from_secs(60)).await;
        for chat in 0..9 {
            assert_eq!(matches!(local.take(sign(chat)), Turn::In(_)), chat == 0);
            assert_eq!(local.take(reply(chat)), Turn::In(Duration::ZERO));
        }
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
        let courtesy = |chat_id| Call { chat_id: Some(chat_id), kind: Kind::Courtesy };
        let shown = (10..30).filter(|chat| matches!(local.take(courtesy(*chat)), Turn::In(_))).count();
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
