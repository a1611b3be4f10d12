//! Plans for money, as use cases: what premium costs, what a payment, a cancellation and a refund do.
//!
//! Nobody but Telegram says that something was paid or given back; here it is decided what that means, once, however often
//! it is said.

mod endings;
pub mod provider;

pub use endings::{see_to_endings, start};

use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use evolve_domain::{
    language::Language,
    payment::{Price, Standing, Way},
    plan::Plan,
    profile::{Onboarding, Settings},
};
use evolve_runtime::clock::Clock;
use evolve_store::{
    Store, StoreError,
    cache::{Cache, Entry},
    outbox::NewOutgoing,
    payments::{Account, Balance, NewPayment, Paid, Payment, Refund, RefundBegun},
};
use serde_json::json;
use uuid::Uuid;

use provider::{Call, Offer, PaymentProvider};

/// Payments that a person is shown.
const SHOWN: i64 = 5;
/// Payments to decide about that are shown at once.
const TO_SEE_TO: i64 = 100;

/// Why a use case did not do it.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    /// Premium cannot be bought in this way.
    #[error("premium is not for sale in this way")]
    NotForSale,
    /// A subscription is running already.
    #[error("a subscription is running already")]
    AlreadySubscribed,
    /// There is no such payment or subscription of this person.
    #[error("there is no such payment or subscription")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A payment as Telegram reports it.
#[derive(Clone, Debug)]
pub struct Received {
    /// Who paid.
    pub user_id: i64,
    /// Telegram's id of it.
    pub charge_id: String,
    /// The provider's id of it.
    pub provider_charge_id: String,
    /// The currency.
    pub currency: String,
    /// In the currency's smallest unit.
    pub amount: i64,
    /// The way in which we offered this at this price to this person; nothing if we did not.
    pub offered: Option<Way>,
    /// Whether Telegram repeats it.
    pub is_recurring: bool,
    /// Whether it is the first of those that Telegram repeats.
    pub is_first: bool,
    /// Until when a subscription is paid by it.
    pub expires_at: Option<DateTime<Utc>>,
}

/// What became of a payment or a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether it was known before.
    pub replayed: bool,
    /// Whether it is a payment that we know what it is for.
    pub matched: bool,
    /// How the person stands now.
    pub standing: Standing,
}

/// What became of the wish to give a payment back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundEnd {
    /// Telegram was asked; it is done when Telegram says so.
    Asked,
    /// It had been asked, or done, before.
    Already,
    /// It is booked; the money itself is given back by hand, at the provider.
    ByHand,
}

/// The use cases. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Payments {
    store: Store,
    cache: Cache,
    clock: Clock,
    price: Price,
    providers: Arc<[Box<dyn PaymentProvider>]>,
}

impl Payments {
    /// Use cases over the store: premium at this price, by these providers.
    #[must_use]
    pub fn new(
        store: Store,
        cache: Cache,
        clock: Clock,
        price: Price,
        providers: Vec<Box<dyn PaymentProvider>>,
    ) -> Self {
        Self { store, cache, clock, price, providers: providers.into() }
    }

    /// Every way to pay; none where premium is not for sale.
    #[must_use]
    pub fn offers(&self) -> Vec<Offer> {
        self.providers.iter().flat_map(|provider| provider.offers(&self.price)).collect()
    }

    /// How a person stands, and what they paid lately.
    ///
    /// # Errors
    /// [`PaymentError::Store`].
    pub async fn account(&self, user_id: i64) -> Result<Account, PaymentError> {
        Ok(self.store.payments().account(user_id, SHOWN).await?)
    }

    /// What a person is to be asked for.
    ///
    /// # Errors
    /// [`PaymentError::NotForSale`], [`PaymentError::AlreadySubscribed`]: two subscriptions would both be charged.
    pub async fn offer(&self, user_id: i64, way: Way) -> Result<Offer, PaymentError> {
        let offer = self.offers().into_iter().find(|offer| offer.way == way).ok_or(PaymentError::NotForSale)?;
        if way == Way::StarsMonthly && self.store.payments().account(user_id, 0).await?.standing.renews() {
            return Err(PaymentError::AlreadySubscribed);
        }
        Ok(offer)
    }

    /// Takes in a payment that Telegram reports, once.
    ///
    /// One that is not for an offer of ours gives nothing; it is kept and booked apart, for somebody to see to. A renewal
    /// of a subscription that we know is good whatever its payload says, since the key may have changed since.
    ///
    /// # Errors
    /// [`PaymentError::Store`]; then it must be reported again.
    pub async fn received(&self, received: Received) -> Result<Outcome, PaymentError> {
        let mut way = received.offered;
        if way.is_none() && received.is_recurring {
            let account = self.store.payments().account(received.user_id, 0).await?;
            way = account.standing.renewal.map(|_| Way::StarsMonthly);
        }
        let payment = NewPayment {
            id: Uuid::now_v7(),
            user_id: received.user_id,
            charge_id: received.charge_id,
            provider_charge_id: received.provider_charge_id,
            way: way.unwrap_or(if received.currency == "XTR" { Way::Stars } else { Way::Money }),
            currency: received.currency,
            amount: received.amount,
            matched: way.is_some(),
            renews_at: received.expires_at,
            begins: received.is_first,
        };
        let Paid { standing, replayed } = self.store.payments().paid(&payment, self.clock.now()).await?;
        if !payment.matched && !replayed {
            tracing::error!(payment = %payment.id, "a payment is for no offer of ours; see to it: refund it, or give premium by hand");
        }
        self.forget(payment.user_id).await;
        Ok(Outcome { replayed, matched: payment.matched, standing })
    }

