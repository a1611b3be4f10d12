//! What changes by a payment, a cancellation, a refund. Each is one transaction that holds the person.

use chrono::{DateTime, Utc};
use evolve_domain::payment::{Account as Book, Standing, Way};
use sha2::{Digest as _, Sha256};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{NewPayment, Payment, Payments, by_charge, held};
use crate::{StoreError, outbox::NewOutgoing};

/// What became of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paid {
    /// How the person stands now.
    pub standing: Standing,
    /// Whether it was known already, so that nothing changed.
    pub replayed: bool,
}

/// What became of a refund that Telegram reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refund {
    /// It was taken back.
    Done(Standing),
    /// It had been taken back before.
    Replayed(Standing),
    /// We know no such payment.
    Unknown,
}

/// What became of the wish to refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundBegun {
    /// Telegram is owed the call.
    Yes,
    /// It was begun, or done, before.
    Already,
    /// We know no such payment.
    Unknown,
}

const PERSON: &str = "INSERT INTO users (id, created_at, last_seen_at) VALUES ($1, $2, $2) ON CONFLICT (id) DO NOTHING";

const BOOK: &str = "
    INSERT INTO ledger (key, payment_id, debit, credit, currency, amount, booked_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (key) DO NOTHING";

const PAYMENT: &str = "
    INSERT INTO payments (id, user_id, charge_id, provider_charge_id, way, currency, amount, matched, paid_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

const STAND: &str = "UPDATE users SET plan = $2, paid_until = $3, premium_until = $4 WHERE id = $1";

const SUBSCRIBE: &str = "
    INSERT INTO subscriptions (user_id, charge_id, renews_at, canceled) VALUES ($1, $2, $3, $4)
    ON CONFLICT (user_id) DO UPDATE
    SET charge_id = excluded.charge_id, renews_at = excluded.renews_at, canceled = excluded.canceled";

const RENEW: &str = "UPDATE subscriptions SET canceled = $2 WHERE user_id = $1";

const OWE: &str = "
    WITH owed AS (
        INSERT INTO outbox (chat_id, user_id, key, method, params, ready_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $6)
        ON CONFLICT (key) DO NOTHING RETURNING id
    )
    SELECT pg_notify('outbox', '')::text FROM owed";

const BEGIN_REFUND: &str = "
    UPDATE payments SET refund_begun_at = $2 WHERE id = $1 AND refund_begun_at IS NULL AND refunded_at IS NULL";

const ASK_REFUND: &str = "
    UPDATE payments SET refund_asked_at = COALESCE(refund_asked_at, $3)
    WHERE user_id = $1 AND id = $2 AND refunded_at IS NULL";

const REFUNDED: &str = "UPDATE payments SET refunded_at = $2 WHERE id = $1";

impl Payments<'_> {
    /// Takes a payment in, once, whatever happens: the second of the same charge changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn paid(&self, payment: &NewPayment, now: DateTime<Utc>) -> Result<Paid, StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        let before = loop {
            sqlx::query(PERSON).bind(payment.user_id).bind(now).execute(&mut *transaction).await?;
            // Nothing, where the person was removed between the two; then they are made anew, as somebody who paid.
            if let Some(account) = held(&mut transaction, payment.user_id).await? {
                break account.standing;
            }
        };
        let credit = if payment.matched { Book::Sales } else { Book::Unmatched };
        let entry = Entry {
            what: "paid",
            charge_id: &payment.charge_id,
            payment_id: payment.id,
            debit: Book::Telegram,
            credit,
            currency: &payment.currency,
            amount: payment.amount,
        };
        if !entry.book(&mut transaction, now).await? {
            // Rolls back: a person who was removed since they paid is not brought back by a repetition.
            return Ok(Paid { standing: before, replayed: true });
        }
        write(&mut transaction, payment, now).await?;
        let after = if payment.matched { before.paid(payment.way, payment.renews_at, now) } else { before };
        stand(&mut transaction, payment.user_id, &after).await?;
        if let (true, Way::StarsMonthly, Some(renewal)) = (payment.matched, payment.way, after.renewal) {
            sqlx::query(SUBSCRIBE)
                .bind(payment.user_id)
                .bind(&payment.charge_id)
                .bind(renewal.renews_at)
                .bind(renewal.canceled)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(Paid { standing: after, replayed: false })
    }

    /// Cancels the subscription or takes it up again, and owes Telegram the call that does so. Nothing where there is no
    /// subscription.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn set_renewal(
        &self,
        user_id: i64,
        renews: bool,
        call: impl FnOnce(&str) -> NewOutgoing,
        now: DateTime<Utc>,
    ) -> Result<Option<Standing>, StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        let Some(account) = held(&mut transaction, user_id).await? else { return Ok(None) };
        let (Some(charge), Some(after)) = (account.subscription_charge, account.standing.renewing(renews)) else {
            return Ok(None);
        };
        if account.standing.renews() == renews {
            return Ok(Some(after));
        }
        stand(&mut transaction, user_id, &after).await?;
        sqlx::query(RENEW).bind(user_id).bind(!renews).execute(&mut *transaction).await?;
        owe(&mut transaction, &call(&charge), now).await?;
        transaction.commit().await?;
        Ok(Some(after))
    }

    /// Notes that a person wants a payment of theirs back. False where they have no such payment, or have it back.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ask_refund(&self, user_id: i64, payment_id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sqlx::query(ASK_REFUND).bind(user_id).bind(payment_id).bind(now).execute(&self.0.pool).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Owes Telegram the call that gives a payment back. What it gave is taken back when Telegram reports that it did.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn begin_refund(
        &self,
        payment: &Payment,
        call: &NewOutgoing,
        now: DateTime<Utc>,
    ) -> Result<RefundBegun, StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        if held(&mut transaction, payment.user_id).await?.is_none() {
            return Ok(RefundBegun::Unknown);
        }
        let begun = sqlx::query(BEGIN_REFUND).bind(payment.id).bind(now).execute(&mut *transaction).await?;
        if begun.rows_affected() == 0 {
            return Ok(RefundBegun::Already);
        }
        owe(&mut transaction, call, now).await?;
        transaction.commit().await?;
        Ok(RefundBegun::Yes)
    }

    /// A payment was given back: books it and takes back what it gave, once.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn refunded(&self, user_id: i64, charge_id: &str, now: DateTime<Utc>) -> Result<Refund, StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        let Some(account) = held(&mut transaction, user_id).await? else { return Ok(Refund::Unknown) };
        let Some(payment) = by_charge(&mut transaction, charge_id).await?.filter(|found| found.user_id == user_id)
        else {
            return Ok(Refund::Unknown);
        };
        let entry = Entry {
            what: "refunded",
            charge_id,
            payment_id: payment.id,
            debit: if payment.matched { Book::Sales } else { Book::Unmatched },
            credit: Book::Telegram,
            currency: &payment.currency,
            amount: payment.amount,
        };
        if !entry.book(&mut transaction, now).await? {
            return Ok(Refund::Replayed(account.standing));
        }
        let ends_renewal = account.subscription_charge.as_deref() == Some(charge_id);
        let after = if payment.matched { account.standing.refunded(ends_renewal, now) } else { account.standing };
        sqlx::query(REFUNDED).bind(payment.id).bind(now).execute(&mut *transaction).await?;
        stand(&mut transaction, user_id, &after).await?;
        if ends_renewal {
            sqlx::query(RENEW).bind(user_id).bind(true).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(Refund::Done(after))
    }
}

