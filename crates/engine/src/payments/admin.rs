//! What somebody who runs the bot does about payments: gives back, declines to, gives premium for nothing.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use evolve_domain::{
    language::Language,
    payment::{Standing, told_until},
    profile::{Onboarding, Settings},
};
use evolve_store::{
    outbox::{NewOutgoing, Priority},
    payments::{Balance, Granted, Payment, RefundBegun, Waiting},
};
use serde_json::json;
use uuid::Uuid;

use super::{PaymentError, Payments, owed, refund_key};

/// Payments to decide about that are shown at once.
const PAGE: i64 = 100;

/// What became of the wish to give a payment back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundEnd {
    /// Telegram was asked; it is done when Telegram says so.
    Asked,
    /// It had been asked, or done, before.
    Already,
    /// The money is to be given back by hand, at the provider; it is done when somebody says so.
    ByHand,
}

/// What became of premium that was to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PremiumEnd {
    /// Whether they had any until now.
    pub ended: bool,
    /// Whether Telegram is asked to stop a subscription of theirs, which they may have without premium.
    pub stopped: bool,
}

impl PremiumEnd {
    /// Whether nothing is other than it was.
    #[must_use]
    pub const fn is_nothing(self) -> bool {
        !self.ended && !self.stopped
    }
}

impl Payments {
    /// Gives a payment back. What it gave is taken back when that is reported. `of` says whose it is, where it is of somebody
    /// who was removed.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`], [`PaymentError::WhoseIsIt`], [`PaymentError::Store`].
    pub async fn refund(&self, payment_id: Uuid, of: Option<i64>) -> Result<RefundEnd, PaymentError> {
        let payment = self.store.payments().find(payment_id).await?.ok_or(PaymentError::NotFound)?;
        if payment.refunded {
            return Ok(RefundEnd::Already);
        }
        let provider = self.provider(payment.way).ok_or(PaymentError::NotForSale)?;
        let person = payment.user_id.or(of);
        let Some(call) = provider.refund(person.unwrap_or_default(), &payment.charge_id) else {
            let begun = self.audited().begin_refund_by_hand(payment_id, self.clock.now()).await?;
            tracing::info!(payment = %payment_id, begun, "a payment is to be given back by hand");
            return Ok(RefundEnd::ByHand);
        };
        let person = person.ok_or(PaymentError::WhoseIsIt)?;
        let mut call = owed(person, refund_key(payment_id), call);
        if payment.user_id.is_none() {
            // Nobody waits for it, and it must not be found with them again.
            (call.chat_id, call.user_id) = (0, None);
        }
        match self.audited().begin_refund(&payment, &call, self.clock.now()).await? {
            RefundBegun::Yes => Ok(RefundEnd::Asked),
            RefundBegun::Already => Ok(RefundEnd::Already),
            RefundBegun::Unknown => Err(PaymentError::NotFound),
        }
    }

    /// Takes in that somebody gave a payment back by hand, which was to be given back. False where that was known.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`] also where nobody decided to give it back, or Telegram does it; [`PaymentError::Store`].
    pub async fn returned(&self, payment_id: Uuid) -> Result<bool, PaymentError> {
        let payment = self.store.payments().find(payment_id).await?.ok_or(PaymentError::NotFound)?;
        let provider = self.provider(payment.way).ok_or(PaymentError::NotFound)?;
        if !payment.refund_begun || provider.refund(0, &payment.charge_id).is_some() {
            return Err(PaymentError::NotFound);
        }
        let outcome = self.refunded(payment.user_id.unwrap_or_default(), &payment.charge_id).await?;
        if let Some(person) = payment.user_id {
            self.tell(person, format!("refund-{payment_id}"), "payment_refunded", None).await?;
        }
        Ok(!outcome.replayed)
    }

    /// Decides that a payment stays paid, and tells who asked for it back. False where that was decided before.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`], also where there is nothing to decide or it is being given back; [`PaymentError::Store`].
    pub async fn decline_refund(&self, payment_id: Uuid) -> Result<bool, PaymentError> {
        let payment = self.store.payments().find(payment_id).await?.ok_or(PaymentError::NotFound)?;
        if let Some(person) =
            payment.user_id.filter(|_| payment.refund_asked && !payment.refunded && !payment.refund_begun)
        {
            // Before it is written down: told twice is once, by the key, and never is worse.
            self.tell(person, format!("decline-{payment_id}"), "refund_declined", Some(payment.paid_at)).await?;
        }
        let declined = self.audited().decline_refund(payment_id, self.clock.now()).await?;
        if declined || payment.declined { Ok(declined) } else { Err(PaymentError::NotFound) }
    }

