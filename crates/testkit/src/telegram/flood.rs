//! Telegram's rate limits: so many messages a second overall and per chat, and so many a minute per group.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

/// Rates beyond which calls that reach people get 429. Absent means unlimited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FloodLimits {
    /// Calls a second, all chats together.
    pub per_second: Option<u32>,
    /// Calls a second in one chat.
    pub per_chat_per_second: Option<u32>,
    /// Calls a minute in one group.
    pub per_group_per_minute: Option<u32>,
}

impl FloodLimits {
    /// The limits that Telegram documents for bots: 30 a second overall, 1 a second in a chat, 20 a minute in a group. It documents
    /// short bursts too, which are not granted here.
    pub fn telegram() -> Self {
        Self { per_second: Some(30), per_chat_per_second: Some(1), per_group_per_minute: Some(20) }
    }
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// When calls were let through lately.
#[derive(Debug, Default)]
pub(super) struct Floods {
    overall: VecDeque<Instant>,
    per_chat: HashMap<i64, VecDeque<Instant>>,
}

impl Floods {
    /// Lets a call through, or says after how many seconds to try again. A refused call does not count.
    pub(super) fn admit(&mut self, limits: FloodLimits, chat_id: i64, now: Instant) -> Result<(), u64> {
        forget(&mut self.overall, SECOND, now);
        // Chats that have been quiet for as long as it matters need no memory.
        self.per_chat.retain(|_, times| times.back().is_some_and(|last| now.duration_since(*last) < MINUTE));
        let chat = self.per_chat.entry(chat_id).or_default();
        forget(chat, MINUTE, now);
        let of_group = limits.per_group_per_minute.filter(|_| chat_id < 0);
        let waits = [
            wait(&self.overall, limits.per_second, SECOND, now),
            wait(chat, limits.per_chat_per_second, SECOND, now),
            wait(chat, of_group, MINUTE, now),
        ];
        if let Some(wait) = waits.into_iter().flatten().max() {
            return Err(wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
        }
        self.overall.push_back(now);
        chat.push_back(now);
        Ok(())
    }
}

/// Forgets what was longer ago than a window.
fn forget(times: &mut VecDeque<Instant>, window: Duration, now: Instant) {
    while times.front().is_some_and(|first| now.duration_since(*first) >= window) {
        times.pop_front();
    }
}

/// How long until the window has room again, if it is full.
fn wait(times: &VecDeque<Instant>, limit: Option<u32>, window: Duration, now: Instant) -> Option<Duration> {
    let limit = usize::try_from(limit?).unwrap_or(usize::MAX);
    // The call that has to be over before another is let through. Of a limit of none, there is no such call.
    let index = times.len().checked_sub(limit)?;
    let blocking = times.get(index).copied().unwrap_or(now);
    Some(window.saturating_sub(now.duration_since(blocking))).filter(|wait| !wait.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_group_gets_one_a_second_and_twenty_a_minute_and_a_person_one_a_second() {
        let (mut floods, limits) = (Floods::default(), FloodLimits::telegram());
        for _ in 0..20 {
            assert_eq!(floods.admit(limits, -5, Instant::now()), Ok(()));
            assert_eq!(floods.admit(limits, 5, Instant::now()), Ok(()));
            assert_eq!(floods.admit(limits, 5, Instant::now()), Err(1));
            tokio::time::advance(SECOND).await;
        }
        assert_eq!(floods.admit(limits, -5, Instant::now()), Err(40));
        assert_eq!(floods.admit(limits, 5, Instant::now()), Ok(()));
        tokio::time::advance(40 * SECOND).await;
        assert_eq!(floods.admit(limits, -5, Instant::now()), Ok(()));
        assert_eq!(floods.admit(limits, -5, Instant::now()), Err(1));
    }
}
