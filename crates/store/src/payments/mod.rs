//! Payments, subscriptions and the ledger.
//!
//! Money is rare and must be exact: unlike a turn, a change here is a transaction that locks the person first (as every
//! statement that writes for them does), asks the domain what becomes of them, and writes that together with the ledger.
//! The ledger's key, a hash of what happened to which charge, is what makes each change happen once.

mod change;
mod ending;
mod list;
mod nobody;
mod refund;
mod subscribers;
mod subscription;
mod support;

use chrono::{DateTime, Utc};
use evolve_domain::{
    payment::{Renewal, Standing, Way},
    plan::Plan,
};
use sha2::{Digest as _, Sha256};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

pub use change::{Granted, Paid};
pub use ending::Ending;
pub use list::{State, Wanted};
pub(crate) use nobody::leave;
pub use refund::{GivenBack, Refund, RefundBegun, Refunded};
pub use subscribers::{Moved, Spent, Subscriber, Until};
pub use subscription::Purchase;
pub use support::Waiting;

use crate::{
    Store, StoreError,
    audit::Entry,
    users::{self, parse},
};

/// A payment that Telegram reports.
#[derive(Clone, Debug)]
pub struct NewPayment {
    /// Id for it.
    pub id: Uuid,
    /// Who paid.
    pub user_id: i64,
    /// Telegram's id of it.
    pub charge_id: String,
    /// The provider's id of it.
    pub provider_charge_id: String,
    /// How it was paid.
    pub way: Way,
    /// The currency.
    pub currency: String,
    /// How much, in the smallest unit.
    pub amount: i64,
    /// Whether it is for an offer of ours. If not it gives nothing, and is booked as such.
    pub matched: bool,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// Of a subscription: what it is part of.
    pub repeats: Option<Repeats>,
    /// Whether it was found among Telegram's transactions instead of being reported.
    pub is_found: bool,
}

/// What a payment that Telegram repeats is part of.
#[derive(Clone, Copy, Debug)]
pub struct Repeats {
    /// SHA-256 of the invoice's payload, which is the same for every payment of the subscription.
    pub offer: [u8; 32],
    /// Whether it is the first of them. What was found does not say so, and is where we know no other.
    pub begins: bool,
    /// When Telegram takes the next one.
    pub renews_at: DateTime<Utc>,
}

/// A payment as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Its id.
    pub id: Uuid,
    /// Who paid; nobody, if they were removed since.
    pub user_id: Option<i64>,
    /// Telegram's id of it.
    pub charge_id: String,
    /// How it was paid.
    pub way: Way,
    /// The currency.
    pub currency: String,
    /// How much, in the smallest unit.
    pub amount: i64,
    /// Whether it was for an offer of ours.
    pub matched: bool,
    /// When.
    pub paid_at: DateTime<Utc>,
    /// Until when the days are that it gave.
    pub covers_until: Option<DateTime<Utc>>,
    /// Whether the person asked for it back.
    pub refund_asked: bool,
    /// Whether Telegram has been asked to give it back.
    pub refund_begun: bool,
    /// Whether somebody decided that it stays paid.
    pub declined: bool,
    /// Whether it was given back.
    pub refunded: bool,
}

/// How a person stands, and what they paid lately.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// How they stand.
    pub standing: Standing,
    /// By what Telegram knows their newest subscription: its first charge.
    pub subscription_charge: Option<String>,
    /// Their newest payments, newest first.
    pub payments: Vec<Payment>,
}

/// An account of the ledger in one currency.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Balance {
    /// See [`evolve_domain::payment::Account`].
    pub account: String,
    /// The currency.
    pub currency: String,
    /// What is in it.
    pub amount: i64,
}

/// Payments. Borrowed from [`Store::payments`].
#[derive(Debug)]
pub struct Payments<'a>(&'a Store, Option<&'a Entry>);

impl Store {
    /// Payments.
    #[must_use]
    pub fn payments(&self) -> Payments<'_> {
        Payments(self, None)
    }
}

impl<'a> Payments<'a> {
    /// The same at the wish of an administrator: what a gift, the beginning of a refund, its end or its decline changes is written
    /// together with this entry of the log, [done](crate::audit::Outcome::Done). What changes nothing writes none.
    #[must_use]
    pub fn audited(self, entry: Option<&'a Entry>) -> Self {
        Self(self.0, entry)
    }
}

const STANDING: &str = "
    SELECT u.plan, u.paid_until, u.premium_until, s.renews_at, s.wanted, s.stopped_at, s.charge_id
    FROM users u LEFT JOIN LATERAL (
        SELECT renews_at, wanted, stopped_at, charge_id FROM subscriptions
        WHERE user_id = u.id AND shown ORDER BY begun_at DESC LIMIT 1
    ) s ON true
    WHERE u.id = $1";

