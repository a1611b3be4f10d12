//! What changes by a payment, a gift and a cancellation. Each is one transaction that holds the person.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::{
    payment::{Account as Book, Standing, Way, recurs_until},
    plan::Plan,
};
use sqlx::{PgConnection, types::Json};

use super::{NewPayment, Payments, Purchase, held, ledger_key, nobody, subscription};
use crate::{StoreError, audit, outbox::NewOutgoing, users::INSERT};

/// What became of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paid {
    /// How the person stands now.
    pub standing: Standing,
    /// Whether it was known already, so that nothing changed.
    pub replayed: bool,
    /// Whether it is for an offer of ours, or renews a subscription that is.
    pub matched: bool,
    /// What it buys.
    pub buys: Purchase,
}

/// What became of a gift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granted {
    /// They stand so now.
    Yes(Standing),
    /// It was given before.
    Already(Standing),
    /// There is no such person.
    Nobody,
}

const BOOK: &str = "
    INSERT INTO ledger (key, payment_id, debit, credit, currency, amount, booked_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (key) DO NOTHING";

/// Who is banned has nothing of what they pay for: somebody is to decide about it, as if they had asked for it back. $11 what the person
/// is called where bans are kept, $12 until when it recurs.
const PAYMENT: &str = "
    INSERT INTO payments (id, user_id, charge_id, provider_charge_id, way, currency, amount, matched, paid_at, covers_until,
                          refund_asked_at, recurs_until)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
            CASE WHEN EXISTS (SELECT FROM bans WHERE person = ANY ($11) AND until > $9) THEN $9::timestamptz END, $12)";

/// Until when the last recurs of what somebody paid before. $1 person.
const RECURS: &str = "
    SELECT max(COALESCE(recurs_until, covers_until)) FROM payments WHERE user_id = $1 AND matched AND refunded_at IS NULL";

/// What was paid is over, whatever days it was for: nothing of it recurs, and a refund finds none of them to take back, least of all from
/// what is paid later. $1 person, $2 now.
const CUT: &str = "
    UPDATE payments SET covers_until = LEAST(covers_until, $2), recurs_until = LEAST(recurs_until, $2)
    WHERE user_id = $1 AND refunded_at IS NULL AND (covers_until > $2 OR recurs_until > $2)";

const STAND: &str = "UPDATE users SET plan = $2, paid_until = $3, premium_until = $4 WHERE id = $1";

const OWE: &str = "
    WITH owed AS (
        INSERT INTO outbox (chat_id, user_id, key, method, params, priority, ready_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $7, $6, $6)
        ON CONFLICT (key) DO NOTHING RETURNING id
    )
    SELECT pg_notify('outbox', '')::text FROM owed";

