//! The fast path of a `pre_checkout_query`: Telegram takes a payment only if the bot says yes within ten seconds.
//!
//! It stands beside the inbox, since a chat is worked in order, and an answer of the companion before it may take longer
//! than that. It asks neither Postgres nor the API: the invoice's payload is signed and says to whom what was offered for
//! how much, and when. What is accepted can always be honoured: the payment itself comes as a message, through the inbox,
//! and waits there for whoever is away.
//!
//! A query is answered from wherever it comes in: by webhook in the answer to the delivery itself, by polling with a call. A
//! replica that cannot ask for the lock for polling, or cannot store what came, because Postgres is away or too much waits, still *peeks*: it
//! looks at the updates that Telegram keeps, confirms none, and answers queries among them. (Telegram shows the first
//! hundred; a query behind them has to wait for Postgres.)

use std::time::Duration;

use evolve_contract::payments::payload::{Payload, PayloadError};
use evolve_domain::language::Language;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    bot::Bot,
    inbound::{self, ALLOWED_UPDATES},
    telegram::{TelegramError, unreadable},
    texts::Text,
};

/// The kind of update.
pub(crate) const KIND: &str = "pre_checkout_query";
const METHOD: &str = "answerPreCheckoutQuery";
/// How long we try; Telegram gives ten seconds, some of which have passed.
const PATIENCE: Duration = Duration::from_secs(9);
/// For one attempt at an answer.
const ATTEMPT: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(300);
/// How often updates are peeked at while Postgres is away, or too much waits.
const PEEK_EVERY: Duration = Duration::from_secs(2);

#[derive(Debug, Deserialize)]
struct Query {
    id: String,
    from: From,
    currency: String,
    total_amount: i64,
    invoice_payload: String,
}

#[derive(Debug, Deserialize)]
struct From {
    id: i64,
    language_code: Option<String>,
}

/// The answer to an update that is such a query, as a call in the answer to its delivery. Delivered again, since our answer
/// was lost, it is answered again.
pub(crate) async fn answer_to(bot: &Bot, update: &Value) -> Option<Value> {
    let query = update.get(KIND)?;
    match serde_json::from_value::<Query>(query.clone()) {
        Ok(query) => {
            let mut call = word(bot, &query).await;
            call["method"] = METHOD.into();
            Some(call)
        }
        Err(error) => {
            left_alone(bot, &error);
            // Taken, or Telegram would deliver it for ever.
            Some(json!({}))
        }
    }
}

/// Sees to an update if it is such a query; it is then nobody else's. The answer is given in the background.
pub(crate) async fn take(bot: &Bot, update: &Value) -> bool {
    let Some(query) = update.get(KIND) else { return false };
    match serde_json::from_value::<Query>(query.clone()) {
        // Telegram gives an update again that is not confirmed; its query is answered once.
        Ok(query) if !bot.checkouts.contains_key(&query.id) => {
            bot.checkouts.insert(query.id.clone(), ()).await;
            let (bot, tasks) = (bot.clone(), bot.tasks.clone());
            drop(tasks.spawn_work(async move { answer(&bot, &query).await }));
        }
        Ok(_) => {}
        Err(error) => left_alone(bot, &error),
    }
    true
}

fn left_alone(bot: &Bot, error: &serde_json::Error) {
    tracing::error!(error = unreadable(error), "a checkout cannot be read; Telegram will call it off");
    bot.metrics.inbox_failure("malformed_checkout");
}

/// Looks at what Telegram keeps for us, again and again, and answers checkouts.
pub(crate) async fn peek(bot: &Bot) {
    loop {
        look(bot, None).await;
        rest().await;
    }
}

/// As [`peek`], while too much waits, from this update on: those before it are in the inbox, and Telegram may forget them. What
/// is urgent among the others is put there too.
pub(crate) async fn peek_from(bot: &Bot, offset: Option<i64>) {
    loop {
        let updates = look(bot, offset).await;
        inbound::take_urgent(bot, &updates).await;
        rest().await;
    }
}

async fn rest() {
    tokio::time::sleep(PEEK_EVERY.mul_f64(rand::random_range(0.7..1.3))).await;
}

/// Answers checkouts among what Telegram keeps; what it showed.
async fn look(bot: &Bot, offset: Option<i64>) -> Vec<Value> {
    let mut params = json!({ "timeout": 0, "limit": 100, "allowed_updates": ALLOWED_UPDATES });
    if let Some(offset) = offset {
        params["offset"] = offset.into();
    }
    match bot.telegram.call_within(ATTEMPT, "getUpdates", &params).await {
        Ok(Value::Array(updates)) => {
            for update in &updates {
                take(bot, update).await;
            }
            updates
        }
        Ok(_) => Vec::new(),
        // Other replicas peek too.
        Err(error) => {
            bot.metrics.swallow("peek", &error);
            Vec::new()
        }
    }
}

/// Our word on a query, as the parameters of the call. The language is the one that the person chose, where we have it at hand.
async fn word(bot: &Bot, query: &Query) -> Value {
    let verdict = verdict(bot, query);
    bot.metrics.checkout(if verdict.is_ok() { "accepted" } else { "refused" });
    match verdict {
        Ok(()) => json!({ "pre_checkout_query_id": query.id, "ok": true }),
        Err(error) => {
            tracing::info!(reason = %error, "refused a checkout");
            let profile = bot.api.settled_profile(query.from.id).await;
            let chosen = profile.and_then(|profile| profile.language.as_deref()?.parse().ok());
            let language = chosen.unwrap_or_else(|| Language::from_telegram(query.from.language_code.as_deref()));
            let text = refusal(error).render(language);
            json!({ "pre_checkout_query_id": query.id, "ok": false, "error_message": text })
        }
    }
}

async fn answer(bot: &Bot, query: &Query) {
    let params = word(bot, query).await;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match bot.telegram.call_within(ATTEMPT, METHOD, &params).await {
            Ok(_) => return,
            Err(error @ TelegramError::Refused { .. }) => {
                // Too old, or answered by an attempt whose answer was lost.
                return bot.metrics.swallow("checkout_answer", &error);
            }
            Err(error) if Instant::now() + PAUSE > deadline => {
                tracing::error!(%error, "could not answer a checkout in time; Telegram has called it off");
                bot.metrics.inbox_failure("checkout_not_answered");
                bot.checkouts.invalidate(&query.id).await;
                return;
            }
            Err(error) => bot.metrics.swallow("checkout_answer", &error),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn verdict(bot: &Bot, query: &Query) -> Result<(), PayloadError> {
    let payload = Payload::read_any(&query.invoice_payload, &bot.payload_keys)?;
    payload.check(query.from.id, &query.currency, query.total_amount, bot.clock.now())
}

fn refusal(error: PayloadError) -> Text<'static> {
    match error {
        PayloadError::OtherPerson => Text::CheckoutOtherPerson,
        PayloadError::TooOld | PayloadError::OtherPrice | PayloadError::Forged => Text::CheckoutTooOld,
    }
}
