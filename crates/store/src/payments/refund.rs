//! Money back: the wish, the call that Telegram is owed, and what changes once it says that it was done.

use chrono::{DateTime, TimeDelta, Utc};
use evolve_domain::payment::{Renewal, Standing, unused};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{
    Account, Payment, Payments, by_charge,
    change::{owe, stand},
    held, ledger_key,
    subscription::{ended_by, stop_these, wish},
};
use crate::{StoreError, audit, outbox::NewOutgoing};

/// What became of a refund that Telegram reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refund {
    /// It was taken back.
    Done(Standing),
    /// It had been taken back before.
    Replayed(Standing),
    /// It is booked; the person was removed since they paid, so there is nothing else to take back.
    OfNobody,
    /// We know no such payment.
    Unknown,
}

/// A refund that Telegram reports, as it was taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refunded {
    /// What became of it.
    pub refund: Refund,
    /// What it gave back; nothing where that was booked before, or is not known.
    pub back: Option<GivenBack>,
}

impl Refunded {
    const fn nothing(refund: Refund) -> Self {
        Self { refund, back: None }
    }
}

/// Money that was given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenBack {
    /// The currency.
    pub currency: String,
    /// How much, in the smallest unit.
    pub amount: i64,
    /// Whether it had been paid for an offer of ours.
    pub was_sale: bool,
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

/// A call that Telegram refused for good, or that could not be made for a day, is owed anew: there is no other way on.
const OWE: &str = "
    WITH owed AS (
        INSERT INTO outbox AS o (chat_id, user_id, key, method, params, priority, ready_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $7, $6, $6)
        ON CONFLICT (key) DO UPDATE
        SET state = 'pending', params = excluded.params, ready_at = $6, created_at = $6, attempts = 0, error = NULL,
            finished_at = NULL, leased_until = NULL, leased_by = NULL
        WHERE o.state = 'dead'
        RETURNING id
    )
    SELECT pg_notify('outbox', '')::text FROM owed";

const BEGIN: &str = "UPDATE payments SET refund_begun_at = $2 WHERE id = $1 AND refunded_at IS NULL";

const BEGIN_BY_HAND: &str = "
    UPDATE payments SET refund_begun_at = $2 WHERE id = $1 AND refunded_at IS NULL AND refund_begun_at IS NULL";

const ASK: &str = "
    UPDATE payments SET refund_asked_at = COALESCE(refund_asked_at, $3)
    WHERE user_id = $1 AND id = $2 AND refunded_at IS NULL AND declined_at IS NULL";

const DECLINE: &str = "
    UPDATE payments SET declined_at = $2
    WHERE id = $1 AND refunded_at IS NULL AND declined_at IS NULL AND refund_begun_at IS NULL
      AND (refund_asked_at IS NOT NULL OR NOT matched)";

/// Tells until when it recurred.
const REFUNDED: &str =
    "UPDATE payments SET refunded_at = $2 WHERE id = $1 RETURNING COALESCE(recurs_until, covers_until)";

/// Of these calls, by their keys, those that are on their way, or were made.
const UNDER_WAY: &str = "SELECT key FROM outbox WHERE key = ANY ($1) AND state <> 'dead'";

/// The days of later payments begin earlier by what was taken. $1 person, $2 until when the refunded one was, $3 how much.
const MOVE_UP: &str = "
    UPDATE payments SET covers_until = covers_until - $3
    WHERE user_id = $1 AND covers_until > $2 AND refunded_at IS NULL";

/// As [`MOVE_UP`]: later payments recur earlier by as much of the refunded one as was to recur.
const RECUR_EARLIER: &str = "
    UPDATE payments SET recurs_until = recurs_until - $3
    WHERE user_id = $1 AND recurs_until > $2 AND refunded_at IS NULL";

/// Books the reverse of the payment whose key is $1, under $2: whether there is such a payment, and what was given back, if this was new.
const REVERSE: &str = "
    WITH paid AS (
        SELECT payment_id, debit, credit, currency, amount FROM ledger WHERE key = $1
    ), back AS (
        INSERT INTO ledger (key, payment_id, debit, credit, currency, amount, booked_at)
        SELECT $2, payment_id, credit, debit, currency, amount, $3 FROM paid
        ON CONFLICT (key) DO NOTHING RETURNING currency, amount, debit = 'sales' AS was_sale
    )
    SELECT EXISTS (SELECT FROM paid) AS known, back.currency, back.amount, back.was_sale
    FROM (SELECT) AS one LEFT JOIN back ON true";

#[derive(FromRow)]
struct Reversed {
    known: bool,
    currency: Option<String>,
    amount: Option<i64>,
    was_sale: Option<bool>,
}

