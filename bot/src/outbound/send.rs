//! One owed call: made, and what became of it written down.

use std::time::Duration;

use chrono::TimeDelta;
use evolve_store::outbox::{ClaimedOutgoing, NewOutgoing, Priority};
use serde_json::Value;

use super::{
    call::{Unmade, call, paced, without_markup},
    export, first, refused, spoken,
};
use crate::{
    bot::Bot,
    markdown,
    queue::insist,
    replies::IN_PLACE_OF,
    telegram::{Refusal, TelegramError},
};

/// For so long Telegram may be away without anything being given up.
const GIVE_UP_AFTER: TimeDelta = TimeDelta::hours(24);
/// Megabytes that do not get through hold up the words that come after them.
const GIVE_UP_EXTRAS_AFTER: TimeDelta = TimeDelta::minutes(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Nothing can be sent with a token that Telegram refuses, until somebody has seen to it.
const UNAUTHORIZED_PAUSE: Duration = Duration::from_secs(30);
/// For a text that Telegram called too long in spite of our counting: half of what it takes.
const SHORT: usize = markdown::MESSAGE_UNITS / 2;

/// Makes an owed call, when it is its turn.
pub(super) async fn send(bot: &Bot, outgoing: &ClaimedOutgoing) {
    if first::is_over(outgoing, bot.clock.now()) {
        return bury(bot, outgoing, "too late").await;
    }
    if export::is_over(outgoing, bot.clock.now()) {
        refused::follow(bot, outgoing, "the copy failed for too long").await;
        return bury(bot, outgoing, "expired").await;
    }
    let Ok(_turn) = export::turn_of(outgoing) else {
        return again(bot, outgoing, export::TURN_WAIT, "another copy is being sent", false).await;
    };
    if let Err(wait) = bot.pace.turn(paced(outgoing)).await {
        // The oldest of its chat holds up the others, as far as they are no more urgent.
        return again(bot, outgoing, wait, "pace", false).await;
    }
    match call(bot, outgoing).await {
        Ok(result) => {
            bot.metrics.sent(&outgoing.method);
            if !refused::accepted(bot, outgoing).await {
                // Made once more, Telegram says that it was made, and what follows is done then.
                let pause = backoff(outgoing.attempts);
                return again(bot, outgoing, pause, "what follows could not be written down", true).await;
            }
            spoken::sent(bot, outgoing, &result).await;
            sent(bot, outgoing, result.get("message_id").and_then(Value::as_i64)).await;
        }
        Err(Unmade::Failed(error)) => failed(bot, outgoing, error).await,
        Err(Unmade::NotYet(wait)) => again(bot, outgoing, wait, "pace", false).await,
        Err(Unmade::HandedBack) => hand_back(bot, outgoing).await,
    }
}

async fn failed(bot: &Bot, outgoing: &ClaimedOutgoing, error: TelegramError) {
    let kind = error.kind();
    if kind != "not_modified" {
        bot.metrics.outbox_failure(kind);
    }
    match error {
        // It is as it was to become, which is what is owed.
        TelegramError::Refused { refusal: Refusal::NotModified, .. } => sent(bot, outgoing, None).await,
        TelegramError::RetryAfter(wait) => {
            let everything = bot.pace.flooded(outgoing.chat_id, wait).await;
            tracing::info!(seconds = wait.as_secs(), everything, "Telegram asks to send less");
            // The oldest of its chat holds up the others.
            again(bot, outgoing, wait, kind, false).await;
        }
        TelegramError::MigratedTo(chat) => {
            again(bot, outgoing, Duration::ZERO, kind, true).await;
            insist(bot, "a moved chat", || async move { bot.store.rooms().migrate(outgoing.chat_id, chat).await })
                .await;
        }
        // They do not want to hear from us, or are gone: no reason for noise.
        TelegramError::Forbidden(_) | TelegramError::Refused { refusal: Refusal::ChatNotFound, .. } => {
            tracing::debug!(outbox_id = outgoing.id, kind, "nothing can be sent to this chat");
            let is_money = refused::is_money(&outgoing.method);
            if is_money && !refused::follow(bot, outgoing, kind).await {
                return again(bot, outgoing, backoff(outgoing.attempts), kind, true).await;
            }
            first::unwanted(bot, outgoing).await;
            // They may have blocked it while nobody listened. In a private chat the chat is the person.
            let is_unasked = outgoing.priority != Priority::Reply || outgoing.method == first::METHOD;
            let is_closed = error.is_closed() || is_unasked;
            if !is_money && outgoing.chat_id > 0 && is_closed {
                let closed = || async { bot.store.outbox().close(outgoing.chat_id, bot.clock.now()).await };
                insist(bot, "a closed chat", closed).await;
            }
            bury(bot, outgoing, kind).await;
            if outgoing.chat_id < 0 {
                let now = bot.clock.now();
                insist(bot, "a group that is closed", || async move {
                    bot.store.rooms().leave(outgoing.chat_id, now).await
                })
                .await;
            }
        }
        TelegramError::Refused { refusal: Refusal::TooLong, .. } => split_again(bot, outgoing).await,
        TelegramError::Refused { description, .. } => {
            tracing::warn!(
                outbox_id = outgoing.id,
                method = outgoing.method,
                description,
                "Telegram refuses a call for good"
            );
            if !refused::follow(bot, outgoing, &description).await {
                return again(bot, outgoing, backoff(outgoing.attempts), kind, true).await;
            }
            bury(bot, outgoing, &format!("refused: {description}")).await;
        }
        TelegramError::Unauthorized => {
            tracing::error!(%error, "cannot send");
            // Of this process alone: while a token is changed, others have the new one.
            bot.pace.pause_for(UNAUTHORIZED_PAUSE);
            again(bot, outgoing, UNAUTHORIZED_PAUSE, kind, false).await;
        }
        // Nobody asked for it: they rather miss it than are written to twice, and too much of it stops the broadcast.
        TelegramError::Unavailable { may_have_happened: true, .. } if outgoing.priority == Priority::Broadcast => {
            tracing::warn!(outbox_id = outgoing.id, %error, "nobody knows whether a broadcast came; it is not sent again");
            bury(bot, outgoing, "unknown").await;
        }
        TelegramError::Unavailable { .. } | TelegramError::Conflict(_) => {
            // One that had to wait for others before it has had no chance yet.
            let is_tried = outgoing.attempts > 1;
            let most = if is_extra(outgoing) && is_tried { GIVE_UP_EXTRAS_AFTER } else { GIVE_UP_AFTER };
            if bot.clock.now() - outgoing.created_at > most {
                tracing::error!(
                    outbox_id = outgoing.id,
                    method = outgoing.method,
                    "gave up a message that Telegram did not take"
                );
                refused::follow(bot, outgoing, "Telegram was away for a day").await;
                return bury(bot, outgoing, "expired").await;
            }
            tracing::info!(outbox_id = outgoing.id, attempt = outgoing.attempts, %error, "sending failed; trying again later");
            again(bot, outgoing, backoff(outgoing.attempts), kind, true).await;
        }
    }
}

/// Whether it comes besides the words of an answer. A picture that comes first is the answer.
fn is_extra(outgoing: &ClaimedOutgoing) -> bool {
    match outgoing.method.as_str() {
        "sendVoice" => true,
        "sendPhoto" => !outgoing.key.ends_with("-0"),
        _ => false,
    }
}

async fn sent(bot: &Bot, outgoing: &ClaimedOutgoing, message_id: Option<i64>) {
    let kept = insist(bot, "a sent message", || async move {
        bot.store.outbox().sent(outgoing, message_id, bot.clock.now()).await
    })
    .await;
    if kept != Some(true) {
        bot.metrics.outbox_failure("not_written");
    }
}

async fn bury(bot: &Bot, outgoing: &ClaimedOutgoing, reason: &str) {
    insist(bot, "a message that cannot be sent", || async move {
        bot.store.outbox().bury(outgoing, reason, bot.clock.now()).await
    })
    .await;
}

async fn again(bot: &Bot, outgoing: &ClaimedOutgoing, wait: Duration, reason: &str, counts: bool) {
    let at = bot.clock.now() + wait;
    insist(bot, "a postponed message", || async move { bot.store.outbox().retry(outgoing, at, reason, counts).await })
        .await;
}

/// Leaves to another process what this one has no time for.
async fn hand_back(bot: &Bot, outgoing: &ClaimedOutgoing) {
    insist(
        bot,
        "a message handed back",
        || async move { bot.store.outbox().hand_back(outgoing, bot.clock.now()).await },
    )
    .await;
}

/// Owes the text in shorter pieces, without markup, instead of the whole. It cannot happen, since messages are cut to
/// Telegram's limit when they are made; but were the limit to change, people would still get their answers.
async fn split_again(bot: &Bot, outgoing: &ClaimedOutgoing) {
    let pieces = without_markup(&outgoing.params).map(|params| pieces(outgoing, &params)).unwrap_or_default();
    if pieces.len() < 2 {
        return bury(bot, outgoing, "too_long").await;
    }
    let pieces = &pieces;
    let owed =
        insist(
            bot,
            "the pieces of a long message",
            || async move { bot.store.outbox().put(pieces, bot.clock.now()).await },
        )
        .await;
    if owed.is_some() {
        bury(bot, outgoing, "too_long: sent in pieces").await;
    }
}

fn pieces(outgoing: &ClaimedOutgoing, plain: &Value) -> Vec<NewOutgoing> {
    let text = plain.get("text").and_then(Value::as_str).unwrap_or_default();
    let texts = markdown::split_plain(text, SHORT).into_iter().enumerate();
    let piece = |(index, text): (usize, String)| {
        let mut params = plain.clone();
        params["text"] = text.into();
        if index > 0 {
            params.as_object_mut().and_then(|params| params.remove(IN_PLACE_OF));
        }
        NewOutgoing {
            chat_id: outgoing.chat_id,
            // A private chat has the id of its person.
            user_id: (outgoing.chat_id > 0).then_some(outgoing.chat_id),
            key: format!("piece-{}-{index}", outgoing.id),
            method: outgoing.method.clone(),
            params,
            priority: outgoing.priority,
        }
    };
    texts.map(piece).collect()
}

/// 1, 2, 4, … seconds up to five minutes, spread so that those who failed together do not come back together.
fn backoff(attempts: i32) -> Duration {
    let exponent = u32::try_from(attempts.saturating_sub(1)).unwrap_or_default().min(16);
    Duration::from_secs(1 << exponent).min(LONGEST_PAUSE).mul_f64(rand::random_range(0.5..1.0))
}
