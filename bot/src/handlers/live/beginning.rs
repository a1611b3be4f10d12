//! The first message of an answer that is shown as it is made: sent once, and never lost sight of.
//!
//! Telegram may take its time to say that it has it, and only then is its number known, by which it can be changed. Were it sent by
//! whoever shows the answer, and they had no time to wait, half an answer would stand there for ever, with its button. So sending
//! it is work of its own, which goes on when the turn that began it has ended or is cut off, for as long as the process lives. What
//! comes of it is remembered with the update; a turn waits for it before it says what is owed, and so does a stopping process
//! before it hands the update back. Where it comes too late for anybody to go on in that message, the message is deleted.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use evolve_store::{
    inbox::ClaimedUpdate,
    pace::{Call, Kind},
};
use serde_json::{Value, json};
use tokio::{sync::oneshot, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{bot::Bot, telegram::TelegramError};

/// How long an answer that is made waits for the message that it is to take the place of.
const LAST_PATIENCE: Duration = Duration::from_secs(10);
/// How long the deletion of one that came too late waits for its turn.
const DELETION_PATIENCE: Duration = Duration::from_secs(20);

/// The number of the message, if Telegram has told one.
type Outcome = Result<Option<i64>, TelegramError>;

/// The first messages that are being sent by this process, by their updates. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beginnings(Arc<Mutex<HashMap<i64, CancellationToken>>>);

impl Beginnings {
    /// Waits until it is known what came of the first message of the answer to an update, if one is being sent.
    pub(crate) async fn settled(&self, update_id: i64) {
        let under_way = self.lock().get(&update_id).cloned();
        if let Some(over) = under_way {
            over.cancelled().await;
        }
    }

    fn begin(&self, update_id: i64) -> Sending {
        let over = CancellationToken::new();
        self.lock().insert(update_id, over.clone());
        Sending { all: self.clone(), update_id, over }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<i64, CancellationToken>> {
        // Each change leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A first message is being sent, while this lives.
#[derive(Debug)]
struct Sending {
    all: Beginnings,
    update_id: i64,
    over: CancellationToken,
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.over.cancel();
        let mut all = self.all.lock();
        // Another attempt at the update may have begun another.
        if all.get(&self.update_id).is_some_and(CancellationToken::is_cancelled) {
            all.remove(&self.update_id);
        }
    }
}

/// The first message of an answer, on its way.
#[derive(Debug)]
pub(super) struct Beginning {
    outcome: oneshot::Receiver<Outcome>,
    /// The answer is said elsewhere.
    given_up: CancellationToken,
}

impl Beginning {
    /// Sends it.
    pub(super) fn send(bot: &Bot, update: &ClaimedUpdate, chat_id: i64, params: Value) -> Self {
        let (told, outcome) = oneshot::channel();
        let given_up = CancellationToken::new();
        let (sending, hard) = (bot.beginnings.begin(update.update_id), bot.tasks.hard());
        let first = First { bot: bot.clone(), update: update.clone(), chat_id, given_up: given_up.clone() };
        drop(bot.tasks.spawn_work(async move {
            let _sending = sending;
            tokio::select! {
                () = first.see_through(&params, told) => {}
                () = hard.cancelled() => {}
            }
        }));
        Self { outcome, given_up }
    }

    /// What came of it, if that is known in time. Not to be asked again then.
    pub(super) async fn within(&mut self, most: Duration) -> Option<Outcome> {
        // Nothing is told where the process ends.
        timeout(most, &mut self.outcome).await.ok().map(|told| told.unwrap_or(Ok(None)))
    }

    /// The number of the message that the answer takes the place of; nothing where that is not known soon: then the answer is said
    /// elsewhere, and the message is deleted when it is known.
    pub(super) async fn settled(mut self) -> Option<i64> {
        if let Some(told) = self.within(LAST_PATIENCE).await {
            return told.ok().flatten();
        }
        // In this order: whoever cannot tell us sees that we have given up.
        self.given_up.cancel();
        self.outcome.close();
        self.outcome.try_recv().ok()?.ok().flatten()
    }
}

/// What is needed to see it through.
struct First {
    bot: Bot,
    update: ClaimedUpdate,
    chat_id: i64,
    given_up: CancellationToken,
}

impl First {
    async fn see_through(self, params: &Value, told: oneshot::Sender<Outcome>) {
        let bot = &self.bot;
        let message_id = match bot.telegram.call("sendMessage", params).await {
            Ok(result) => result.get("message_id").and_then(Value::as_i64),
            Err(error) => {
                if let TelegramError::RetryAfter(wait) = &error {
                    bot.pace.flooded(self.chat_id, *wait).await;
                }
                // Where nobody hears it, nobody shows anything either.
                drop(told.send(Err(error)));
                return;
            }
        };
        bot.metrics.sent("sendMessage");
        let Some(message_id) = message_id else {
            drop(told.send(Ok(None)));
            return;
        };
        let is_remembered = self.remember(message_id).await;
        let is_heard = told.send(Ok(Some(message_id))).is_ok();
        // Of a turn that was cut off, the next attempt goes on in it; but not if it has begun already.
        if !is_heard && (self.given_up.is_cancelled() || !is_remembered) {
            self.delete(message_id).await;
        }
    }

    /// Remembers the message, or the next attempt would begin another. Whether the update is still the one that it was.
    async fn remember(&self, message_id: i64) -> bool {
        match self.bot.store.inbox().drafted(&self.update, message_id).await {
            Ok(is_ours) => is_ours,
            Err(error) => {
                self.bot.metrics.swallow("draft_not_remembered", &error);
                false
            }
        }
    }

    async fn delete(&self, message_id: i64) {
        let call = Call { chat_id: Some(self.chat_id), kind: Kind::Reply };
        if let Err(wait) = self.bot.pace.turn_within(call, DELETION_PATIENCE).await {
            return self.bot.metrics.swallow("draft_not_deleted", &format!("no turn for {} s", wait.as_secs()));
        }
        let params = json!({ "chat_id": self.chat_id, "message_id": message_id });
        if let Err(error) = self.bot.telegram.call("deleteMessage", &params).await {
            self.bot.metrics.swallow("draft_not_deleted", &error);
        }
    }
}
