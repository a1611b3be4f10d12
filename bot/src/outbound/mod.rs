//! Sends what is owed: the outbox, in order per chat, paced to what Telegram allows.
//!
//! A row is owed until Telegram has accepted it, or has said for good that it never will. Telegram knows no idempotency
//! keys: where a connection breaks after a call was sent, nobody can tell whether the person has the message. It is sent
//! again then: a message that comes twice is a smaller harm than one that never comes. A process that dies between the
//! two is the same case, a few milliseconds wide.

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

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use evolve_store::{StoreError, outbox::ClaimedOutgoing};
use uuid::Uuid;

use crate::{
    bot::Bot,
    queue::{self, Queue},
};

/// Calls under way at the same time. Each takes some 50 ms at Telegram, which allows 30 a second.
pub(crate) const SENDERS: usize = 30;
/// Longer than waiting for one's turn, a call, and its second try as plain text can take.
const LEASE: TimeDelta = TimeDelta::seconds(120);

/// The outbox of one bot.
#[derive(Clone, Debug)]
pub(crate) struct OutboxQueue {
    pub(crate) bot: Bot,
    pub(crate) pace: Arc<Pace>,
}

impl Queue for OutboxQueue {
    type Item = ClaimedOutgoing;
    const NAME: &'static str = "outbox";
    const EMPTIED_AT_STOP: bool = true;

    async fn claim(&self) -> Result<Option<ClaimedOutgoing>, StoreError> {
        if self.pace.pause().is_some() {
            return Ok(None);
        }
        self.bot.store.outbox().claim(Uuid::now_v7(), self.bot.clock.now(), LEASE).await
    }

    async fn next_ready(&self) -> Result<Option<Duration>, StoreError> {
        if let Some(pause) = self.pace.pause() {
            return Ok(Some(pause));
        }
        Ok(queue::until(self.bot.store.outbox().next_ready().await?, self.bot.clock.now()))
    }

    async fn work(&self, outgoing: ClaimedOutgoing) {
        self.pace.turn().await;
        send::send(&self.bot, &self.pace, &outgoing).await;
    }
}
