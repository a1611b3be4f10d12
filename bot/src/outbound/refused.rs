//! Calls on which more depends than a message: what follows when Telegram refuses one for good.
//!
//! Somebody who was told that nothing more will be taken must hear that it will; somebody who asked for a bill must not wait
//! for it without a word.

use evolve_contract::payments::RefundedRequest;
use evolve_domain::language::Language;
use evolve_store::outbox::{ClaimedOutgoing, NewOutgoing};
use serde_json::{Value, json};

use crate::{bot::Bot, queue::insist, texts::Text};

/// What Telegram says of Stars that somebody has back already.
const ALREADY_REFUNDED: &str = "CHARGE_ALREADY_REFUNDED";

/// Does what follows from a call that will not be made. Before the call is buried, so that it happens even if this process
/// dies in between; the second time changes nothing.
pub(super) async fn follow(bot: &Bot, outgoing: &ClaimedOutgoing, description: &str) {
    let params = &outgoing.params;
    match outgoing.method.as_str() {
        "sendInvoice" => tell(bot, outgoing, Text::InvoiceFailed).await,
        "editUserStarSubscription" => {
            tracing::error!(outbox_id = outgoing.id, description, "a subscription could not be changed at Telegram");
            // What we stop on our own account is in no chat.
            if outgoing.chat_id > 0 && params["is_canceled"] == true {
                tell(bot, outgoing, Text::SubscriptionOffFailed).await;
            }
        }
        "refundStarPayment" if description.contains(ALREADY_REFUNDED) => already_refunded(bot, params).await,
        "refundStarPayment" => {
            tracing::error!(outbox_id = outgoing.id, description, "a payment was not given back; ask for it again");
        }
        _ => {}
    }
}

async fn tell(bot: &Bot, outgoing: &ClaimedOutgoing, text: Text<'_>) {
    let chat_id = outgoing.chat_id;
    let text = text.render(language(bot, chat_id).await);
    let owed = [NewOutgoing {
        chat_id,
        user_id: (chat_id > 0).then_some(chat_id),
        key: format!("refused-{}", outgoing.id),
        method: "sendMessage".to_owned(),
        params: json!({ "chat_id": chat_id, "text": text, "parse_mode": "HTML" }),
    }];
    let owed = &owed;
    insist("a word on a refused call", || async move { bot.store.outbox().put(owed, bot.clock.now()).await }).await;
}

/// As far as it can be had: the words matter more than their language.
async fn language(bot: &Bot, person: i64) -> Language {
    let profile = match bot.api.settled_profile(person).await {
        Some(profile) => Some(profile),
        None => bot.api.profile(person).await.ok().flatten(),
    };
    let chosen = profile.and_then(|profile| profile.language.as_deref()?.parse().ok());
    chosen.unwrap_or_else(|| Language::from_telegram(None))
}

/// Its report may have been lost.
async fn already_refunded(bot: &Bot, params: &Value) {
    let (user_id, charge_id) = (params["user_id"].as_i64(), params["telegram_payment_charge_id"].as_str());
    let (Some(user_id), Some(charge_id)) = (user_id, charge_id) else { return };
    let request = RefundedRequest { user_id, charge_id: charge_id.to_owned() };
    if let Err(error) = bot.api.refunded(user_id, &request).await {
        tracing::error!(%error, "a payment that was given back before could not be booked; ask for it again");
    }
}
