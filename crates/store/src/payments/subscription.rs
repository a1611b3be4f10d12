//! Subscriptions: each is known by its first charge, since Telegram stops it by no other, and its renewals by the payload of
//! the invoice, which Telegram repeats. None is forgotten: what was to stop may be charged nevertheless.

use chrono::{DateTime, Utc};
use evolve_domain::payment::Renewal;
use sqlx::{FromRow, PgConnection};

use super::{NewPayment, Payments, Repeats};
use crate::StoreError;

/// What a payment buys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purchase {
    /// A month, once.
    Once,
    /// A subscription, which begins with it.
    Subscription,
    /// Another month of a subscription.
    Renewal,
}

impl Purchase {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Once, Self::Subscription, Self::Renewal];

    /// Its name in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Subscription => "subscription",
            Self::Renewal => "renewal",
        }
    }

    /// What this payment buys, which renews `known`, if anything.
    pub(super) fn of(payment: &NewPayment, known: Option<&Known>) -> Self {
        match (payment.repeats, known) {
            (None, _) => Self::Once,
            // One that was found does not say so itself.
            (Some(repeats), None) if repeats.begins || payment.is_found => Self::Subscription,
            _ => Self::Renewal,
        }
    }
}

/// A subscription that a payment belongs to.
#[derive(FromRow)]
pub(super) struct Known {
    pub(super) charge_id: String,
    user_id: Option<i64>,
    pub(super) matched: bool,
    renews_at: DateTime<Utc>,
    wanted: bool,
    stopped_at: Option<DateTime<Utc>>,
}

/// Of several for one invoice, the newest. Held, since Telegram may confirm meanwhile that it has stopped it.
const BY_OFFER: &str = "
    SELECT charge_id, user_id, matched, renews_at, wanted, stopped_at FROM subscriptions
    WHERE offer = $1 AND (user_id = $2 OR user_id IS NULL) ORDER BY begun_at DESC LIMIT 1 FOR UPDATE";

const BEGIN: &str = "
    INSERT INTO subscriptions (charge_id, user_id, last_charge_id, renews_at, offer, begun_at, matched, shown, wanted)
    VALUES ($1, $2, $1, $3, $4, $5, $6, $6, $6) ON CONFLICT (charge_id) DO NOTHING";

/// One that had ended is shown again: it was paid for.
const RENEW: &str = "
    UPDATE subscriptions SET last_charge_id = $2, renews_at = $3, wanted = $4, stopped_at = $5, shown = matched
    WHERE charge_id = $1";

const WISH: &str = "UPDATE subscriptions SET wanted = $2, stopped_at = $3 WHERE charge_id = $1";

const CONFIRM: &str = "
    UPDATE subscriptions SET stopped_at = $2 WHERE charge_id = $1 AND NOT wanted AND stopped_at IS NULL";

const OF_LAST_CHARGE: &str = "SELECT charge_id FROM subscriptions WHERE user_id = $1 AND last_charge_id = $2";

/// All of them but $2 are to stop.
const OTHERS: &str = "
    UPDATE subscriptions SET wanted = false, stopped_at = CASE WHEN wanted THEN NULL ELSE stopped_at END
    WHERE user_id = $1 AND charge_id <> $2 RETURNING charge_id";

const ALL: &str = "SELECT charge_id FROM subscriptions WHERE user_id = $1";

/// Telegram must not go on taking payments of $1 for the subscriptions $2. Nobody waits for it in a chat, and it must be done
/// even if the person is removed: so the rows are nobody's. Their content is forgotten as soon as Telegram has accepted them.
/// A permission to take a subscription up again that was not given yet is not given any more.
const STOP: &str = "
    WITH withdrawn AS (
        DELETE FROM outbox WHERE user_id = $1 AND state = 'pending' AND leased_until IS NULL
           AND method = 'editUserStarSubscription' AND params ->> 'is_canceled' = 'false'
    ), owed AS (
        INSERT INTO outbox (chat_id, user_id, key, method, params, ready_at, created_at)
        SELECT 0, NULL, 'stop-' || gen_random_uuid(), 'editUserStarSubscription',
               jsonb_build_object('user_id', $1, 'telegram_payment_charge_id', charge, 'is_canceled', true), 'epoch', now()
        FROM unnest($2::text[]) AS charge
        RETURNING id
    )
    SELECT pg_notify('outbox', '')::text FROM owed";

impl Known {
    /// Whether its person was removed.
    pub(super) fn is_nobodys(&self) -> bool {
        self.user_id.is_none()
    }