macro_rules! payments {
    ($which:literal) => {
        concat!(
            "SELECT id, user_id, charge_id, way, currency, amount, matched, paid_at, covers_until, refund_asked_at, refund_begun_at,
                    declined_at, refunded_at
             FROM payments ",
            $which
        )
    };
}

const LATEST: &str = payments!("WHERE user_id = $1 ORDER BY paid_at DESC LIMIT $2");

const FIND: &str = payments!("WHERE charge_id = $1");

const FIND_BY_ID: &str = payments!("WHERE id = $1");

const BALANCES: &str = "
    SELECT account, currency, sum(amount)::bigint AS amount FROM (
        SELECT debit AS account, currency, amount FROM ledger
        UNION ALL SELECT credit, currency, -amount FROM ledger
    ) AS moved GROUP BY account, currency ORDER BY account, currency";

#[derive(FromRow)]
struct StandingRow {
    plan: String,
    paid_until: Option<DateTime<Utc>>,
    premium_until: Option<DateTime<Utc>>,
    renews_at: Option<DateTime<Utc>>,
    wanted: Option<bool>,
    stopped_at: Option<DateTime<Utc>>,
    charge_id: Option<String>,
}

#[derive(FromRow)]
struct PaymentRow {
    id: Uuid,
    user_id: Option<i64>,
    charge_id: String,
    way: String,
    currency: String,
    amount: i64,
    matched: bool,
    paid_at: DateTime<Utc>,
    covers_until: Option<DateTime<Utc>>,
    refund_asked_at: Option<DateTime<Utc>>,
    refund_begun_at: Option<DateTime<Utc>>,
    declined_at: Option<DateTime<Utc>>,
    refunded_at: Option<DateTime<Utc>>,
}

impl From<StandingRow> for Account {
    fn from(row: StandingRow) -> Self {
        let stopped_at = row.stopped_at;
        let renewal = row.renews_at.zip(row.wanted);
        let renewal = renewal.map(|(renews_at, wanted)| Renewal { renews_at, wanted, stopped_at });
        let plan = parse("users.plan", &row.plan, Plan::default());
        let standing = Standing { plan, paid_until: row.paid_until, premium_until: row.premium_until, renewal };
        Self { standing, subscription_charge: row.charge_id, payments: Vec::new() }
    }
}

impl From<PaymentRow> for Payment {
    fn from(row: PaymentRow) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            charge_id: row.charge_id,
            way: parse("payments.way", &row.way, Way::Stars),
            currency: row.currency,
            amount: row.amount,
            matched: row.matched,
            paid_at: row.paid_at,
            covers_until: row.covers_until,
            refund_asked: row.refund_asked_at.is_some(),
            refund_begun: row.refund_begun_at.is_some(),
            declined: row.declined_at.is_some(),
            refunded: row.refunded_at.is_some(),
        }
    }
}

impl Payments<'_> {
    /// How a person stands, with their newest `payments`; the account of nobody for who never came.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn account(&self, user_id: i64, payments: i64) -> Result<Account, StoreError> {
        let row: Option<StandingRow> = sqlx::query_as(STANDING).bind(user_id).fetch_optional(&self.0.pool).await?;
        let rows: Vec<PaymentRow> = sqlx::query_as(LATEST).bind(user_id).bind(payments).fetch_all(&self.0.pool).await?;
        let account = row.map(Account::from).unwrap_or_default();
        Ok(Account { payments: rows.into_iter().map(Payment::from).collect(), ..account })
    }

    /// A payment, by our id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(&self, id: Uuid) -> Result<Option<Payment>, StoreError> {
        let row: Option<PaymentRow> = sqlx::query_as(FIND_BY_ID).bind(id).fetch_optional(&self.0.pool).await?;
        Ok(row.map(Payment::from))
    }

    /// What is in each account of the ledger; of each currency, they add up to zero.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn balances(&self) -> Result<Vec<Balance>, StoreError> {
        Ok(sqlx::query_as(BALANCES).fetch_all(&self.0.pool).await?)
    }
}

/// The person's account, held until the transaction ends; nothing for who never came.
///
/// Read once they are held: a statement that has to wait for them sees their own row as it is then, and their subscription as it
/// was before.
async fn held(connection: &mut PgConnection, user_id: i64) -> Result<Option<Account>, StoreError> {
    if users::hold(&mut *connection, user_id).await?.is_none() {
        return Ok(None);
    }
    let row: Option<StandingRow> = sqlx::query_as(STANDING).bind(user_id).fetch_optional(connection).await?;
    Ok(row.map(Account::from))
}

/// The ledger's key of what happened to a charge.
fn ledger_key(what: &str, charge_id: &str) -> Vec<u8> {
    Sha256::digest(format!("{what}:{charge_id}")).to_vec()
}

async fn by_charge(connection: &mut PgConnection, charge_id: &str) -> Result<Option<Payment>, StoreError> {
    let row: Option<PaymentRow> = sqlx::query_as(FIND).bind(charge_id).fetch_optional(connection).await?;
    Ok(row.map(Payment::from))
}
