//! What waits for somebody who runs the bot.

use super::{Payment, PaymentRow, Payments};
use crate::StoreError;

/// Payments that people want back, and payments for no offer of ours; oldest first.
const TO_SEE_TO: &str = "
    SELECT id, user_id, charge_id, way, currency, amount, matched, paid_at, covers_until, refund_asked_at, refund_begun_at,
           refunded_at
    FROM payments WHERE refunded_at IS NULL AND (refund_asked_at IS NOT NULL OR NOT matched)
    ORDER BY paid_at LIMIT $1";

impl Payments<'_> {
    /// At most `limit` payments that somebody must decide about, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn to_see_to(&self, limit: i64) -> Result<Vec<Payment>, StoreError> {
        let rows: Vec<PaymentRow> = sqlx::query_as(TO_SEE_TO).bind(limit).fetch_all(&self.0.pool).await?;
        Ok(rows.into_iter().map(Payment::from).collect())
    }
}