    /// Gives somebody premium for so many days, once for each `key`, and tells them. True where it had been given before.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`] where nobody knows them, [`PaymentError::Store`].
    pub async fn grant(&self, user_id: i64, days: u32, key: &str) -> Result<(Standing, bool), PaymentError> {
        let settings = self.settings(user_id).await?.ok_or(PaymentError::NotFound)?;
        let (key, now) = (format!("grant-{user_id}-{key}"), self.clock.now());
        let notice = |standing: &Standing| {
            let until = standing.premium_until.map(|until| told_until(standing.paid_until, until, now));
            notice(user_id, key, "premium_granted", settings, until)
        };
        let time = TimeDelta::days(days.into());
        let granted = self.audited().grant(user_id, time, notice, now).await?;
        self.forget(user_id).await;
        match granted {
            Granted::Yes(standing) => Ok((standing, false)),
            Granted::Already(standing) => Ok((standing, true)),
            Granted::Nobody => Err(PaymentError::NotFound),
        }
    }

    /// Ends somebody's premium now, whatever was paid or given, has their subscription stopped, and tells them where they had any. What
    /// they paid is given back, where it is, by [`Payments::refund`] before: afterwards there are no days to take back.
    ///
    /// These are two transactions, of which the log has the second alone: whoever asks for it writes down before that it begins.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`] where nobody knows them, [`PaymentError::Store`].
    pub async fn end_premium(&self, user_id: i64) -> Result<PremiumEnd, PaymentError> {
        let settings = self.settings(user_id).await?.ok_or(PaymentError::NotFound)?;
        // Before it ends: nobody pays on for what they do not have. Any other refusal says that there is none.
        let stopped = match self.renew(user_id, false).await {
            Err(PaymentError::Store(error)) => return Err(error.into()),
            renewed => renewed.is_ok(),
        };
        let key = format!("premium-end-{}", Uuid::now_v7());
        let notice = notice(user_id, key, "premium_ended", settings, None);
        let ended = self.audited().end_premium(user_id, &notice, self.clock.now()).await?;
        self.forget(user_id).await;
        Ok(PremiumEnd { ended: ended.ok_or(PaymentError::NotFound)?, stopped })
    }

    /// A page of the payments that somebody who runs the bot must decide about, oldest first, after the one of id `after`:
    /// those that people want back, and those that are for no offer of ours. And where the next page begins, if there is one.
    ///
    /// # Errors
    /// [`PaymentError::Store`].
    pub async fn to_see_to(&self, after: Option<Uuid>) -> Result<(Vec<Payment>, Option<Uuid>), PaymentError> {
        let page = self.store.payments().to_see_to(after, PAGE).await?;
        let is_full = i64::try_from(page.len()).is_ok_and(|len| len == PAGE);
        let next = page.last().filter(|_| is_full).map(|payment| payment.id);
        Ok((page, next))
    }

    /// How much waits for somebody.
    ///
    /// # Errors
    /// [`PaymentError::Store`].
    pub async fn waiting(&self) -> Result<Waiting, PaymentError> {
        Ok(self.store.payments().waiting().await?)
    }

    /// What is in each account of the ledger.
    ///
    /// # Errors
    /// [`PaymentError::Store`].
    pub async fn balances(&self) -> Result<Vec<Balance>, PaymentError> {
        Ok(self.store.payments().balances().await?)
    }

    /// Owes a person a notice, which the bot puts into words.
    async fn tell(
        &self,
        user_id: i64,
        key: String,
        kind: &str,
        until: Option<DateTime<Utc>>,
    ) -> Result<(), PaymentError> {
        let Some(settings) = self.settings(user_id).await? else { return Ok(()) };
        self.store.outbox().put(&[notice(user_id, key, kind, settings, until)], self.clock.now()).await?;
        Ok(())
    }

    /// Somebody's language and zone; nothing for somebody unknown.
    async fn settings(&self, user_id: i64) -> Result<Option<Settings>, PaymentError> {
        let onboarding = Onboarding::default();
        let defaults = Settings { language: Language::default(), time_zone: Tz::UTC, onboarding };
        let person = self.store.users().profile(user_id, defaults).await?;
        Ok(person.map(|person| person.settings))
    }
}

/// The days in it are those of the person: it says in which zone they live.
fn notice(user_id: i64, key: String, kind: &str, settings: Settings, until: Option<DateTime<Utc>>) -> NewOutgoing {
    let Settings { language, time_zone, .. } = settings;
    let mut params = json!({ "chat_id": user_id, "notice": kind, "language": language, "time_zone": time_zone.name() });
    if let Some(until) = until {
        params["until"] = json!(until);
    }
    NewOutgoing {
        chat_id: user_id,
        user_id: Some(user_id),
        key,
        method: "notice".to_owned(),
        params,
        priority: Priority::Notice,
    }
}