/// A row of the ledger.
struct Entry<'a> {
    what: &'static str,
    charge_id: &'a str,
    payment_id: Uuid,
    debit: Book,
    credit: Book,
    currency: &'a str,
    amount: i64,
}

impl Entry<'_> {
    /// Books it; false where the same was booked before.
    async fn book(&self, connection: &mut PgConnection, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let key: [u8; 32] = Sha256::digest(format!("{}:{}", self.what, self.charge_id)).into();
        let booked = sqlx::query(BOOK)
            .bind(key.as_slice())
            .bind(self.payment_id)
            .bind(self.debit.as_str())
            .bind(self.credit.as_str())
            .bind(self.currency)
            .bind(self.amount)
            .bind(now)
            .execute(connection)
            .await?;
        Ok(booked.rows_affected() > 0)
    }
}

async fn write(connection: &mut PgConnection, payment: &NewPayment, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(PAYMENT)
        .bind(payment.id)
        .bind(payment.user_id)
        .bind(&payment.charge_id)
        .bind(&payment.provider_charge_id)
        .bind(payment.way.as_str())
        .bind(&payment.currency)
        .bind(payment.amount)
        .bind(payment.matched)
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}

async fn stand(connection: &mut PgConnection, user_id: i64, standing: &Standing) -> Result<(), StoreError> {
    sqlx::query(STAND)
        .bind(user_id)
        .bind(standing.plan.as_str())
        .bind(standing.paid_until)
        .bind(standing.premium_until)
        .execute(connection)
        .await?;
    Ok(())
}

async fn owe(connection: &mut PgConnection, call: &NewOutgoing, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(OWE)
        .bind(call.chat_id)
        .bind(call.user_id)
        .bind(&call.key)
        .bind(&call.method)
        .bind(Json(&call.params))
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}
