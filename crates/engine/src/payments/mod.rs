//! Plans for money, as use cases: what premium costs, what a payment, a cancellation and a refund do.
//!
//! Nobody but Telegram says that something was paid or given back; here it is decided what that means, once, however often
//! it is said.

mod admin;
mod counted;
mod endings;
pub mod provider;
mod subscribers;
mod waiting;

pub use admin::{PremiumEnd, RefundEnd};
pub use endings::see_to_endings;
pub use subscribers::Subscribers;
pub use waiting::watch;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use evolve_domain::{
    payment::{Going, PERIOD, Price, Standing, Way},
    plan::Plan,
};
use evolve_runtime::{clock::Clock, metrics::Metrics};
use evolve_store::{
    Store, StoreError, audit,
    cache::{Cache, Entry},
    outbox::{NewOutgoing, Priority},
    payments::{Account, NewPayment, Paid, Refund, Refunded, Repeats},
};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use counted::Counted;
use provider::{Call, Offer, PaymentProvider};

/// Payments that a person is shown.
const SHOWN: i64 = 5;

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
    /// The payment is of somebody who was removed, and Telegram gives nothing back without knowing to whom.
    #[error("the payment is of somebody who was removed; say whose it is")]
    WhoseIsIt,
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
    /// The invoice's payload, whether or not we can read it.
    pub payload: String,
    /// When it was made.
    pub paid_at: Option<DateTime<Utc>>,
    /// Whether it was found among Telegram's transactions, which do not say whether it is a first one.
    pub is_found: bool,
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

/// The use cases. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Payments {
    store: Store,
    cache: Cache,
    clock: Clock,
    price: Price,
    providers: Arc<[Box<dyn PaymentProvider>]>,
    act: Option<Arc<audit::Entry>>,
    counted: Counted,
}

impl Payments {
    /// Use cases over the store: premium at this price, by these providers; what is paid is shown in `metrics`.
    #[must_use]
    pub fn new(
        store: Store,
        cache: Cache,
        clock: Clock,
        price: Price,
        providers: Vec<Box<dyn PaymentProvider>>,
        metrics: &Metrics,
    ) -> Self {
        let counted = Counted::register(metrics);
        Self { store, cache, clock, price, providers: providers.into(), act: None, counted }
    }

    /// The same at the wish of an administrator: what is decided is written together with this entry of the log.
    #[must_use]
    pub fn act(&self, entry: audit::Entry) -> Self {
        Self { act: Some(Arc::new(entry)), ..self.clone() }
    }

    fn audited(&self) -> evolve_store::payments::Payments<'_> {
        self.store.payments().audited(self.act.as_deref())
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
    /// [`PaymentError::NotForSale`], also for who has premium without an end, or is banned; [`PaymentError::AlreadySubscribed`]: two
    /// subscriptions would both be charged.
    pub async fn offer(&self, user_id: i64, way: Way) -> Result<Offer, PaymentError> {
        let offer = self.offers().into_iter().find(|offer| offer.way == way).ok_or(PaymentError::NotForSale)?;
        let standing = self.store.payments().account(user_id, 0).await?.standing;
        // Nobody is sold what they will not have.
        let is_banned = self.store.bans().of(user_id, self.clock.now()).await?.is_some();
        if standing.is_endless() || is_banned {
            return Err(PaymentError::NotForSale);
        }
        let subscription = standing.subscription(self.clock.now());
        if way == Way::StarsMonthly && subscription.is_some_and(|renewal| renewal.going() == Going::Running) {
            return Err(PaymentError::AlreadySubscribed);
        }
        Ok(offer)
    }

    /// Takes in a payment that Telegram reports, once.
    ///
    /// One that is not for an offer of ours gives nothing; it is kept and booked apart, for somebody to see to, and if it is
    /// one that Telegram repeats, it is stopped.
    ///
    /// # Errors
    /// [`PaymentError::Store`]; then it must be reported again.
    pub async fn received(&self, received: Received) -> Result<Outcome, PaymentError> {
        let (now, way) = (self.clock.now(), received.offered);
        let made_at = received.paid_at.unwrap_or(now).min(now);
        let payment = NewPayment {
            id: Uuid::now_v7(),
            user_id: received.user_id,
            charge_id: received.charge_id,
            provider_charge_id: received.provider_charge_id,
            way: way.unwrap_or(if received.currency == "XTR" { Way::Stars } else { Way::Money }),
            currency: received.currency,
            amount: received.amount,
            matched: way.is_some(),
            made_at,
            repeats: received.is_recurring.then(|| Repeats {
                offer: Sha256::digest(&received.payload).into(),
                begins: received.is_first,
                renews_at: received.expires_at.unwrap_or(made_at + PERIOD),
            }),
            is_found: received.is_found,
        };
        let paid = self.store.payments().paid(&payment, now).await;
        // Before anything else is waited for: who asked may go away.
        self.counted.paid(&payment, &paid);
        let Paid { standing, replayed, matched, .. } = paid?;
        if !matched && !replayed {
            tracing::error!(payment = %payment.id, "a payment is for no offer of ours; see to it: refund it, or give premium by hand");
        }
        if received.is_found && !replayed {
            tracing::warn!(payment = %payment.id, "a payment was never reported, and is booked from Telegram's transactions");
        }
        self.forget(payment.user_id).await;
        Ok(Outcome { replayed, matched, standing })
    }

    /// Takes in that Telegram gave a payment back.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`] for a payment that is not known, [`PaymentError::Store`].
    pub async fn refunded(&self, user_id: i64, charge_id: &str) -> Result<Outcome, PaymentError> {
        let outcome = |standing, replayed| Outcome { replayed, matched: true, standing };
        let refunded = self.audited().refunded(user_id, charge_id, self.clock.now()).await;
        self.counted.refunded(&refunded);
        let Refunded { refund, .. } = refunded?;
        self.forget(user_id).await;
        match refund {
            Refund::Done(standing) => Ok(outcome(standing, false)),
            Refund::Replayed(standing) => Ok(outcome(standing, true)),
            Refund::OfNobody => Ok(outcome(Standing::default(), false)),
            Refund::Unknown => Err(PaymentError::NotFound),
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

    /// Asks Telegram to stop a person's subscription, or to allow them to take it up again there. Whatever is believed of it:
    /// they may have taken it up again, of which nobody tells us.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`] where there is none, or one that is over is to be taken up again; [`PaymentError::Store`].
    pub async fn renew(&self, user_id: i64, renews: bool) -> Result<Account, PaymentError> {
        let provider = self.provider(Way::StarsMonthly).ok_or(PaymentError::NotFound)?;
        if renews && self.account(user_id).await?.standing.subscription(self.clock.now()).is_none() {
            return Err(PaymentError::NotFound);
        }
        let key = format!("renewal-{}", Uuid::now_v7());
        let call = |charge: &str| Some(owed(user_id, key, provider.renew(user_id, charge, renews)?));
        let standing = self.store.payments().set_renewal(user_id, renews, call, self.clock.now()).await?;
        self.forget(user_id).await;
        standing.ok_or(PaymentError::NotFound)?;
        self.account(user_id).await
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

/// By what the call is known that gives a payment back.
fn refund_key(payment: Uuid) -> String {
    format!("refund-{payment}")
}

fn owed(user_id: i64, key: String, call: Call) -> NewOutgoing {
    NewOutgoing {
        chat_id: user_id,
        user_id: Some(user_id),
        key,
        method: call.method.to_owned(),
        params: call.params,
        priority: Priority::Reply,
    }
}
