//! Who pays, all payments, and how many subscriptions begin, go on and end: what those who run the bot are shown of subscriptions.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use evolve_store::payments::{Moved, Payment, State, Subscriber, Until, Wanted};
use uuid::Uuid;

use super::{PaymentError, Payments, refund_key};

/// A page of those on whom premium is in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscribers {
    /// By when it ends.
    pub subscribers: Vec<Subscriber>,
    /// What the page after it is asked for with; nothing on the last.
    pub next: Option<Until>,
}

impl Payments {
    /// A page of at most `size` people on whom premium is in force: that which ends last, or never, first, unless `is_ascending`.
    ///
    /// # Errors
    /// [`PaymentError::Store`].
    pub async fn subscribers(
        &self,
        is_ascending: bool,
        after: Option<Until>,
        size: u32,
    ) -> Result<Subscribers, PaymentError> {
        let (limit, now) = (size.saturating_add(1), self.clock.now());
        let mut subscribers = self.store.payments().subscribers(is_ascending, after, limit, now).await?;
        let is_more = subscribers.len() > size as usize;
        subscribers.truncate(size as usize);
        let next = subscribers.last().filter(|_| is_more).map(|last| (last.until, last.user_id));
        Ok(Subscribers { subscribers, next })
    }

    /// A page of at most `size` payments, newest first, before the one of id `before`; and what the page after it is asked for with, if
    /// there is one.
    ///
    /// # Errors
    /// [`PaymentError::Store`].
    pub async fn list(
        &self,
        wanted: Wanted,
        before: Option<Uuid>,
        size: u32,
    ) -> Result<(Vec<Payment>, Option<Uuid>), PaymentError> {
        let mut payments = self.store.payments().list(wanted, before, size.saturating_add(1)).await?;
        let is_more = payments.len() > size as usize;
        payments.truncate(size as usize);
        let next = payments.last().filter(|_| is_more).map(|last| last.id);
        Ok((payments, next))
    }

    /// A payment, by our id of it.
    ///
    /// # Errors
    /// [`PaymentError::NotFound`], [`PaymentError::Store`].
    pub async fn one(&self, id: Uuid) -> Result<Payment, PaymentError> {
        self.store.payments().find(id).await?.ok_or(PaymentError::NotFound)
    }

    /// Whether a payment is given back by hand, at its provider, and not by Telegram.
    #[must_use]
    pub fn is_by_hand(&self, payment: &Payment) -> bool {
        self.provider(payment.way).is_some_and(|provider| provider.refund(0, &payment.charge_id).is_none())
    }

    /// Which of these payments are being given back and come no further: Telegram refused the call, or it could not be made. They can be
    /// given back anew.
    ///
    /// # Errors
    /// [`PaymentError::Store`].
    pub async fn stuck(&self, payments: &[Payment]) -> Result<HashSet<Uuid>, PaymentError> {
        let is_called = |payment: &&Payment| payment.state() == State::Pending && !self.is_by_hand(payment);
        let called: Vec<(Uuid, String)> =
            payments.iter().filter(is_called).map(|payment| (payment.id, refund_key(payment.id))).collect();
        if called.is_empty() {
            return Ok(HashSet::new());
        }
        let keys: Vec<String> = called.iter().map(|(_, key)| key.clone()).collect();
        let under_way = self.store.payments().under_way(&keys).await?;
        Ok(called.into_iter().filter(|(_, key)| !under_way.contains(key)).map(|(id, _)| id).collect())
    }

    /// What became of subscriptions in each of these spans of time, which begin one after another; the last ends now.
    ///
    /// # Errors
    /// [`PaymentError::Store`].
    pub async fn moved(&self, begins: &[DateTime<Utc>]) -> Result<Vec<Moved>, PaymentError> {
        let moved = self.store.payments().moved(begins, self.clock.now()).await?;
        let last = i32::try_from(begins.len()).unwrap_or(i32::MAX);
        let at = |place: i32| moved.iter().find(|moved| moved.place == place).copied();
        Ok((1..=last).map(|place| at(place).unwrap_or(Moved { place, ..Moved::default() })).collect())
    }
}
