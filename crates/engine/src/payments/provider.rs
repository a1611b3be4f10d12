//! Who takes the money: the seam at which another way of paying is added.
//!
//! A provider says what it sells at a price, and which of Telegram's calls gives a payment back or stops its renewal. It
//! makes no calls itself: they are owed in the outbox, so that they happen even if this process does not live to see it.

use std::fmt::Debug;

use evolve_domain::payment::{PERIOD, Price, STARS, Way};
use serde_json::{Value, json};

/// A way to pay, and what it costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// How.
    pub way: Way,
    /// The currency.
    pub currency: String,
    /// In the currency's smallest unit.
    pub amount: i64,
    /// Seconds after which it renews itself, where it does.
    pub renews_after: Option<u32>,
}

/// A call of Telegram's that is to be owed.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The method.
    pub method: &'static str,
    /// Its parameters.
    pub params: Value,
}

/// Somebody who takes payments.
pub trait PaymentProvider: Debug + Send + Sync {
    /// What is for sale at this price.
    fn offers(&self, price: &Price) -> Vec<Offer>;

    /// Whether a payment made in this way is this provider's.
    fn takes(&self, way: Way) -> bool;

    /// The call that gives a payment back; nothing where that is done by hand, at the provider.
    fn refund(&self, user_id: i64, charge_id: &str) -> Option<Call>;

    /// The call that stops a subscription from renewing itself, or allows the person to take it up again. `charge_id` is
    /// its first payment's. Nothing where there are no subscriptions.
    fn renew(&self, user_id: i64, charge_id: &str, renews: bool) -> Option<Call>;
}

/// Telegram Stars.
#[derive(Clone, Copy, Debug)]
pub struct Stars;

impl PaymentProvider for Stars {
    fn offers(&self, price: &Price) -> Vec<Offer> {
        let Some(stars) = price.stars else { return Vec::new() };
        let offer =
            |way, renews_after| Offer { way, currency: STARS.to_owned(), amount: i64::from(stars), renews_after };
        let period = u32::try_from(PERIOD.num_seconds()).ok();
        vec![offer(Way::StarsMonthly, period), offer(Way::Stars, None)]
    }

    fn takes(&self, way: Way) -> bool {
        matches!(way, Way::Stars | Way::StarsMonthly)
    }

    fn refund(&self, user_id: i64, charge_id: &str) -> Option<Call> {
        let params = json!({ "user_id": user_id, "telegram_payment_charge_id": charge_id });
        Some(Call { method: "refundStarPayment", params })
    }

    fn renew(&self, user_id: i64, charge_id: &str, renews: bool) -> Option<Call> {
        let params = json!({ "user_id": user_id, "telegram_payment_charge_id": charge_id, "is_canceled": !renews });
        Some(Call { method: "editUserStarSubscription", params })
    }
}

/// Money, by the provider whose token @BotFather gave. The bot holds the token; here it matters only that there is one.
#[derive(Clone, Copy, Debug)]
pub struct Money;

impl PaymentProvider for Money {
    fn offers(&self, price: &Price) -> Vec<Offer> {
        let (Some(amount), Some(currency)) = (price.amount, &price.currency) else { return Vec::new() };
        vec![Offer { way: Way::Money, currency: currency.clone(), amount: i64::from(amount), renews_after: None }]
    }

    fn takes(&self, way: Way) -> bool {
        way == Way::Money
    }

    fn refund(&self, _: i64, _: &str) -> Option<Call> {
        None
    }

    fn renew(&self, _: i64, _: &str, _: bool) -> Option<Call> {
        None
    }
}
