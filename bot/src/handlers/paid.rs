//! What Telegram reports of payments: made, or given back. The API takes each in once, however often it is told.

use chrono::{DateTime, Utc};
use evolve_contract::{
    Code,
    payments::{ReceivedRequest, RefundedRequest},
};
use serde::Deserialize;

use super::{Trouble, Turn};
use crate::{
    replies::Replies,
    texts::{Text, date, zone},
};

/// Telegram's `SuccessfulPayment`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Paid {
    currency: String,
    total_amount: i64,
    #[serde(default)]
    invoice_payload: String,
    telegram_payment_charge_id: String,
    #[serde(default)]
    provider_payment_charge_id: String,
    #[serde(default)]
    is_recurring: bool,
    #[serde(default)]
    is_first_recurring: bool,
    subscription_expiration_date: Option<i64>,
}

impl Paid {
    /// Of a subscription: until when it is paid by this, which is when Telegram takes the next payment.
    fn subscription_ends(&self) -> Option<DateTime<Utc>> {
        self.subscription_expiration_date.and_then(|at| DateTime::from_timestamp(at, 0))
    }
}

/// Telegram's `RefundedPayment`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Refunded {
    telegram_payment_charge_id: String,
}

/// What Telegram reports; nothing inside where it cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// A payment was made.
    Paid(Option<Paid>),
    /// A payment was given back.
    Refunded(Option<Refunded>),
}

/// Takes a report in.
pub(super) async fn reported(turn: &Turn<'_>, report: &Report) -> Result<Replies, Trouble> {
    match report {
        Report::Paid(Some(paid)) => received(turn, paid).await,
        Report::Refunded(Some(refunded)) => returned(turn, refunded).await,
        // Set aside with all that came, so that nobody's money is forgotten.
        Report::Paid(None) | Report::Refunded(None) => {
            Err(Trouble::Fault { reason: "payment_unreadable", detail: "a payment's report cannot be read".to_owned() })
        }
    }
}

async fn received(turn: &Turn<'_>, paid: &Paid) -> Result<Replies, Trouble> {
    let request = ReceivedRequest {
        user_id: turn.person.id,
        currency: paid.currency.clone(),
        amount: paid.total_amount,
        payload: paid.invoice_payload.clone(),
        charge_id: paid.telegram_payment_charge_id.clone(),
        provider_charge_id: paid.provider_payment_charge_id.clone(),
        is_recurring: paid.is_recurring,
        is_first_recurring: paid.is_first_recurring,
        subscription_expires_at: paid.subscription_ends(),
        paid_at: turn.update.payload["message"]["date"].as_i64().and_then(|at| DateTime::from_timestamp(at, 0)),
        found: false,
    };
    let received = turn.bot.api.received(turn.person.id, &request).await?;
    // Asked without making a profile: a renewal may be of somebody who was removed since.
    let profile = turn.bot.api.profile(turn.person.id).await?;
    let language = turn.language(profile.as_deref());
    if !received.matched {
        return Ok(turn.replies().say(Text::PaymentUnmatched.render(language)));
    }
    let zone = zone(profile.as_ref().and_then(|profile| profile.time_zone.as_deref()));
    let day = |at: DateTime<Utc>| date(at.with_timezone(&zone).date_naive(), language);
    let until = received.paid_until.map(day).unwrap_or_default();
    // Telegram counts from this payment, whatever was paid before; what is bought beside a subscription changes nothing of it.
    let next = paid.subscription_ends().filter(|_| paid.is_first_recurring && received.renews).map(day);
    let text = match &next {
        _ if paid.is_recurring && !paid.is_first_recurring => Text::PremiumRenewed { date: &until },
        Some(next) => Text::PremiumThanksRenews { date: &until, next },
        None => Text::PremiumThanks { date: &until },
    };
    Ok(turn.replies().say(text.render(language)))
}

async fn returned(turn: &Turn<'_>, refunded: &Refunded) -> Result<Replies, Trouble> {
    let request = RefundedRequest { user_id: turn.person.id, charge_id: refunded.telegram_payment_charge_id.clone() };
    match turn.bot.api.refunded(turn.person.id, &request).await {
        Ok(_) => {}
        // Of somebody who was removed since: Telegram says so, and there is nothing left to take back.
        Err(error) if error.code() == Some(Code::PaymentNotFound) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(turn.replies().say(Text::PaymentRefunded.render(turn.best_known_language().await)))
}
