//! What changes by a payment and by a cancellation. Each is one transaction that holds the person.

use chrono::{DateTime, Utc};
use evolve_domain::payment::{Account as Book, Renewal, Standing, Way};
use sqlx::{PgConnection, types::Json};

use super::{NewPayment, Payments, STOP, held, ledger_key};
use crate::{StoreError, outbox::NewOutgoing};

/// What became of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paid {
    /// How the person stands now.
    pub standing: Standing,
    /// Whether it was known already, so that nothing changed.
    pub replayed: bool,
}

const PERSON: &str = "INSERT INTO users (id, created_at, last_seen_at) VALUES ($1, $2, $2) ON CONFLICT (id) DO NOTHING";

const BOOK: &str = "
    INSERT INTO ledger (key, payment_id, debit, credit, currency, amount, booked_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (key) DO NOTHING";

const PAYMENT: &str = "
    INSERT INTO payments (id, user_id, charge_id, provider_charge_id, way, currency, amount, matched, paid_at, covers_until)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

const STAND: &str = "UPDATE users SET plan = $2, paid_until = $3, premium_until = $4 WHERE id = $1";

/// $5 is whether this is the first payment of a subscription.
const SUBSCRIBE: &str = "
    INSERT INTO subscriptions AS s (user_id, charge_id, last_charge_id, renews_at, canceled) VALUES ($1, $2, $2, $3, $4)
    ON CONFLICT (user_id) DO UPDATE
    SET charge_id = CASE WHEN $5 THEN excluded.charge_id ELSE s.charge_id END, last_charge_id = excluded.last_charge_id,
        renews_at = excluded.renews_at, canceled = excluded.canceled";

pub(super) const CANCEL: &str = "UPDATE subscriptions SET canceled = true WHERE user_id = $1";

const OWE: &str = "
    WITH owed AS (
        INSERT INTO outbox (chat_id, user_id, key, method, params, ready_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $6)
        ON CONFLICT (key) DO NOTHING RETURNING id
    )
    SELECT pg_notify('outbox', '')::text FROM owed";

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
        if !book(&mut transaction, payment, now).await? {
            // Rolls back: a person who was removed since they paid is not brought back by a repetition.
            return Ok(Paid { standing: before, replayed: true });
        }
        let after = if payment.matched { before.paid(payment.way, payment.renews_at, now) } else { before };
        write(&mut transaction, payment, after.paid_until.filter(|_| payment.matched), now).await?;
        stand(&mut transaction, payment.user_id, &after).await?;
        if let (true, Way::StarsMonthly, Some(renewal)) = (payment.matched, payment.way, after.renewal) {
            subscribe(&mut transaction, payment, &renewal).await?;
        }
        transaction.commit().await?;
        Ok(Paid { standing: after, replayed: false })
    }

    /// Cancels the subscription, or allows the person to take it up again, and owes Telegram the call that does so. Nothing
    /// where there is no subscription. Allowed is not taken up: it stays cancelled here until it is paid for again.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn set_renewal(
        &self,
        user_id: i64,
        renews: bool,
        call: impl FnOnce(&str) -> Option<NewOutgoing>,
        now: DateTime<Utc>,
    ) -> Result<Option<Standing>, StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        let Some(account) = held(&mut transaction, user_id).await? else { return Ok(None) };
        let (Some(charge), Some(canceled)) = (account.subscription_charge, account.standing.canceled()) else {
            return Ok(None);
        };
        if account.standing.renews() == renews {
            return Ok(Some(account.standing));
        }
        let Some(owed) = call(&charge) else { return Ok(None) };
        let after = if renews { account.standing } else { canceled };
        if !renews {
            stand(&mut transaction, user_id, &after).await?;
            sqlx::query(CANCEL).bind(user_id).execute(&mut *transaction).await?;
        }
        owe(&mut transaction, &owed, now).await?;
        transaction.commit().await?;
        Ok(Some(after))
    }
}

/// Books a payment; false where the same was booked before.
async fn book(connection: &mut PgConnection, payment: &NewPayment, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let credit = if payment.matched { Book::Sales } else { Book::Unmatched };
    let booked = sqlx::query(BOOK)
        .bind(ledger_key("paid", &payment.charge_id))
        .bind(payment.id)
        .bind(Book::Telegram.as_str())
        .bind(credit.as_str())
        .bind(&payment.currency)
        .bind(payment.amount)
        .bind(now)
        .execute(connection)
        .await?;
    Ok(booked.rows_affected() > 0)
}

/// Remembers the subscription. A second one would be charged beside the first, which is therefore stopped.
async fn subscribe(connection: &mut PgConnection, payment: &NewPayment, renewal: &Renewal) -> Result<(), StoreError> {
    if payment.begins {
        sqlx::query(STOP).bind(payment.user_id).execute(&mut *connection).await?;
    }
    sqlx::query(SUBSCRIBE)
        .bind(payment.user_id)
        .bind(&payment.charge_id)
        .bind(renewal.renews_at)
        .bind(renewal.canceled)
        .bind(payment.begins)
        .execute(connection)
        .await?;
    Ok(())
}

async fn write(
    connection: &mut PgConnection,
    payment: &NewPayment,
    covers_until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
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
        .bind(covers_until)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn stand(connection: &mut PgConnection, user_id: i64, standing: &Standing) -> Result<(), StoreError> {
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
