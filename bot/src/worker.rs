//! Works the inbox: each update once, each chat in order, many chats at once.
//!
//! What becomes of an update is one of four things: it is finished together with what is owed for it (one statement); it
//! is put back without blame, because a neighbour is away; it is put back with blame, because handling it failed; or it
//! is buried, because that happened [`MAX_ATTEMPTS`] times, and the person is told so once. Nothing else ends an update,
//! and a process that dies leaves only a lease that runs out. One that is asked to stop, and has no time left for an update, hands
//! it back: another goes on at once, in the message that has begun to grow.
//!
//! What takes a process down takes others with it that it worked just then. So what was under way in [`SUSPECTED`] processes that died
//! is worked one at a time from then on, and is buried after [`MAX_CRASHES`]: what is innocent is answered meanwhile, however often
//! processes die for other reasons.
//!
//! What Telegram reports of money is never buried: after as many attempts it is set apart from its chat, which goes on
//! without it, the person is told, and it is tried every few minutes until somebody has mended what is wrong.

use std::{panic::AssertUnwindSafe, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use evolve_runtime::traces;
use evolve_store::{StoreError, inbox::ClaimedUpdate, outbox::NewOutgoing};
use futures::FutureExt as _;
use tokio::time::timeout;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::{
    bot::Bot,
    handlers::{self, Handled, Trouble},
    queue::{self, Queue},
};

/// How long an update is ours without a sign of life: what a dead replica held waits for so long.
const LEASE: TimeDelta = TimeDelta::seconds(10);
const EXTEND_EVERY: Duration = Duration::from_secs(3);
/// How long an update that is to be handed back waits for what Telegram has yet to say of it: well within what is left then, both of
/// the process' time and of the lease.
const LAST_WORD: Duration = Duration::from_millis(500);
/// Failures after which an update is not tried again.
const MAX_ATTEMPTS: i32 = 5;
/// Processes that died over an update, after which it is worked one at a time.
const SUSPECTED: i32 = 3;
/// Processes that died over it, after which it is not tried again.
const MAX_CRASHES: i32 = 12;
/// For so long it waits where another such is worked.
const SUSPECT_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause between two attempts at an update while a neighbour is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Pause between two attempts at a report of money that was set apart.
const MONEY_PAUSE: TimeDelta = TimeDelta::minutes(5);
/// For so long what may pass by itself does not count: a rollout takes some minutes, and may take longer than it should.
const DOUBT: TimeDelta = TimeDelta::minutes(30);
/// Ends, with the time after it, what is written down of an update in doubt.
const DOUBTED: &str = ", in doubt since ";
/// Longest pause that a neighbour is granted who asks for one.
const LONGEST_WISH: Duration = Duration::from_secs(3600);

/// The inbox of one bot.
#[derive(Clone, Debug)]
pub(crate) struct InboxQueue(pub(crate) Bot);

impl Queue for InboxQueue {
    type Item = ClaimedUpdate;
    const NAME: &'static str = "inbox";
    const EMPTIED_AT_STOP: bool = false;

    fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    fn fell_silent(&self) {
        self.0.store.fell_silent();
    }

    async fn claim(&self, at: DateTime<Utc>) -> Result<Option<ClaimedUpdate>, StoreError> {
        // A new id each time: should we lose a lease and claim the same update again, the two do not count as one.
        self.0.store.inbox().claim(Uuid::now_v7(), at, LEASE).await
    }

    async fn next_ready(&self, at: DateTime<Utc>) -> Result<Option<Duration>, StoreError> {
        Ok(queue::until(self.0.store.inbox().next_ready(at).await?, self.0.clock.now()))
    }

    async fn work(&self, update: ClaimedUpdate) {
        let span = tracing::info_span!(
            "process update",
            otel.kind = "consumer",
            messaging.system = "evolve",
            messaging.destination.name = Self::NAME,
            messaging.operation.name = "process",
            "messaging.operation.type" = "process",
            messaging.message.id = update.update_id,
        );
        traces::follow(&span, update.trace.as_deref());
        self.process(update).instrument(span).await;
    }
}

impl InboxQueue {
    async fn process(&self, update: ClaimedUpdate) {
        let bot = &self.0;
        let _working = bot.metrics.working();
        let handing_back = bot.tasks.handing_back();
        let end = tokio::select! {
            end = decide(bot, &update) => end,
            () = handing_back.cancelled() => {
                // Whoever goes on does so in the message that has begun to grow. Which one that is Telegram may be about to say;
                // if it says so later, that message is deleted.
                let known = timeout(LAST_WORD, bot.beginnings.settled(update.update_id)).await;
                if let Err(late) = known {
                    bot.metrics.swallow("draft_unknown", &late);
                }
                tracing::info!(update_id = update.update_id, "no time is left for an update; it is handed back");
                End::HandedBack
            }
            () = lease_lost(bot, &update) => {
                tracing::warn!(update_id = update.update_id, "lost the lease of an update; another worker has it");
                bot.metrics.inbox_failure("lease_lost");
                return;
            }
        };
        write_down(bot, &update, end).await;
    }
}

/// What is urgent in the inbox: however much else there is to do, somebody has a hand free for it.
#[derive(Clone, Debug)]
pub(crate) struct UrgentQueue(pub(crate) InboxQueue);

/// Hands for it; each is busy for a moment.
pub(crate) const URGENT_HANDS: usize = 4;

impl Queue for UrgentQueue {
    type Item = ClaimedUpdate;
    const NAME: &'static str = "urgent";
    const EMPTIED_AT_STOP: bool = false;

    fn now(&self) -> DateTime<Utc> {
        self.0.now()
    }

    fn fell_silent(&self) {
        self.0.fell_silent();
    }

    async fn claim(&self, at: DateTime<Utc>) -> Result<Option<ClaimedUpdate>, StoreError> {
        let InboxQueue(bot) = &self.0;
        bot.store.inbox().claim_urgent(Uuid::now_v7(), at, LEASE).await
    }

    async fn next_ready(&self, _: DateTime<Utc>) -> Result<Option<Duration>, StoreError> {
        let InboxQueue(bot) = &self.0;
        Ok(queue::until(bot.store.inbox().next_urgent().await?, bot.clock.now()))
    }

    async fn work(&self, update: ClaimedUpdate) {
        self.0.work(update).await;
    }
}

/// What becomes of an update.
enum End {
    Done(Handled),
    Buried { reason: String, owed: Vec<NewOutgoing> },
    Again { at: DateTime<Utc>, reason: String, counts: bool },
    SetApart { at: DateTime<Utc>, reason: String, owed: Vec<NewOutgoing> },
    HandedBack,
}

async fn decide(bot: &Bot, update: &ClaimedUpdate) -> End {
    let is_money = handlers::is_money(&update.payload);
    let crashes = update.crashes();
    if crashes >= MAX_CRASHES && !is_money {
        bot.metrics.inbox_failure("crashed");
        return bury(bot, update, "every attempt crashed".to_owned()).await;
    }
    if crashes >= MAX_CRASHES && update.chat_id.is_some() {
        bot.metrics.inbox_failure("crashed");
        return set_apart(bot, update, "every attempt crashed".to_owned()).await;
    }
    let turn = (crashes >= SUSPECTED).then(|| bot.suspects.try_acquire());
    if matches!(turn, Some(Err(_))) {
        let at = bot.clock.now() + SUSPECT_PAUSE.mul_f64(rand::random_range(1.0..1.2));
        // Why it was put back before is kept: how long it has been in doubt is counted from that.
        let reason = update.error.clone().unwrap_or_else(|| "suspected".to_owned());
        return End::Again { at, reason, counts: false };
    }
    let handled = AssertUnwindSafe(handlers::handle(bot, update)).catch_unwind().await;
    let (reason, detail) = match handled {
        Ok(Ok(handled)) => return End::Done(handled),
        Ok(Err(Trouble::Later { after, reason })) => {
            bot.metrics.inbox_failure(reason);
            tracing::info!(update_id = update.update_id, reason, "an update waits for a neighbour");
            let at = bot.clock.now() + pause(bot, update, after);
            return End::Again { at, reason: reason.to_owned(), counts: false };
        }
        Ok(Err(Trouble::NotYet { after })) => {
            return End::Again { at: bot.clock.now() + after, reason: "not_yet".to_owned(), counts: false };
        }
        Ok(Err(Trouble::Doubtful { reason, detail })) => match in_doubt(bot, update, reason, &detail) {
            Ok(end) => return end,
            Err(since) => (reason, format!("{detail}{DOUBTED}{}", since.to_rfc3339())),
        },
        Ok(Err(Trouble::Fault { reason, detail })) => (reason, detail),
        // What a panic says may quote what the person said.
        Err(_) => ("panic", "handling it panicked".to_owned()),
    };
    bot.metrics.inbox_failure(reason);
    tracing::error!(
        update_id = update.update_id,
        attempt = update.attempts,
        reason,
        detail,
        "handling an update failed"
    );
    let failures = update.faults + 1;
    if failures >= MAX_ATTEMPTS && is_money {
        return set_apart(bot, update, format!("{reason}: {detail}")).await;
    }
    if failures >= MAX_ATTEMPTS {
        return bury(bot, update, format!("{reason}: {detail}")).await;
    }
    let seconds = 1_i64 << failures.clamp(0, 5);
    End::Again {
        at: bot.clock.now() + TimeDelta::seconds(seconds),
        reason: format!("{reason}: {detail}"),
        counts: true,
    }
}

/// Puts an update back without blame, as long as what may pass by itself may take; then, since when it has been in doubt. The
/// time is counted from the first such answer: before that it may have waited for a neighbour for hours.
fn in_doubt(bot: &Bot, update: &ClaimedUpdate, reason: &'static str, detail: &str) -> Result<End, DateTime<Utc>> {
    let now = bot.clock.now();
    let before: Option<DateTime<Utc>> =
        update.error.as_deref().and_then(|error| error.rsplit_once(DOUBTED)?.1.parse().ok());
    let since = before.unwrap_or(now);
    if now - since >= DOUBT {
        return Err(since);
    }
    bot.metrics.inbox_failure(reason);
    tracing::warn!(update_id = update.update_id, reason, detail, "an update waits for what may pass by itself");
    let (at, reason) = (now + pause(bot, update, None), format!("{reason}{DOUBTED}{}", since.to_rfc3339()));
    Ok(End::Again { at, reason, counts: false })
}

async fn bury(bot: &Bot, update: &ClaimedUpdate, reason: String) -> End {
    bot.metrics.inbox_failure("given_up");
    tracing::error!(
        update_id = update.update_id,
        reason,
        "gave an update up; its row in the inbox is kept, state 'dead'"
    );
    End::Buried { reason, owed: handlers::apologise(bot, update).await }
}

async fn set_apart(bot: &Bot, update: &ClaimedUpdate, reason: String) -> End {
    bot.metrics.inbox_failure("money_not_booked");
    tracing::error!(
        update_id = update.update_id,
        attempt = update.attempts,
        reason,
        "a payment cannot be booked; it is tried every few minutes until it can be: see what the API says of it"
    );
    let at = bot.clock.now() + MONEY_PAUSE;
    // They are told once: afterwards it has no chat any more.
    let owed = if update.chat_id.is_some() { handlers::apologise(bot, update).await } else { Vec::new() };
    End::SetApart { at, reason, owed }
}

/// As long as the neighbour asks for; otherwise a quarter of the time that the update has waited already.
fn pause(bot: &Bot, update: &ClaimedUpdate, after: Option<Duration>) -> Duration {
    const SHORTEST: Duration = Duration::from_millis(500);
    let waited = (bot.clock.now() - update.received_at).to_std().unwrap_or_default();
    let base = after.map(|wish| wish.min(LONGEST_WISH)).unwrap_or_else(|| (waited / 4).clamp(SHORTEST, LONGEST_PAUSE));
    base.mul_f64(rand::random_range(1.0..1.2))
}

async fn write_down(bot: &Bot, update: &ClaimedUpdate, end: End) {
    let inbox = bot.store.inbox();
    let kept = match &end {
        End::Done(Handled { owed, keep: Some(reason), .. }) => {
            let finish = || inbox.finish_keeping(update, reason, owed, bot.clock.now());
            queue::insist(bot, "an update to try again", finish).await
        }
        End::Done(Handled { owed, together, .. }) => {
            let finish = || inbox.finish_together(update, together, owed, bot.clock.now());
            queue::insist(bot, "a handled update", finish).await
        }
        End::Buried { reason, owed } => {
            queue::insist(bot, "a buried update", || inbox.bury(update, reason, owed, bot.clock.now())).await
        }
        End::SetApart { at, reason, owed } => {
            // Before the row has no chat any more, so that it is owed even if this process dies in between.
            queue::insist(bot, "a word on a payment", || async { bot.store.outbox().put(owed, bot.clock.now()).await })
                .await;
            queue::insist(bot, "an update set apart", || inbox.set_apart(update, *at, reason, bot.clock.now()))
                .await
                .map(|()| true)
        }
        End::HandedBack => {
            let hand_back = || inbox.hand_back(update, bot.clock.now());
            queue::insist(bot, "an update handed back", hand_back).await.map(|()| true)
        }
        End::Again { at, reason, counts } => {
            queue::insist(bot, "a postponed update", || inbox.retry(update, *at, reason, *counts)).await.map(|()| true)
        }
    };
    match kept {
        Some(true) => {
            bot.owed.notify_one();
            if let End::Done(Handled { kind, .. }) = end {
                bot.metrics.received(kind);
            }
        }
        Some(false) => {
            tracing::warn!(update_id = update.update_id, "lost the lease of an update before it was finished")
        }
        None => bot.metrics.inbox_failure("not_written"),
    }
}

/// Extends the lease while the update is being handled; completes if it is lost.
async fn lease_lost(bot: &Bot, update: &ClaimedUpdate) {
    let extend = || async { bot.store.inbox().extend(update, bot.clock.now(), LEASE).await };
    queue::lease_lost(bot, EXTEND_EVERY, extend).await;
}
