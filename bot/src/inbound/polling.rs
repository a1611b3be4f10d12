//! Long polling, by the one replica that holds the lock.
//!
//! Telegram gives updates to one poller per bot, and answers a second one with 409. Our own replicas therefore agree
//! among themselves, by a lock in Postgres that a dead process cannot keep. The offset, by which Telegram forgets what was
//! delivered, is advanced only when the inbox has the updates: while Postgres is away, or too much waits, Telegram keeps them.

use std::{ops::ControlFlow, time::Duration};

use evolve_store::{StoreError, lock::Lock};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{ALLOWED_UPDATES, Backoff, is_seen_to, new_update, receiving, setup, store};
use crate::{bot::Bot, checkout, telegram::TelegramError};

/// Who holds this polls.
const LOCK: &str = "telegram-poller";
/// How long Telegram holds an empty answer back.
const LONG_POLL: Duration = Duration::from_secs(50);
/// How long we wait for it.
const PATIENCE: Duration = Duration::from_secs(65);
/// What takes longer than this of Postgres means that it is away.
const SLOW: Duration = Duration::from_secs(2);
/// How often a replica without the lock looks whether it is free.
const WAIT_FOR_LOCK: Duration = Duration::from_secs(5);

/// Polls whenever this process holds the lock, until `stop`.
///
/// # Errors
/// When Telegram refuses the token.
pub(crate) async fn run(bot: Bot, stop: CancellationToken) -> anyhow::Result<()> {
    if !setup::say_hello(&bot, &stop).await? {
        return Ok(());
    }
    let mut backoff = Backoff::default();
    while !stop.is_cancelled() {
        let mut is_postgres_away = false;
        let pause = match lock_or_peek(&bot).await {
            Ok(Some(mut lock)) => {
                backoff.reset();
                tracing::info!("this replica polls Telegram");
                let polled = tokio::select! {
                    polled = poll(&bot) => polled,
                    () = lock.lost() => {
                        tracing::warn!("lost the lock for polling; another replica may poll now");
                        Ok(())
                    }
                    () = stop.cancelled() => Ok(()),
                };
                lock.release().await;
                polled?;
                backoff.next()
            }
            Ok(None) => WAIT_FOR_LOCK.mul_f64(rand::random_range(0.8..1.2)),
            Err(error) => {
                tracing::warn!(%error, "cannot ask for the lock for polling; Telegram keeps the updates");
                is_postgres_away = true;
                backoff.next()
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = checkout::peek(&bot), if is_postgres_away => {}
            () = stop.cancelled() => {}
        }
    }
    Ok(())
}

/// Asks for the lock. Where Postgres does not even refuse, checkouts are answered meanwhile.
async fn lock_or_peek(bot: &Bot) -> Result<Option<Lock>, StoreError> {
    tokio::select! {
        lock = Lock::try_acquire(&bot.store, LOCK) => lock,
        () = peek_if_slow(bot) => Ok(None),
    }
}

async fn peek_if_slow(bot: &Bot) {
    tokio::time::sleep(SLOW).await;
    checkout::peek(bot).await;
}

async fn poll(bot: &Bot) -> anyhow::Result<()> {
    let mut poller =
        Poller { bot, offset: None, backoff: Backoff::default(), must_delete_webhook: true, is_postgres_away: false };
    loop {
        if bot.pressure.is_full() {
            bot.metrics.inbox_failure("full");
            tokio::select! {
                () = bot.pressure.opened() => {}
                // Never ends: what is peeked at is not confirmed; checkouts among it are answered, and wishes to stop are taken.
                () = checkout::peek_from(bot, poller.offset) => {}
            }
        }
        match poller.step().await {
            Ok(ControlFlow::Continue(())) => poller.backoff.reset(),
            Ok(ControlFlow::Break(pause)) => tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = checkout::peek(bot), if poller.is_postgres_away => {}
            },
            Err(error) => return Err(error.into()),
        }
    }
}

struct Poller<'a> {
    bot: &'a Bot,
    /// The first update that Telegram shall send; all before it are forgotten. At first, whatever there is.
    offset: Option<i64>,
    backoff: Backoff,
    must_delete_webhook: bool,
    /// What came last could not be stored.
    is_postgres_away: bool,
}

impl Poller<'_> {
    /// One request; a break asks for a pause.
    async fn step(&mut self) -> Result<ControlFlow<Duration>, TelegramError> {
        if self.must_delete_webhook {
            let deleted = self.bot.telegram.call("deleteWebhook", &json!({})).await;
            if let Err(error) = deleted {
                return self.pause_for(error);
            }
            self.must_delete_webhook = false;
        }
        let mut params = json!({ "timeout": LONG_POLL.as_secs(), "limit": 100, "allowed_updates": ALLOWED_UPDATES });
        if let Some(offset) = self.offset {
            params["offset"] = offset.into();
        }
        let answer = match self.bot.telegram.call_within(PATIENCE, "getUpdates", &params).await {
            Ok(answer) => answer,
            Err(error) => return self.pause_for(error),
        };
        self.bot.contact.note(true);
        let Value::Array(updates) = answer else { return Ok(ControlFlow::Break(self.backoff.next())) };
        Ok(self.take(updates).await)
    }

    /// Stores what came, and only then moves on.
    async fn take(&mut self, updates: Vec<Value>) -> ControlFlow<Duration> {
        let received = updates.len();
        let ids = updates.iter().filter_map(|update| update.get("update_id")?.as_i64());
        let last = ids.max();
        let mut others = Vec::with_capacity(received);
        for update in updates {
            if !checkout::take(self.bot, &update).await && !is_seen_to(self.bot, &update).await {
                others.push(update);
            }
        }
        let count = others.len();
        let received_each = |update| receiving("consumer").in_scope(|| new_update(update));
        let new: Vec<_> = others.into_iter().filter_map(received_each).collect();
        for _ in new.len()..count {
            self.bot.metrics.inbox_failure("malformed");
        }
        let Some(last) = last else {
            // Nothing that we could confirm; if something did come, it would come again at once.
            return if received == 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(self.backoff.next()) };
        };
        let stored = tokio::select! {
            stored = store(self.bot, &new) => stored,
            // Never ends: checkouts are answered until Postgres has said yes or no.
            () = peek_if_slow(self.bot) => return ControlFlow::Break(Duration::ZERO),
        };
        self.is_postgres_away = stored.is_err();
        match stored {
            Ok(_) => {
                self.offset = Some(last.saturating_add(1));
                ControlFlow::Continue(())
            }
            Err(error) => {
                tracing::warn!(%error, updates = new.len(), "cannot store updates; Telegram keeps them");
                self.bot.metrics.inbox_failure("not_stored");
                ControlFlow::Break(self.backoff.next())
            }
        }
    }

    fn pause_for(&mut self, error: TelegramError) -> Result<ControlFlow<Duration>, TelegramError> {
        self.bot.contact.note(false);
        self.bot.metrics.inbox_failure(error.kind());
        match &error {
            TelegramError::Unauthorized => return Err(error),
            TelegramError::RetryAfter(wait) => return Ok(ControlFlow::Break(*wait)),
            TelegramError::Conflict(why) => {
                // Either a webhook was set after we removed it, or another program polls with the same token.
                self.must_delete_webhook = why.to_ascii_lowercase().contains("webhook");
                tracing::warn!(%error, "cannot poll; is another program running with this token?");
            }
            _ => tracing::warn!(%error, "cannot poll; trying again"),
        }
        Ok(ControlFlow::Break(self.backoff.next()))
    }
}