    /// Takes in that Telegram gave a payment back.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`] for a payment that is not known, [`PaymentError::Store`].
    pub async fn refunded(&self, user_id: i64, charge_id: &str) -> Result<Outcome, PaymentError> {
        let outcome = |standing, replayed| Outcome { replayed, matched: true, standing };
        let refund = self.store.payments().refunded(user_id, charge_id, self.clock.now()).await?;
        self.forget(user_id).await;
        match refund {
            Refund::Done(standing) => Ok(outcome(standing, false)),
            Refund::Replayed(standing) => Ok(outcome(standing, true)),
            Refund::OfNobody => Ok(outcome(Standing::default(), false)),
            Refund::Unknown => Err(PaymentError::NotFound),
        }
    }

    /// Gives a payment back: for an administrator. What it gave is taken back when Telegram reports it.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`], [`PaymentError::Store`].
    pub async fn refund(&self, payment_id: Uuid) -> Result<RefundEnd, PaymentError> {
        let payment = self.store.payments().find(payment_id).await?.ok_or(PaymentError::NotFound)?;
        if payment.refunded {
            return Ok(RefundEnd::Already);
        }
        let provider = self.provider(payment.way).ok_or(PaymentError::NotForSale)?;
        let Some(call) = provider.refund(payment.user_id, &payment.charge_id) else {
            self.refunded(payment.user_id, &payment.charge_id).await?;
            self.tell(payment.user_id, format!("refund-{payment_id}"), "payment_refunded").await?;
            return Ok(RefundEnd::ByHand);
        };
        let owed = owed(payment.user_id, format!("refund-{payment_id}"), call);
        match self.store.payments().begin_refund(&payment, &owed, self.clock.now()).await? {
            RefundBegun::Yes => Ok(RefundEnd::Asked),
            RefundBegun::Already => Ok(RefundEnd::Already),
            RefundBegun::Unknown => Err(PaymentError::NotFound),
        }
    }

    /// Notes that a person wants a payment back, for an administrator to decide.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`], [`PaymentError::Store`].
    pub async fn ask_refund(&self, user_id: i64, payment_id: Uuid) -> Result<Account, PaymentError> {
        if !self.store.payments().ask_refund(user_id, payment_id, self.clock.now()).await? {
            return Err(PaymentError::NotFound);
        }
        tracing::info!(payment = %payment_id, "a person asks for a payment back");
        self.account(user_id).await
    }

    /// Stops a person's subscription from renewing itself, or allows them to take it up again in Telegram. Done already, it
    /// is done.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`] where there is none, [`PaymentError::Store`].
    pub async fn renew(&self, user_id: i64, renews: bool) -> Result<Account, PaymentError> {
        let provider = self.provider(Way::StarsMonthly).ok_or(PaymentError::NotFound)?;
        let key = format!("renewal-{}", Uuid::now_v7());
        let call = |charge: &str| Some(owed(user_id, key, provider.renew(user_id, charge, renews)?));
        let standing = self.store.payments().set_renewal(user_id, renews, call, self.clock.now()).await?;
        self.forget(user_id).await;
        standing.ok_or(PaymentError::NotFound)?;
        self.account(user_id).await
    }

    /// Payments that somebody who runs the bot must decide about, oldest first: those that people want back, and those that
    /// are for no offer of ours.
    ///
    /// # Errors
    /// [`PaymentError::Store`].
    pub async fn to_see_to(&self) -> Result<Vec<Payment>, PaymentError> {
        Ok(self.store.payments().to_see_to(TO_SEE_TO).await?)
    }

    /// What is in each account of the ledger.
    ///
    /// # Errors
    /// [`PaymentError::Store`].
    pub async fn balances(&self) -> Result<Vec<Balance>, PaymentError> {
        Ok(self.store.payments().balances().await?)
    }

    /// Owes a person a notice, which the bot puts into words.
    async fn tell(&self, user_id: i64, key: String, notice: &str) -> Result<(), PaymentError> {
        let onboarding = Onboarding::default();
        let defaults = Settings { language: Language::default(), time_zone: Tz::UTC, onboarding };
        let Some(person) = self.store.users().profile(user_id, defaults).await? else { return Ok(()) };
        let params = json!({ "chat_id": user_id, "notice": notice, "language": person.settings.language });
        let notice = NewOutgoing { chat_id: user_id, user_id: Some(user_id), key, method: "notice".to_owned(), params };
        self.store.outbox().put(&[notice], self.clock.now()).await?;
        Ok(())
    }

    fn provider(&self, way: Way) -> Option<&dyn PaymentProvider> {
        self.providers.iter().find(|provider| provider.takes(way)).map(AsRef::as_ref)
    }

    /// The cached profile holds the plan.
    async fn forget(&self, user_id: i64) {
        self.cache.forget(Entry::Profile(user_id)).await;
    }
}

/// The plan that is in force for who stands so.
#[must_use]
pub fn plan(standing: &Standing, now: DateTime<Utc>) -> Plan {
    standing.plan.in_force(standing.premium_until, now)
}

fn owed(user_id: i64, key: String, call: Call) -> NewOutgoing {
    NewOutgoing { chat_id: user_id, user_id: Some(user_id), key, method: call.method.to_owned(), params: call.params }
}
