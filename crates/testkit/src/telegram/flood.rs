//! Telegram's rate limits: so many messages a second overall, and per chat.

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
}

impl FloodLimits {
    /// The limits that Telegram documents for bots: 30 a second overall, 1 a second in a chat.
    pub fn telegram() -> Self {
        Self { per_second: Some(30), per_chat_per_second: Some(1) }
    }
}

const WINDOW: Duration = Duration::from_secs(1);

/// When calls were let through lately.
#[derive(Debug, Default)]
pub(super) struct Floods {
    overall: VecDeque<Instant>,
    per_chat: HashMap<i64, VecDeque<Instant>>,
}

impl Floods {
    /// Lets a call through, or says after how many seconds to try again. A refused call does not count.
    pub(super) fn admit(&mut self, limits: FloodLimits, chat_id: i64, now: Instant) -> Result<(), u64> {
        // Chats that have been quiet for a second need no memory.
        self.per_chat.retain(|_, times| times.back().is_some_and(|last| now.duration_since(*last) < WINDOW));
        let chat = self.per_chat.entry(chat_id).or_default();
        let waits = [wait(&mut self.overall, limits.per_second, now), wait(chat, limits.per_chat_per_second, now)];
        if let Some(wait) = waits.into_iter().flatten().max() {
            return Err(wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
        }
        self.overall.push_back(now);
        chat.push_back(now);
        Ok(())
    }
}

/// How long until the window has room again, if it is full.
fn wait(times: &mut VecDeque<Instant>, limit: Option<u32>, now: Instant) -> Option<Duration> {
    while times.front().is_some_and(|first| now.duration_since(*first) >= WINDOW) {
        times.pop_front();
    }
    let limit = usize::try_from(limit?).unwrap_or(usize::MAX);
    if times.len() < limit {
        return None;
    }
    let blocking = times.get(times.len() - limit).copied().unwrap_or(now);
    Some(WINDOW.saturating_sub(now.duration_since(blocking)))
}