impl Payments<'_> {
    /// Takes a payment in, once, whatever happens: the second of the same charge changes nothing.
    ///
    /// A renewal of a subscription that we know is good whatever its payload says, since the keys may have changed since. One
    /// that comes for somebody who was removed brings nobody back: it is booked apart, and the subscription is stopped. Who
    /// pays anew is somebody new. What somebody pays who is banned is to be seen to, as if they had asked for it back.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn paid(&self, payment: &NewPayment, now: DateTime<Utc>) -> Result<Paid, StoreError> {
        let names = self.0.bans().names(payment.user_id);
        let mut transaction = self.0.pool.begin().await?;
        let (before, subscription) = loop {
            // What becomes of the subscription is decided by what it is once nobody else can change it.
            let account = held(&mut transaction, payment.user_id).await?;
            let subscription = subscription::renewed_by(&mut transaction, payment).await?;
            if let Some(account) = account {
                break (account.standing, subscription);
            }
            if nobody::is_theirs(payment, subscription.as_ref()) {
                let unmatched = NewPayment { matched: false, ..payment.clone() };
                let new = nobody::paid(&mut transaction, &unmatched, subscription.as_ref(), now).await?;
                transaction.commit().await?;
                let buys = Purchase::of(payment, subscription.as_ref());
                return Ok(Paid { standing: Standing::default(), replayed: !new, matched: false, buys });
            }
            // Somebody new, or who was removed and paid again.
            sqlx::query(INSERT).bind(payment.user_id).bind(now).bind(&names).execute(&mut *transaction).await?;
        };
        let buys = Purchase::of(payment, subscription.as_ref());
        let mut payment = payment.clone();
        if let Some(known) = &subscription {
            payment.matched = known.matched;
            payment.way = Way::StarsMonthly;
        }
        if !book(&mut transaction, &payment, now).await? {
            // Rolls back: a person who was removed since they paid is not brought back by a repetition.
            return Ok(Paid { standing: before, replayed: true, matched: payment.matched, buys });
        }
        match (&payment.repeats, &subscription) {
            (Some(repeats), Some(known)) => subscription::renew(&mut transaction, &payment, repeats, known).await?,
            (Some(repeats), None) if repeats.begins || payment.is_found || !payment.matched => {
                subscription::begin(&mut transaction, &payment, repeats, now).await?;
            }
            _ => {}
        }
        let renewal = held(&mut transaction, payment.user_id).await?.and_then(|account| account.standing.renewal);
        let after = if payment.matched { before.paid(renewal, now) } else { before };
        let covers_until = after.paid_until.filter(|_| payment.matched);
        write(&mut transaction, &payment, covers_until, &names, now).await?;
        stand(&mut transaction, payment.user_id, &after).await?;
        transaction.commit().await?;
        Ok(Paid { standing: after, replayed: false, matched: payment.matched, buys })
    }

    /// Asks Telegram to stop the subscription, or to allow the person to take it up again. Nothing where there is none. What
    /// is believed of it does not matter: Telegram may have refused before, and tells nobody of what people do there.
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
        let (Some(charge), Some(renewal)) = (account.subscription_charge, account.standing.renewal) else {
            return Ok(None);
        };
        let Some(owed) = call(&charge) else { return Ok(None) };
        let renewal = if renews { renewal.allowed(now) } else { renewal.stopping() };
        let after = account.standing.renewing(Some(renewal));
        stand(&mut transaction, user_id, &after).await?;
        subscription::wish(&mut transaction, &charge, &renewal).await?;
        owe(&mut transaction, OWE, &owed, now).await?;
        transaction.commit().await?;
        Ok(Some(after))
    }

    /// Gives somebody premium for nothing, once for each `notice`, which tells them of it. It adds to what is paid.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn grant(
        &self,
        user_id: i64,
        time: TimeDelta,
        notice: impl FnOnce(&Standing) -> NewOutgoing,
        now: DateTime<Utc>,
    ) -> Result<Granted, StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        let Some(account) = held(&mut transaction, user_id).await? else { return Ok(Granted::Nobody) };
        let after = account.standing.granted(time, now);
        if !owe(&mut transaction, OWE, &notice(&after), now).await? {
            return Ok(Granted::Already(account.standing));
        }
        stand(&mut transaction, user_id, &after).await?;
        audit::done(&mut transaction, self.1).await?;
        transaction.commit().await?;
        Ok(Granted::Yes(after))
    }
}

impl Payments<'_> {
    /// Ends somebody's premium, whatever was paid or given, and tells them: from now on they pay no more. Nothing where there is no such
    /// person; false where they had none.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn end_premium(
        &self,
        user_id: i64,
        notice: &NewOutgoing,
        now: DateTime<Utc>,
    ) -> Result<Option<bool>, StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        let Some(account) = held(&mut transaction, user_id).await? else { return Ok(None) };
        if account.standing.plan == Plan::Free {
            return Ok(Some(false));
        }
        stand(&mut transaction, user_id, &account.standing.ended()).await?;
        sqlx::query(CUT).bind(user_id).bind(now).execute(&mut *transaction).await?;
        owe(&mut transaction, OWE, notice, now).await?;
        audit::done(&mut transaction, self.1).await?;
        transaction.commit().await?;
        Ok(Some(true))
    }
}

/// Books a payment; false where the same was booked before.
pub(super) async fn book(
    connection: &mut PgConnection,
    payment: &NewPayment,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
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

async fn write(
    connection: &mut PgConnection,
    payment: &NewPayment,
    covers_until: Option<DateTime<Utc>>,
    names: &[String],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let before: Option<DateTime<Utc>> =
        sqlx::query_scalar(RECURS).bind(payment.user_id).fetch_one(&mut *connection).await?;
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
        .bind(names)
        .bind(payment.matched.then(|| recurs_until(before, now)))
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

/// Owes a call by a statement that has its values and time in order, and says when it wrote a row. False where it was owed before.
pub(super) async fn owe(
    connection: &mut PgConnection,
    statement: &'static str,
    call: &NewOutgoing,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let owed = sqlx::query(statement)
        .bind(call.chat_id)
        .bind(call.user_id)
        .bind(&call.key)
        .bind(&call.method)
        .bind(Json(&call.params))
        .bind(now)
        .bind(call.priority.number())
        .fetch_optional(connection)
        .await?;
    Ok(owed.is_some())
}