impl Payments<'_> {
    /// Notes that a person wants a payment of theirs back. False where they have no such payment, have it back, or were told
    /// that it stays paid.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ask_refund(&self, user_id: i64, payment_id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let done = sqlx::query(ASK).bind(user_id).bind(payment_id).bind(now).execute(&self.0.pool).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Notes that a payment stays paid. False where there is nothing to decide about it, or its refund was begun.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn decline_refund(&self, payment_id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.decide(DECLINE, payment_id, now).await
    }

    /// Notes that a payment is given back by hand. False where it was begun, or done, before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin_refund_by_hand(&self, payment_id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.decide(BEGIN_BY_HAND, payment_id, now).await
    }

    /// Runs a statement of $1 payment, $2 now; whether it changed anything.
    async fn decide(&self, statement: &'static str, payment_id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        let decided = sqlx::query(statement).bind(payment_id).bind(now).execute(&mut *transaction).await?;
        if decided.rows_affected() == 0 {
            return Ok(false);
        }
        audit::done(&mut transaction, self.1).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Owes Telegram the call that gives a payment back, under a key that is the payment's own. What it gave is taken back when
    /// Telegram reports that it did.
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
        if let Some(person) = payment.user_id
            && held(&mut transaction, person).await?.is_none()
        {
            return Ok(RefundBegun::Unknown);
        }
        let begun = sqlx::query(BEGIN).bind(payment.id).bind(now).execute(&mut *transaction).await?;
        if begun.rows_affected() == 0 {
            return Ok(RefundBegun::Already);
        }
        if !owe(&mut transaction, OWE, call, now).await? {
            return Ok(RefundBegun::Already);
        }
        audit::done(&mut transaction, self.1).await?;
        transaction.commit().await?;
        Ok(RefundBegun::Yes)
    }

    /// Which of the calls of these keys are owed to Telegram, or were accepted. The others it refused, or nobody could make them; or it is
    /// so long ago that it was forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn under_way(&self, keys: &[String]) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar(UNDER_WAY).bind(keys).fetch_all(&self.0.pool).await?)
    }

    /// A payment was given back: books it and takes back what is left of what it gave, once.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn refunded(&self, user_id: i64, charge_id: &str, now: DateTime<Utc>) -> Result<Refunded, StoreError> {
        let mut transaction = self.0.pool.begin().await?;
        let account = held(&mut transaction, user_id).await?;
        let payment = by_charge(&mut transaction, charge_id).await?;
        if payment.as_ref().is_some_and(|payment| payment.user_id.is_some_and(|of| of != user_id)) {
            return Ok(Refunded::nothing(Refund::Unknown));
        }
        let (known, back) = reverse(&mut transaction, charge_id, now).await?;
        let refund = match (account, payment) {
            (Some(account), Some(_)) if back.is_none() => {
                return Ok(Refunded::nothing(Refund::Replayed(account.standing)));
            }
            (Some(account), Some(payment)) if payment.user_id.is_some() => {
                Refund::Done(take_back(&mut transaction, user_id, &account, &payment, now).await?)
            }
            // The ledger remembers what was paid by people who were removed, though not by whom.
            (_, payment) if known => {
                if let Some(payment) = payment {
                    sqlx::query(REFUNDED).bind(payment.id).bind(now).execute(&mut *transaction).await?;
                }
                Refund::OfNobody
            }
            _ => return Ok(Refunded::nothing(Refund::Unknown)),
        };
        audit::done(&mut transaction, self.1).await?;
        transaction.commit().await?;
        Ok(Refunded { refund, back })
    }
}

/// Books that a payment was given back: whether it is known, and what was given back, where that was not booked before.
pub(super) async fn reverse(
    connection: &mut PgConnection,
    charge_id: &str,
    now: DateTime<Utc>,
) -> Result<(bool, Option<GivenBack>), StoreError> {
    let (paid, refunded) = (ledger_key("paid", charge_id), ledger_key("refunded", charge_id));
    let row: Reversed = sqlx::query_as(REVERSE).bind(paid).bind(refunded).bind(now).fetch_one(connection).await?;
    let back = row.currency.zip(row.amount).zip(row.was_sale);
    Ok((row.known, back.map(|((currency, amount), was_sale)| GivenBack { currency, amount, was_sale })))
}

async fn take_back(
    connection: &mut PgConnection,
    user_id: i64,
    account: &Account,
    payment: &Payment,
    now: DateTime<Utc>,
) -> Result<Standing, StoreError> {
    let recurred: Option<DateTime<Utc>> =
        sqlx::query_scalar(REFUNDED).bind(payment.id).bind(now).fetch_one(&mut *connection).await?;
    let mut renewal = account.standing.renewal;
    if let Some(charge) = ended_by(connection, user_id, &payment.charge_id).await? {
        if account.subscription_charge.as_ref() == Some(&charge)
            && let Some(shown) = renewal.map(Renewal::stopping)
        {
            wish(connection, &charge, &shown).await?;
            renewal = Some(shown);
        }
        stop_these(connection, user_id, &[charge]).await?;
    }
    if !payment.matched {
        return Ok(account.standing);
    }
    let after = account.standing.refunded(payment.covers_until, renewal, now);
    stand(connection, user_id, &after).await?;
    for (statement, until) in [(MOVE_UP, payment.covers_until), (RECUR_EARLIER, recurred)] {
        let taken = unused(until, now);
        if taken > TimeDelta::zero() {
            sqlx::query(statement).bind(user_id).bind(until).bind(taken).execute(&mut *connection).await?;
        }
    }
    Ok(after)
}