    pub(super) fn renewal(&self) -> Renewal {
        Renewal { renews_at: self.renews_at, wanted: self.wanted, stopped_at: self.stopped_at }
    }
}

impl Payments<'_> {
    /// Telegram confirmed that it has stopped the subscription of this first charge.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stopped(&self, charge_id: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query(CONFIRM).bind(charge_id).bind(now).execute(&self.0.pool).await?;
        Ok(())
    }
}

/// The subscription that a payment renews; nothing where it is the first, or is part of none that we know. To be asked for once
/// its person is held.
pub(super) async fn renewed_by(
    connection: &mut PgConnection,
    payment: &NewPayment,
) -> Result<Option<Known>, StoreError> {
    let Some(repeats) = payment.repeats.filter(|repeats| payment.is_found || !repeats.begins) else { return Ok(None) };
    let known = sqlx::query_as(BY_OFFER).bind(repeats.offer).bind(payment.user_id).fetch_optional(connection).await?;
    Ok(known)
}

/// Remembers one that begins. A second would be charged beside the first, and one for no offer of ours for nothing: what must
/// not go on is stopped.
pub(super) async fn begin(
    connection: &mut PgConnection,
    payment: &NewPayment,
    repeats: &Repeats,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query(BEGIN)
        .bind(&payment.charge_id)
        .bind(payment.user_id)
        .bind(repeats.renews_at)
        .bind(repeats.offer)
        .bind(now)
        .bind(payment.matched)
        .execute(&mut *connection)
        .await?;
    let stop: Vec<String> = if payment.matched {
        let others: Vec<(String,)> =
            sqlx::query_as(OTHERS).bind(payment.user_id).bind(&payment.charge_id).fetch_all(&mut *connection).await?;
        others.into_iter().map(|(charge,)| charge).collect()
    } else {
        vec![payment.charge_id.clone()]
    };
    stop_these(connection, payment.user_id, &stop).await
}

/// Takes the renewal of a subscription in. One that is to stop is stopped once more: Telegram has not done it, or has refused.
pub(super) async fn renew(
    connection: &mut PgConnection,
    payment: &NewPayment,
    repeats: &Repeats,
    known: &Known,
) -> Result<(), StoreError> {
    let after = known.renewal().charged(repeats.renews_at, payment.made_at);
    sqlx::query(RENEW)
        .bind(&known.charge_id)
        .bind(&payment.charge_id)
        .bind(after.renews_at)
        .bind(after.wanted)
        .bind(after.stopped_at)
        .execute(&mut *connection)
        .await?;
    // Nobody's was to stop when its person was removed.
    let must_stop = !known.matched || !after.wanted || known.is_nobodys();
    let stop = if must_stop { vec![known.charge_id.clone()] } else { Vec::new() };
    stop_these(connection, payment.user_id, &stop).await
}

/// Writes what is wanted of a subscription.
pub(super) async fn wish(connection: &mut PgConnection, charge_id: &str, renewal: &Renewal) -> Result<(), StoreError> {
    sqlx::query(WISH).bind(charge_id).bind(renewal.wanted).bind(renewal.stopped_at).execute(connection).await?;
    Ok(())
}

/// The first charge of the subscription whose newest payment is this.
pub(super) async fn ended_by(
    connection: &mut PgConnection,
    user_id: i64,
    charge_id: &str,
) -> Result<Option<String>, StoreError> {
    let found: Option<(String,)> =
        sqlx::query_as(OF_LAST_CHARGE).bind(user_id).bind(charge_id).fetch_optional(connection).await?;
    Ok(found.map(|(charge,)| charge))
}

/// Owes Telegram the calls that stop these subscriptions of a person.
pub(super) async fn stop_these(
    connection: &mut PgConnection,
    user_id: i64,
    charges: &[String],
) -> Result<(), StoreError> {
    if !charges.is_empty() {
        sqlx::query(STOP).bind(user_id).bind(charges).execute(connection).await?;
    }
    Ok(())
}

/// Stops every subscription that a person ever had, whatever is believed of it.
pub(super) async fn stop_all(connection: &mut PgConnection, user_id: i64) -> Result<(), StoreError> {
    let all: Vec<(String,)> = sqlx::query_as(ALL).bind(user_id).fetch_all(&mut *connection).await?;
    let all: Vec<String> = all.into_iter().map(|(charge,)| charge).collect();
    stop_these(connection, user_id, &all).await
}
