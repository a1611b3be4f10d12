//! Sends what is owed: the outbox, in order per chat, replies before broadcasts, paced to what Telegram allows all replicas
//! together.
//!
//! A row is owed until Telegram has accepted it, or has said for good that it never will. Telegram knows no idempotency
//! keys: where a connection breaks after a call was sent, nobody can tell whether the person has the message. It is sent
//! again then: a message that comes twice is a smaller harm than one that never comes. A process that dies between the
//! two is the same case, a few milliseconds wide. `docs/guarantees.md` says so to people.

mod call;
mod export;
mod first;
mod notice;
mod own;
mod pace;
mod refused;
mod send;
mod spoken;

pub(crate) use export::METHOD as EXPORT;
pub(crate) use first::STOP as STOP_WRITING_FIRST;
pub(crate) use pace::Pace;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use evolve_runtime::traces;
use evolve_store::{
    StoreError,
    outbox::{ClaimedOutgoing, Priority},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use tracing::{Instrument as _, Span};
use uuid::Uuid;

use crate::{
    bot::Bot,
    queue::{self, Queue},
};

/// Calls under way at the same time. Each takes some 50 ms at Telegram, which allows 30 a second.
pub(crate) const SENDERS: usize = 30;
/// Of those, broadcasts. A Telegram that takes its time with them still has hands for replies.
const BROADCASTERS: usize = 20;
/// How long a call is ours without a sign of life. Longer than with an update: a call that was made and could not be written down
/// is made again once this is over.
const LEASE: TimeDelta = TimeDelta::seconds(15);
const EXTEND_EVERY: Duration = Duration::from_secs(5);

/// The outbox of one bot.
#[derive(Clone, Debug)]
pub(crate) struct OutboxQueue {
    bot: Bot,
    broadcasters: Arc<Semaphore>,
    /// When more may be claimed than could be at the last look, whatever is ready.
    more_at: Arc<Mutex<Option<Instant>>>,
}

/// A call to make; and the right to make a broadcast, of one that is.
#[derive(Debug)]
pub(crate) struct InHand {
    outgoing: ClaimedOutgoing,
    _broadcaster: Option<OwnedSemaphorePermit>,
}

impl OutboxQueue {
    pub(crate) fn new(bot: Bot) -> Self {
        Self { bot, broadcasters: Arc::new(Semaphore::new(BROADCASTERS)), more_at: Arc::default() }
    }

    /// The least urgent that is claimed now, of what may be. A process that stops sends what people wait for, and leaves
    /// broadcasts to the others.
    fn up_to(&self, open: Priority, is_broadcaster_free: bool) -> Priority {
        let broadcasts = is_broadcaster_free && !self.bot.tasks.soft().is_cancelled();
        if broadcasts { open } else { open.min(Priority::Notice) }
    }

    fn more_at(&self) -> MutexGuard<'_, Option<Instant>> {
        // A time is written whole.
        self.more_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue for OutboxQueue {
    type Item = InHand;
    const NAME: &'static str = "outbox";
    const EMPTIED_AT_STOP: bool = true;

    fn now(&self) -> DateTime<Utc> {
        self.bot.clock.now()
    }

    fn fell_silent(&self) {
        self.bot.store.fell_silent();
    }

    async fn claim(&self, at: DateTime<Utc>) -> Result<Option<InHand>, StoreError> {
        // What is under way has the last seconds of a stopping process; the rest is for others.
        if self.bot.tasks.handing_back().is_cancelled() {
            return Ok(None);
        }
        let open = self.bot.pace.open();
        *self.more_at() = open.more_at;
        let Some(most) = open.up_to else { return Ok(None) };
        let broadcaster = self.broadcasters.clone().try_acquire_owned().ok();
        let up_to = self.up_to(most, broadcaster.is_some());
        let claimed = self.bot.store.outbox().claim(Uuid::now_v7(), up_to, at, LEASE).await?;
        Ok(claimed.map(|outgoing| {
            let is_broadcast = outgoing.priority == Priority::Broadcast;
            InHand { outgoing, _broadcaster: broadcaster.filter(|_| is_broadcast) }
        }))
    }

    async fn next_ready(&self, at: DateTime<Utc>) -> Result<Option<Duration>, StoreError> {
        let more = self.more_at().map(|at| at.saturating_duration_since(Instant::now()));
        let ready = queue::until(self.bot.store.outbox().next_ready(at).await?, self.bot.clock.now());
        Ok(more.into_iter().chain(ready).min())
    }

    async fn work(&self, in_hand: InHand) {
        let work = async {
            tokio::select! {
                () = send::send(&self.bot, &in_hand.outgoing) => {}
                () = keep(&self.bot, &in_hand.outgoing) => {}
            }
        };
        work.instrument(span_of(&in_hand.outgoing)).await;
    }
}

/// None for what nobody asked for: a broadcast would be a hundred thousand traces.
fn span_of(outgoing: &ClaimedOutgoing) -> Span {
    let Some(trace) = &outgoing.trace else { return Span::none() };
    let span = tracing::info_span!(
        "send owed",
        otel.kind = "consumer",
        messaging.system = "evolve",
        messaging.destination.name = OutboxQueue::NAME,
        messaging.operation.name = "send",
        "messaging.operation.type" = "process",
        messaging.message.id = outgoing.id,
    );
    traces::follow(&span, Some(trace));
    span
}

/// Extends the lease of a call for as long as it is under way, and never completes: what Telegram was asked may have been done,
/// whoever has the row now.
async fn keep(bot: &Bot, outgoing: &ClaimedOutgoing) {
    let extend = || async { bot.store.outbox().extend(outgoing, bot.clock.now(), LEASE).await };
    queue::lease_lost(bot, EXTEND_EVERY, extend).await;
    std::future::pending().await
}
