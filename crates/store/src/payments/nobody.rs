//! Money of people who were removed. The ledger names nobody and keeps everything; what Telegram reports of them afterwards is
//! booked without bringing them back, and what it goes on charging is stopped.

use chrono::{DateTime, Utc};
use evolve_domain::payment::Way;
use serde::Deserialize;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    NewPayment,
    change::book,
    refund::reverse,
    subscription::{Known, stop_all, stop_these},
};
use crate::StoreError;

/// What was reported of a person's money and is not booked yet.
const REPORTS: &str = "
    SELECT payload -> 'message', received_at FROM inbox
    WHERE user_id = $1 AND state <> 'done' AND payload -> 'message' ?| array['successful_payment', 'refunded_payment']
    ORDER BY update_id FOR UPDATE";

/// It gave nobody anything, so somebody has to decide about it.
const PAYMENT: &str = "
    INSERT INTO payments (id, user_id, charge_id, provider_charge_id, way, currency, amount, matched, paid_at)
    VALUES ($1, NULL, $2, $3, $4, $5, $6, false, $7)";

/// What is owed to Telegram about somebody's money is still owed when they are gone; it is nobody's row from then on, and its
/// content is forgotten as soon as Telegram has accepted it. But nobody is left to take a subscription up again.
const KEEP_OWED: &str = "
    UPDATE outbox SET user_id = NULL, chat_id = 0
    WHERE user_id = $1 AND state = 'pending'
      AND (method = 'refundStarPayment' OR method = 'editUserStarSubscription' AND params ->> 'is_canceled' = 'true')";

/// The parts of Telegram's `SuccessfulPayment` that a ledger needs.
#[derive(Deserialize)]
struct Report {
    currency: String,
    total_amount: i64,
    telegram_payment_charge_id: String,
    #[serde(default)]
    provider_payment_charge_id: String,
    #[serde(default)]
    is_first_recurring: bool,
}

/// What a person's removal does first: books what was reported and not booked, and stops what is charged.
pub(crate) async fn leave(connection: &mut PgConnection, user_id: i64) -> Result<(), StoreError> {
    let reports: Vec<(Value, DateTime<Utc>)> =
        sqlx::query_as(REPORTS).bind(user_id).fetch_all(&mut *connection).await?;
    for (message, at) in reports {
        if let Ok(report) = Report::deserialize(&message["successful_payment"]) {
            // A renewal's subscription is among those that are known, and stopped below.
            let begun = report.is_first_recurring.then(|| report.telegram_payment_charge_id.clone());
            book_report(connection, user_id, report, at).await?;
            stop_these(connection, user_id, begun.as_slice()).await?;
        }
        if let Some(charge) = message["refunded_payment"]["telegram_payment_charge_id"].as_str() {
            reverse(connection, charge, at).await?;
        }
    }
    sqlx::query(KEEP_OWED).bind(user_id).execute(&mut *connection).await?;
    stop_all(connection, user_id).await
}

async fn book_report(
    connection: &mut PgConnection,
    user_id: i64,
    report: Report,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let payment = NewPayment {
        id: Uuid::now_v7(),
        user_id,
        charge_id: report.telegram_payment_charge_id,
        provider_charge_id: report.provider_payment_charge_id,
        way: if report.currency == "XTR" { Way::Stars } else { Way::Money },
        currency: report.currency,
        amount: report.total_amount,
        matched: false,
        made_at: at,
        repeats: None,
        is_found: false,
    };
    if payment.amount > 0 && book(connection, &payment, at).await? {
        write(connection, &payment, at).await?;
    }
    Ok(())
}

/// Whether a payment of somebody whom we do not know is of somebody who was removed, and not of somebody new: it renews what
/// they had, or is found and cannot be told.
pub(super) fn is_theirs(payment: &NewPayment, subscription: Option<&Known>) -> bool {
    match subscription {
        Some(known) => known.is_nobodys(),
        None if payment.is_found => !payment.matched,
        None => payment.repeats.is_some_and(|repeats| !repeats.begins),
    }
}

/// Takes in a payment of somebody who is gone. False where it was known.
pub(super) async fn paid(
    connection: &mut PgConnection,
    payment: &NewPayment,
    subscription: Option<&Known>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if !book(connection, payment, now).await? {
        return Ok(false);
    }
    write(connection, payment, now).await?;
    if payment.repeats.is_some() {
        // Of one that we never heard of, its own charge is all that there is to try.
        let first = subscription.map_or(&payment.charge_id, |known| &known.charge_id).clone();
        stop_these(connection, payment.user_id, &[first]).await?;
    }
    Ok(true)
}

async fn write(connection: &mut PgConnection, payment: &NewPayment, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(PAYMENT)
        .bind(payment.id)
        .bind(&payment.charge_id)
        .bind(&payment.provider_charge_id)
        .bind(payment.way.as_str())
        .bind(&payment.currency)
        .bind(payment.amount)
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}
