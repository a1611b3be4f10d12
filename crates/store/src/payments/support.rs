//! What waits for somebody who runs the bot.

use sqlx::FromRow;
use uuid::Uuid;

use super::{Payment, PaymentRow, Payments};
use crate::StoreError;

/// How much waits for somebody who runs the bot, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromRow)]
pub struct Waiting {
    /// Payments to decide about.
    pub decisions: i64,
    /// Reports of money that could not be booked yet, again and again.
    pub reports: i64,
}

/// Payments that people want back, and payments for no offer of ours, after $1; oldest first, since ids grow with time.
const TO_SEE_TO: &str = "
    SELECT id, user_id, charge_id, way, currency, amount, matched, paid_at, covers_until, refund_asked_at, refund_begun_at,
           declined_at, refunded_at
    FROM payments
    WHERE refunded_at IS NULL AND declined_at IS NULL AND (refund_asked_at IS NOT NULL OR NOT matched) AND id > $1
    ORDER BY id LIMIT $2";

const WAITING: &str = "
    SELECT (SELECT count(*) FROM payments
            WHERE refunded_at IS NULL AND declined_at IS NULL AND (refund_asked_at IS NOT NULL OR NOT matched)) AS decisions,
           (SELECT count(*) FROM inbox
            WHERE state = 'pending' AND chat_id IS NULL
              AND payload -> 'message' ?| array['successful_payment', 'refunded_payment']) AS reports";

const SEEN: &str = "SELECT seen FROM star_transactions";

const SAW: &str = "
    INSERT INTO star_transactions (seen) VALUES ($1) ON CONFLICT (one) DO UPDATE SET seen = excluded.seen";

impl Payments<'_> {
    /// How many of Telegram's transactions were compared with the ledger, from the first on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn transactions_seen(&self) -> Result<i64, StoreError> {
        let seen: Option<(i64,)> = sqlx::query_as(SEEN).fetch_optional(&self.0.pool).await?;
        Ok(seen.map(|(seen,)| seen).unwrap_or_default())
    }

    /// Remembers how many were compared.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn saw_transactions(&self, seen: i64) -> Result<(), StoreError> {
        sqlx::query(SAW).bind(seen).execute(&self.0.pool).await?;
        Ok(())
    }

    /// At most `limit` payments that somebody must decide about, oldest first, after the one of id `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn to_see_to(&self, after: Option<Uuid>, limit: i64) -> Result<Vec<Payment>, StoreError> {
        let after = after.unwrap_or_default();
        let rows: Vec<PaymentRow> = sqlx::query_as(TO_SEE_TO).bind(after).bind(limit).fetch_all(&self.0.pool).await?;
        Ok(rows.into_iter().map(Payment::from).collect())
    }

    /// How much waits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn waiting(&self) -> Result<Waiting, StoreError> {
        Ok(sqlx::query_as(WAITING).fetch_one(&self.0.pool).await?)
    }
}
