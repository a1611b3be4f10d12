//! `/payments`: what premium costs, offers, and what Telegram reports of payments.
//!
//! A person's token is enough to ask. What Telegram reports needs the service key besides: whoever could report a payment could
//! give themselves premium.

pub mod payload;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a payment is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Telegram Stars, once.
    Stars,
    /// Telegram Stars, every 30 days until it is cancelled.
    StarsMonthly,
    /// Money by Telegram's payment provider, once.
    Money,
}

/// A way to pay, and what it costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Price {
    /// How.
    pub way: Way,
    /// `XTR` for Stars, otherwise ISO 4217.
    pub currency: String,
    /// In the currency's smallest unit.
    pub amount: i64,
}

/// What is known of whether a subscription renews itself. Telegram does not tell what people do with it in its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionState {
    /// It does, unless the person cancelled it in Telegram.
    Running,
    /// Telegram was asked to stop it, and has not confirmed that it did.
    Stopping,
    /// It does not: Telegram has confirmed it.
    Stopped,
    /// It was stopped, and the person may take it up again in Telegram, or has.
    Resumable,
}

/// A subscription that Telegram renews.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Subscription {
    /// When the next payment is taken.
    pub renews_at: DateTime<Utc>,
    /// Whether it is taken.
    pub state: SubscriptionState,
}

/// A payment that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Payment {
    /// Our id of it.
    pub id: String,
    /// How it was made.
    pub way: Way,
    /// The currency.
    pub currency: String,
    /// In the currency's smallest unit.
    pub amount: i64,
    /// When.
    pub paid_at: DateTime<Utc>,
    /// Whether the person asked for it back.
    pub refund_asked: bool,
    /// Whether somebody decided that it stays paid.
    #[serde(default)]
    pub declined: bool,
    /// Whether it was given back.
    pub refunded: bool,
}

/// What premium gives that free does not, as far as people are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Terms {
    /// Messages a day; nothing for no limit.
    pub premium_messages: Option<u32>,
    /// Whether these are more than on free.
    #[serde(default)]
    pub more_messages: bool,
    /// Whether more of what was said is in view than on free.
    #[serde(default)]
    pub more_history: bool,
    /// Whether more is remembered than on free.
    #[serde(default)]
    pub more_memory: bool,
    /// Whether pictures may be sent, which on free they may not.
    pub images: bool,
    /// Whether answers may be spoken, which on free they are not.
    #[serde(default)]
    pub voice: bool,
}

/// `GET /payments/{user_id}`, and the answer wherever something about it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentsResponse {
    /// The person's Telegram id.
    pub user_id: i64,
    /// Ways to pay; none where premium is not for sale.
    pub prices: Vec<Price>,
    /// `free` or `premium`, as it is in force.
    pub plan: String,
    /// Until when it is paid; nothing for free, and for premium without an end.
    pub paid_until: Option<DateTime<Utc>>,
    /// Until when premium is in force: longer than it is paid while a renewal is late.
    #[serde(default)]
    pub premium_until: Option<DateTime<Utc>>,
    /// The subscription, if there is one that is not over: three days after a payment that did not come it is, and one that
    /// was stopped is when its time has passed.
    pub subscription: Option<Subscription>,
    /// The newest payments, newest first.
    pub payments: Vec<Payment>,
    /// What premium gives.
    pub terms: Terms,
}

/// `POST /payments/offers`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferRequest {
    /// To whom; must be the token's own person.
    pub user_id: i64,
    /// How they want to pay.
    pub way: Way,
}

/// What an invoice needs. The bot adds the words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OfferResponse {
    /// How it is paid.
    pub way: Way,
    /// The invoice's payload, signed: it comes back with the payment.
    pub payload: String,
    /// The currency.
    pub currency: String,
    /// The one price, in the currency's smallest unit.
    pub amount: i64,
    /// Seconds after which it renews itself; only where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription_period: Option<u32>,
    /// What premium gives.
    #[serde(default)]
    pub terms: Terms,
}

