//! Calls on which more depends than a message: what follows when Telegram makes one, and when it refuses one for good.
//!
//! What we asked for is not what is: a subscription is stopped once Telegram has said so, and Stars are given back once it has
//! given them. Somebody who was told that nothing more will be taken must hear that it will; somebody who asked for a bill, or for a
//! subscription that they had, must not wait for it without a word.

use std::sync::Arc;

use evolve_contract::{
    Code,
    payments::RefundedRequest,
    profile::ProfileData,
    voice::{Mode, VoiceUpdate},
};
use evolve_domain::language::Language;
use evolve_store::outbox::{ClaimedOutgoing, NewOutgoing};
use serde_json::{Value, json};

use super::export;
use crate::{bot::Bot, queue::insist, texts::Text};

/// What Telegram says of Stars that somebody has back already.
const ALREADY_REFUNDED: &str = "CHARGE_ALREADY_REFUNDED";
/// What Telegram says where a person's settings of privacy forbid voice messages.
const VOICES_FORBIDDEN: &str = "VOICE_MESSAGES_FORBIDDEN";
const REFUND: &str = "refundStarPayment";
const SUBSCRIPTION: &str = "editUserStarSubscription";

/// Whether a call moves money, or keeps it from being taken. It depends on no chat.
pub(super) fn is_money(method: &str) -> bool {
    method == REFUND || method == SUBSCRIPTION
}

/// Does what follows from a call that Telegram has made; false where that could not be written down. Before the call counts as
/// made, so that it happens even if this process dies in between; the second time changes nothing.
pub(super) async fn accepted(bot: &Bot, outgoing: &ClaimedOutgoing) -> bool {
    let params = &outgoing.params;
    match outgoing.method.as_str() {
        SUBSCRIPTION if params["is_canceled"] == true => {
            let Some(charge) = params["telegram_payment_charge_id"].as_str() else { return true };
            let stopped = || async move { bot.store.payments().stopped(charge, bot.clock.now()).await };
            insist(bot, "a stopped subscription", stopped).await.is_some()
        }
        // Telegram reports it too, but a report may be lost.
        REFUND => refunded(bot, params).await,
        _ => true,
    }
}

/// Does what follows from a call that will not be made; false where that could not be done yet. Before the call is buried, as
/// with [`accepted`].
pub(super) async fn follow(bot: &Bot, outgoing: &ClaimedOutgoing, description: &str) -> bool {
    let params = &outgoing.params;
    match outgoing.method.as_str() {
        "sendInvoice" => tell(bot, outgoing, Text::InvoiceFailed).await,
        export::METHOD => tell(bot, outgoing, Text::ExportFailed).await,
        SUBSCRIPTION => {
            tracing::error!(outbox_id = outgoing.id, description, "a subscription could not be changed at Telegram");
            bot.metrics.outbox_failure("subscription_not_changed");
            // What we stop on our own account is in no chat.
            if outgoing.chat_id > 0 {
                let is_off = params["is_canceled"] == true;
                tell(bot, outgoing, if is_off { Text::SubscriptionOffFailed } else { Text::SubscriptionOnFailed })
                    .await;
            }
        }
        REFUND if description.contains(ALREADY_REFUNDED) => return refunded(bot, params).await,
        REFUND => {
            tracing::error!(outbox_id = outgoing.id, description, "a payment was not given back; ask for it again");
            bot.metrics.outbox_failure("not_refunded");
        }
        // Their words they have; nothing is spoken any more that they cannot be sent.
        "sendVoice" if description.contains(VOICES_FORBIDDEN) => {
            let update = VoiceUpdate { mode: Some(Mode::Never), voice: None };
            if let Err(error) = bot.api.update_voice(outgoing.chat_id, &update).await {
                tracing::warn!(%error, "somebody takes no voice messages, and could not be set to be sent none");
            }
        }
        _ => {}
    }
    true
}

/// Whoever was removed while their copy was made is not written to: nothing of them is to be left here.
async fn tell(bot: &Bot, outgoing: &ClaimedOutgoing, text: Text<'_>) {
    let chat_id = outgoing.chat_id;
    let profile = bot.api.profile(chat_id).await;
    if outgoing.method == export::METHOD && matches!(profile, Ok(None)) {
        return;
    }
    let text = text.render(language(bot, chat_id, profile.ok().flatten()).await);
    let owed = [NewOutgoing {
        chat_id,
        user_id: (chat_id > 0).then_some(chat_id),
        key: format!("refused-{}", outgoing.id),
        method: "sendMessage".to_owned(),
        params: json!({ "chat_id": chat_id, "text": text, "parse_mode": "HTML" }),
        priority: outgoing.priority,
    }];
    let owed = &owed;
    insist(bot, "a word on a refused call", || async move { bot.store.outbox().put(owed, bot.clock.now()).await })
        .await;
}

/// As far as it can be had: the words matter more than their language.
async fn language(bot: &Bot, person: i64, profile: Option<Arc<ProfileData>>) -> Language {
    let profile = match profile {
        Some(profile) => Some(profile),
        None => bot.api.settled_profile(person).await,
    };
    let chosen = profile.and_then(|profile| profile.language.as_deref()?.parse().ok());
    chosen.unwrap_or_else(|| Language::from_telegram(None))
}

/// Books that a payment was given back; false where the API could not be asked.
async fn refunded(bot: &Bot, params: &Value) -> bool {
    let (user_id, charge_id) = (params["user_id"].as_i64(), params["telegram_payment_charge_id"].as_str());
    let (Some(user_id), Some(charge_id)) = (user_id, charge_id) else { return true };
    let request = RefundedRequest { user_id, charge_id: charge_id.to_owned() };
    match bot.api.refunded(user_id, &request).await {
        Ok(_) => true,
        // What nobody knows cannot be booked, however often it is tried.
        Err(error) if error.code() == Some(Code::PaymentNotFound) => {
            tracing::error!(%error, "a payment was given back that is not known; the ledger does not show it");
            true
        }
        Err(error) => {
            tracing::error!(%error, "a payment that was given back could not be booked; trying again");
            false
        }
    }
}