/// `POST /payments/received`: Telegram's `SuccessfulPayment`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceivedRequest {
    /// Who paid; must be the token's own person.
    pub user_id: i64,
    /// The currency.
    pub currency: String,
    /// In the currency's smallest unit.
    pub amount: i64,
    /// The invoice's payload.
    pub payload: String,
    /// Telegram's id of the payment.
    pub charge_id: String,
    /// The provider's id of it; empty for Stars.
    #[serde(default)]
    pub provider_charge_id: String,
    /// Whether Telegram repeats it, or has.
    #[serde(default)]
    pub is_recurring: bool,
    /// Whether it is the first of those that Telegram repeats.
    #[serde(default)]
    pub is_first_recurring: bool,
    /// Until when a subscription is paid by it.
    #[serde(default)]
    pub subscription_expires_at: Option<DateTime<Utc>>,
    /// When it was made.
    #[serde(default)]
    pub paid_at: Option<DateTime<Utc>>,
    /// Whether it was found among Telegram's transactions, instead of being reported: then `is_first_recurring` is not known.
    #[serde(default)]
    pub found: bool,
}

/// What became of a payment or a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceivedResponse {
    /// The person's Telegram id.
    pub user_id: i64,
    /// Whether it was known before; then nothing changed.
    pub replayed: bool,
    /// Whether it was for something that we sell, or a payment that we know.
    pub matched: bool,
    /// `free` or `premium`, as it is in force now.
    pub plan: String,
    /// Until when it is paid.
    pub paid_until: Option<DateTime<Utc>>,
    /// Whether it renews itself.
    pub renews: bool,
}

/// `POST /payments/refunded`: Telegram's `RefundedPayment`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundedRequest {
    /// Who has it back; must be the token's own person.
    pub user_id: i64,
    /// Telegram's id of the payment.
    pub charge_id: String,
}

/// `POST /payments/subscription`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionRequest {
    /// Whose; must be the token's own person.
    pub user_id: i64,
    /// False stops it from renewing itself. True allows the person to take it up again, which they do in Telegram.
    pub renews: bool,
}

/// `POST /payments/refund-requests`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundRequest {
    /// Who asks; must be the token's own person.
    pub user_id: i64,
    /// For which payment of theirs.
    pub payment_id: String,
}

/// A payment that somebody who runs the bot must decide about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenPayment {
    /// Whose; nobody's, if the person was removed since.
    pub user_id: Option<i64>,
    /// The payment.
    pub payment: Payment,
    /// Whether it is for an offer of ours. If not, it gave nothing: give it back, or give premium by hand.
    pub matched: bool,
    /// Whether Telegram was asked to give it back.
    pub refund_begun: bool,
}

/// What is in an account of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Balance {
    /// `telegram` (what it holds for us), `sales`, or `unmatched` (what came for no offer of ours).
    pub account: String,
    /// The currency.
    pub currency: String,
    /// In the currency's smallest unit. Those of one currency add up to zero.
    pub amount: i64,
}

/// `GET /admin/payments`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenPaymentsResponse {
    /// At most a hundred, oldest first.
    pub payments: Vec<OpenPayment>,
    /// The next page begins after this one, as `?after=`; nothing on the last.
    pub next: Option<String>,
    /// The ledger.
    pub balances: Vec<Balance>,
}

/// What became of the wish to give a payment back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// Telegram was asked. It is done when Telegram says so; if Telegram refuses, ask again.
    Asked,
    /// It had been asked, or done, before.
    Already,
    /// Give the money itself back at the payment provider, and then say so: `POST /admin/payments/{payment_id}/returned`.
    ByHand,
    /// It was given back by hand, and is booked; what it gave has ended.
    Returned,
    /// It stays paid.
    Declined,
}

/// `POST /admin/payments/{payment_id}/refund`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefundResponse {
    /// The payment.
    pub payment_id: String,
    /// What became of it.
    pub state: RefundState,
}

/// `POST /admin/people/{user_id}/premium`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantRequest {
    /// Days of premium, 1 to 3660.
    pub days: u32,
    /// Names this gift, 1 to 64 Latin letters, digits and signs: given again under the same name, it is given once.
    pub key: String,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantResponse {
    /// The person's Telegram id.
    pub user_id: i64,
    /// Whether it had been given before.
    pub replayed: bool,
    /// Until when premium is in force; nothing where it has no end.
    pub premium_until: Option<DateTime<Utc>>,
}
